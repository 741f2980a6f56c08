"""Lines that ask their feed's ticker where they stand, instead of being moved one by one.

A line's values stay where Backtrader keeps them, in ``line.array``. What Backtrader writes into
each line on each bar, ``_idx`` and ``lencount``, is here read from the ticker; every method of
Backtrader's that is built on the two works unchanged.
"""

from __future__ import annotations

import array
import inspect
from collections.abc import Callable
from typing import Any

import backtrader as bt
from backtrader.linebuffer import LineBuffer
from backtrader.lineseries import LineAlias, LineSeries

from atms.engine.operators import operators
from atms.engine.swapping import Body, Mirrors, Swaps
from atms.engine.timeline import Ticker

_OUT_OF_RANGE = "array index out of range"  # array's own words


def _line_body(base: Any) -> Body:
    """A line whose whole array can be seen, as after a preload."""

    def get(self: Any, ago: int) -> float:
        value: float = self.array[self._ticker.at + ago]
        return value

    def length(self: Any) -> int:
        return int(self._ticker.at) + 1

    def at(self: Any) -> int:
        return int(self._ticker.at)

    place = property(at, _moved)
    return {
        **operators(base),
        "__getitem__": get,
        "__len__": length,
        "_idx": place,
        "idx": place,
        "lencount": property(length, _counted),
    }


def _moved(line: Any, index: int) -> None:
    """Let go of a line that somebody moves by himself: from here on it is Backtrader's."""
    line._run.let_go(line, index, line._ticker.at + 1)


def _counted(line: Any, count: int) -> None:
    line._run.let_go(line, line._ticker.at, count)


def _feed_line_body(base: Any) -> Body:
    """A feed's line: orders wait for its prices, so that a write is told."""

    def put(self: Any, ago: int, value: float) -> None:
        self._run.wrote(self)
        base.__setitem__(self, ago, value)

    def put_at(self: Any, value: float, ago: int = 0) -> None:
        self._run.wrote(self)
        base.set(self, value, ago)

    return {**_line_body(base), "__setitem__": put, "set": put_at}


def _grown_body(base: type) -> Body:
    """A line that shows no more than what has been delivered; its values are all there already."""

    def get(self: Any, ago: int) -> float:
        at: int = self._ticker.at
        place = at + ago
        if place < 0:
            place += at + 1
        if not 0 <= place <= at:
            raise IndexError(_OUT_OF_RANGE)
        value: float = self._values[place]
        return value

    def put(self: Any, ago: int, value: float) -> None:
        at: int = self._ticker.at
        place = at + ago
        if place < 0:
            place += at + 1
        if not 0 <= place <= at:
            raise IndexError("array assignment index out of range")
        self._values[place] = value
        for binding in self.bindings:
            binding[ago] = value

    def shown(self: Any) -> Any:
        return self._values[: self._ticker.at + 1]

    return {
        **_line_body(base),
        "__getitem__": get,
        "__setitem__": put,
        "set": lambda self, value, ago=0: put(self, ago, value),
        "array": property(shown),
    }


_LINES = Mirrors(_line_body)
_FEED_LINES = Mirrors(_feed_line_body)
_GROWN = Mirrors(_grown_body)


def _series_body(base: Any) -> Body:
    """A feed or an indicator: its first line answers for it."""

    def get(self: Any, key: int) -> float:
        line = self._first  # once: a series' own attributes are found slowly
        value: float = line.array[line._ticker.at + key]
        return value

    def length(self: Any) -> int:
        return int(self._ticker.at) + 1

    return {**operators(base), "__getitem__": get, "__len__": length}


def _feed_body(base: type) -> Body:
    aliases = [name for name in base.lines.getlinealiases() if name != "datetime"]  # type: ignore[attr-defined]
    ticks = {f"tick_{name}": _tick(index, name) for index, name in _places(base, aliases)}
    first = base.lines.getlinealiases()[0]  # type: ignore[attr-defined]
    if first != "datetime":
        ticks["tick_last"] = _tick(0, "last")
    return {**_series_body(base), **ticks}


def _places(base: Any, aliases: list[str]) -> list[tuple[int, str]]:
    every = list(base.lines.getlinealiases())
    return [(every.index(name), name) for name in aliases]


def _tick(index: int, name: str) -> property:
    """Return what Backtrader keeps of a bar when a feed comes to it: nothing on the last one."""

    def read(self: Any) -> float | None:
        at: int = self._ticker.at
        if at < 0 or at + 1 >= self._last:
            return None
        kept = self._kept_ticks.get(at)
        if kept is not None:
            return float(kept[index])
        value: float = self.lines.lines[index].array[at]
        return value

    def write(self: Any, value: float | None) -> None:
        self._run.free(self)  # somebody moves the feed by himself
        setattr(self, f"tick_{name}", value)

    return property(read, write)


_SERIES = Mirrors(_series_body)
_FEEDS = Mirrors(_feed_body)


