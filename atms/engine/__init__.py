"""Our Cerebro: a drop-in for Backtrader's."""

from atms.engine.cerebro import Cerebro

__all__ = ["Cerebro"]
