"""What a data, and the object that holds its lines, do while their lines move as one.

Each has an attribute ``_event_feed``, its :class:`atms.engine.event.feeding.Feed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from backtrader.feed import AbstractDataBase
from backtrader.lineseries import LineAlias, LineSeries

from atms.engine.event.groups import NAN
from atms.engine.identity import runs


def of_feed(feed: Any) -> Mapping[str, Any]:
    """Return what the data of *feed* does."""
    body: dict[str, Any] = {}
    if runs(feed.data, LineSeries, "__getitem__"):
        body["__getitem__"] = _item
    if feed.steps:
        body |= {"next": _next, "load": _load, "__len__": _length, "buflen": _held}
    if feed.ticks:
        for line, name in enumerate(feed.data.getlinealiases()):
            if name != "datetime":
                body[f"tick_{name}"] = _tick(f"tick_{name}", line)
        body["tick_last"] = _tick("tick_last", 0)
    if feed.fills:
        body["_tick_fill"] = _tick_fill
    return body


# ---- what a data does while it has a Feed -------------------------------------------------------
def _next(self: Any, datamaster: Any = None, ticks: bool = True) -> Any:
    if datamaster is None and not ticks:
        return self._event_feed.step()
    return AbstractDataBase.next(self, datamaster, ticks)


def _load(self: Any) -> Any:
    return self._event_feed.load()


def _item(self: Any, key: Any) -> Any:
    feed = self._event_feed
    return feed.first[feed.group.at + key]


def _length(self: Any) -> int:
    return int(self._event_feed.group.at + 1)


def _held(self: Any, line: int = 0) -> int:
    return int(self.lines.lines[line].buflen())


def _tick_fill(self: Any, force: bool = False) -> None:
    if force:
        self._event_feed.fill()
    else:
        AbstractDataBase._tick_fill(self, force)


def _tick(name: str, line: int) -> property:
    def read(self: Any) -> Any:
        feed = self._event_feed
        if feed.group.filled >= 0:
            return feed.arrays[line][feed.group.filled]
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None  # and so LineSeries.__getattr__ is asked

    def write(self: Any, value: Any) -> None:
        self._event_feed.keep_ticks()
        self.__dict__[name] = value

    def remove(self: Any) -> None:
        self._event_feed.keep_ticks()
        try:
            del self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    return property(read, write, remove)


# ---- what its Lines object does -----------------------------------------------------------------
def _forward(self: Any, value: float = NAN, size: int = 1) -> None:
    feed = self._event_feed
    for append in feed.appends:
        for _ in range(size):
            append(value)
    feed.group.at += size


def _backwards(self: Any, size: int = 1, force: bool = False) -> None:
    feed = self._event_feed
    if feed.group.filled >= 0 and len(feed.first) - size <= feed.group.filled:
        feed.keep_ticks()
    for values in feed.arrays:
        for _ in range(size):
            values.pop()
    feed.group.at -= size


def _rewind(self: Any, size: int = 1) -> None:
    self._event_feed.group.at -= size


def _advance(self: Any, size: int = 1) -> None:
    self._event_feed.group.at += size


def _count(self: Any) -> int:
    return int(self._event_feed.group.at + 1)


def _alias(alias: LineAlias) -> property:
    """Return what reads a line by name as *alias* does, without a call in Python."""
    return property(attrgetter(f"_event_line{alias.line}"), alias.__set__)


def of_lines(base: type) -> Mapping[str, Any]:
    """Return what the Lines object of a data does."""
    body: dict[str, Any] = {
        "forward": _forward,
        "backwards": _backwards,
        "rewind": _rewind,
        "advance": _advance,
        "__len__": _count,
    }
    for kind in reversed(base.__mro__):
        aliases = {k: v for k, v in kind.__dict__.items() if type(v) is LineAlias}
        body |= {name: _alias(alias) for name, alias in aliases.items()}
    return body
