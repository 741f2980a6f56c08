"""One-minute bars and two longer timeframes made of them, without a gap."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.bench.bars import walk

SETTINGS: dict[str, Any] = {"stdstats": False}


class TwoTimeframes(bt.Strategy):
    """Follows crosses on the second data while the last one's trend points up."""

    def __init__(self) -> None:
        middle, slow = self.datas[1], self.datas[-1]
        fast = bt.ind.EMA(middle.close, period=5)
        self.cross = bt.ind.CrossOver(fast, bt.ind.SMA(middle.close, period=15))
        self.trend = bt.ind.EMA(slow.close, period=10)

    def next(self) -> None:
        """Buy with the trend, and sell when the cross turns."""
        if not self.position:
            if self.cross[0] > 0 and self.datas[-1].close[0] > self.trend[0]:
                self.buy()
        elif self.cross[0] < 0:
            self.close()


def prepare(cerebro: bt.Cerebro, bars: int) -> None:
    """Add one minute, 15 minutes and an hour, the strategy and the account."""
    minutes = bt.feeds.PandasData(
        dataname=walk(bars), timeframe=bt.TimeFrame.Minutes, compression=1
    )
    cerebro.adddata(minutes)
    cerebro.resampledata(minutes, timeframe=bt.TimeFrame.Minutes, compression=15)
    cerebro.resampledata(minutes, timeframe=bt.TimeFrame.Minutes, compression=60)
    trade(cerebro)


def trade(cerebro: bt.Cerebro) -> None:
    """Add the strategy and the account."""
    cerebro.addstrategy(TwoTimeframes)
    cerebro.broker.setcash(1_000_000.0)
    cerebro.broker.setcommission(commission=0.0002)
