"""Averages over 200 and 1,000 bars, with the line declared on which the strategy acts."""

from __future__ import annotations

import backtrader as bt

from atms.bench.work import cross
from atms.bench.work.cross_sparse import SparseCross

SETTINGS = cross.SETTINGS


def prepare(cerebro: bt.Cerebro, bars: int) -> None:
    """Add the feed, the strategy and the account."""
    cross.prepare(cerebro, bars)
    cerebro.strats.clear()
    cerebro.addstrategy(SparseCross, fast=200, slow=1000)
