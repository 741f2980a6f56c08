"""Every function of TA-Lib is worth the same in every mode of Backtrader, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
import talib as raw
from talib import abstract

from atms.indicators import talib
from tests.indicators.bench import Watched, bitcoin, different, spy, watch

MODES: dict[str, dict[str, Any]] = {
    "bar by bar": {"runonce": False},
    "as live": {"runonce": False, "preload": False},
    "exactbars 1": {"exactbars": 1},
    "exactbars -1": {"exactbars": -1},
    "exactbars -2": {"exactbars": -2},
}
BARS: dict[str, Callable[[int], pd.DataFrame]] = {"SPY": spy, "BTC": bitcoin}
COUNT = 400


def every(strategy: Any) -> dict[str, Any]:
    """Return all functions on a feed."""
    data, found = strategy.data, {}
    for name in raw.get_functions():
        wanted = abstract.Function(name).input_names
        if "price0" in wanted:
            lines: tuple[Any, ...] = (data.high, data.low)
        else:
            lines = (data.close, data.close * 0 + 10) if "periods" in wanted else (data,)
        found[name] = getattr(talib, name)(*lines)
    return found


def every_chained(strategy: Any) -> dict[str, Any]:
    """Return all functions on an average, which is NaN at first."""
    average, found = bt.ind.SMA(strategy.data.close, period=7), {}
    for name in raw.get_functions():
        wanted = abstract.Function(name).input_names.values()
        count = sum(len(one) if isinstance(one, list) else 1 for one in wanted)
        found[name] = getattr(talib, name)(*([average] * count))
    return found


@cache
def at_once(bars: str) -> Watched:
    return watch(every, BARS[bars](COUNT))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bars", BARS)
def test_every_function_is_the_same_in_every_mode(bars: str, mode: str) -> None:
    assert different(at_once(bars), watch(every, BARS[bars](COUNT), **MODES[mode])) == []


@pytest.mark.parametrize("bars", BARS)
def test_every_function_is_what_talib_makes_of_the_whole_array(bars: str) -> None:
    ran, frame = at_once(bars), BARS[bars](COUNT)
    columns = {name: frame[name].to_numpy(dtype=float) for name in frame}
    columns["periods"] = np.full(len(frame), 10.0)
    for name, one in ran.made.items():
        output = abstract.Function(name)(columns)
        whole = np.array(output if isinstance(output, list) else [output], dtype=float)
        first = abstract.Function(name).lookback
        np.testing.assert_array_equal(ran.values(name)[first:], whole[:, first:].T, err_msg=name)
        assert np.isnan(ran.values(name)[:first]).all(), name
        assert list(one.lines.getlinealiases()) == abstract.Function(name).output_names


def test_the_strategy_waits_for_the_longest() -> None:
    longest = max(abstract.Function(name).lookback for name in raw.get_functions())
    assert at_once("SPY").first == longest + 1


def test_every_function_on_an_indicator_is_the_same_in_every_mode() -> None:
    frame = spy(COUNT)
    once, stepwise = watch(every_chained, frame), watch(every_chained, frame, runonce=False)
    assert different(once, stepwise) == []
    assert once.values("RSI")[:, 0][19:21] == pytest.approx([np.nan, 0], nan_ok=True, abs=100)
    assert np.isnan(once.values("RSI")[:20]).all()  # 6 bars for the average, 14 for the index


def holes(count: int) -> pd.DataFrame:
    """Return bars that begin without volume, and have one without numbers and an infinite close."""
    frame = spy(count).astype(float)
    frame.iloc[:37, frame.columns.get_loc("volume")] = np.nan
    frame.iloc[200] = np.nan
    frame.iloc[300, frame.columns.get_loc("close")] = np.inf
    return frame


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_every_function_is_the_same_where_bars_have_no_numbers() -> None:
    frame = holes(COUNT)
    assert different(watch(every, frame), watch(every, frame, runonce=False)) == []


def test_the_stock_wrapper_differs_where_this_does_not() -> None:
    def stock(strategy: Any) -> dict[str, Any]:
        return {"MACD": bt.talib.MACD(strategy.data)}

    frame = spy(COUNT)
    assert different(watch(stock, frame), watch(stock, frame, runonce=False)) == ["MACD"]


# ---- resampled and replayed ----------------------------------------------------------------------
SOME = ("RSI", "MACD", "SUPERTREND", "OBV", "CDLENGULFING", "MAXINDEX", "STDDEV")


def some(data: Any) -> dict[str, Any]:
    return {name: getattr(talib, name)(data) for name in SOME}


def weeks(cerebro: bt.Cerebro) -> None:
    cerebro.resampledata(cerebro.datas[0], timeframe=bt.TimeFrame.Weeks)


@pytest.mark.parametrize("mode", ["bar by bar", "as live", "exactbars 1"])
def test_indicators_of_a_resampled_feed_are_the_same_in_every_mode(mode: str) -> None:
    def on_weeks(strategy: Any) -> dict[str, Any]:
        return some(strategy.data1)

    frame = spy(COUNT)
    once = watch(on_weeks, frame, equip=weeks)
    assert different(once, watch(on_weeks, frame, equip=weeks, **MODES[mode])) == []


class Grows(Watched):
    """Keeps each week's last value, as its bar grew day by day."""

    def prenext(self) -> None:
        for name, one in self.made.items():
            row = [line[0] for line in one.lines]
            if len(self.seen[name]) == len(self.data):
                self.seen[name][-1] = row
            else:
                self.seen[name].append(row)


@pytest.mark.parametrize("modes", [{}, {"exactbars": 1}])
def test_a_bar_that_grows_ends_with_the_value_of_the_bar_that_is_over(
    modes: dict[str, Any],
) -> None:
    def make(strategy: Any) -> dict[str, Any]:
        return some(strategy.data)

    frame = spy(COUNT)
    cerebro = bt.Cerebro(stdstats=False, **modes)
    feed = bt.feeds.PandasData(dataname=frame)
    cerebro.replaydata(feed, timeframe=bt.TimeFrame.Weeks)
    cerebro.addstrategy(Grows, make=make)
    grown = cerebro.run()[0]
    days = frame.index.to_period("W")
    parts = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    whole = watch(make, frame.groupby(days).agg(parts).to_timestamp())
    for name in SOME:
        count = len(whole.values(name))
        np.testing.assert_array_equal(grown.values(name)[:count], whole.values(name), name)


# ---- no look ahead -------------------------------------------------------------------------------
def test_no_function_knows_later_bars() -> None:
    frame = spy(COUNT)
    noisy = frame.astype(float)
    noisy.iloc[300:] *= np.random.default_rng(1).uniform(0.5, 2, (len(frame) - 300, 1))
    one, other = at_once("SPY"), watch(every, noisy)
    for name in one.made:
        early, late = one.values(name)[:300], other.values(name)[:300]
        np.testing.assert_array_equal(early, late, err_msg=name)
