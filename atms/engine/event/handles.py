"""Indicators as a strategy holds them: shorter ways to values, and an eye on settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from backtrader.lineseries import LineSeries

from atms.engine.event.swapping import Swaps
from atms.engine.identity import runs


def quicken(node: Any, swaps: Swaps, retreat: Callable[[str], None] | None) -> None:
    """Shorten the ways to the values of *node*.

    Args:
        node: an indicator whose lines are in a group.
        retreat: called when an attribute or parameter of it is set: it was computed from what
            they were; None: it computes itself.
    """
    if isinstance(node, LineSeries):
        _shorten(node, swaps)
    if retreat is None:
        return

    def body(base: type) -> Mapping[str, Any]:
        def write(self: Any, name: str, value: Any) -> None:
            retreat(f"{name} of an indicator was set")
            setattr(self, name, value)

        return {"__setattr__": write}

    swaps.put_class(node, "watched", body)
    if getattr(node, "p", None) is not None:
        swaps.put_class(node.p, "watched", body)


def guard(line: Any, swaps: Swaps, retreat: Callable[[str], None]) -> None:
    """Call *retreat* when anybody writes to a *line* of ours, or has its array and so may."""

    def body(base: type) -> Mapping[str, Any]:
        def write(self: Any, ago: int, value: Any) -> None:
            retreat("an indicator's line was written to")
            self[ago] = value

        def read(self: Any) -> Any:
            retreat("an indicator's array was handed out")
            return self.array

        def put(self: Any, value: Any) -> None:
            retreat("a line was given another array")
            self.array = value

        return {"__setitem__": write, "array": property(read, put)}

    swaps.put_class(line, "guarded", body)


def _shorten(node: Any, swaps: Swaps) -> None:
    for name, line in zip(node.getlinealiases(), node.lines.lines, strict=False):
        if isinstance(name, str) and name not in node.__dict__ and not hasattr(type(node), name):
            swaps.put(node, name, line)
    if runs(node, LineSeries, "__getitem__", "__len__"):
        swaps.put(node, "_event_line", node.lines.lines[0])
        swaps.put_class(node, "series", lambda base: _SERIES)


def _item(self: Any, key: Any) -> Any:
    line = self._event_line
    return line._values[line._group.at + key]


def _length(self: Any) -> int:
    return int(self._event_line._group.at + 1)


_SERIES: Mapping[str, Any] = {"__getitem__": _item, "__len__": _length}
