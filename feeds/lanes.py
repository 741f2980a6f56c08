"""One live feed's way from the loop's side to the strategy's: its queue, and when a bar is due.

The loop's side only appends; the strategy's side only takes. Both are one operation of a deque,
which threads may share.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import NamedTuple

import backtrader as bt

from atms.errors import AtmsError, ConfigError
from atms.feeds.seam import Passed, Told, Turned
from atms.feeds.times import END_OF_DAY
from atms.model import Timeframe
from atms.stores.market import Bar

_UNITS = {
    bt.TimeFrame.Seconds: "s",
    bt.TimeFrame.Minutes: "m",
    bt.TimeFrame.Days: "d",
    bt.TimeFrame.Weeks: "w",
    bt.TimeFrame.Months: "M",
}
_MIDNIGHT = time(0)
# How a close at midnight is written, so that it belongs to the day that it ends.
_BEFORE_MIDNIGHT = datetime.combine(datetime.min, _MIDNIGHT) + timedelta(days=1) - (
    datetime.combine(datetime.min, END_OF_DAY)
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = datetime(1970, 1, 5)  # weeks begin on Mondays
_SHORTEST_MONTH = timedelta(days=28)
_FUZZ = timedelta(milliseconds=1)  # Backtrader's float days are exact to 12 microseconds
_PHASES = 4  # of sessions whose last bar is short, and of days that end early
CROWD = 2000  # items: history is read no further ahead of the strategy than this


class Ready(NamedTuple):
    """A bar on its way, and when it came, by the host's clock."""

    bar: Bar
    live: bool
    at: datetime


@dataclass(frozen=True)
class Over:
    """The feed has ended; *error*: why, unless its store was closed."""

    error: AtmsError | None = None


Item = Ready | Turned | Passed | Told | Over


