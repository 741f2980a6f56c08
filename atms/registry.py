"""Names -> classes, looked up when asked for: the only place of the frame that lists what there is.

A name is a registered one, one that an installed package registers under the entry-point group
``atms.<kind>``, ``package.module:Class``, or ``path/to/file.py:Class`` (``:Class`` may be left
out where the file has just one).
"""

from __future__ import annotations

from importlib import metadata
from types import ModuleType
from typing import Any

import backtrader as bt

from atms.errors import UnknownName, did_you_mean
from atms.usercode import load_module

BUILT_IN: dict[str, dict[str, str]] = {
    "strategies": {
        "breakout": "atms.strategies.breakout:Breakout",
        "buy_and_hold": "atms.strategies.buy_and_hold:BuyAndHold",
        "grid": "atms.strategies.grid:Grid",
        "ma_cross": "atms.strategies.ma_cross:MovingAverageCross",
        "macd_bollinger": "atms.strategies.macd_bollinger:MacdBollinger",
        "momentum": "atms.strategies.momentum:Momentum",
        "pair_trading": "atms.strategies.pair_trading:PairTrading",
        "rotation": "atms.strategies.rotation:Rotation",
        "rsi_reversion": "atms.strategies.rsi_reversion:RsiReversion",
        "trend_timeframes": "atms.strategies.trend_timeframes:TrendTimeframes",
        "venue_spread": "atms.strategies.venue_spread:VenueSpread",
        "zscore_reversion": "atms.strategies.zscore_reversion:ZScoreReversion",
    },
    "stores": {
        "ccxt": "atms.stores.ccxt.store:CCXTStore",
        "sim": "atms.stores.sim.store:SimStore",
    },
    "feeds": {
        "history": "atms.feeds.history:HistoryFeed",
        "live": "atms.feeds.live:LiveFeed",
    },
    "indicators": {},
    "analyzers": {"orders": "atms.analyzers.orders:OrderRecorder"},
    "sizers": {
        "confidence": "atms.sizers.confidence:ConfidenceSizer",
        "fixed": "atms.sizers.fixed:FixedSizer",
        "fixed_cash": "atms.sizers.fixed_cash:FixedCashSizer",
        "kelly": "atms.sizers.kelly:KellySizer",
        "percent": "atms.sizers.percent:PercentSizer",
        "risk": "atms.sizers.risk:RiskSizer",
        "volatility": "atms.sizers.volatility:VolatilitySizer",
    },
}
_BASES: dict[str, type] = {
    "strategies": bt.Strategy,
    "stores": object,
    "feeds": bt.feed.AbstractDataBase,
    "indicators": bt.Indicator,
    "analyzers": bt.Analyzer,
    "sizers": bt.Sizer,
}


def names(kind: str) -> dict[str, str]:
    """Return every registered name of *kind*, with its ``module:Class``."""
    installed = {point.name: point.value for point in metadata.entry_points(group=f"atms.{kind}")}
    return dict(sorted({**installed, **BUILT_IN[kind]}.items()))


def load(kind: str, name: str) -> type[Any]:
    """Return the class that *name* stands for.

    Raises:
        UnknownName: there is nothing of that name.
        MissingExtra: it needs a package that is not installed.
        StrategyError: its module cannot be imported.
    """
    known = names(kind)
    spec = known.get(name, name)
    module_name, colon, class_name = _split(spec)
    if not colon and not module_name.endswith(".py"):
        near = did_you_mean(name, known) or ("; there are: " + ", ".join(known) if known else "")
        raise UnknownName(
            f"{kind}: there is no {name!r}{near} (or write package.module:Class, "
            "or path/to/file.py:Class)"
        )
    if not module_name:
        raise UnknownName(f"{spec}: names no module; write package.module:Class, or file.py:Class")
    module = load_module(module_name)
    found = getattr(module, class_name, None) if class_name else _only(module, kind, spec)
    if found is None:
        raise UnknownName(
            f"{spec}: there is no {class_name!r} in it"
            f"{did_you_mean(class_name, _candidates(module, kind))}"
        )
    if not (isinstance(found, type) and issubclass(found, _BASES[kind])):
        raise UnknownName(f"{spec}: is no {_BASES[kind].__module__}.{_BASES[kind].__name__}")
    return found


def _split(spec: str) -> tuple[str, str, str]:
    if ".py:" in spec:
        path, _, name = spec.rpartition(":")
        return path, ":", name
    return spec.partition(":")


def _candidates(module: ModuleType, kind: str) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, _BASES[kind])
        and value.__module__ == module.__name__
    ]


def _only(module: ModuleType, kind: str, spec: str) -> type[Any]:
    found = _candidates(module, kind)
    if len(found) != 1:
        what = ", ".join(found) if found else "none"
        raise UnknownName(f"{spec}: say which class, as {spec}:NAME; it has: {what}")
    return getattr(module, found[0])  # type: ignore[no-any-return]
