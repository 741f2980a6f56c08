"""A cross of averages over 200 and 1,000 bars: few trades, long windows."""

from __future__ import annotations

import backtrader as bt

from atms.bench.work import cross

SETTINGS = cross.SETTINGS


def prepare(cerebro: bt.Cerebro, bars: int) -> None:
    """Add the feed, the strategy and the account."""
    cross.prepare(cerebro, bars)
    cerebro.strats.clear()
    cerebro.addstrategy(cross.Cross, fast=200, slow=1000)
