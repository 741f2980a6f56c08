"""The config's strategy, sizer and analyzers, and whether their parameters exist."""

from __future__ import annotations

import inspect
from typing import Any

import backtrader as bt

from atms import registry
from atms.config import Component, Config
from atms.errors import ConfigError, did_you_mean
from atms.running.auditing import check_calendar
from atms.running.broker import make_broker
from atms.running.plan import Plan
from atms.running.sources import check_source


def add_strategy(plan: Plan) -> None:
    """Put the strategy, its sizer and the config's analyzers into Cerebro."""
    params = plan.config.strategy.params
    _check_params(plan.strategy_class, plan.config.strategy)
    plan.cerebro.addstrategy(plan.strategy_class, **params)
    plan.classes.append(plan.strategy_class)
    if plan.config.sizer is not None:
        sizer = _load("sizers", plan.config.sizer)
        plan.cerebro.addsizer(sizer, **plan.config.sizer.params)
        plan.classes.append(sizer)
    for name, component in analyzer_names(plan.config).items():
        kind = _load("analyzers", component)
        plan.cerebro.addanalyzer(kind, _name=name, **component.params)
        plan.classes.append(kind)


def analyzer_names(config: Config) -> dict[str, Component]:
    """Return the config's analyzers by name; the second of a name is called ``name#2``."""
    named: dict[str, Component] = {}
    for component in config.report.analyzers:
        same = sum(other.name == component.name for other in named.values())
        named[f"{component.name}#{same + 1}" if same else component.name] = component
    return named


def parameters(kind: type[Any]) -> dict[str, Any]:
    """Return a Backtrader class's parameters and their defaults."""
    return {name: getattr(kind.params, name) for name in kind.params._getkeys()}


def _load(kind: str, component: Component) -> type[Any]:
    found = registry.load(kind, component.name)
    _check_params(found, component)
    return found


def _check_params(kind: type[Any], component: Component) -> None:
    known = parameters(kind)
    # Backtrader's own __init__ takes anything and drops what it does not know.
    own = not getattr(kind.__init__, "__module__", "").startswith("backtrader")
    taken = inspect.signature(kind.__init__).parameters if own else {}
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in taken.values()):
        return
    for name in component.params:
        if name not in known and name not in taken:
            near = did_you_mean(name, known) or (
                "; it has: " + ", ".join(known) if known else "; it has none"
            )
            raise ConfigError(f"{component.name}: has no parameter {name!r}{near}")


def check(config: Config) -> type[bt.Strategy]:
    """Check what a config names, without running it, and return the strategy's class.

    Raises:
        ConfigError, UnknownName, MissingExtra, StrategyError, DataError: as :func:`run`.
    """
    for feed in config.data.feeds:
        if feed.feed:
            registry.load("feeds", feed.feed)
        elif feed.source:
            check_source(feed.source, feed.name, config.ledger.url)
        check_calendar(feed)
    kind = _load("strategies", config.strategy)
    if config.sizer is not None:
        _load("sizers", config.sizer)
    for component in config.report.analyzers:
        _load("analyzers", component)
    make_broker(config)
    return kind
