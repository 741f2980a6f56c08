"""A result's series: what stands in which row, worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from atms import stored
from atms.report.page.packing import pack, unpack
from atms.report.page.series import series, tick
from atms.report.page.series_panes import lines
from atms.result import Result
from tests.ledger.live_making import booked, bought, opening, started
from tests.report.page.runs import bars, ran
from tests.report.page.strategies import (
    PageBracket,
    PageBroken,
    PageFlip,
    PageIdle,
    PageOnce,
    PageSwing,
)
from tests.report.page.test_live_contents import live
from tests.report.page.vectors import same

HOUR = 3_600_000_000.0
FIRST = 1_704_067_200_000_000.0  # 2024-01-01 00:00 UTC, where bars() begin


@pytest.fixture(scope="module")
def once() -> Result:
    """Buys on bar 5 and sells on bar 20 of 200, so on the opens of the bars with index 5 and 20."""
    return ran(PageOnce)


def test_bars_have_times_in_microseconds_and_every_line() -> None:
    found = series(ran(PageIdle, bars(50, extra=2.5)))["bars:0"]
    assert list(found) == ["time", "open", "high", "low", "close", "volume", "extra"]
    np.testing.assert_array_equal(found["time"], FIRST + HOUR * np.arange(50))
    assert same(found["close"], bars(50)["close"].to_numpy())
    assert set(np.asarray(found["extra"])) == {2.5}


def test_a_fill_says_its_bar_and_its_trades(once: Result) -> None:
    found = series(once)["fills"]
    assert list(found["feed"]) == [0, 0]
    assert list(found["bar"]) == [5, 20]
    assert list(found["time"]) == [FIRST + 5 * HOUR, FIRST + 20 * HOUR]
    assert list(found["side"]) == ["buy", "sell"]
    opens = bars()["open"].to_numpy()
    assert list(found["price"]) == [opens[5], opens[20]]
    assert list(found["trades"]) == ["1", "1"]
    assert "run_id" not in found


def test_a_trade_says_its_bars(once: Result) -> None:
    found = series(once)["trades"]
    assert list(found["time"]) == [FIRST + 5 * HOUR]
    assert list(found["exit_time"]) == [FIRST + 20 * HOUR]
    assert [list(found[name]) for name in ("feed", "entry_bar", "exit_bar")] == [[0], [5], [20]]
    assert list(found["pnl"]) == once.trades["pnl"].tolist()


def test_a_trade_that_is_open_has_no_exit() -> None:
    found = series(ran(PageOnce, bars(10)))["trades"]
    for name in ("exit_time", "exit_bar"):
        assert np.isnan(np.asarray(found[name], dtype=float)).all()
    assert list(found["status"]) == ["open"]


def test_a_fill_that_reverses_belongs_to_two_trades() -> None:
    found = series(ran(PageFlip, bars(100)))["fills"]["trades"]
    both = [text for text in found if text is not None and ";" in text]
    assert both
    assert all(int(text.split(";")[0]) + 1 == int(text.split(";")[1]) for text in both)


def test_buy_and_hold_is_the_starting_cash_in_the_benchmark(once: Result) -> None:
    found = series(once)["equity"]
    frame = bars()
    held = frame["close"].to_numpy() / frame["open"].to_numpy()[0] * 100_000.0
    assert np.asarray(found["hold"]).tolist() == pytest.approx(held.tolist(), rel=1e-15)
    assert list(found) == ["time", "value", "cash", "drawdown", "exposure", "hold"]


def test_buy_and_hold_stands_still_until_its_benchmark_begins_as_its_figures_do() -> None:
    feeds = {"one": bars(60), "late": bars(60, seed=3).iloc[20:]}
    result = ran(PageIdle, feeds, report__benchmark="late")
    hold = np.asarray(series(result)["equity"]["hold"], dtype=float)
    first = len(result.equity) - 40  # the bars of the late one are the last of the run
    assert hold[:first].tolist() == [100_000.0] * first
    grown = bars(60, seed=3)["close"].iloc[-1] / bars(60, seed=3)["open"].iloc[20]
    assert hold[-1] == pytest.approx(100_000 * grown, rel=1e-15)
    assert hold[-1] / 100_000 - 1 == pytest.approx(result.metrics["benchmark_return"], rel=1e-12)


def test_a_row_too_many_among_the_fills_shifts_no_mark(once: Result) -> None:
    strange = once.fills.iloc[:1].assign(symbol="elsewhere")
    given = replace(once, fills=pd.concat([strange, once.fills], ignore_index=True))
    found = series(given)
    assert [list(found["trades"][name]) for name in ("feed", "entry_bar", "exit_bar")] == [
        [0], [5], [20],
    ]  # fmt: skip
    # The trade names the first and the second row: one of them is another symbol's.
    assert list(found["fills"]["trades"]) == [None, "1", None]


def test_stop_and_target_of_a_bracket_are_levels() -> None:
    found = series(ran(PageBracket))["levels"]
    assert sorted(zip(found["kind"], np.asarray(found["price"]).tolist(), strict=True)) == [
        ("stop", 90.0),
        ("target", 130.0),
    ]
    assert list(found["feed"]) == [0, 0]
    assert (np.asarray(found["time"], dtype=float) == FIRST + 2 * HOUR).all()
    # The order was made on the third bar.
    assert (np.asarray(found["end"]) > np.asarray(found["time"])).all()


def test_signals_say_which_gate_refused_them(once: Result) -> None:
    stamps = [FIRST + 3 * HOUR, FIRST + 7 * HOUR]
    said = pd.DataFrame(
        {
            "number": [1, 2],
            "ts": pd.to_datetime(np.array(stamps, dtype="int64"), unit="us", utc=True),
            "feed": [once.feeds[0].name, "another"],
            "symbol": "x",
            "signal": ["long", "short"],
            "confidence": [0.5, np.nan],
            "numbers": "{}",
        }
    )
    gates = pd.DataFrame({"number": [2, 2], "name": ["trend", "volume"], "passed": [True, False]})
    found = series(replace(once, decisions=said, gates=gates))["signals"]
    assert list(found["time"]) == stamps
    np.testing.assert_array_equal(found["feed"], [0, np.nan])
    np.testing.assert_array_equal(found["bar"], [3, np.nan])
    assert list(found["signal"]) == ["long", "short"]
    assert list(found["refused"]) == [None, "volume"]


# ---- several feeds ------------------------------------------------------------------------------
class SeriesTwo(bt.Strategy):
    """An average of each of two feeds, and a strength of the second."""

    def __init__(self) -> None:
        self.one = bt.ind.SMA(self.data0, period=3)
        self.other = bt.ind.SMA(self.data1, period=2)
        self.strength = bt.ind.RSI(self.data1, period=3)

    def next(self) -> None:
        if len(self) == 60:
            self.buy(data=self.data1, size=1)


@pytest.fixture(scope="module")
def two() -> Result:
    feeds = {"one": bars(240), "other": bars(240, seed=3)}
    return ran(SeriesTwo, feeds)


def test_an_indicator_stands_beside_the_feed_whose_bars_it_counts(two: Result) -> None:
    found = series(two)
    assert list(found["lines:0"]) == ["time", "SMA(3)"]
    assert found.meta["panes"]["lines:0"] == {"SMA(3)": "price"}
    strength = next(name for name in found["lines:1"] if name.startswith("RSI"))
    assert found.meta["panes"]["lines:1"] == {"SMA(2)": "price", strength: strength}
    assert same(found["lines:1"]["time"], found["bars:1"]["time"])
    closes = bars(240, seed=3)["close"].to_numpy()
    average = np.asarray(found["lines:1"]["SMA(2)"], dtype=float)
    assert average[30] == pytest.approx((closes[29] + closes[30]) / 2)


def test_a_fill_belongs_to_the_feed_of_its_symbol(two: Result) -> None:
    found = series(two)
    assert list(found["fills"]["feed"]) == [1]
    bar = int(np.asarray(found["fills"]["bar"])[0])
    assert found["bars:1"]["time"][bar] == found["fills"]["time"][0]
    assert found["bars:1"]["open"][bar] == found["fills"]["price"][0]


def test_panes_are_told_by_the_values_of_runs_that_did_not_record_them(two: Result) -> None:
    frame = two.lines.copy()
    frame.attrs = {}
    given = [dict(series(two)[f"bars:{place}"]) for place in (0, 1)]
    prices = [{name: np.asarray(one[name], dtype=float) for name in one} for one in given]
    found, panes = lines(frame, prices[0]["time"], prices)
    assert "SMA(2)" in found["lines:1"]
    assert panes["lines:1"]["SMA(2)"] == "price"


def test_what_a_run_records_of_its_panes_is_in_its_folder(two: Result, tmp_path: Any) -> None:
    read = stored.read_result(two.save(tmp_path / "run"))
    assert series(read).meta == series(two).meta


# ---- prices -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("prices", "step"),
    [
        ([100.0, 100.5, 103.0], 0.5),
        ([1.10001, 1.10004, 1.2], 0.00001),
        ([100.25, 100.25], 0.25),
        ([1 / 3, 2 / 3, 1.1], None),
        ([np.nan, 20.0, 30.0], 1.0),
        ([], None),
    ],
)
def test_the_tick_is_the_step_that_prices_move_by(prices: list[float], step: float | None) -> None:
    found = tick(np.array(prices))
    assert found == (None if step is None else pytest.approx(step))


# ---- any run ------------------------------------------------------------------------------------
def closing_stub(result: Result) -> Result:
    """Return a result whose fills are of a symbol that no feed has."""
    return replace(result, fills=result.fills.assign(symbol="elsewhere"))


@pytest.mark.parametrize(
    "made",
    [
        lambda: ran(PageIdle),
        lambda: ran(PageIdle, bars(2)),
        lambda: ran(PageBroken),
        lambda: ran(PageSwing, bars(60).drop(columns="volume")),
        lambda: ran(PageSwing, bars(60, volume=np.nan)),
        lambda: ran(PageSwing, {f"<script>{n}": bars(12, seed=n) for n in range(40)}),
        lambda: closing_stub(ran(PageOnce)),
        lambda: live(started(), opening()),
        lambda: live(*bought(), booked("t2", side=-1)),
    ],
    ids=["no trades", "two bars", "broke off", "no volume", "NaN volume", "many feeds",
         "unknown symbol", "live, nothing yet", "live, a trade without bars"],
)  # fmt: skip
def test_every_run_has_all_series_and_they_can_be_packed(made: Any) -> None:
    found = series(made())
    assert {"equity", "fills", "trades", "signals", "levels", "bars:0"} <= set(found)
    for name, one in found.items():
        assert len({len(values) for values in one.values()}) == 1, name
    packed = json.loads(json.dumps(pack(found, 10**9).data, allow_nan=False))
    again = unpack(packed)
    assert all(
        same(values, again[name][column])
        for name, one in found.items()
        for column, values in one.items()
    )


def test_an_indicator_of_longer_bars_is_read_at_the_last_step_of_each_bar() -> None:
    # Bars at 10, 20, 30; steps at 12 to 31: no step has a bar's own time but the one at 20.
    steps = np.array([12.0, 15.0, 20.0, 25.0, 31.0])
    prices = {"time": np.array([10.0, 20.0, 30.0]), "close": np.array([1.0, 2.0, 3.0])}
    frame = pd.DataFrame({"EMA(2)": [7.0, 7.5, 8.0, 8.5, 9.0]})
    found, _ = lines(frame, steps, [prices])
    assert found["lines:0"]["EMA(2)"].tolist() == [7.5, 8.5, 9.0]