class SwappedLines:
    """The lines of one run that ask tickers.

    Args:
        swaps: where each exchange is noted, to be undone.
        on_write: called when somebody writes to a feed's line.
        on_move: called when somebody moves a line by himself.
    """

    def __init__(
        self, swaps: Swaps, on_write: Callable[[], None], on_move: Callable[[], None]
    ) -> None:
        self._swaps = swaps
        self._on_write = on_write
        self._on_move = on_move
        self._feeds: dict[int, Any] = {}
        self._series_of: dict[int, Any] = {}

    def feed(self, data: Any, ticker: Ticker) -> None:
        """Let a preloaded feed and its lines ask *ticker*."""
        for line in data.lines.lines:
            self._line(line, ticker, _FEED_LINES)
            self._feeds[id(line)] = data
        had = {name: data.__dict__.pop(name) for name in _ticks_of(data) if name in data.__dict__}
        self._series(data, ticker, _FEEDS)
        data.__dict__.update(_last=data.buflen(), _kept_ticks={}, _had=had, _run=self)
        self._swaps.then(lambda: self._free(data))

    def indicator(self, indicator: Any, ticker: Ticker) -> None:
        """Let an indicator, or an operation on lines, and its lines ask *ticker*."""
        if isinstance(indicator, LineBuffer):
            self._line(indicator, ticker, _LINES)
            return
        for line in indicator.lines.lines:
            self._line(line, ticker, _LINES)
        self._series(indicator, ticker, _SERIES)
        self._swaps.then(lambda: self._free(indicator))

    def grown(self, line: Any, ticker: Ticker, values: array.array[float]) -> None:
        """Let *line* show of *values* what has been delivered."""
        self._line(line, ticker, _GROWN)
        line.__dict__.pop("array")
        line.__dict__["_values"] = values

        def back() -> None:
            line.__dict__["array"] = line.__dict__.pop("_values")[: ticker.at + 1]

        self._swaps.then(back)

    def _line(self, line: Any, ticker: Ticker, mirrors: Mirrors) -> None:
        self._swaps.swap(line, mirrors.of(type(line)))
        line.__dict__.update(_ticker=ticker, _run=self)

        def back() -> None:
            if "_ticker" in line.__dict__:  # else it was let go
                del line.__dict__["_ticker"], line.__dict__["_run"]
                line.__dict__.update(_idx=ticker.at, lencount=ticker.at + 1)

        self._swaps.then(back)

    def _series(self, series: Any, ticker: Ticker, mirrors: Mirrors) -> None:
        series.__class__ = mirrors.of(type(series))
        first = series.lines.lines[0]
        series.__dict__.update(_ticker=ticker, _first=first)
        self._series_of[id(first)] = series
        for name in series.lines.getlinealiases():
            # ``series.close`` is found by Backtrader in the second place, after a failed search.
            alias = inspect.getattr_static(type(series.lines), name, None)
            if isinstance(alias, LineAlias) and not _has(series, name):
                self._swaps.attribute(series, name, series.lines.lines[alias.line])

    def wrote(self, line: Any) -> None:
        """Keep what the feed's bar was when it came, and tell."""
        data = self._feeds[id(line)]
        at = line._ticker.at
        if at not in data._kept_ticks:
            data._kept_ticks.clear()
            data._kept_ticks[at] = [one.array[at] for one in data.lines.lines]
        self._on_write()

    def let_go(self, line: Any, index: int, count: int) -> None:
        """Give *line* an index and a length of its own, which somebody moves by himself."""
        del line.__dict__["_ticker"], line.__dict__["_run"]
        line.__class__ = type(line).__mro__[1]
        line.__dict__.update(_idx=index, lencount=count)
        if id(line) in self._series_of:
            self._free(self._series_of[id(line)])
        self._on_move()

    def free(self, feed: Any) -> None:
        """Let a feed, which somebody moves by himself, answer by its lines again."""
        self._free(feed)
        self._on_move()

    def _free(self, series: Any) -> None:
        own = series.__dict__
        if "_first" not in own:
            return
        had = own.pop("_had", None)
        if had is not None and own["_ticker"].at >= 0:
            had |= {name: getattr(series, name) for name in _ticks_of(series)}
        series.__class__ = type(series).__mro__[1]
        for name in ("_ticker", "_first", "_last", "_kept_ticks", "_run"):
            own.pop(name, None)
        own.update(had or {})


def _ticks_of(data: Any) -> list[str]:
    names = [f"tick_{name}" for name in data.getlinealiases() if name != "datetime"]
    return [*names, "tick_last"]


def _has(series: Any, name: str) -> bool:
    return name in series.__dict__ or any(name in base.__dict__ for base in type(series).__mro__)


def is_plain_line(line: Any) -> bool:
    """Return whether *line* keeps its values, index and length in Backtrader's own way."""
    kind = type(line)
    own = ("__getitem__", "__len__", "__setitem__", "set", "idx", "get_idx", "set_idx", "advance")
    return (
        isinstance(line, LineBuffer)
        and line.mode == LineBuffer.UnBounded
        and all(getattr(kind, name) is getattr(LineBuffer, name) for name in own)
        and line._idx == -1
        and line.lencount == 0
    )


def is_plain_series(series: Any) -> bool:
    """Return whether a feed or indicator answers index and length by its lines."""
    kind = type(series)
    own = ("__getitem__", "__len__")
    return all(getattr(kind, name) is getattr(LineSeries, name) for name in own) and all(
        is_plain_line(line) for line in series.lines.lines
    )


def is_plain_feed(data: Any) -> bool:
    """Return whether a feed is moved over its bars in Backtrader's own way."""
    kind = type(data)
    own = ("advance", "advance_peek", "_tick_nullify", "_tick_fill", "buflen", "rewind", "home")
    base = bt.feed.AbstractDataBase
    return (
        is_plain_series(data)
        and not any(name in data.__dict__ for name in own)
        and all(_same(kind, base, name) for name in own)
    )


def _same(kind: type, base: type, name: str) -> bool:
    return getattr(kind, name, None) is getattr(base, name, None)
