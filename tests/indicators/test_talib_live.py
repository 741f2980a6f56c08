"""TA-Lib's functions on a live feed are worth what they are in a backtest of the same bars."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

import atms
from atms.indicators import talib
from tests.execution.live_bench import SPOT, Bench, Ohlc
from tests.indicators.bench import SAMPLES, spy

WARM = 3


class Holds(bt.Strategy):
    """Keeps bars, and what indicators with a memory are worth on them."""

    def __init__(self) -> None:
        self.macd = talib.MACD(self.data, fastperiod=3, slowperiod=6, signalperiod=4)
        self.trend = talib.SUPERTREND(self.data, timeperiod=5)
        self.seen: list[list[float]] = []
        self.bars: list[list[float]] = []

    def prenext(self) -> None:
        data, lines = self.data, [*self.macd.lines, *self.trend.lines]
        self.bars.append([data.open[0], data.high[0], data.low[0], data.close[0]])
        self.seen.append([line[0] for line in lines])

    def next(self) -> None:
        self.prenext()


def path(count: int) -> list[Ohlc]:
    rows = spy(count)[["open", "high", "low", "close"]].round(2)
    return [(row.open, row.high, row.low, row.close) for row in rows.itertuples()]


def test_a_live_feed_gives_what_a_backtest_of_its_bars_gives() -> None:
    live: Any = Bench(path(60), profile=SPOT, warm=WARM).run(Holds).strategy
    assert len(live.bars) == 60 + WARM
    frame = pd.DataFrame(live.bars, columns=["open", "high", "low", "close"]).assign(volume=0.0)
    frame.index = pd.date_range("2026-03-02", periods=len(frame), freq="min")
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame))
    cerebro.addstrategy(Holds)
    tested = cerebro.run()[0]
    np.testing.assert_array_equal(np.array(live.seen), np.array(tested.seen))
    assert np.isfinite(np.array(live.seen)[10:]).all()


def test_the_bars_before_the_time_range_are_waited_for() -> None:
    ran = atms.backtest(Holds, data=str(SAMPLES / "SPY_1d.csv"), timerange="2010-02-01..2010-02-28")
    assert np.isfinite(np.array(ran.strategy.seen)).all()
    assert "macdhist" in " ".join(map(str, ran.lines.columns))
