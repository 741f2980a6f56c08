"""The cross of two averages, with the standard observers and the four usual analyzers."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.bench.work import cross

SETTINGS: dict[str, Any] = {}


def prepare(cerebro: bt.Cerebro, bars: int) -> None:
    """Add what the cross has, and the analyzers."""
    cross.prepare(cerebro, bars)
    analyze(cerebro)


def analyze(cerebro: bt.Cerebro) -> None:
    """Add the four analyzers that most people add."""
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer)
    cerebro.addanalyzer(bt.analyzers.DrawDown)
    cerebro.addanalyzer(bt.analyzers.Returns)
    cerebro.addanalyzer(bt.analyzers.SharpeRatio)
