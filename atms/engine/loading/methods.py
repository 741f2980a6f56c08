"""Which of Backtrader's methods a feed still has, so that it may be loaded in another way."""

from __future__ import annotations

import inspect
from typing import Any

import backtrader as bt
from backtrader.linebuffer import LineBuffer
from backtrader.lineseries import Lines

_ABSTRACT = bt.feed.AbstractDataBase
_CSV = bt.feed.CSVDataBase

# What stock's `preload` calls on the feed itself, on the way from a row to its lines; and what
# says that there is no preload.
_MOVING = (
    "load",
    "_last",
    "_fromstack",
    "home",
    "forward",
    "backwards",
    "islive",
    "__len__",
    "__getattr__",
    "__getattribute__",
    "__setattr__",
    "date2num",
    "itersize",
    "getlinealiases",
)
_LINE = ("forward", "backwards", "home", "__setitem__", "set_idx", "idx")


def resolved(kind: type, name: str) -> Any:
    """Return the attribute *name* of *kind* as it is written, not bound; None if there is none."""
    return inspect.getattr_static(kind, name, None)


# As they were when this was imported: a method replaced later is not the one that we know.
_KNOWN = {name: resolved(_ABSTRACT, name) for name in _MOVING}
_KNOWN_LINE = {name: resolved(LineBuffer, name) for name in _LINE}
_KNOWN_LINES = {name: resolved(Lines, name) for name in ("forward", "backwards", "home")}
PRELOAD = resolved(_ABSTRACT, "preload")
PRELOAD_CLONE = resolved(bt.feed.DataClone, "preload")
PRELOAD_CSV = resolved(_CSV, "preload")
LOAD_CSV = resolved(_CSV, "_load")
NEXTLINE_CSV = resolved(_CSV, "_getnextline")
ADVANCE = resolved(_ABSTRACT, "advance")
TICK_NULLIFY = resolved(_ABSTRACT, "_tick_nullify")


def own(data: Any, name: str) -> Any:
    """Return what ``data.name`` would be found as: the instance's own first, then the class's."""
    if name in vars(data):
        return vars(data)[name]
    return resolved(type(data), name)


def changed(data: Any) -> str | None:
    """Return the first method of *data* on the way of a row that is not Backtrader's, or None."""
    for name, known in _KNOWN.items():
        if own(data, name) is not known:
            return name
    return None


def plain_lines(data: Any) -> bool:
    """Return whether the lines of *data* are Backtrader's own, unbounded, bound to nothing."""
    kind = type(data.lines)
    known = all(resolved(LineBuffer, name) is method for name, method in _KNOWN_LINE.items())
    moving = all(resolved(kind, name) is method for name, method in _KNOWN_LINES.items())
    return (
        known
        and moving
        and all(
            type(line) is LineBuffer and line.mode == LineBuffer.UnBounded and not line.bindings
            for line in data.lines.lines
        )
    )


def empty(data: Any) -> bool:
    """Return whether the lines of *data* are as ``reset`` and ``extend`` leave them."""
    return all(
        line.idx == -1 and line.lencount == 0 and len(line.array) == line.extension
        for line in data.lines.lines
    )
