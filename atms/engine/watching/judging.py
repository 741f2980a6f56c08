"""Which observers and analyzers need not be called on each bar, by what their classes are."""

from __future__ import annotations

import dis
from collections.abc import Callable
from types import FunctionType
from typing import Any, NamedTuple

import backtrader as bt
from backtrader import analyzers, observers

from atms.engine.watching import drawdowns, frames, holdings, lines, marks, returns
from atms.engine.watching import observers as columns
from atms.engine.watching.equity import Setting, Span

_CALLED = ("_prenext", "_nextstart", "_next", "_notify_cashvalue", "_notify_fund")
_OWN = ("prenext", "nextstart", "next", "notify_cashvalue", "notify_fund")
_TOLD = ("_notify_order", "_notify_trade", "notify_order", "notify_trade")
# What a user's subclass may have of its own and still be run as its base.
_HARMLESS = {
    *("__module__", "__qualname__", "__doc__", "__annotations__", "__annotate__"),
    *("__annotate_func__", "__firstlineno__", "__static_attributes__", "__weakref__", "__dict__"),
    *("alias", "aliased", "params", "plotinfo", "plotlines", "lines", "linealias", "packages"),
    *("frompackages", "csv", "get_analysis", "print", "pprint", "stop", "_plotlabel"),
}


class Recipe(NamedTuple):
    """How an analyzer that is called on each bar can be settled for many bars at once.

    Attributes:
        settle: leaves it as it is after a span.
        why_not: says why that cannot be done for this one, or "".
    """

    settle: Callable[[Any, Span], None]
    why_not: Callable[[Any, Setting], str]


RECIPES: dict[type, Recipe] = {
    analyzers.DrawDown: Recipe(drawdowns.settle_drawdown, drawdowns.why_not_drawdown),
    analyzers.TimeDrawDown: Recipe(drawdowns.settle_timedrawdown, frames.why_not),
    analyzers.Calmar: Recipe(drawdowns.settle_calmar, drawdowns.why_not_calmar),
    analyzers.TimeReturn: Recipe(returns.settle_timereturn, returns.why_not_return),
    analyzers.LogReturnsRolling: Recipe(returns.settle_rolling, returns.why_not_rolling),
    analyzers.Returns: Recipe(returns.settle_returns, frames.why_not),
    analyzers.VWR: Recipe(returns.settle_vwr, frames.why_not),
    analyzers.GrossLeverage: Recipe(returns.settle_leverage, lambda analyzer, setting: ""),
    analyzers.PositionsValue: Recipe(holdings.settle_positions, holdings.why_not),
}
# Those that have something to do on a bar only if there was an order.
ON_ORDERS = (analyzers.Transactions,)


class Picture(NamedTuple):
    """How an observer's lines follow from the equity curve, and the analyzers it made for that."""

    columns: Callable[[Any, Span], columns.Columns]
    analyzers: tuple[str, ...] = ()


PICTURES: dict[type, Picture] = {
    observers.Cash: Picture(columns.cash),
    observers.Value: Picture(columns.value),
    observers.Broker: Picture(columns.broker),
    observers.FundValue: Picture(columns.fund_value),
    observers.FundShares: Picture(columns.fund_shares),
    observers.DrawDown: Picture(columns.drawdown, ("_dd",)),
    observers.DrawDownLength: Picture(columns.drawdown_length, ("_dd",)),
    observers.DrawDown_Old: Picture(columns.drawdown_old),
    observers.TimeReturn: Picture(columns.time_return, ("treturn",)),
    observers.Benchmark: Picture(columns.benchmark, ("tbench", "treturn")),
    observers.LogReturns: Picture(columns.log_returns, ("logret1",)),
    observers.LogReturns2: Picture(columns.log_returns2, ("logret1", "logret2")),
}
MARKS: dict[type, Callable[[Any, int], marks.Sparse]] = {
    observers.BuySell: marks.Marks,
    observers.Trades: marks.Closings,
    observers.DataTrades: marks.DataClosings,
}


def base_in(kind: type, known: Any) -> type | None:
    """Return the class in *known* that *kind* is, or is without a difference; else None."""
    for base in kind.__mro__:
        if base in known:
            return base
        if not vars(base).keys() <= _HARMLESS:
            return None
    return None


def is_empty(function: Any) -> bool:
    """Return whether a function is ``pass``, ``...`` or a docstring."""
    if type(function) is not FunctionType:
        return False
    steps = [
        step for step in dis.get_instructions(function) if step.opname not in ("RESUME", "NOP")
    ]
    ending = steps[-1].opname.startswith("RETURN") and steps[-1].opname != "RETURN_GENERATOR"
    returned = steps[-2 if steps[-1].opname == "RETURN_VALUE" else -1]
    return ending and len(steps) <= 2 and returned.argval is None


