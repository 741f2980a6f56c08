"""``atms report``: from the folder, from the ledger, from neither."""

from __future__ import annotations

import json
import shutil
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import atms
from atms.running.filed_result import MISSING, filed_result

CONFIG = """\
data:
  feeds:
    - {source: bars.csv, symbol: X/Y}
strategy: {name: ma_cross, params: {fast: 3, slow: 8}}
broker: {commission: 0.1%}
report: {picture: false}
"""
URL = "sqlite:///atms.db"
Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(workdir: Path, frame: Callable[..., pd.DataFrame]) -> Path:
    """The folder of a run over 120 hours, filed in the ledger."""
    frame(120).to_csv(workdir / "bars.csv")
    (workdir / "config.yaml").write_text(CONFIG)
    return Path(atms.backtest("config.yaml").save())


def test_the_page_is_made_in_the_runs_folder(folder: Path, cli: Cli) -> None:
    code, out, err = cli("report", "last")
    assert (code, err) == (0, "")
    page = folder / "report.html"
    assert str(page) in out.replace("\n", "")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_pdf_and_picture_are_written_beside_the_page(folder: Path, cli: Cli) -> None:
    code, out, _ = cli("report", str(folder), "--out", "pages/one.html", "--pdf", "--png", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["files"] == {
        name: Path(name).stat().st_size
        for name in ("pages/one.html", "pages/one.pdf", "pages/one.png")
    }
    assert Path("pages/one.pdf").read_bytes().startswith(b"%PDF")
    assert Path("pages/one.png").read_bytes().startswith(b"\x89PNG")
    assert told["missing"] == []


def test_the_page_is_as_large_as_it_may_be(folder: Path, cli: Cli) -> None:
    code, _, err = cli("report", "last", "--max-mb", "1")
    assert code == 2
    assert "--max-mb 1" in err
    assert cli("report", "last", "--max-mb", "1.2")[0] == 0


def test_a_page_without_an_end_is_refused(folder: Path, cli: Cli) -> None:
    code, _, err = cli("report", "last", "--max-mb", "inf")
    assert code == 2
    assert "--max-mb inf" in err


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_a_pdf_or_a_picture_never_takes_the_place_of_its_page(
    kind: str, folder: Path, cli: Cli
) -> None:
    code, _, err = cli("report", "last", f"--{kind}", "--out", f"one.{kind}")
    assert code == 2
    assert "--out one.html" in " ".join(err.split())
    assert not Path(f"one.{kind}").exists()


def test_open_shows_the_page_in_the_browser(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: not shown.append(url))
    assert cli("report", "last", "--open")[0] == 0
    assert shown == [(folder / "report.html").resolve().as_uri()]


# ---- without the folder --------------------------------------------------------------------------
def test_without_the_folder_the_ledger_gives_the_page_and_each_missing_piece_is_named(
    folder: Path, cli: Cli
) -> None:
    run = folder.name
    shutil.rmtree(folder)
    code, out, err = cli("report", run)
    assert code == 0
    page = Path(f"{run}.html")
    assert str(page) in out
    flat = err.replace("\n", "")
    text = page.read_text(encoding="utf-8")
    for piece in MISSING:
        assert piece in flat
        assert piece.replace("'", "&#x27;") in text
    assert "Warm-up unknown" in text  # and not that there was none
    assert "No warm-up" not in text


def test_without_the_folder_rows_and_figures_are_those_of_the_run(folder: Path) -> None:
    whole = atms.load_run(str(folder))
    filed = filed_result(URL, whole.id)
    assert len(whole.trades) > 5
    assert filed.metrics == json.loads((folder / "metrics.json").read_text())
    exact: dict[str, Any] = {"check_exact": True, "check_dtype": False}
    shares = ["net_pnl_pct", "mae_pct", "mfe_pct"]
    pd.testing.assert_frame_equal(
        filed.trades.drop(columns=shares), whole.trades.drop(columns=shares), **exact
    )
    assert filed.trades[shares].isna().all(axis=None)  # absent is not zero
    pd.testing.assert_frame_equal(filed.fills[list(whole.fills)], whole.fills, **exact)
    pd.testing.assert_frame_equal(filed.fill_trades, whole.fill_trades, **exact)
    assert filed.orders["order_id"].tolist() == whole.orders["order_id"].tolist()
    days = whole.equity.groupby(whole.equity.index.floor("D")).tail(1)
    pd.testing.assert_frame_equal(
        filed.equity[["cash", "value"]], days[["cash", "value"]],
        check_freq=False, check_index_type=False,
    )  # fmt: skip
    assert filed.feeds == whole.feeds
    assert len(filed.bars) == len(filed.lines) == 0


def test_a_folder_that_is_gone_still_names_its_run(folder: Path, cli: Cli) -> None:
    shutil.rmtree(folder)
    named = folder.absolute().relative_to(Path.cwd())
    code, out, err = cli("report", str(named), "--out", "page.html", "--json")
    assert code == 0, err
    assert json.loads(out)["id"] == folder.name


def test_a_damaged_folder_is_told_and_the_ledger_stands_in(folder: Path, cli: Cli) -> None:
    (folder / "bars.parquet").unlink()
    code, out, err = cli("report", str(folder), "--out", "page.html", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert "bars.parquet" in told["missing"][0]
    assert told["id"] == folder.name
    # The other files are there: nothing says that they are gone.
    assert not [piece for piece in told["missing"] if "is gone" in piece]


def test_what_neither_folder_nor_ledger_has_is_an_error_with_a_way_out(
    folder: Path, cli: Cli
) -> None:
    (folder / "bars.parquet").unlink()
    Path("atms.db").unlink()
    code, _, err = cli("report", str(folder))
    flat = " ".join(err.split())
    assert code == 1
    assert "bars.parquet" in flat
    assert "nor does the ledger have it" in flat
    assert "runs sync" in flat


def test_an_unknown_run_is_an_error(folder: Path, cli: Cli) -> None:
    code, _, err = cli("report", "nowhere")
    assert code == 2
    assert "there is no run 'nowhere'" in err
