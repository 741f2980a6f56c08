"""A strategy's indicators in event mode, computed at once.

In event mode an indicator on a slower feed is called again at each step while that feed's bar
lasts. Where all that it reads moves with one feed, and its ``next`` does the same each time, the
values that it ends with on each of the feed's bars are those of whole arrays. Others are called
by Backtrader's own code, at their place between those that are computed.
"""

from __future__ import annotations

import array
from typing import Any

import numpy as np
from backtrader.linebuffer import LineActions, LineBuffer
from backtrader.lineiterator import LineIterator
from backtrader.lineroot import LineRoot
from backtrader.lineseries import LineSeries, LineSeriesStub

from atms.engine.explaining import Part
from atms.engine.lines import is_plain_line
from atms.engine.once import IDEMPOTENT, NEXT_EQUAL, NEXT_KERNELS, kernel_of
from atms.engine.once.columns import NotExactError
from atms.engine.once.table import EMPTY

_NAN = array.array("d", [float("nan")])
_TURNS = ("prenext", "nextstart", "next")
_STOCK_ITERATOR = ("_next", "_clk_update", "_notify", "forward", "__len__")
_STOCK_LINE = ("_next", "forward", "__len__")


class RefusedError(Exception):
    """An indicator has to be called bar by bar; the message says why."""


class Computed:
    """The indicators of one strategy.

    Args:
        strategy: with its indicators declared, before its first bar.
        datas: the run's feeds; their lines hold the whole run's values.

    Attributes:
        stages: in the order in which Backtrader calls them, either indicators that are computed,
            each with the feed that it moves with, those inside of others included; or one that
            has to be called on each step.
        parts: how each is computed.
    """

    def __init__(self, strategy: Any, datas: list[Any]) -> None:
        self.stages: list[list[tuple[Any, Any]] | Any] = [[]]
        self.parts: list[Part] = []
        self._nodes: list[tuple[Any, Any]] = []
        self._said: list[Part] = []
        self._feeds: dict[int, Any] = {}
        self._touched: list[Any] = []
        for data in datas:
            self._know(data, data)
        for node in strategy._lineiterators[LineIterator.IndType]:
            self._add(node)

    def _add(self, node: Any) -> None:
        known = dict(self._feeds)
        self._nodes, self._said, self._touched = [], [], []
        try:
            self._visit(node)
        except RefusedError as error:
            for line in self._touched:
                line.reset()  # a failed kernel may still hold the array
            self._feeds = known
            self.parts.append(Part("indicator", _name(node), False, str(error)))
            self.stages += [node, []]
            return
        self.stages[-1] += self._nodes
        self.parts += self._said

    def _visit(self, node: Any) -> None:
        feed = self._feed_of(node)
        lines = _lines_of(node)
        if any(id(line) in self._feeds for line in lines):
            raise RefusedError(f"{_name(node)}: another writes its lines first")
        for line in lines:
            if not is_plain_line(line) or len(line.array):
                raise RefusedError(f"{_name(node)}: a line of its own kind")
            line.array.extend(_NAN * feed.buflen())
            self._touched.append(line)
        self._feeds[id(node)] = feed
        if isinstance(node, LineIterator):
            for child in node._lineiterators[LineIterator.IndType]:
                self._visit(child)
        self._require_inputs(node, feed)
        self._values(node)
        for line in lines:
            self._bind(line, feed)
        self._know(node, feed)
        self._nodes.append((node, feed))

    def _feed_of(self, node: Any) -> Any:
        if "_clock" not in vars(node):
            raise RefusedError(f"{_name(node)}: it has no clock")
        feed = self._feeds.get(id(_plain(node._clock)))
        if feed is None:
            raise RefusedError(f"{_name(node)}: its clock is no feed and no indicator before it")
        return feed

    def _require_inputs(self, node: Any, feed: Any) -> None:
        inputs = node.datas if isinstance(node, LineIterator) else _inputs(node)
        for one in inputs:
            if self._feeds.get(id(_plain(one))) is not feed:
                raise RefusedError(f"{_name(node)}: what it reads does not move with its clock")

    def _values(self, node: Any) -> None:
        kind = type(node)
        _require_stock(node)
        if all(getattr(kind, name) in empty for name, empty in EMPTY.items()):
            if any(getattr(kind, name) not in _EMPTY_TURNS for name in _TURNS):
                raise RefusedError(f"{_name(node)}: it does something on each bar only")
            self._said.append(Part("indicator", kind.__name__, True))
            return
        kernel, key = kernel_of(kind), _key(kind)
        if key in NEXT_KERNELS:
            raise RefusedError(f"{_name(node)}: it keeps a state outside of its lines")
        if kernel is None or key not in NEXT_EQUAL or key not in IDEMPOTENT:
            raise RefusedError(f"{_name(node)}: not known to be the same bar by bar")
        start, end = node._minperiod - 1, node.buflen()
        if 0 <= start < end:
            try:
                with np.errstate(all="ignore"):
                    kernel.compute(node, start, end)
            except NotExactError as error:
                raise RefusedError(f"{_name(node)}: {error}") from error
        self._said.append(Part("indicator", kind.__name__, True))

    def _bind(self, line: Any, feed: Any) -> None:
        for binding in line.bindings:
            into = binding.array
            if id(binding) in self._feeds or len(into) != len(line.array):
                raise RefusedError("a line has two writers")
            memoryview(into)[:] = memoryview(line.array)
            self._feeds[id(binding)] = feed
            self._bind(binding, feed)

    def _know(self, owner: Any, feed: Any) -> None:
        self._feeds[id(owner)] = feed
        for line in _lines_of(owner):
            self._feeds[id(line)] = feed


def _plain(one: Any) -> Any:
    while isinstance(one, LineSeriesStub):
        one = one.lines.lines[0]
    return one


def _lines_of(node: Any) -> list[Any]:
    return [node] if isinstance(node, LineBuffer) else list(node.lines.lines)


def _inputs(node: Any) -> list[Any]:
    found = [one for one in node._datas if isinstance(one, LineRoot)]
    return found + [one for one in vars(node).values() if isinstance(one, LineBuffer | LineSeries)
                    and one is not node._owner]  # fmt: skip


def _name(node: Any) -> str:
    return type(node).__name__


_EMPTY_TURNS = frozenset(
    getattr(owner, name) for owner in (LineIterator, LineRoot) for name in _TURNS
)


def _key(kind: type[Any]) -> Any:
    """Return the function by which a kernel is known, if the bar-by-bar code belongs to it."""
    once: Any = kind.once
    name = "once" if once in NEXT_EQUAL else "next"
    owner = next(one for one in kind.__mro__ if name in one.__dict__)
    if any(getattr(kind, turn) is not getattr(owner, turn) for turn in _TURNS):
        return None
    return getattr(kind, name)


def _require_stock(node: Any) -> None:
    base = LineIterator if isinstance(node, LineIterator) else LineActions
    names = _STOCK_ITERATOR if base is LineIterator else _STOCK_LINE
    changed = [name for name in names if getattr(type(node), name) is not getattr(base, name)]
    changed += [name for name in (*names, *_TURNS) if name in vars(node)]
    if changed:
        raise RefusedError(f"{_name(node)}: it has its own {changed[0]}")
