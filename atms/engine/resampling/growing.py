"""Lines that show no more than what has been delivered; all of it is there already.

Who writes to such a line, moves it or asks for its ``array`` has the run go on in Backtrader's own
way: in event mode what is written to a line is read by the indicators on it at the next step.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import getattr_static
from typing import Any

from backtrader.linebuffer import LineBuffer
from backtrader.lineseries import LineAlias

from atms.engine.swapping import Body, Mirrors
from atms.engine.timeline import Ticker

_OUT_OF_RANGE = "array index out of range"  # array's own words
_OWN = ("_ticker", "_shown", "_values", "_run")
# Backtrader's methods that read ``self.array`` and nothing else that matters.
_READERS = (
    *("get", "getzeroval", "getzero", "plot", "plotrange"),
    *("datetime", "date", "time", "dt", "tm_raw", "tm", "tm2dtime", "tm2datetime"),
    *("tm_lt", "tm_le", "tm_eq", "tm_gt", "tm_ge"),
)


class _Shown:
    """A line's array up to what is shown of it."""

    __slots__ = ("_line",)

    def __init__(self, line: Any) -> None:
        self._line = line

    def __getitem__(self, place: Any) -> Any:
        line = self._line
        shown = line._shown.at + 1
        if isinstance(place, slice):
            return line._values[slice(*place.indices(shown))]
        if place < 0:
            place += shown
        if not 0 <= place < shown:
            raise IndexError(_OUT_OF_RANGE)
        return line._values[place]


class _View:
    """What a reading method of Backtrader's sees of a line."""

    __slots__ = ("_tz", "array", "idx", "lencount")
    useislice = False
    getzero = LineBuffer.getzero

    def __init__(self, line: Any) -> None:
        self.array = _Shown(line)
        self.idx = line._ticker.at
        self.lencount = self.idx + 1
        self._tz = line._tz

    def __len__(self) -> int:
        return int(self.lencount)


def _line_body(base: Any) -> Body:
    def get(self: Any, ago: int) -> float:
        place = self._ticker.at + ago
        last = self._shown.at
        if place < 0:
            place += last + 1
            if place < 0:
                raise IndexError(_OUT_OF_RANGE)
        elif place > last:
            raise IndexError(_OUT_OF_RANGE)
        value: float = self._values[place]
        return value

    def put(self: Any, ago: int, value: float) -> None:
        self._run.retreat("a line was written to")
        self[ago] = value

    def put_at(self: Any, value: float, ago: int = 0) -> None:
        self._run.retreat("a line was written to")
        self.set(value, ago)

    def array(self: Any) -> Any:
        if self._run.shows_all:  # the engine itself asks
            return self._values
        self._run.retreat("somebody asked for a line's array")
        return self.array

    def buflen(self: Any) -> int:
        return int(self._shown.at) + 1 - int(self.extension)

    readers = {name: _reader(getattr(LineBuffer, name)) for name in _READERS}
    return {
        **_place_body(),
        **{name: one for name, one in readers.items() if _is_own(base, name)},
        "__getitem__": get,
        "__setitem__": put,
        "set": put_at,
        "buflen": buflen,
        "array": property(array, _moved("array")),
    }


def _is_own(base: Any, name: str) -> bool:
    return getattr(base, name) is getattr(LineBuffer, name)


def _reader(read: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return read(_View(self), *args, **kwargs)

    return call


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


def grow(line: Any, ticker: Ticker, shown: Ticker, run: Any) -> None:
    """Let a line whose array is that of the whole run show what *shown* says.

    Args:
        ticker: where the line stands.
        run: its ``retreat(why)`` has all lines be Backtrader's own again; while it ``shows_all``
            the engine may have the whole run's array.
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
    values = own["_values"][: shown + 1]
    line.__class__ = type(line).__mro__[1]
    for name in _OWN:
        del own[name]
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
        kinds = _SERIES if more is None else _FEEDS
        series.__class__ = kinds.of(type(series))
        own = {"_ticker": ticker, "_first": series.lines.lines[0], **(more or {})}
        for name in series.lines.getlinealiases():
            # ``series.close`` is found by Backtrader in the second place, after a failed search.
            alias = getattr_static(type(series.lines), name, None)
            if isinstance(alias, LineAlias) and not _has(series, name):
                own[name] = series.lines.lines[alias.line]
        series.__dict__.update(own)
        self._own = own

    def settle(self) -> None:
        """Let it answer as Backtrader's does."""
        own = self._series.__dict__
        self._series.__class__ = type(self._series).__mro__[1]
        for name, value in self._own.items():
            if own.get(name) is value:
                del own[name]


def _has(series: Any, name: str) -> bool:
    return name in series.__dict__ or any(name in base.__dict__ for base in type(series).__mro__)
