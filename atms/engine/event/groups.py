"""Lines that move together: one number says where all of them stand.

Backtrader moves each line by itself, two numbers a line and bar. Lines of one feed, and of the
indicators that tick with it, move in step; as members of a group they ask it where they are.
Their arrays stay the arrays they were. Whoever moves one line by itself, or gives it another
array, breaks the step: then all is given back, and the run goes on on Backtrader's own code.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from typing import Any

from backtrader.linebuffer import LineBuffer
from backtrader.utils import num2date

from atms.engine.event.swapping import Swaps

NAN = float("nan")
_UNTOLD = (NAN, None, None, None)
_READS = ("__getitem__", "__setitem__", "__len__", "get", "set", "idx", "buflen", "datetime")
_TIMES = (
    "date", "time", "dt", "tm_raw", "tm", "tm_lt", "tm_le", "tm_eq", "tm_gt", "tm_ge",
    "tm2dtime", "tm2datetime",
)  # fmt: skip
_MOVES = ("set_idx", "reset", "home", "forward", "backwards", "rewind", "advance", "extend")


class Group:
    """Where some lines stand.

    Args:
        at: the index that all of them have.
        retreat: called with a reason when a line is moved alone.

    Attributes:
        filled: the index whose values are a feed's ticks; -1: none, or they are kept elsewhere.
        sealed: the index of a feed's bar that was delivered last.
        on_write: called before a value of a bar that was delivered is changed.
        on_expose: called before an array of a feed is handed out: who has it may write to it.
    """

    __slots__ = ("at", "filled", "on_expose", "on_write", "retreat", "sealed")

    def __init__(self, at: int, retreat: Callable[[str], None]) -> None:
        self.at = at
        self.retreat = retreat
        self.filled = self.sealed = -1
        self.on_write: Callable[[], None] = _nothing
        self.on_expose: Callable[[], None] = _nothing

    def take(self, swaps: Swaps, line: Any, kind: str = "line") -> None:
        """Let *line* be of the group; *kind*: "feed" where writes are told to the group."""
        swaps.then(lambda: self._give_back(line, values))
        values = line.array
        own = line.__dict__
        own["_group"], own["_values"], own["_told"] = self, values, _UNTOLD
        swaps.put_class(line, kind, _feed_body if kind == "feed" else _line_body)

    def _give_back(self, line: Any, values: array[float]) -> None:
        own = line.__dict__
        at = min(self.at, len(values) - 1)  # one that was not moved yet is one behind
        own["_idx"], own["lencount"] = at, at + 1
        del own["_group"], own["_values"], own["_told"]


def joinable(line: Any, at: int, size: int | None = None) -> bool:
    """Return whether *line* may be of a group that stands at *at*.

    Args:
        size: how many values it has to hold; None: any number.
    """
    return bool(
        line.mode == LineBuffer.UnBounded
        and type(line.array) is array
        and line._idx == at
        and line.lencount == at + 1
        and (size is None or (len(line.array) == size and not line.extension))
    )


def _nothing() -> None:
    pass


def _get_index(self: Any) -> int:
    at: int = self._group.at
    return at


def _set_index(self: Any, value: int) -> None:
    self._group.retreat("a line's index was set")
    self.idx = value


def _get_count(self: Any) -> int:
    return int(self._group.at + 1)


def _set_count(self: Any, value: int) -> None:
    self._group.retreat("a line's length was set")
    self.lencount = value


def _get_array(self: Any) -> Any:
    return self._values


def _set_array(self: Any, value: Any) -> None:
    self._group.retreat("a line was given another array")
    self.array = value


def _get_item(self: Any, ago: int) -> Any:
    return self._values[self._group.at + ago]


def _set_item(self: Any, ago: int, value: Any) -> None:
    self._values[self._group.at + ago] = value
    for binding in self.bindings:
        binding[ago] = value


def _set(self: Any, value: Any, ago: int = 0) -> None:
    self[ago] = value


def _length(self: Any) -> int:
    return int(self._group.at + 1)


def _get(self: Any, ago: int = 0, size: int = 1) -> Any:
    end = self._group.at + ago + 1
    return self._values[end - size : end]


def _held(self: Any) -> int:
    return len(self._values) - int(self.extension)


def _datetime(self: Any, ago: int = 0, tz: Any = None, naive: bool = True) -> Any:
    number, zone = self._values[self._group.at + ago], tz or self._tz
    known = self._told
    if known[0] == number and known[1] is zone and known[2] is naive:
        return known[3]
    made = num2date(number, tz=zone, naive=naive)
    self.__dict__["_told"] = (number, zone, naive, made)
    return made


class _View:
    """What Backtrader's functions that only read a line need of it."""

    __slots__ = ("_tz", "array", "idx")

    def __init__(self, line: Any) -> None:
        self.array, self.idx, self._tz = line._values, line._group.at, line._tz


def _reader(name: str) -> Any:
    read = LineBuffer.__dict__[name]
    return lambda self, *args, **kwargs: read(_View(self), *args, **kwargs)


def _mover(name: str) -> Any:
    def move(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._group.retreat(f"a line was moved alone ({name})")
        return getattr(self, name)(*args, **kwargs)

    return move


def _line_body(base: type) -> Mapping[str, Any]:
    """Return what a line of a group does in its own way, as far as its class does it as stock's."""
    body: dict[str, Any] = {
        "_idx": property(_get_index, _set_index),
        "idx": property(_get_index, _set_index),
        "lencount": property(_get_count, _set_count),
        "array": property(_get_array, _set_array),
        "get_idx": _get_index,
        "__getitem__": _get_item,
        "__setitem__": _set_item,
        "__len__": _length,
        "set": _set,
        "get": _get,
        "buflen": _held,
        "datetime": _datetime,
    }
    body |= {name: _mover(name) for name in _MOVES}
    for name in _TIMES:
        if all(name not in kind.__dict__ for kind in base.__mro__ if kind is not LineBuffer):
            body[name] = _reader(name)
    return body


def _feed_set_item(self: Any, ago: int, value: Any) -> None:
    group = self._group
    index = group.at + ago
    values = self._values
    if index <= group.sealed:
        group.on_write()
    values[index] = value
    for binding in self.bindings:
        binding[ago] = value


def _feed_get_array(self: Any) -> Any:
    values = self._values
    self._group.on_expose()
    return values


def _feed_body(base: type) -> Mapping[str, Any]:
    body = dict(_line_body(base))
    body["__setitem__"] = _feed_set_item
    body["array"] = property(_feed_get_array, _set_array)
    return body


def untouched(line: Any) -> bool:
    """Return whether a line's class reads, writes and moves as ``LineBuffer`` does."""
    own = line.__dict__
    for name in _READS + _MOVES:
        if name in own:
            return False
        for kind in type(line).__mro__:
            if name in kind.__dict__:
                if kind.__dict__[name] is not LineBuffer.__dict__[name]:
                    return False
                break
    return True
