"""The page of a paper or live run, before its first bar, on its way, and without its recording."""

from __future__ import annotations

from typing import Any

import pytest

import atms
from atms.execution.core.records import Reversed
from atms.report.page.contents import contents
from atms.result import Result
from atms.running.live_result import live_result
from atms.running.live_sync import sync_live
from tests.ledger.live_making import (
    STATE,
    append,
    at,
    booked,
    bought,
    claim,
    dec,
    opening,
    run_row,
    started,
)
from tests.report.page.runs import assert_sane, bars, ran, tables, texts
from tests.report.page.strategies import PageOnce
from tests.runner.live.test_live_result import relive

URL = "sqlite:///atms.db"


def live(*records: Any, mode: str = "paper") -> Result:
    append(records)
    config = atms.load_config().config.model_dump(mode="json")
    claim(run_row(config=config, mode=mode))
    sync_live(STATE, URL)
    return live_result(URL, "run-1")


@pytest.mark.parametrize("mode", ["paper", "live"])
def test_a_run_that_never_got_ready_gives_a_sane_page(mode: str) -> None:
    result = live(started(), mode=mode)
    found = contents(result)
    assert_sane(found)
    assert dict(found.about)["Run"] == mode
    assert [figure.value for figure in found.strip[:4]] == [None] * 4
    assert "no equity curve" in texts(found, "equity")
    assert "placed no order" in texts(found, "orders")


def test_a_run_without_its_recording_shows_trades_and_orders() -> None:
    sold = booked("t2", side=-1, qty=dec(2), price=dec(110), at=at(9))
    found = contents(live(*bought(), sold, mode="live"))
    assert_sane(found)
    assert found.metrics["trades"] == 1
    # Bought two at 100 and sold them at 110, a fee of 0.5 each.
    assert found.metrics["expectancy"] == 19.0
    assert "account sim-spot" in dict(found.about)["Run"]


def test_a_fill_that_was_undone_gives_a_sane_page() -> None:
    undone = Reversed(exec="t1", version=0, at=at(5), why="bust")
    assert_sane(contents(live(*bought(), undone)))


def test_an_account_that_is_only_open_gives_a_sane_page() -> None:
    assert_sane(contents(live(started(), opening())))


def test_a_run_with_its_recording_has_the_figures_of_its_curve() -> None:
    result = ran(PageOnce, {"BTC": bars(60, start="2026-01-02 04:00")}, cash=1000)
    relive(result)
    found = contents(live_result(URL, "run-1"))
    assert_sane(found)
    assert found.metrics["sharpe"] == pytest.approx(result.metrics["sharpe"])
    (row,) = tables(found)["monthly"].rows
    assert row[13] == pytest.approx(result.metrics["total_return"])
    ours, theirs = (contents(one).strip[2].interval for one in (result, live_result(URL, "run-1")))
    assert theirs == pytest.approx(ours)
