"""Backtrader's ``_once`` for a strategy and all indicators under it, in whole columns."""

from __future__ import annotations

import array
from collections.abc import Iterator
from typing import Any

import numpy as np
from backtrader.linebuffer import LineActions, LineBuffer
from backtrader.lineiterator import LineIterator
from backtrader.lineseries import Lines, LineSeries

from atms.engine.explaining import Part
from atms.engine.once.columns import NotExactError
from atms.engine.once.table import EMPTY, Kernel, kernel_of

_NAN = array.array("d", [float("nan")])
_NANS = _NAN * 4096
_INDICATORS, _OBSERVERS = LineIterator.IndType, LineIterator.ObsType
# What a kernel stands for: an instance that has its own runs it.
_OWN = frozenset(
    {
        *("_once", "preonce", "oncestart", "once", "prenext", "nextstart", "next"),
        *("forward", "home", "oncebinding", "buflen"),
    }
)


def compute(strategy: Any) -> list[Part]:
    """Do what the strategy's ``_once()`` does, and say which indicators were computed fast.

    Every line under it has then the values, the length and the index that Backtrader's own code
    gives it, bit for bit. What has no kernel, or has values for which the kernel would not be
    exact, runs on Backtrader's own code; what that raises is raised.
    """
    parts: list[Part] = []
    if type(strategy)._once is LineIterator._once:
        _iterator_once(strategy, parts)
    else:
        type(strategy)._once(strategy)
        parts.append(_part(strategy, "it has a _once of its own"))
    return parts


def compute_one(node: Any) -> list[Part]:
    """Do what the ``_once()`` of an indicator or an operation does; see :func:`compute`."""
    parts: list[Part] = []
    _once(node, parts)
    return parts


def _once(node: Any, parts: list[Part]) -> None:
    once = type(node)._once
    if "_once" in vars(node) or once not in (LineIterator._once, LineActions._once):
        node._once()
        parts.append(_part(node, "it has a _once of its own"))
    elif once is LineIterator._once:
        _iterator_once(node, parts)
    else:
        _forward_line(node, node._clock.buflen())
        node.home()
        parts.append(_part(node, _values(node)))
        _bind(node)


def _iterator_once(node: Any, parts: list[Part]) -> None:
    children = node._lineiterators[_INDICATORS]
    observers = node._lineiterators[_OBSERVERS]
    _forward(node, node._clock.buflen())
    for child in children:
        _once(child, parts)
    for observer in observers:
        _forward(observer, node.buflen())
    for under in (*node.datas, *children, *observers, node):
        under.home()
    why = _values(node)
    if node._ltype == _INDICATORS:
        parts.append(_part(node, why))
    for line in node.lines:
        _bind(line)


def _values(node: Any) -> str:
    """Compute a node's own values; return why it took Backtrader's code, "" where it did not."""
    kind = type(node)
    if all(getattr(kind, name) in empty for name, empty in EMPTY.items()):
        why = _own_functions(node)
        if not why:
            node.buflen()
            return ""
    else:
        why = _by_kernel(node, kernel_of(kind))
        if not why:
            return ""
        if _is_ours(kind.once):
            why = ""
    node.preonce(0, node._minperiod - 1)
    node.oncestart(node._minperiod - 1, node._minperiod)
    node.once(node._minperiod, node.buflen())
    return why


def _by_kernel(node: Any, kernel: Kernel | None) -> str:
    if kernel is None:
        return "its class has code of its own"
    why = _own_functions(node)
    if why:
        return why
    start, end = node._minperiod - 1, node.buflen()
    if type(start) is not int or not 0 <= start < end:
        return f"{end} bars, and its first value is that of bar {node._minperiod}"
    own = node.lines[0]
    if any(binding is own for line in _lines_under(node) for binding in line.bindings):
        return "its line is written by another"
    try:
        with np.errstate(all="ignore"):
            kernel.compute(node, start, end)
    except NotExactError as error:
        if _plain(own.array, end):  # take back what it may have written
            np.frombuffer(own.array, np.float64)[start:end] = np.nan
        return str(error)
    return ""


def _lines_under(node: Any) -> Iterator[Any]:
    for child in getattr(node, "_lineiterators", {}).get(_INDICATORS, ()):
        yield from child.lines


def _is_ours(once: Any) -> bool:
    """Return whether it is a once of ours, which is over whole arrays by itself."""
    return str(getattr(once, "__module__", "")).startswith("atms.indicators.")


def _own_functions(node: Any) -> str:
    own = vars(node).keys() & _OWN
    return f"the instance has its own {', '.join(sorted(own))}" if own else ""


def _forward(node: Any, size: int) -> None:
    lines = node.lines
    if (
        type(node).forward is LineSeries.forward
        and "forward" not in vars(node)
        and type(lines).forward is Lines.forward
    ):
        for line in lines.lines:
            _forward_line(line, size)
    else:
        node.forward(size=size)


def _forward_line(line: Any, size: int) -> None:
    """Append *size* NaNs, in bulk, to the array that the line has: others may hold it, too."""
    values = getattr(line, "array", None)
    if (
        type(line).forward is not LineBuffer.forward
        or "forward" in vars(line)
        or line.mode != LineBuffer.UnBounded
        or type(values) is not array.array
        or values.typecode != "d"
    ):
        line.forward(size=size)
        return
    line.idx += size
    line.lencount += size
    times = size // len(_NANS)
    if times and not values:
        values.extend(_NANS)
        values *= times  # in place
        size -= times * len(_NANS)
    values.extend(_NAN * size)


def _bind(line: Any) -> None:
    """Hand a line's values on to those that it is bound to."""
    if type(line).oncebinding is not LineBuffer.oncebinding or "oncebinding" in vars(line):
        line.oncebinding()
        return
    values, length = line.array, line.buflen()
    for binding in line.bindings:
        into = binding.array
        if _plain(values, length) and _plain(into, length) and into is not values:
            memoryview(into)[:length] = memoryview(values)[:length]
        else:
            into[0:length] = values[0:length]


def _plain(values: Any, length: int) -> bool:
    return type(values) is array.array and values.typecode == "d" and 0 < length <= len(values)


def _part(node: Any, why: str) -> Part:
    return Part("indicator", type(node).__name__, not why, why)
