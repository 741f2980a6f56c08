"""A run's page as a file: when it is written, that it costs no run, and who owns it."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

import backtrader as bt
import pandas as pd
import pytest

import atms
from atms import reporting
from atms.artefacts import altered
from atms.errors import LedgerError, OutputError
from atms.pruning import prunable, prune
from atms.result import Result
from atms.syncing import sync


class BuysAndSells(bt.Strategy):
    """Holds on every other stretch of ten bars."""

    def next(self) -> None:
        if len(self) % 20 == 5:
            self.buy(size=10)
        elif len(self) % 20 == 15:
            self.close()


@pytest.fixture
def run(frame: Callable[..., pd.DataFrame]) -> Callable[..., Result]:
    def make(**settings: object) -> Result:
        given = {"cash": 10_000, "report__picture": False, "data": frame(60), **settings}
        return atms.backtest(BuysAndSells, **given)

    return make


@pytest.fixture
def url(workdir: Path) -> str:
    return f"sqlite:///{workdir}/atms.db"


def test_a_saved_run_has_its_page_beside_its_other_files(run: Callable[..., Result]) -> None:
    page = run(report__html=True).save() / "report.html"
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [path.name for path in page.parent.iterdir() if "partial" in path.name] == []


def test_without_the_key_no_page_is_written(run: Callable[..., Result]) -> None:
    assert not (run(report__html=False).save() / "report.html").exists()


def test_neither_page_nor_its_size_decides_a_result(run: Callable[..., Result]) -> None:
    one, other = run(), run(report__html=True, report__max_mb=2.5)
    assert one.provenance.hashes == other.provenance.hashes


def test_a_page_that_fails_costs_no_run_and_says_why(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("in a chart")

    monkeypatch.setattr(reporting, "write_page", broken)
    with caplog.at_level(logging.WARNING):
        folder = run(report__html=True).save()
    assert len(atms.load_run("last").trades) == 3
    assert not (folder / "report.html").exists()
    assert "ZeroDivisionError: in a chart" in caplog.text
    assert str(folder / "report.html") in caplog.text


def test_an_interrupt_while_the_page_is_made_keeps_the_run_and_says_where(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reporting, "write_page", stopped)
    with pytest.raises(KeyboardInterrupt) as caught:
        run(report__html=True).save()
    assert caught.value.kept == atms.load_run("last").folder.relative_to(Path.cwd())


def test_a_ledger_that_cannot_be_written_leaves_the_page_all_the_same(
    run: Callable[..., Result], workdir: Path
) -> None:
    (workdir / "atms.db").write_text("no database")
    with pytest.raises(LedgerError, match="files are kept"):
        run(report__html=True).save("out")
    assert Path("out/report.html").is_file()


def test_a_page_made_anew_is_no_alteration_of_the_run(run: Callable[..., Result], url: str) -> None:
    folder = run(report__html=True, ledger__enabled=False).save()
    (folder / "report.html").write_text("made by a newer version")
    assert "report.html" not in json.loads((folder / "manifest.json").read_text())["files"]
    assert altered(folder) == []
    assert sync(folder.parent, url, [folder]).filed == [folder]


def test_prune_takes_the_page_away_with_the_run_and_leaves_what_is_not_the_runs(
    run: Callable[..., Result], url: str
) -> None:
    folders = [run(report__html=True).save() for _ in range(2)]
    for name in ("report.pdf", "report.png"):
        (folders[0] / name).write_text("made by report")
    (folders[1] / "notes.txt").write_text("the user's own")
    stay = prune(url, prunable(url, keep=0))
    assert not folders[0].exists()
    assert [path.name for path in folders[1].iterdir()] == ["notes.txt"]
    assert list(stay) == [folders[1].resolve()]


def test_report_writes_into_the_runs_folder_or_under_its_id_or_where_it_is_told(
    run: Callable[..., Result],
) -> None:
    result = run()
    assert result.report() == Path(f"{result.id}.html")
    folder = result.save()
    assert atms.load_run(str(folder)).report() == folder / "report.html"
    assert result.report("pages/one.html") == Path("pages/one.html")
    assert Path("pages/one.html").stat().st_size > 100_000


def test_a_report_that_cannot_be_written_says_where_and_leaves_nothing(
    run: Callable[..., Result],
) -> None:
    Path("file").write_text("in the way")
    with pytest.raises(OutputError, match=r"file/page\.html"):
        run().report("file/page.html")
    assert [path.name for path in Path().iterdir()] == ["file"]


def test_half_a_page_never_takes_the_place_of_a_whole_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("page.html").write_text("whole")

    def half(path: Path) -> None:
        path.write_text("ha")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reporting.replace(Path("page.html"), half)
    assert Path("page.html").read_text() == "whole"
    assert [path.name for path in Path().iterdir()] == ["page.html"]


def test_a_notebook_shows_figures_and_a_picture_and_no_script(run: Callable[..., Result]) -> None:
    result = run()
    shown = result._repr_html_()
    assert f"{result.metrics['total_return']:.2%}" in shown
    assert f"{result.metrics['sharpe']:.3f}" in shown
    assert "<svg" in shown
    assert len(shown) < 20_000
    assert "<script" not in shown


def test_a_notebook_shows_a_symbol_as_text_whatever_it_is(
    run: Callable[..., Result], frame: Callable[..., pd.DataFrame]
) -> None:
    evil = "</script><script>alert(1)</script>"
    result = run(data={"source": frame(4), "name": "a", "symbol": evil})
    shown = result._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert "–" in shown  # without a trade there is no win rate: undefined is a dash


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        reporting.replace(pipe, lambda file: file.write_text("the page"))
        assert os.read(reader, 100) == b"the page"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert [file.name for file in tmp_path.iterdir()] == ["pipe"]
