"""One-minute bars of New York's sessions, with gaps, and 15 minutes, an hour and days of them."""

from __future__ import annotations

from datetime import time

import backtrader as bt

from atms.bench.bars import in_sessions
from atms.bench.work import resampled
from atms.feeds.history import Zone

SETTINGS = resampled.SETTINGS


def prepare(cerebro: bt.Cerebro, bars: int) -> None:
    """Add one minute, 15 minutes, an hour and a day, the strategy and the account."""
    minutes = bt.feeds.PandasData(
        dataname=in_sessions(bars),
        timeframe=bt.TimeFrame.Minutes,
        compression=1,
        tz=Zone("America/New_York"),
        sessionstart=time(9, 30),
        sessionend=time(16, 0),
    )
    cerebro.adddata(minutes)
    cerebro.resampledata(minutes, timeframe=bt.TimeFrame.Minutes, compression=15)
    cerebro.resampledata(minutes, timeframe=bt.TimeFrame.Minutes, compression=60)
    cerebro.resampledata(minutes, timeframe=bt.TimeFrame.Days, compression=1)
    resampled.trade(cerebro)