def _does_nothing(analyzer: Any, name: str) -> bool:
    """Return whether a method is empty, or Backtrader's that only calls empty ones."""
    kind = type(analyzer)
    method = getattr(kind, name)
    if name in analyzer.__dict__:
        return False
    if is_empty(method):
        return True
    if name in ("prenext", "nextstart"):
        return method is getattr(bt.Analyzer, name) and _does_nothing(analyzer, "next")
    inner = {
        "_prenext": ("prenext",),
        "_nextstart": ("nextstart",),
        "_next": ("next",),
        "_notify_cashvalue": ("notify_cashvalue",),
        "_notify_fund": ("notify_fund",),
        "_notify_order": ("notify_order",),
        "_notify_trade": ("notify_trade",),
    }.get(name, ())
    if not inner or method is not getattr(bt.Analyzer, name):
        return False
    return all(_does_nothing(analyzer, below) for below in inner)


def tree(analyzer: Any) -> list[Any]:
    """Return an analyzer and all below it, parents first."""
    found = [analyzer]
    for child in analyzer._children:
        found += tree(child)
    return found


def is_silent(analyzer: Any) -> bool:
    """Return whether the calls of each bar do nothing at this analyzer, children aside."""
    return all(_does_nothing(analyzer, name) for name in _CALLED)


def is_deaf(analyzer: Any, name: str) -> bool:
    """Return whether an analyzer and those below it do nothing with what *name* tells them."""
    return all(_does_nothing(node, name) for node in tree(analyzer))


def is_stock(analyzer: Any) -> bool:
    """Return whether all that Backtrader calls during a run is its own at this analyzer."""
    if any(name in analyzer.__dict__ for name in (*_CALLED, *_OWN, *_TOLD)):
        return False
    module = _definer(type(analyzer)).__module__
    return module.startswith("backtrader.analyzers.")


def _definer(kind: type) -> type:
    """Return the first class that is more than another name for its base."""
    for base in kind.__mro__:
        if not vars(base).keys() <= _HARMLESS:
            return base
    return object


class Verdict(NamedTuple):
    """What is to be done with one analyzer and those below it.

    Attributes:
        why: why it has to be called on each bar; "" if it need not be.
        recipes: those of the tree to settle, parents first.
        on_orders: those whose ``next`` is called on bars with orders.
    """

    why: str
    recipes: tuple[tuple[Any, Recipe], ...] = ()
    on_orders: tuple[Any, ...] = ()


def judge(analyzer: Any, setting: Setting) -> Verdict:
    """Return what is to be done with an analyzer after its first bar."""
    recipes, on_orders = [], []
    nodes = tree(analyzer)
    for node in nodes:
        base = base_in(type(node), RECIPES)
        if base is not None and is_stock(node):
            why = RECIPES[base].why_not(node, setting)
            if why:
                return Verdict(why)
            recipes.append((node, RECIPES[base]))
        elif base_in(type(node), ON_ORDERS) is not None and is_stock(node):
            on_orders.append(node)
        elif not is_silent(node):
            return Verdict(f"{type(node).__name__} is called on each bar")
    if len(recipes) + len(on_orders) and not all(_may_carry(node) for node in nodes):
        return Verdict("what is below it may be looked at")
    return Verdict("", tuple(recipes), tuple(on_orders))


def _may_carry(analyzer: Any) -> bool:
    """Return whether an analyzer cannot look at its children while bars come."""
    return is_stock(analyzer) or all(_does_nothing(analyzer, name) for name in _TOLD)


def picture_of(observer: Any, slaves: list[Any]) -> Picture | None:
    """Return how an observer's lines follow from the curve; None if they do not."""
    picture = PICTURES.get(base_in(type(observer), PICTURES) or object)
    if picture is None or _is_altered(observer):
        return None
    own = [observer.__dict__.get(name) for name in picture.analyzers]
    if len(own) != len(observer._analyzers):
        return None
    for mine, registered in zip(own, observer._analyzers, strict=True):
        if mine is not registered or sum(mine is slave for slave in slaves) != 1:
            return None
    return picture


def marks_of(observer: Any) -> Callable[[Any, int], marks.Sparse] | None:
    """Return what can stand for an observer of orders or trades; None if it has to be called."""
    make = MARKS.get(base_in(type(observer), MARKS) or object)
    if make is None or _is_altered(observer) or observer._analyzers:
        return None
    return make


def _is_altered(observer: Any) -> bool:
    own = ("next", "prenext", "nextstart", "forward")
    return any(name in observer.__dict__ for name in own) or not lines.plain(observer)
