"""Runs found again: an id or a folder -> the Result that was saved there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from atms.artefacts import MANIFEST, read_manifest
from atms.config import Config
from atms.errors import ConfigError, OutputError, did_you_mean
from atms.feeds.audit import Audit
from atms.ledger import list_runs
from atms.report.flows import typed
from atms.report.frames import POSITION_COLUMNS
from atms.result import FeedInfo, Provenance, Result

_OF_TRADES = ("reason", "tag", "exit_reason")
_OF_ORDERS = ("reason", "why", "tag", "code")


def find_run(run_id: str, url: str) -> dict[str, Any]:
    """Return the ledger's row of a run: by its id, the start of it, its name, folder, or ``last``.

    Of several runs of a name, the newest. The folder may be gone.

    Raises:
        ConfigError: there is no such run, or there are several.
    """
    rows = list_runs(url)
    if not rows:
        raise ConfigError("there are no runs yet; make one with: python -m atms backtest")
    if run_id in ("last", "latest"):
        return rows[0]
    found = [row for row in rows if row["id"].startswith(run_id)]
    exact = [row for row in found if row["id"] == run_id]
    if len(exact or found) == 1:
        return (exact or found)[0]
    folder = str(Path(run_id).resolve())
    named = [row for row in rows if run_id == row["label"] or folder == row["folder"]]
    if named:
        return named[0]
    if found:
        several = ", ".join(row["id"] for row in found[:4])
        raise ConfigError(f"{len(found)} runs start with {run_id!r}: {several}")
    near = did_you_mean(run_id, [row["id"] for row in rows])
    raise ConfigError(f"there is no run {run_id!r}{near or '; see: python -m atms runs list'}")


def find_folder(run_id: str, url: str) -> Path:
    """Return a run's folder, by its id, the start of it, ``last``, or the folder itself."""
    folder = Path(run_id)
    if (folder / MANIFEST).is_file():
        return folder
    return Path(find_run(run_id, url)["folder"])


def read_result(folder: Path) -> Result:
    """Read a Result from a run's folder.

    Raises:
        OutputError: a file is missing or cannot be read.
    """
    manifest = read_manifest(folder)
    try:
        return Result(
            id=manifest["run_id"],
            status=manifest["status"],
            config=Config.model_validate(manifest["config"], context={"stored": True}),
            feeds=tuple(FeedInfo(**feed) for feed in manifest["feeds"]),
            metrics=json.loads((folder / "metrics.json").read_text()),
            equity=pd.read_parquet(folder / "equity.parquet"),
            trades=_with(
                _read_csv(folder / "trades.csv", times=("entry_ts", "exit_ts")), _OF_TRADES
            ),
            orders=_with(pd.read_parquet(folder / "orders.parquet"), _OF_ORDERS),
            fills=_read_csv(folder / "fills.csv", times=("ts",)),
            fill_trades=_read_csv(folder / "fill_trades.csv"),
            cash_flows=typed(_read_csv(folder / "cash_flows.csv", times=("ts",))),
            balances=pd.DataFrame(manifest["balances"]),
            positions=_positions(manifest["positions"]),
            bars=pd.read_parquet(folder / "bars.parquet"),
            lines=pd.read_parquet(folder / "lines.parquet"),
            **_said(folder),
            started=pd.Timestamp(manifest["started"]),
            ended=pd.Timestamp(manifest["ended"]),
            provenance=Provenance(
                strategy=manifest["strategy"],
                **{name: manifest[name] for name in ("hashes", "code", "data", "versions")},
            ),
            warmup=manifest["warmup"],
            audit=_audit(folder),
            warnings=tuple(manifest["warnings"]),
            failure=manifest["failure"],
            log=(folder / "run.log").read_text(encoding="utf-8"),
            analyzers=_analyzers(folder),
            folder=folder,
        )
    except (OSError, KeyError, ValueError) as error:  # pydantic's and arrow's are ValueErrors
        raise OutputError(f"{folder}: the run's files cannot be read: {error}") from error


def _read_csv(path: Path, times: tuple[str, ...] = ()) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype=dict.fromkeys(("fills", *_OF_TRADES), str))
    for name in times:
        frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
    return frame


def _with(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return a frame with columns that runs did not have before they said why."""
    absent = [name for name in columns if name not in frame]
    return frame.assign(**dict.fromkeys(absent)).astype(dict.fromkeys(absent, "str"))


def _said(folder: Path) -> dict[str, pd.DataFrame]:
    """Return what the strategy said; nothing where it said nothing."""
    names = [name for name in ("decisions", "gates") if (folder / f"{name}.parquet").exists()]
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in names}


def _positions(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(POSITION_COLUMNS))
    frame["ts"] = pd.to_datetime(frame["ts"], utc=True, format="ISO8601")
    return frame


def _audit(folder: Path) -> tuple[Audit, ...]:
    found = json.loads((folder / "audit.json").read_text())
    return tuple(Audit.from_dict(entry) for entry in found)


def _analyzers(folder: Path) -> dict[str, Any]:
    path = folder / "analyzers.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}
