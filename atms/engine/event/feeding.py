"""A feed whose lines move as one, and whose ticks are kept only when somebody asks."""

from __future__ import annotations

from typing import Any

from backtrader.dataseries import SimpleFilterWrapper
from backtrader.feed import AbstractDataBase
from backtrader.linebuffer import LineBuffer
from backtrader.lineseries import Lines, LineSeries
from backtrader.resamplerfilter import Resampler
from backtrader.utils import date2num, num2date

from atms.engine.event import bodies
from atms.engine.event.frames import rows_of
from atms.engine.event.groups import NAN, Group, joinable, untouched
from atms.engine.event.standing import Standing
from atms.engine.event.swapping import Swaps, takes_class
from atms.engine.identity import overridden, runs

_LOADING = (
    "load", "next", "advance", "_fromstack", "forward", "backwards", "rewind", "__len__", "buflen",
    "home", "reset", "extend",
)  # fmt: skip
_MOVES = ("forward", "backwards", "rewind", "advance", "home", "reset", "extend", "buflen")
_PLAIN = (Resampler, SimpleFilterWrapper)
_AGAIN = object()


class Feed:
    """One data of Cerebro's, for the length of a run.

    Args:
        data: preloaded or not, at home.

    Attributes:
        group: where the data stands.
        grows: whether a new bar is all that can change it.
        steps: whether :meth:`step` may stand for ``data.next(ticks=False)``.
        days: the array of its stamps.
    """

    def __init__(self, data: Any, swaps: Swaps, standing: Standing) -> None:
        self.data = data
        self.group = Group(data.lines[0]._idx, standing.retreat)
        self._standing = standing
        self.steps = runs(data, AbstractDataBase, *_LOADING)
        self.fills = runs(data, AbstractDataBase, "_tick_fill") and not data.replaying
        self.ticks = _keeps_no_ticks(data)
        self.grows = not data.replaying and all(type(f[0]) in _PLAIN for f in data._filters)
        self.lines = list(data.lines.lines)
        self._take(swaps)

    def _take(self, swaps: Swaps) -> None:
        data, lines = self.data, self.lines
        self.arrays = [line.array for line in lines]
        self.days = data.lines.datetime.array
        self.appends = tuple(values.append for values in self.arrays)
        self.first, self._line = self.arrays[0], lines[0]
        swaps.then(self._keep_for_good)
        for line in lines:
            self.group.take(swaps, line, "feed")
        swaps.put(data.lines, "_event_feed", self)
        for number, line in enumerate(lines):
            swaps.put(data.lines, f"_event_line{number}", line)
        swaps.put_class(data.lines, "lines", bodies.of_lines)
        swaps.put(data, "_event_feed", self)
        kind = f"feed {self.steps} {self.ticks} {self.fills}"
        swaps.put_class(data, kind, lambda base: bodies.of_feed(self))
        for name in data.getlinealiases():
            if name not in data.__dict__ and not hasattr(type(data), name):
                swaps.put(data, name, getattr(data.lines, name))
        bound = any(line.bindings for line in lines)
        waiting = not bound and len(self.first) == self.group.at + 1
        self._rows: Any = rows_of(data) if self.steps and waiting else None
        if self._rows is not None:
            self._fill = list(zip(self.appends, self._rows.columns, strict=True))
        if self.ticks:
            self.group.on_write = self.keep_ticks
            self.group.on_expose = self._expose

    # ---- ticks ----------------------------------------------------------------------------------
    def keep_ticks(self) -> None:
        """Write the ticks down where Backtrader has them."""
        at, self.group.filled = self.group.filled, -1
        if at < 0:
            return
        own = self.data.__dict__
        for name, values in zip(self.data.getlinealiases(), self.arrays, strict=False):
            if name != "datetime":
                own[f"tick_{name}"] = values[at]
        own["tick_last"] = self.arrays[0][at]

    def _expose(self) -> None:
        """Keep ticks as they come from now on: values may change unseen."""
        self.keep_ticks()
        self.ticks = False

    def _keep_for_good(self) -> None:
        self.group.on_write = self.group.on_expose = _nothing
        self.keep_ticks()

    def watch(self) -> None:
        """Give up our code when a bar that was delivered is written to, or may be."""
        retreat = self.group.retreat

        def written() -> None:
            self.keep_ticks()
            retreat("a bar that was delivered was written to")

        self.group.on_write = self.group.on_expose = written

    def fill(self) -> None:
        """Take the present bar for the ticks; the data runs Backtrader's ``_tick_fill``."""
        group = self.group
        group.filled = group.sealed = group.at
        if not self.ticks:
            self.keep_ticks()

    # ---- bars -----------------------------------------------------------------------------------
    def step(self) -> Any:
        """Move on to the next bar; what ``data.next(ticks=False)`` returns."""
        group = self.group
        if group.at + 1 < len(self.first) - self._line.extension:
            group.at += 1
            return True
        return self.load()

    def load(self) -> Any:
        """Get one more bar from the data's ``_load``; what ``data.load()`` returns."""
        data, group = self.data, self.group
        while True:
            if self._rows is not None and self._row():
                found = True
            else:
                for append in self.appends:
                    append(NAN)
                group.at += 1
                if (data._barstack or data._barstash) and data._fromstack():
                    return True
                found = (data._barstash and data._fromstack(stash=True)) or data._load()
            if found and self._standing.live and not (data._tzinput or data._filters):
                day = self.days[group.at]
                if data.fromdate <= day <= data.todate:
                    return True
            done = _finish(data, found)
            if done is not _AGAIN:
                return done
            if not self._standing.live:
                return data.load()

    def _row(self) -> bool:
        """Take the frame's next row; False: there is none, or it has to be had otherwise."""
        data, rows = self.data, self._rows
        row = data._idx + 1
        if data._barstack or data._barstash or not 0 <= row < rows.count or not rows.same():
            self._rows = None
            return False
        data._idx = row
        for append, column in self._fill:
            append(column[row])
        self.group.at += 1
        return True


