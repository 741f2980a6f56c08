"""Our Cerebro: a drop-in for Backtrader's, with its results to the last bit."""

from __future__ import annotations

from typing import Any

from atms.engine.cerebro import Cerebro
from atms.engine.explaining import Explanation, Part
from atms.engine.extension import compiled
from atms.engine.stock import StockCerebro

__all__ = ["Cerebro", "Explanation", "Part", "StockCerebro", "compiled", "make_cerebro"]


_SPARSE = {"fast": True, "dense": False, "verify": "verify"}


def make_cerebro(engine: str, **params: Any) -> StockCerebro:
    """Return the Cerebro that a config's ``run.engine`` names."""
    if engine == "stock":
        return StockCerebro(**params)
    return Cerebro(sparse=_SPARSE[engine], **params)
