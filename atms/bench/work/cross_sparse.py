"""The cross of two averages, with the line declared on which the strategy acts."""

from __future__ import annotations

import backtrader as bt

from atms.bench.work import cross

SETTINGS = cross.SETTINGS


class SparseCross(cross.Cross):
    """Is called where ``cross`` is not zero, and while something of its own is pending."""

    act_on = ("cross",)


def prepare(cerebro: bt.Cerebro, bars: int) -> None:
    """Add the feed, the strategy and the account."""
    cross.prepare(cerebro, bars)
    cerebro.strats.clear()
    cerebro.addstrategy(SparseCross)