def why_not(data: Any) -> str | None:
    """Return why *data* stays Backtrader's own; None: it can be a :class:`Feed`."""
    lines = getattr(data.lines, "lines", None)
    if not isinstance(lines, list) or not lines or "datetime" not in data.getlinealiases():
        return "its lines are not those of a feed"
    at = lines[0]._idx
    for line in lines:
        if type(line) is not LineBuffer or not joinable(line, at):
            return "a line of it is of another kind, saves memory, or stands elsewhere"
        if not untouched(line):
            return "a line of it has methods of its own"
    if not (takes_class(data) and takes_class(data.lines)):
        return "its class hears of subclasses"
    changed = overridden(data.lines, Lines, _MOVES)
    return f"its lines have their own {changed}" if changed else None


def _keeps_no_ticks(data: Any) -> bool:
    names = [f"tick_{name}" for name in (*data.getlinealiases(), "last")]
    return (
        runs(data, AbstractDataBase, "_tick_fill", "_tick_nullify")
        and runs(data, LineSeries, "__getattr__")
        and not data._filters
        and not (data.resampling or data.replaying)
        and not any(hasattr(type(data), name) for name in names)
    )


def _nothing() -> None:
    pass


def _finish(data: Any, found: Any) -> Any:
    """Do what follows a ``_load`` in Backtrader's ``load``; _AGAIN: it asks once more."""
    if not found:
        data.backwards(force=True)
        return found
    day = data.lines.datetime[0]
    if data._tzinput:
        local = data._tzinput.localize(num2date(day))
        data.lines.datetime[0] = day = date2num(local)
    if day < data.fromdate:
        data.backwards()
        return _AGAIN
    if day > data.todate:
        data.backwards(force=True)
        return False
    return _AGAIN if _filtered(data) else True


def _filtered(data: Any) -> bool:
    """Return whether a filter has taken the bar away."""
    taken: Any = False
    for call, args, kwargs in data._filters:
        if data._barstack:
            for _ in range(len(data._barstack)):
                data._fromstack(forward=True)
                taken = call(data, *args, **kwargs)
        else:
            taken = call(data, *args, **kwargs)
        if taken:
            break
    return bool(taken)
