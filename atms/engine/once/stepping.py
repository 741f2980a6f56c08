"""Indicators of the user's that only have a ``next``: called bar by bar, but moved by a ticker.

Backtrader moves every line of the indicator, of its datas and of its own indicators before each
call, and that takes most of the time. Here they ask one ticker where they stand.
"""

from __future__ import annotations

from typing import Any

import backtrader as bt
from backtrader.linebuffer import LineBuffer
from backtrader.lineseries import LineSeriesStub

from atms.engine.lines import SwappedLines, is_plain_feed, is_plain_line, is_plain_series
from atms.engine.once.columns import NotExactError
from atms.engine.once.originals import original
from atms.engine.swapping import Swaps
from atms.engine.timeline import Ticker

_BY_NEXT = {
    "once": original(bt.Indicator, "once_via_next"),
    "preonce": original(bt.Indicator, "preonce_via_prenext"),
    "oncestart": original(bt.Indicator, "oncestart_via_nextstart"),
}


def steps_by_next(kind: type[Any]) -> bool:
    """Return whether Backtrader's once of a class calls its next bar by bar."""
    return all(getattr(kind, name, None) is way for name, way in _BY_NEXT.items())


def step_through(node: Any, start: int, end: int) -> None:
    """Call ``prenext``, ``nextstart`` and ``next`` of an indicator as its once would.

    Args:
        start: the bar of its ``nextstart``.
        end: how many bars there are.

    Raises:
        NotExactError: what it reads does not move bar by bar with it; nothing is done then.
    """
    _check_lockstep(node, end)
    ticker, moved = Ticker(), _Moved()
    swaps = Swaps()
    lines = SwappedLines(swaps, _nothing, moved)
    try:
        try:
            _swap(node, lines, ticker)
        except TypeError as error:
            raise NotExactError(str(error)) from error
        _step(node, ticker, moved, start, end)
    finally:
        swaps.undo()
    if moved.by_hand:  # from the next bar on every line is moved as Backtrader moves it
        at = ticker.at + 1
        node.preonce(min(at, start), start)
        node.oncestart(max(at, start), start + 1)
        node.once(max(at, start + 1), end)


class _Moved:
    """Whether somebody moved a line by himself."""

    def __init__(self) -> None:
        self.by_hand = False

    def __call__(self) -> None:
        self.by_hand = True


def _nothing() -> None:
    pass


def _step(node: Any, ticker: Ticker, moved: _Moved, start: int, end: int) -> None:
    for at in range(end):
        ticker.at = at
        if at > start:
            node.next()
        elif at < start:
            node.prenext()
        else:
            node.nextstart()
        if moved.by_hand:
            return


def _swap(node: Any, lines: SwappedLines, ticker: Ticker) -> None:
    for data in node.datas:
        if type(data) is LineSeriesStub:
            lines.indicator(data.lines.lines[0], ticker)
        else:
            lines.feed(data, ticker)
    for child in node._lineiterators[node._ltype]:
        lines.indicator(child, ticker)
    lines.indicator(node, ticker)


def _check_lockstep(node: Any, end: int) -> None:
    """Check that Backtrader would move everything by one with each bar.

    Raises:
        NotExactError: it would not.
    """
    moving: list[Any] = []
    for data in node.datas:
        if not _is_plain_data(data):
            raise NotExactError("its data is an indicator, or moves in its own way")
        if data.buflen() < end:
            raise NotExactError("its datas have different lengths")
        moving += [data, *data.lines]
    if node._clock is not node.datas[0]:
        raise NotExactError("it has another clock than its data")
    for child in (*node._lineiterators[node._ltype], node):
        lines = _lines_moved_with(child, moving)
        moving += [child, *(line for line in lines if line is not child)]
    if len(set(map(id, moving))) < len(moving):
        raise NotExactError("what it reads shares lines")


def _lines_moved_with(child: Any, moving: list[Any]) -> list[Any]:
    if isinstance(child, LineBuffer):
        if not is_plain_line(child):
            raise NotExactError("an operation of its own moves in its own way")
        return [child]
    if type(child).advance is not bt.Indicator.advance or not is_plain_series(child):
        raise NotExactError("it or an indicator of its own moves in its own way")
    clock = child._clock
    while isinstance(clock, LineSeriesStub) and not any(clock is one for one in moving):
        clock = clock.lines.lines[0]
    if not any(clock is one for one in moving):
        raise NotExactError("an indicator of its own has another clock")
    return list(child.lines)


def _is_plain_data(data: Any) -> bool:
    if type(data) is LineSeriesStub:
        return not data.slave and is_plain_line(data.lines.lines[0])
    return isinstance(data, bt.feed.AbstractDataBase) and is_plain_feed(data)
