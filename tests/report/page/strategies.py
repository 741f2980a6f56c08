"""Strategies of the page's tests; alone here, so that no run has to hash all that tests import."""

from __future__ import annotations

import backtrader as bt


class PageIdle(bt.Strategy):  # type: ignore[misc]
    """Does nothing."""


class PageSwing(bt.Strategy):  # type: ignore[misc]
    """Buys a unit of each data every *every* bars, and closes it three bars later."""

    params = dict(every=7)

    def next(self) -> None:
        for place, data in enumerate(self.datas):
            turn = (len(self) + place) % self.p.every
            if turn == 0:
                self.buy(data=data, size=1)
            elif turn == 3:
                self.close(data=data)


class PageOnce(bt.Strategy):  # type: ignore[misc]
    """Buys on bar 5 and sells on bar 20."""

    def next(self) -> None:
        if len(self) == 5:
            self.buy(size=1)
        elif len(self) == 20:
            self.close()


class PageBroken(PageSwing):
    """Raises on a bar."""

    params = dict(at=60, words="no such luck")

    def next(self) -> None:
        super().next()
        if len(self) == self.p.at:
            raise ValueError(self.p.words)


class PageSaver(PageSwing):
    """Puts 500 into the account every hundred bars, and takes 200 out between."""

    def next(self) -> None:
        super().next()
        if len(self) % 50 == 0:
            self.broker.add_cash(500.0 if len(self) % 100 else -200.0)


class PageAverage(PageSwing):
    """Has an average that is undefined for as long as there are too few bars."""

    def __init__(self) -> None:
        self.average = bt.ind.SMA(self.data, period=30)


class PageShort(bt.Strategy):  # type: ignore[misc]
    """Sells far more than it has."""

    def next(self) -> None:
        if len(self) == 2:
            self.sell(size=3000)


class PagePoor(PageSwing):
    """Wants more than it can pay for."""

    def next(self) -> None:
        if len(self) in (5, 6, 7):
            self.buy(size=10_000)
        elif len(self) == 10:
            self.buy(size=1, exectype=bt.Order.Limit, price=1.0)
        elif len(self) == 20:
            self.buy(size=1)


class PageGiver(PageSwing):
    """Adds cash on the hundredth bar, and lets the broker book it at once."""

    def next(self) -> None:
        super().next()
        if len(self) == 100:
            self.broker.add_cash(500.0)
            self.broker.getvalue()


class PageFlip(bt.Strategy):  # type: ignore[misc]
    """Adds to positions, reduces them, reverses them, and is long or short."""

    def __init__(self) -> None:
        self.average = bt.ind.SMA(self.data, period=5)
        self.smoothed = bt.ind.EMA(self.data, period=9)
        self.strength = bt.ind.RSI(self.data)

    def next(self) -> None:
        bar = len(self)
        if bar % 7 == 0:
            self.buy(size=3) if self.position.size <= 0 else self.sell(size=5)
        if bar % 11 == 0:
            self.sell(size=1)
        if bar % 50 == 0:
            self.close()


class PageBracket(bt.Strategy):  # type: ignore[misc]
    """Buys on its third bar, with a stop at 90 and a target at 130."""

    def next(self) -> None:
        if len(self) == 3:
            self.buy_bracket(exectype=bt.Order.Market, stopprice=90.0, limitprice=130.0, size=1)


class PageIndicators(bt.Strategy):  # type: ignore[misc]
    """Has many of Backtrader's indicators, and trades nothing."""

    def __init__(self) -> None:
        kinds = bt.ind
        self.all = [
            kinds.SMA(period=7), kinds.EMA(period=5),
            kinds.SMMA(period=8), kinds.RSI(period=9), kinds.ATR(period=4), kinds.MACDHisto(),
            kinds.BollingerBands(period=11), kinds.StdDev(period=12), kinds.ROC(period=3),
            kinds.ROC100(period=13), kinds.Momentum(period=2), kinds.WMA(period=6),
        ]  # fmt: skip
