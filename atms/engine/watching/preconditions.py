"""When a strategy's watchers cannot be left alone, whatever they are."""

from __future__ import annotations

from typing import Any

import backtrader as bt
from backtrader.lineiterator import LineIterator

from atms.engine.explaining import Part
from atms.engine.watching.guarding import Guard, items
from atms.engine.watching.judging import is_empty, is_stock, tree
from atms.engine.watching.roster import Roster

_NOTIFIES = (bt.Strategy._notify, bt.SignalStrategy._notify)
_OWN = ("_notify", "_next_analyzers", "_next_observers", "_getminperstatus")


def why_eager(strategy: Any, guard: Guard | None) -> str:
    """Return why all of a strategy's watchers have to be called on each bar; "" if not."""
    kind = type(strategy)
    if guard is None:
        return "stats or analyzers is a collection of the user's own"
    if any(not hasattr(data.lines, "close") for data in strategy.datas):
        return "a feed has lines of its own in place of prices"
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


def has_curve(strategy: Any) -> bool:
    """Return whether a broker can tell afterwards what it held.

    With several strategies one may change the account in the turn of another, which is seen only
    by looking on each bar.
    """
    kind = type(strategy.broker)
    alone = len(strategy.cerebro.runningstrats) == 1
    return alone and hasattr(kind, "lane_begin") and hasattr(kind, "curve")


def why_not_noted(broker: Any) -> str:
    """Return why a broker without a curve has to be asked as often as Backtrader asks it."""
    kind, stock = type(broker), bt.brokers.BackBroker
    for name in ("getcash", "getvalue", "fundvalue", "fundshares"):
        if name in broker.__dict__ or getattr(kind, name, None) is not getattr(stock, name):
            return f"{kind.__name__} has its own {name}"
    return ""


def wants_value(strategy: Any) -> bool:
    """Return whether a strategy does something with its cash and value on each bar."""
    names = ("notify_cashvalue", "notify_fund")
    return any(
        name in strategy.__dict__ or not is_empty(getattr(type(strategy), name)) for name in names
    )


def parts_of_stock(strategy: Any, why: str) -> list[Part]:
    """Return that each of a strategy's watchers is called on each bar."""
    analyzers = [*items(strategy.__dict__["analyzers"]), *strategy._slave_analyzers]
    named = [("analyzer", one) for one in analyzers]
    named += [("observer", one) for one in strategy._lineiterators[LineIterator.ObsType]]
    return [Part(kind, type(one).__name__, False, why) for kind, one in named]


def quench(strategy: Any) -> None:
    """Forget the order that a SignalStrategy waits for once it is done."""
    if strategy._sentinel is None:
        return
    for order in strategy._orderspending:
        if order == strategy._sentinel and not order.alive():
            strategy._sentinel = None
            break


def is_one_kept(strategy: Any, roster: Roster) -> bool:
    """Return whether one of the user's objects keeps somebody who is not called on each bar.

    An analyzer may keep those below it: whether it looks at them was seen when it was judged.
    """
    known = _with_results(roster.left_alone())
    for listener in roster.analyzers:
        nodes = tree(listener.analyzer)
        others = known - _with_results(nodes)
        if any(_keeps(node, others) for node in nodes if not is_stock(node)):
            return True
    seen = [one.observer for one in roster.observers if one.live]
    return any(_keeps(one, known) for one in (strategy, *seen))


def _with_results(each: list[Any]) -> set[int]:
    return {id(one) for one in each} | {id(one.rets) for one in each if hasattr(one, "rets")}


_PASSED_OVER = ("stats", "observers", "analyzers", "_slave_analyzers", "_lineiterators", "_parent")


def _keeps(obj: Any, known: set[int]) -> bool:
    for name, value in vars(obj).items():
        if name in _PASSED_OVER:  # to look at a guarded collection would be noted
            continue
        inside: Any = value.values() if isinstance(value, dict) else value
        if not isinstance(value, (list, tuple, dict)):
            inside = ()
        if not known.isdisjoint(map(id, (value, *inside))):
            return True
    return False
