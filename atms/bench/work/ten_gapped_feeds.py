"""Ten feeds with brackets, each without 5 % of its bars, others in each."""

from __future__ import annotations

import backtrader as bt

from atms.bench.work import ten_feeds

SETTINGS = ten_feeds.SETTINGS


def prepare(cerebro: bt.Cerebro, bars: int) -> None:
    """Add the feeds with their gaps, the strategy and the account."""
    ten_feeds.prepare(cerebro, bars, missing=0.05)
