"""Indicators of which Backtrader knows only ``next``, computed without calling it bar by bar.

It moves the indicator, its datas and its own indicators along while it calls ``next``, and leaves
them at the end. So do these kernels, once the values are there.
"""

from __future__ import annotations

from typing import Any

import backtrader as bt
from backtrader.indicators.psar import _SarStatus
from backtrader.linebuffer import LineActions, LineBuffer
from backtrader.lineseries import LineSeriesStub

from atms.engine.once import recursions
from atms.engine.once.columns import BLOCK, NotExactError, buffer, looped, reading


def parabolic_sar(node: Any, start: int, end: int) -> None:
    """Compute the parabolic stop and reverse, and leave its state as ``next`` would."""
    step, most = _float(node.p.af), _float(node.p.afmax)
    if start < 1:
        raise NotExactError("it starts on the first bar")
    _check_still(node, end)
    lines, array = node.data.lines, node.line.array
    highs, lows = reading(lines.high, 0, end, array), reading(lines.low, 0, end, array)
    closes = reading(lines.close, 0, 2, array)
    rising = bool(closes[1] >= closes[0])
    into = buffer(array, 0, end)
    states = looped(recursions.parabolic, highs, lows, rising, step, most, into=into)
    into[:start] = float("nan")
    node._status = [_SarStatus(), _SarStatus()]
    for turn, state in enumerate(states):
        status = node._status[(end - 1 + turn) % 2]
        status.tr, status.sar, status.af, status.ep = state
    _move(node, end)


def laguerre_index(node: Any, start: int, end: int) -> None:
    """Compute the Laguerre strength index."""
    _laguerre(node, start, end, as_index=True)


def laguerre_filter(node: Any, start: int, end: int) -> None:
    """Compute the Laguerre filter."""
    _laguerre(node, start, end, as_index=False)


def _laguerre(node: Any, start: int, end: int, *, as_index: bool) -> None:
    gamma = _float(node.p.gamma)
    state = (_float(node.l0), _float(node.l1), _float(node.l2), _float(node.l3))
    _check_still(node, end)
    values = reading(node.data, start, end, node.line.array)
    into = buffer(node.line.array, start, end)
    for first in range(0, len(into), BLOCK):
        part = slice(first, first + BLOCK)
        state = looped(recursions.laguerre, values[part], gamma, state, as_index, into=into[part])
    node.l0, node.l1, node.l2, node.l3 = state
    _move(node, end)


def zero_lag(node: Any, start: int, end: int) -> None:
    """Compute the error correcting average."""
    alpha, keep = _float(node.ema.alpha), _float(node.ema.alpha1)
    first, last = node.limits
    if not type(first) is type(last) is int:
        raise NotExactError(f"a gain limit of {last!r}")
    gains = [value / 10 for value in range(first, last)]
    _check_still(node, end)
    array = node.line.array
    prices = reading(node.data, start, end, array)
    averages = reading(node.ema, start, end, array)
    into = buffer(array, start, end)
    looped(recursions.error_correcting, prices, averages, alpha, keep, gains, into=into)
    _move(node, end)


def _float(value: Any) -> float:
    if type(value) is not float:
        raise NotExactError(f"a parameter of {value!r}")
    return value


def _check_still(node: Any, end: int) -> None:
    """Check that all lines stand at the beginning and would move on by one with each bar.

    Raises:
        NotExactError: they would not.
    """
    lines = [line for data in node.datas for line in data.lines]
    at_home = all(line.idx == -1 and line.lencount == 0 for line in lines)
    if not at_home or len(set(map(id, lines))) < len(lines):
        raise NotExactError("its datas share lines")
    if not all(map(_moves_freely, node.datas)) or node._clock is not node.datas[0]:
        raise NotExactError("its data is an indicator")
    if any(data.buflen() != end for data in node.datas):
        raise NotExactError("its datas have different lengths")
    if any(line.bindings for line in node.lines):
        raise NotExactError("its line is bound to another")
    for child in node._lineiterators[node._ltype]:
        if not isinstance(child, LineActions) and child._clock is not node._clock:
            raise NotExactError("an indicator of its own has another clock")


def _moves_freely(data: Any) -> bool:
    if type(data) is LineSeriesStub:
        return not data.slave and type(data.lines[0]).advance is LineBuffer.advance
    of_feeds = bt.feed.AbstractDataBase.advance
    return isinstance(data, bt.feed.AbstractDataBase) and type(data).advance is of_feeds


def _move(node: Any, size: int) -> None:
    for data in node.datas:
        data.advance(size=size)
    for child in node._lineiterators[node._ltype]:
        child.advance(size=size)
    node.advance(size=size)
