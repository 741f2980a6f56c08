"""When a strategy's watchers cannot be left alone, whatever they are."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.engine.watching.guarding import Guard
from atms.engine.watching.judging import is_empty
from atms.engine.watching.roster import Roster

_NOTIFIES = (bt.Strategy._notify, bt.SignalStrategy._notify)
_OWN = ("_notify", "_next_analyzers", "_next_observers", "_getminperstatus")


def why_eager(strategy: Any, guard: Guard | None) -> str:
    """Return why all of a strategy's watchers have to be called on each bar; "" if not."""
    kind = type(strategy)
    if guard is None:
        return "stats or analyzers is a collection of the user's own"
    if guard.touched:
        return "stats or analyzers was looked at before the first bar"
    if any(name in strategy.__dict__ for name in _OWN) or kind._notify not in _NOTIFIES:
        return f"{kind.__name__} has its own _notify"
    for name in _OWN[1:]:
        if getattr(kind, name) is not getattr(bt.Strategy, name):
            return f"{kind.__name__} has its own {name}"
    return ""


def why_called(strategy: Any) -> str:
    """Return why the loop has to say on each bar where it is; "" if it need not."""
    cerebro = strategy.cerebro
    if len(cerebro.runningstrats) > 1:
        return "another strategy may look"
    return "a writer writes each bar" if why_written(strategy) else ""


def why_written(strategy: Any) -> str:
    """Return why observers have to have their values on each bar; "" if not."""
    cerebro = strategy.cerebro
    return "written to a file on each bar" if cerebro.runwriters and cerebro.writers_csv else ""


def has_curve(broker: Any) -> bool:
    """Return whether a broker can tell afterwards what it held."""
    return hasattr(type(broker), "lane_begin") and hasattr(type(broker), "curve")


def why_not_noted(broker: Any) -> str:
    """Return why a broker without a curve has to be asked as often as Backtrader asks it."""
    kind, stock = type(broker), bt.brokers.BackBroker
    for name in ("getcash", "getvalue", "fundvalue", "fundshares"):
        if name in broker.__dict__ or getattr(kind, name, None) is not getattr(stock, name):
            return f"{kind.__name__} has its own {name}"
    return ""


def is_plain(broker: Any) -> bool:
    """Return whether cash is a float, as a column keeps it, and value with it.

    A size or price of numpy's in an order makes both numpy's from the fill on, and shows in the
    ``repr`` of a result.
    """
    return type(broker.getcash()) is float


def wants_value(strategy: Any) -> bool:
    """Return whether a strategy does something with its cash and value on each bar."""
    names = ("notify_cashvalue", "notify_fund")
    return any(
        name in strategy.__dict__ or not is_empty(getattr(type(strategy), name)) for name in names
    )


def quench(strategy: Any) -> None:
    """Forget the order that a SignalStrategy waits for once it is done."""
    if strategy._sentinel is None:
        return
    for order in strategy._orderspending:
        if order == strategy._sentinel and not order.alive():
            strategy._sentinel = None
            break


def holders(strategy: Any, roster: Roster) -> list[Any]:
    """Return those of the user's objects that keep somebody who is not called as an attribute."""
    lazy = roster.left_alone()
    known = {id(one) for one in lazy} | {id(one.rets) for one in lazy if hasattr(one, "rets")}
    each = [strategy, *roster.called(), *strategy.__dict__.get("_sizers", ())]
    return [one for one in each if any(map(known.__contains__, _kept(one)))]


_PASSED_OVER = ("stats", "observers", "analyzers", "_slave_analyzers", "_lineiterators", "_parent")


def _kept(obj: Any) -> list[int]:
    found = []
    for name, value in vars(obj).items():
        if name in _PASSED_OVER:
            continue
        found.append(id(value))
        if isinstance(value, dict):
            found += map(id, value.values())
        elif isinstance(value, (list, tuple)):
            found += map(id, value[:1000])
    return found