class Lane:
    """What a live feed has for the strategy, and what it still owes.

    Args:
        name: how messages call it.
        timeframe: the length of a bar.
        zone: in which a day begins; of bars of a day and more, in which they end at one hour.
        omits_empty: whether no bar comes where nothing was traded.

    Attributes:
        status: the last one that the strategy has heard.
        warm: whether it was LIVE once.
        over: whether nothing comes any more.
        late: how many stamps went on without this feed, though it owed a bar.
        told: how often each thing was told of its bars.
        touched: when it last moved, by the host's clock.
    """

    def __init__(
        self, name: str, timeframe: Timeframe, zone: tzinfo, touched: datetime, omits_empty: bool
    ) -> None:
        self.name = name
        self.status = ""
        self.warm = False
        self.over = False
        self.error: AtmsError | None = None
        self.late = 0
        self.told: Counter[str] = Counter()
        self.touched = touched
        self._timeframe = timeframe
        self._zone = zone
        self._omits_empty = omits_empty
        self._step = step_of(timeframe)
        self._items: deque[Item] = deque()
        self._known: datetime | None = None  # no bar can come that ends here or before
        self._phases: dict[Hashable, None] = {}
        self._missed: datetime | None = None
        self._noticed = False
        self._crowded = False
        self._space = asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    # ---- the loop's side ------------------------------------------------------------------------
    def push(self, item: Item, now: datetime) -> None:
        """Put an item on its way."""
        self.touched = now
        self._items.append(item)

    async def room(self) -> None:
        """Wait until the strategy has taken so much that more may come."""
        while len(self._items) >= CROWD:
            self._space.clear()
            self._crowded = True
            if len(self._items) >= CROWD:  # else it was taken between the two
                await self._space.wait()

    # ---- the strategy's side --------------------------------------------------------------------
    def next_word(self) -> Turned | Passed | Told | Over | None:
        """Take what comes before the next bar, if there is something."""
        if not self._items or isinstance(self._items[0], Ready):
            return None
        item = self._items.popleft()
        assert not isinstance(item, Ready)
        if isinstance(item, Passed):
            self._know(item.until)
        elif isinstance(item, Turned):
            self.status = item.status
            self.warm = self.warm or item.status == "LIVE"
        elif isinstance(item, Told):
            self.told[item.what] += 1
        else:
            self.over, self.error = True, item.error
        return item

    def head(self) -> Ready | None:
        """Return the next bar, once all before it was taken."""
        item = self._items[0] if self._items else None
        return item if isinstance(item, Ready) else None

    def take(self, call: Callable[[Callable[[], object]], None]) -> Ready:
        """Take the next bar.

        Args:
            call: runs a function on the loop's side.
        """
        item = self._items.popleft()
        assert isinstance(item, Ready)
        self._know(item.bar.close_at)
        phase = self._phase(item.bar.close_at)
        self._phases.pop(phase, None)  # the newest stands last
        self._phases[phase] = None
        if len(self._phases) > _PHASES:
            del self._phases[next(iter(self._phases))]
        self._noticed = False
        if self._crowded and len(self._items) < CROWD // 2:
            self._crowded = False
            call(self._space.set)
        return item

    def stamp(self, end: datetime) -> float:
        """Return a bar's end as Backtrader writes it, days; midnight is in the day that it ends.

        The same as :func:`atms.feeds.times.bar_ends` makes of a history.
        """
        utc = end.astimezone(UTC).replace(tzinfo=None)
        if self._wall(end).time() == _MIDNIGHT:
            utc -= _BEFORE_MIDNIGHT
        return float(bt.date2num(utc))

    # ---- what is due ----------------------------------------------------------------------------
    @property
    def reading(self) -> bool:
        """Whether bars of the past are still to come."""
        return not self.warm or self.status == "DELAYED"

    def owes(self, end: datetime, past: bool = False) -> bool:
        """Return whether a bar that is not here yet should come with this end.

        One that reads its history owes all up to there; one without a connection, none.

        Args:
            past: another feed has this end as one of the past. A feed that is LIVE and had no bar
                yet has no past.
        """
        if self.over or self.head() is not None:
            return False
        if self.reading:
            return self._known is None or self._known + self._step <= end
        if self.status != "LIVE" or (self._known is not None and end <= self._known):
            return False
        if not self._phases:
            return not past and self._is_round(end)
        return self._phase(end) in self._phases

    def complete(self, until: datetime) -> bool:
        """Return whether no bar is missing that ends up to a time."""
        head = self.head()
        if head is not None:
            return until + _FUZZ < head.bar.close_at
        return self._known is None or until + _FUZZ < self._known + self._step

    def miss(self, end: datetime) -> bool:
        """Take that a stamp goes on without a bar; return whether that should be told."""
        sure = not self._phases or self._phase(end) == next(reversed(self._phases))
        if self._omits_empty or not sure:  # it is late only if it comes after all
            self._missed = end
            return False
        self.late += 1
        again, self._noticed = self._noticed, True
        return not again

    def comes_late(self, end: datetime) -> bool:
        """Return whether the next bar, of this end, was missed and not counted; count it."""
        if self._missed is None:
            return False
        late = end <= self._missed
        self.late += late
        self._missed = None
        return late

    def _know(self, until: datetime) -> None:
        self._known = until if self._known is None else max(self._known, until)

    def _wall(self, end: datetime) -> datetime:
        """Return what the clock shows that bars are counted by; a date has no zone."""
        if self._is_date(end):
            return end.astimezone(UTC).replace(tzinfo=None)
        return end.astimezone(self._zone).replace(tzinfo=None)

    def _is_date(self, end: datetime) -> bool:
        return self._timeframe.unit in "dwM" and end.astimezone(UTC).time() == _MIDNIGHT

    def _phase(self, end: datetime) -> Hashable:
        """Return where within its step a bar ends."""
        if self._timeframe.unit in "smh":
            return (end - _EPOCH) % self._step
        wall = self._wall(end)
        if self._timeframe.unit == "M":
            return self._is_date(end), wall.day, wall.time()
        return self._is_date(end), (wall - _MONDAY) % self._step

    def _is_round(self, end: datetime) -> bool:
        """Return whether a bar may end then, while none was seen."""
        if self._timeframe.unit in "smh":
            return self._phase(end) == timedelta(0)
        return self._wall(end).time() == _MIDNIGHT


def step_of(timeframe: Timeframe) -> timedelta:
    """Return the length of a bar; of months, the shortest."""
    if timeframe.unit == "M":
        return timeframe.count * _SHORTEST_MONTH
    return timedelta(seconds=timeframe.seconds)


def store_timeframe(unit: int, count: int, where: str) -> Timeframe:
    """Return Backtrader's timeframe and compression as stores name a bar's length.

    Raises:
        ConfigError: no store has such bars.
    """
    letter = _UNITS.get(unit)
    if letter is None or count < 1:
        raise ConfigError(
            f"{where}: no store has bars of {count} {bt.TimeFrame.getname(unit, count)}; take "
            "Seconds, Minutes, Days, Weeks or Months"
        )
    if letter == "m" and count % 60 == 0:
        return Timeframe(count // 60, "h")
    return Timeframe(count, letter)
