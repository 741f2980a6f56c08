"""The indicators of the strategies that come with atms: all on kernels, all with stock's bits."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from typing import Any

import backtrader as bt
import pytest

import atms.strategies
from tests.engine.once.sides import Sides, bars, compute, see, stock_once, stock_parts, walk

FEEDS = {"PairTrading": 2, "VenueSpread": 2, "Rotation": 3, "TrendTimeframes": 3}


def _kinds() -> list[Any]:
    modules = [
        import_module(f"atms.strategies.{one.name}")
        for one in pkgutil.iter_modules(atms.strategies.__path__)
    ]
    return [
        kind
        for module in modules
        for kind in vars(module).values()
        if inspect.isclass(kind)
        and issubclass(kind, bt.Strategy)
        and kind.__module__ == module.__name__
    ]


@pytest.mark.parametrize("kind", _kinds(), ids=lambda kind: kind.__name__)
def test_a_strategy_of_ours_computes_all_its_indicators_fast(kind: Any) -> None:
    ours, stock = (_seen(once, kind) for once in (compute, stock_once))
    assert ours.rows == stock.rows
    assert stock_parts(ours.parts) == []


def _seen(once: Any, kind: Any) -> Sides:
    cerebro = Sides(once)
    for at in range(FEEDS.get(kind.__name__, 1)):
        feed = bars(walk(700, seed=at, digits=2))
        cerebro.add_columns(feed, timeframe=bt.TimeFrame.Minutes, compression=15**at)
    cerebro.addstrategy(kind)
    see(cerebro)
    return cerebro
