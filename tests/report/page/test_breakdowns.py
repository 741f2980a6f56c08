"""Closed trades by what they have in common: by hand, and together the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from atms.report.page.blocks import Chart, Table
from atms.report.page.parts import breakdowns as module
from atms.report.page.parts.breakdowns import breakdowns, grouped
from atms.report.page.parts.given import Given
from atms.result import Result
from tests.report.page.runs import bars, ran
from tests.report.page.strategies import PageIdle, PageSwing

CLOSED = pd.DataFrame(
    {
        "net_pnl": [10.0, -4.0, 6.0, -2.0, 0.0],
        "net_pnl_pct": [0.10, -0.04, 0.06, -0.02, None],
        "fee": [1.0, 1.0, 1.0, 2.0, 0.0],
    }
)


def found_tables(result: Result) -> dict[str, Table]:
    return {one.id: one for one in breakdowns(Given(result)) if isinstance(one, Table)}


def test_each_group_has_its_own_figures() -> None:
    won, lost, flat = grouped(CLOSED, np.array(["a", "a", "a", "b", "c"]))
    # a: 10 - 4 + 6 = 12 of three, two of them won, 16 won over 4 lost.
    assert won == ["a", 3, pytest.approx(2 / 3), 4.0, 12.0, 4.0, pytest.approx(0.04), 3.0]
    assert lost == ["b", 1, 0.0, 0.0, -2.0, -2.0, -0.02, 2.0]
    # Nothing was lost, and the return of the trade is not known.
    assert flat == ["c", 1, 0.0, None, 0.0, 0.0, None, 0.0]


def test_the_groups_rise_by_their_labels() -> None:
    assert [row[0] for row in grouped(CLOSED, np.array([10, 9, 10, 2, 2]))] == [2, 9, 10]


def test_every_breakdown_adds_up_to_all_closed_trades() -> None:
    data = {"one": bars(400), "two": bars(400, seed=2)}
    result = ran(PageSwing, data, commission=0.001)
    closed = result.trades[result.trades["status"] == "closed"]
    found = found_tables(result)
    assert set(found) == {"by_exit_reason", "by_symbol", "by_side", "by_hour", "by_weekday"}
    for table in found.values():
        assert sum(row[1] for row in table.rows) == result.metrics["trades"], table.id
        assert sum(row[4] for row in table.rows) == pytest.approx(closed["net_pnl"].sum())
        assert sum(row[7] for row in table.rows) == pytest.approx(closed["fee"].sum())
    (side,) = found["by_side"].rows
    metrics = result.metrics
    assert side[2] == pytest.approx(metrics["trade_win_rate"])
    assert side[3] == pytest.approx(metrics["trade_profit_factor"])
    assert side[5] == pytest.approx(metrics["expectancy"])


def test_hours_and_weekdays_are_those_of_the_runs_time_zone() -> None:
    # The only entry fills on Monday 2024-01-01 23:00 UTC: in Tokyo it is Tuesday, 08:00.
    result = ran(PageSwing, bars(60, start="2024-01-01 16:00"))
    first = result.trades.iloc[:1]
    assert first["entry_ts"].iloc[0] == pd.Timestamp("2024-01-01 23:00", tz="UTC")
    second = first.assign(entry_ts=first["entry_ts"] + pd.Timedelta("25h"))
    run = result.config.run.model_copy(update={"timezone": "Asia/Tokyo"})
    there = replace(
        result, trades=pd.concat([first, second]),
        config=result.config.model_copy(update={"run": run}),
    )  # fmt: skip
    found = found_tables(there)
    assert [row[0] for row in found["by_hour"].rows] == ["08:00", "09:00"]
    assert [row[0] for row in found["by_weekday"].rows] == ["Tuesday", "Wednesday"]
    assert "Asia/Tokyo" in found["by_hour"].title


def test_what_has_no_tag_has_no_table_of_tags() -> None:
    result = ran(PageSwing, bars(100))
    assert "by_tag" not in found_tables(result)
    tagged = result.trades.assign(tag=["trend"] + [None] * (len(result.trades) - 1))
    rows = found_tables(replace(result, trades=tagged))["by_tag"].rows
    assert [row[0] for row in rows] == ["trend", "–"]


def test_what_was_closed_is_drawn_only_where_there_is_something_to_compare() -> None:
    result = ran(PageSwing, bars(100))
    charts = {one.table for one in breakdowns(Given(result)) if isinstance(one, Chart)}
    assert "by_side" not in charts
    assert "by_hour" in charts


def test_of_too_many_groups_the_rarest_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 3)
    result = ran(PageSwing, bars(100))
    count = len(result.trades)
    words = ["twice", "twice", "a", "b", "c"] + ["often"] * (count - 5)
    rows = found_tables(replace(result, trades=result.trades.assign(tag=words)))["by_tag"].rows
    closed = int((result.trades["status"] == "closed").sum())
    assert {row[0] for row in rows} == {"often", "twice", "(3 others)"}
    assert sum(row[1] for row in rows) == closed


def test_symbols_stand_by_what_they_brought() -> None:
    rows = found_tables(ran(PageSwing, {f"s{n}": bars(200, seed=n) for n in range(5)}))
    net = [row[4] for row in rows["by_symbol"].rows]
    assert net == sorted(net, reverse=True)


def test_no_closed_trade_no_breakdown() -> None:
    assert breakdowns(Given(ran(PageIdle))) == []
