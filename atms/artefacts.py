"""A run's folder: written whole or not at all, hashed file by file, and read back."""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from atms.config import Config, public_values
from atms.errors import OutputError
from atms.report.shortest import shortest
from atms.report.summary import json_safe

if TYPE_CHECKING:
    from atms.result import Result

MANIFEST = "manifest.json"
# What `report` makes again from the rest, with a newer version too: no hash of it in the manifest.
MADE_LATER = ("report.html", "report.pdf", "report.png")
_FORGOTTEN = 86_400.0  # seconds after which a half-written folder is nobody's any more


def write(result: Result, wanted: Path) -> Path:
    """Write *result* to the folder *wanted*, or beside it if it holds something; return where.

    Raises:
        OutputError: a file could not be written; nothing half-written stays.
    """
    wanted = wanted.expanduser().resolve()  # "." and ".." become names
    if wanted.exists() and not wanted.is_dir():
        raise OutputError(f"{wanted}: is no folder; choose another with --out")
    target = _free(wanted)
    _remove_forgotten(target.parent)
    # Beside the target, so that the last step is one rename on one file system.
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        _write_all(result, partial)
        target = _move(partial, wanted)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError):
            raise OutputError(_failed(target, error)) from error
        raise
    return _shown(target)


def _remove_forgotten(out: Path) -> None:
    """Remove what processes that were killed while they wrote have left in *out*."""
    for partial in out.glob(".*.partial-*"):
        with contextlib.suppress(OSError):
            if time.time() - partial.stat().st_mtime > _FORGOTTEN:
                shutil.rmtree(partial)


def _shown(path: Path) -> Path:
    """Return *path* relative to the current folder where it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _move(partial: Path, wanted: Path) -> Path:
    """Give the finished folder its name; the next free one if another run was faster."""
    while True:
        target = _free(wanted)
        try:
            partial.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            return target


def _failed(target: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return (
        f"{target}: the results could not be written: {reason}; nothing half-written is left. "
        "Choose another folder with --out"
    )


def _free(wanted: Path) -> Path:
    """Return *wanted*, or the first ``wanted-2``, ``-3`` ... if there is something in it."""
    target, number = wanted, 2
    while os.path.lexists(target) and not _empty_folder(target):
        target = wanted.with_name(f"{wanted.name}-{number}")
        number += 1
    return target


def _empty_folder(path: Path) -> bool:
    if path == Path.cwd():
        return False  # a rename over it would leave us nowhere
    return path.is_dir() and not any(path.iterdir())


def _write_all(result: Result, folder: Path) -> None:
    """Write every file; the manifest last, with the hash of each."""
    writers: dict[str, Callable[[Path], Any]] = {
        "metrics.json": lambda path: _write_json(path, result.metrics),
        "trades.csv": lambda path: _write_csv(result.trades, path),
        "fills.csv": lambda path: _write_csv(result.fills, path),
        "fill_trades.csv": lambda path: _write_csv(result.fill_trades, path),
        "cash_flows.csv": lambda path: _write_csv(result.cash_flows, path),
        "orders.parquet": lambda path: _write_parquet(result.orders, path),
        "equity.parquet": lambda path: _write_parquet(result.equity, path),
        "bars.parquet": lambda path: _write_parquet(result.bars, path),
        "lines.parquet": lambda path: _write_parquet(result.lines, path),
        "funnel.json": lambda path: _write_json(path, result.funnel.as_dict()),
        "run.log": lambda path: path.write_text(result.log, encoding="utf-8"),
        "audit.json": lambda path: _write_json(path, [a.as_dict() for a in result.audit]),
        "config.yaml": lambda path: path.write_text(_config_yaml(result), encoding="utf-8"),
    }
    if len(result.decisions):
        writers["decisions.parquet"] = lambda path: _write_parquet(result.decisions, path)
        writers["gates.parquet"] = lambda path: _write_parquet(result.gates, path)
    if result.analyzers:
        writers["analyzers.json"] = lambda path: _write_json(path, result.analyzers)
    if result.config.report.picture and len(result.equity):
        writers["equity.png"] = lambda path: result.plot().savefig(path, dpi=110)
    for name, write in writers.items():
        write(folder / name)
        _sync(folder / name)
    files = {name: _sha256(folder / name) for name in sorted(writers)}
    _write_json(folder / MANIFEST, _manifest(result, files))
    _sync(folder / MANIFEST)


def _config_yaml(result: Result) -> str:
    """Return the whole config as it was used: running it again gives the run again."""
    return f"# Run {result.id}, whole, defaults included.\n{config_yaml(result.config)}"


def config_yaml(config: Config) -> str:
    """Return a config as a file that gives it again; secrets as references."""
    return yaml.safe_dump(public_values(config), sort_keys=False, allow_unicode=True)


def _sync(path: Path) -> None:
    """Make sure that the bytes are on disk: a full one may say so only now."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _manifest(result: Result, files: dict[str, str]) -> dict[str, Any]:
    return {
        "run_id": result.id,
        "status": result.status,
        "account": result.account,
        "started": result.started,
        "ended": result.ended,
        "seed": result.config.run.seed,
        "strategy": result.provenance.strategy,
        "hashes": result.provenance.hashes,
        "code": result.provenance.code,
        "data": result.provenance.data,
        "versions": result.provenance.versions,
        "warmup": result.warmup,
        "warnings": list(result.warnings),
        "failure": result.failure,
        "balances": result.balances.to_dict("records"),
        "positions": result.positions.to_dict("records"),
        "feeds": [asdict(feed) for feed in result.feeds],
        "config": public_values(result.config),
        "files": files,
    }


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(json_safe(value), indent=2, allow_nan=False) + "\n")


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write words as a dictionary of them; numbers seldom repeat, and would only take longer."""
    words = [
        name
        for name, kind in frame.dtypes.items()
        if not (is_numeric_dtype(kind) or is_datetime64_any_dtype(kind))
    ]
    frame.to_parquet(path, use_dictionary=words)


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write floats in the shortest form that reads back equal, and times as ISO 8601 with Z."""
    columns = [_texts(frame.iloc[:, place]) for place in range(len(frame.columns))]
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator=os.linesep)
        rows.writerow(frame.columns)
        rows.writerows(zip(*columns, strict=True))


