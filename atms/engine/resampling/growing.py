"""Lines that show no more than what has been delivered; all of it is there already.

Where nobody asks for a line's ``array`` its values are read from the whole run's. Who asks gets an
array that grows, as Backtrader's does, and from then on it is the line's.
"""

from __future__ import annotations

import array
from collections.abc import Callable
from typing import Any

from backtrader.lineseries import LineAlias

from atms.engine.swapping import Body, Mirrors
from atms.engine.timeline import Ticker

_READ = "array index out of range"  # array's own words
_WRITE = "array assignment index out of range"
_OWN = ("_ticker", "_shown", "_values", "_run")


def _line_body(base: Any) -> Body:
    def get(self: Any, ago: int) -> float:
        place = self._ticker.at + ago
        last = self._shown.at
        if place < 0:
            place += last + 1
            if place < 0:
                raise IndexError(_READ)
        elif place > last:
            raise IndexError(_READ)
        value: float = self._values[place]
        return value

    def put(self: Any, ago: int, value: float) -> None:
        place = self._ticker.at + ago
        last = self._shown.at
        if place < 0:
            place += last + 1
            if place < 0:
                raise IndexError(_WRITE)
        elif place > last:
            raise IndexError(_WRITE)
        self._run.wrote(self)
        self._values[place] = value
        for binding in self.bindings:
            binding[ago] = value

    def put_at(self: Any, value: float, ago: int = 0) -> None:
        put(self, ago, value)

    def buflen(self: Any) -> int:
        return int(self._shown.at) + 1 - int(self.extension)

    return {
        **_place_body(),
        "__getitem__": get,
        "__setitem__": put,
        "set": put_at,
        "buflen": buflen,
        "array": property(_open, _moved("array")),
    }


def _open(line: Any) -> Any:
    """Give a line an array of its own that grows; it is what counts from here on."""
    line.__dict__["_grown"] = array.array("d")
    line.__class__ = _OPEN.of(type(line).__mro__[1])
    return line.array


def _open_body(base: Any) -> Body:
    def grown(self: Any) -> Any:
        values = self._grown
        have, shown = len(values), self._shown.at + 1
        if have < shown:
            values.extend(self._values[have:shown])
        return values

    def put(self: Any, ago: int, value: float) -> None:
        self._run.wrote(self)
        base.__setitem__(self, ago, value)

    def put_at(self: Any, value: float, ago: int = 0) -> None:
        self._run.wrote(self)
        base.set(self, value, ago)

    return {
        **_place_body(),
        "__setitem__": put,
        "set": put_at,
        "array": property(grown, _moved("array")),
    }


def _place_body() -> Body:
    def at(self: Any) -> int:
        return int(self._ticker.at)

    def length(self: Any) -> int:
        return int(self._ticker.at) + 1

    return {
        "__len__": length,
        "_idx": property(at, _moved("_idx")),
        "idx": property(at, _moved("_idx")),
        "lencount": property(length, _moved("lencount")),
    }


def _moved(name: str) -> Callable[[Any, Any], None]:
    def write(self: Any, value: Any) -> None:
        self._run.retreat("a line was moved by hand")
        self.__dict__[name] = value

    return write


_GROWING = Mirrors(_line_body)
_OPEN = Mirrors(_open_body)


def grow(line: Any, ticker: Ticker, shown: Ticker, run: Any) -> None:
    """Let a line whose array is that of the whole run show what *shown* says.

    Args:
        ticker: where the line stands.
        run: has ``wrote(line)`` and ``retreat(why)``.
    """
    own = line.__dict__
    line.__class__ = _GROWING.of(type(line))
    own["_values"] = own.pop("array")
    for name in ("_idx", "lencount"):
        own.pop(name)
    own.update(_ticker=ticker, _shown=shown, _run=run)


def settle(line: Any) -> None:
    """Leave a line as Backtrader leaves one that has been moved to where it stands."""
    own = line.__dict__
    at, shown = own["_ticker"].at, own["_shown"].at
    values = line.array if "_grown" in own else own["_values"][: shown + 1]
    line.__class__ = type(line).__mro__[1]
    for name in (*_OWN, "_grown"):
        own.pop(name, None)
    own.update(array=values, _idx=at, lencount=at + 1)


def _series_body(_: type) -> Body:
    def get(self: Any, key: int) -> float:
        value: float = self._first[key]
        return value

    def length(self: Any) -> int:
        return int(self._ticker.at) + 1

    return {"__getitem__": get, "__len__": length}


def _feed_body(base: Any) -> Body:
    names = [name for name in base.lines.getlinealiases() if name != "datetime"]
    body: dict[str, Any] = dict(_series_body(base))
    aliases = list(base.lines.getlinealiases())
    for name in names:
        body[f"tick_{name}"] = _tick(f"tick_{name}", aliases.index(name))
    body["tick_last"] = _tick("tick_last", 0)

    def put_notification(self: Any, *args: Any, **kwargs: Any) -> None:
        self._run.retreat("a feed has something to tell")
        self.put_notification(*args, **kwargs)

    body["put_notification"] = put_notification
    return body


def _tick(name: str, index: int) -> property:
    """Return what Backtrader keeps of a bar when it is delivered."""

    def read(self: Any) -> Any:
        at = self._ticker.at
        if at >= 0:
            return float(self._course.values[index][at])
        return _before(self, name)

    def write(self: Any, value: Any) -> None:
        self._run.retreat("a feed was moved by hand")
        self.__dict__[name] = value

    return property(read, write)


def _before(data: Any, name: str) -> Any:
    try:
        return data.__dict__[name]
    except KeyError:
        raise AttributeError(name) from None


_SERIES = Mirrors(_series_body)
_FEEDS = Mirrors(_feed_body)


class Shown:
    """A feed or an indicator that answers by its ticker for now."""

    def __init__(self, series: Any, ticker: Ticker, more: dict[str, Any] | None = None) -> None:
        self._series = series
        self._names = ["_ticker", "_first", *(more or {})]
        kinds = _SERIES if more is None else _FEEDS
        series.__class__ = kinds.of(type(series))
        own = series.__dict__
        own.update(_ticker=ticker, _first=series.lines.lines[0], **(more or {}))
        for name in series.lines.getlinealiases():
            # ``series.close`` is found by Backtrader in the second place, after a failed search.
            alias = getattr(type(series.lines), name, None)
            if isinstance(alias, LineAlias) and not _has(series, name):
                own[name] = series.lines.lines[alias.line]
                self._names.append(name)

    def settle(self) -> None:
        """Let it answer as Backtrader's does."""
        own = self._series.__dict__
        self._series.__class__ = type(self._series).__mro__[1]
        for name in self._names:
            own.pop(name, None)


def _has(series: Any, name: str) -> bool:
    return name in series.__dict__ or any(name in base.__dict__ for base in type(series).__mro__)
