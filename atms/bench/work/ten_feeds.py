"""Ten feeds with four indicators and a bracket on each, and the four usual analyzers."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.bench.bars import walk, without_some
from atms.bench.work.cross_analyzed import analyze

SETTINGS: dict[str, Any] = {"stdstats": False}
FEEDS = 10


class ManyBrackets(bt.Strategy):
    """Buys what is sold off while its trend turns up, with a stop and a target by the range."""

    params = dict(stop=2.0, target=3.0)

    def __init__(self) -> None:
        self.signals = [
            (
                data,
                bt.ind.RSI(data.close, period=14, safediv=True),
                bt.ind.MACD(data.close),
                bt.ind.BollingerBands(data.close, period=20),
                bt.ind.ATR(data, period=14),
            )
            for data in self.datas
        ]
        self.working = dict.fromkeys(range(len(self.datas)), 0)

    def notify_order(self, order: bt.Order) -> None:
        """Count the orders of each feed that are done."""
        if not order.alive():
            self.working[order.data._id - 1] -= 1

    def next(self) -> None:
        """Enter each feed that has no order at work."""
        for number, (data, rsi, macd, bands, atr) in enumerate(self.signals):
            if self.working[number] > 0 or rsi[0] > 40 or data.close[0] > bands.mid[0]:
                continue
            if macd.macd[0] > macd.signal[0]:
                close, reach = data.close[0], atr[0]
                self.buy_bracket(
                    data=data,
                    size=1,
                    exectype=bt.Order.Market,
                    stopprice=close - self.p.stop * reach,
                    limitprice=close + self.p.target * reach,
                )
                self.working[number] = 3


def prepare(cerebro: bt.Cerebro, bars: int, missing: float = 0.0) -> None:
    """Add the feeds, each without its own share of *missing* bars, strategy and account."""
    for number in range(FEEDS):
        frame = walk(bars, seed=number)
        if missing:
            frame = without_some(frame, missing, seed=100 + number)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame), name=f"feed{number}")
    cerebro.addstrategy(ManyBrackets)
    cerebro.broker.setcash(1_000_000.0)
    cerebro.broker.setcommission(commission=0.0002)
    analyze(cerebro)