def _texts(column: pd.Series) -> list[Any]:
    """Return a column's values as their text is wanted; None where there is none."""
    values: list[Any]
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        values = _iso(column)
    elif column.dtype == np.float64:
        values = shortest(column.to_numpy())
    else:
        values = column.tolist()
    absent = column.isna().to_numpy()
    if absent.any():
        return [None if gone else value for value, gone in zip(values, absent, strict=True)]
    return values


def _iso(moments: pd.Series) -> list[str]:
    if moments.dt.unit != "us" or str(moments.dt.tz) != "UTC":
        return [str(one.isoformat()).replace("+00:00", "Z") for one in moments]
    micros = moments.to_numpy("datetime64[us]")
    texts = np.datetime_as_string(micros, unit="s", timezone="UTC")
    parts = micros.view(np.int64) % 1_000_000 != 0
    if parts.any():  # a fraction of a second is shown where there is one
        texts = np.where(parts, np.datetime_as_string(micros, unit="us", timezone="UTC"), texts)
    return list(texts.tolist())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest_hash(folder: Path) -> str:
    """Return the SHA-256 of a run folder's manifest, by which the ledger knows the run."""
    return _sha256(folder / MANIFEST)


def altered(folder: Path) -> list[str]:
    """Return the names of files that are not, or no more, what the folder's manifest says.

    Raises:
        OutputError: the manifest cannot be read.
    """
    files = read_manifest(folder).get("files")
    if not isinstance(files, dict):
        raise OutputError(f"{folder / MANIFEST}: does not say which files are the run's")
    try:
        return [
            name
            for name, digest in files.items()
            if not (folder / name).is_file() or _sha256(folder / name) != digest
        ]
    except OSError as error:
        raise OutputError(f"{folder}: the run's files cannot be read: {error}") from error


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return a run folder's manifest.

    Raises:
        OutputError: the folder or its manifest is gone, or is no manifest.
    """
    try:
        found = json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError:
        raise OutputError(f"{folder}: the run's files are gone: there is no {MANIFEST}") from None
    except (OSError, ValueError) as error:
        raise OutputError(f"{folder / MANIFEST}: cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise OutputError(f"{folder / MANIFEST}: is no run's manifest")
    return found
