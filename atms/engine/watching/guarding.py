"""``strategy.stats`` and ``strategy.analyzers``, which say so when somebody looks at them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

import backtrader as bt
from backtrader.metabase import ItemCollection

from atms.engine.watching.years import restore

_NAMES = ("observers", "analyzers")  # ``stats`` is the same object as ``observers``
_OWN = "_atms_guard"


def _codes(*functions: Any) -> frozenset[CodeType]:
    return frozenset(function.__code__ for function in functions)


# Backtrader's own looks at the two collections; it asks nobody's state then.
_STOCK = _codes(
    bt.Strategy._start,
    bt.Strategy._notify,
    bt.Strategy._next_analyzers,
    bt.Strategy._next_observers,
    *(value for value in vars(ItemCollection).values() if callable(value)),
)


# Looks before the first bar that add to the collections.
_SETUP = _codes(bt.Strategy._addobserver, bt.Strategy._addanalyzer)


class Guard:
    """What one strategy's collections tell when they are looked at.

    Args:
        strategy: with both collections.

    Attributes:
        touched: whether somebody looked.
        on_touch: called at the first look.
    """

    def __init__(self, strategy: Any) -> None:
        self.touched = False
        self.on_touch: Callable[[], None] | None = None
        kind = _guarded(self)
        self._collections = [strategy.__dict__[name] for name in _NAMES]
        for collection in self._collections:
            collection.__class__ = kind

    def look(self) -> None:
        """Note that somebody looks."""
        if not self.touched:
            self.touched = True
            if self.on_touch is not None:
                self.on_touch()

    def release(self) -> None:
        """Give the collections their own class again."""
        for collection in self._collections:
            if getattr(type(collection), _OWN, None) is self:
                collection.__class__ = ItemCollection


def _guarded(guard: Guard) -> type:
    """Return a class for collections that tells *guard*; it looks like Backtrader's."""

    def heed(code: CodeType) -> None:
        if code in _STOCK or (guard.on_touch is None and code in _SETUP):
            return
        guard.look()

    class Collection(ItemCollection):
        def __getattribute__(self, name: str) -> Any:
            heed(sys._getframe(1).f_code)
            return object.__getattribute__(self, name)

        def __setattr__(self, name: str, value: Any) -> None:
            heed(sys._getframe(1).f_code)
            object.__setattr__(self, name, value)

        def __getitem__(self, key: Any) -> Any:
            heed(sys._getframe(1).f_code)
            return object.__getattribute__(self, "_items")[key]

        def __len__(self) -> int:
            heed(sys._getframe(1).f_code)
            return len(object.__getattribute__(self, "_items"))

    for name in ("__module__", "__qualname__", "__name__", "__doc__"):
        setattr(Collection, name, getattr(ItemCollection, name))
    setattr(Collection, _OWN, guard)
    return Collection


def guard(strategy: Any) -> Guard | None:
    """Have a look at ``stats``, ``observers`` or ``analyzers`` of *strategy* noted.

    Returns the guard, the same one if there is one already; None where a collection is none of
    Backtrader's own.
    """
    present = guard_of(strategy)
    if present is not None:
        return present
    if any(type(strategy.__dict__.get(name)) is not ItemCollection for name in _NAMES):
        return None
    return Guard(strategy)


def guard_of(strategy: Any) -> Guard | None:
    """Return the guard of a strategy's collections, None if they have none."""
    found: Guard | None = getattr(type(strategy.__dict__.get("observers")), _OWN, None)
    return found


def release(strategy: Any) -> None:
    """Give the collections and analyzers of *strategy* their own classes again."""
    present = guard_of(strategy)
    if present is not None:
        present.release()
    each_node(strategy, restore)


def each_node(strategy: Any, do: Callable[[Any], None]) -> None:
    """Call *do* with each analyzer of a strategy and each below it."""
    waiting = list(items(strategy.__dict__["analyzers"]))
    while waiting:
        node = waiting.pop()
        waiting += node._children
        do(node)


def items(collection: Any) -> list[Any]:
    """Return the list in which a collection keeps its items, unnoted."""
    found: list[Any] = object.__getattribute__(collection, "_items")
    return found
