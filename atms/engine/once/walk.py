"""Backtrader's ``_once`` for a strategy and all indicators under it, in whole columns."""

from __future__ import annotations

import array
from typing import Any

from backtrader.linebuffer import LineActions, LineBuffer
from backtrader.lineiterator import LineIterator
from backtrader.lineseries import Lines, LineSeries

from atms.engine.explaining import Part
from atms.engine.once.originals import original
from atms.engine.once.values import Outcome, compute_values, is_plain_array

_ITERATOR_ONCE, _ACTION_ONCE = original(LineIterator, "_once"), original(LineActions, "_once")
_SERIES_FORWARD, _LINES_FORWARD = original(LineSeries, "forward"), original(Lines, "forward")
_LINE_FORWARD, _BINDING = original(LineBuffer, "forward"), original(LineBuffer, "oncebinding")
_NAN = array.array("d", [float("nan")])
_NANS = _NAN * 4096
_OWN_WAY = (False, "it has a _once of its own")


def compute(strategy: Any) -> list[Part]:
    """Do what the strategy's ``_once()`` does, and say which indicators were computed fast.

    Every line under it has then the values, the length and the index that Backtrader's own code
    gives it, bit for bit. What has no kernel, or has values for which the kernel would not be
    exact, runs on Backtrader's own code; what that raises is raised.
    """
    parts: list[Part] = []
    if type(strategy)._once is _ITERATOR_ONCE:
        _iterator_once(strategy, parts)
    else:
        type(strategy)._once(strategy)
        parts.append(_part(strategy, _OWN_WAY))
    return parts


def compute_one(node: Any) -> list[Part]:
    """Do what the ``_once()`` of an indicator or an operation does; see :func:`compute`."""
    parts: list[Part] = []
    _once(node, parts)
    return parts


def _once(node: Any, parts: list[Part]) -> None:
    once = type(node)._once
    if "_once" in vars(node) or once not in (_ITERATOR_ONCE, _ACTION_ONCE):
        node._once()
        parts.append(_part(node, _OWN_WAY))
    elif once is _ITERATOR_ONCE:
        _iterator_once(node, parts)
    else:
        _forward_line(node, node._clock.buflen())
        node.home()
        parts.append(_part(node, compute_values(node)))
        _bind(node)


def _iterator_once(node: Any, parts: list[Part]) -> None:
    children = node._lineiterators[LineIterator.IndType]
    observers = node._lineiterators[LineIterator.ObsType]
    _forward(node, node._clock.buflen())
    for child in children:
        _once(child, parts)
    for observer in observers:
        _forward(observer, node.buflen())
    for under in (*node.datas, *children, *observers, node):
        under.home()
    outcome = compute_values(node)
    if node._ltype == LineIterator.IndType:
        parts.append(_part(node, outcome))
    for line in node.lines:
        _bind(line)


def _forward(node: Any, size: int) -> None:
    lines = node.lines
    if (
        type(node).forward is _SERIES_FORWARD
        and "forward" not in vars(node)
        and type(lines).forward is _LINES_FORWARD
    ):
        for line in lines.lines:
            _forward_line(line, size)
    else:
        node.forward(size=size)


def _forward_line(line: Any, size: int) -> None:
    """Append *size* NaNs, in bulk, to the array that the line has: others may hold it, too."""
    values = getattr(line, "array", None)
    if (
        type(line).forward is not _LINE_FORWARD
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
    if type(line).oncebinding is not _BINDING or "oncebinding" in vars(line):
        line.oncebinding()
        return
    values, length = line.array, line.buflen()
    for binding in line.bindings:
        into = binding.array
        if is_plain_array(values, length) and is_plain_array(into, length) and into is not values:
            memoryview(into)[:length] = memoryview(values)[:length]
        else:
            into[0:length] = values[0:length]


def _part(node: Any, outcome: Outcome) -> Part:
    return Part("indicator", type(node).__name__, *outcome)
