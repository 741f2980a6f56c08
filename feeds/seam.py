"""History and live bars without a seam: none missing, twice, half, or out of order. Pure; no I/O.

A store's stream is listened to first; history fills what came before it, and again after each
break. Bars go out in strictly rising order of their end, and what a backtest of the same history
would not have seen is left out here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from atms.stores.market import Bar, BarFact, Empty, FeedLink

Status = Literal["CONNECTED", "DELAYED", "LIVE", "DISCONNECTED", "NOTSUBSCRIBED"]
_INSTANT = timedelta(milliseconds=1)  # the finest that venues write
_VALUES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, kw_only=True)
class Deliver:
    """Give a bar to the strategy; *live*: orders may be made on it."""

    bar: Bar
    live: bool


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """Ask for history from a moment on, and give it to :meth:`Seam.history`.

    Attributes:
        tries: how often history was asked for the same hole before.
        until: where that hole ends; None: what there is now is wanted.
    """

    start: datetime
    tries: int = 0
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Turned:
    """The feed is now so; the seam itself says DELAYED, LIVE and DISCONNECTED."""

    status: Status


@dataclass(frozen=True, kw_only=True)
class Passed:
    """Nothing was traded up to here: no bar will come for it."""

    until: datetime


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something that the strategy is not given, and somebody should know.

    Attributes:
        what: revised, duplicate, late, gap, malformed, or broken: a store's stream, by a mistake.
        until: of a gap, where it ends.
    """

    what: Literal["revised", "duplicate", "late", "gap", "malformed", "broken"]
    at: datetime
    until: datetime | None = None


Action = Deliver | Fetch | Turned | Passed | Told


@dataclass
class Seam:
    """One feed.

    Attributes:
        start: the earliest end of a bar that is wanted.
        step: the length of a bar.
        omits_empty: whether the venue has no bar where nothing was traded. History is asked once
            whether a hole is one; meanwhile the feed stays as it is.
        fills: whether an interval without a trade becomes a flat bar, as in the history that a
            backtest reads.
        checks_holes: whether history is asked about the holes of a venue that omits empty bars;
            without it, a bar that the stream lost is lost there.
        patience: how often history is asked for another venue's hole before it is left.
        keep: how many facts are kept while history is read; more, and it is read once again.
        last: the last bar that was delivered.
    """

    start: datetime
    step: timedelta = timedelta(0)
    omits_empty: bool = False
    fills: bool = False
    checks_holes: bool = True
    patience: int = 3
    keep: int = 1000
    last: Bar | None = None
    _reach: datetime | None = None  # until where everything is known
    _buffer: dict[datetime, Bar | Empty] = field(default_factory=dict)  # by the end
    _waiting: bool = True  # for history
    _quiet: bool = False  # waits, and is live all the same
    _overrun: bool = False
    _connected: bool = True
    _tries: int = 0
    _read_to: datetime | None = None
    _malformed: datetime | None = None

    def begin(self) -> list[Action]:
        """Return what to do first; the stream must be listened to already."""
        return [Turned(status="DELAYED"), self._fetch()]

    @property
    def since(self) -> datetime:
        """From where on history is wanted now: the last bar is read again, and compared.

        At first from the bar on that was made at the start: it is over only later.
        """
        if self.last is not None:
            return self.last.open_at
        return self.start - self.step + _INSTANT if self.step else self.start

    @property
    def empty(self) -> bool:
        """Whether there was nothing yet: no bar, and no interval without one."""
        return self._reach is None

    def heard(self, fact: BarFact) -> list[Action]:
        """Take what the stream said."""
        if isinstance(fact, FeedLink):
            return self._link(fact.up)
        if isinstance(fact, Bar) and not fact.final:
            return []
        if isinstance(fact, Bar) and not _sound(fact):
            return self._unsound(fact)
        if self._waiting:
            self._put_by(fact)
            return []
        return self._take(fact, live=True)

    def history(
        self, bars: Sequence[Bar], *, more: bool = False, until: datetime | None = None
    ) -> list[Action]:
        """Take final bars, the oldest first, that were asked for; then what came meanwhile.

        Args:
            more: these are a part, and the next is read.
            until: up to where they were asked for; None: all that there are. A read that waits for
                a rate budget is long on its way, and other bars end meanwhile.
        """
        self._read_to = until
        if not self._waiting or not self._connected:
            return []
        actions: list[Action] = []
        for bar in bars:
            known = self.last is not None and bar.close_at < self.last.close_at
            if known or not bar.final or bar.close_at < self.start:
                continue
            if not _sound(bar):
                actions += self._unsound(bar)
            elif self._quiet and self._buffer and bar.close_at >= min(self._buffer):
                self._put_by(bar)  # not before what the stream told, which is live
            else:
                actions += self._next(bar, live=False, fetched=True)
        return actions if more else [*actions, *self._caught_up()]

    def probe(self) -> list[Action]:
        """Ask whether history has what a silent stream did not tell; the feed stays as it is."""
        if self._waiting:
            return []
        self._waiting = self._quiet = True
        return [self._fetch()]

    def stalled(self) -> list[Action]:
        """Take that history cannot be had now: what waits for it is no longer live."""
        quiet, self._quiet = self._quiet, False
        return [Turned(status="DELAYED")] if quiet else []

    def _link(self, up: bool) -> list[Action]:
        if not up:
            was, self._connected = self._connected, False
            self._waiting, self._quiet = True, False
            return [Turned(status="DISCONNECTED")] if was else []
        if self._connected:
            return []
        self._connected = True
        return [Turned(status="DELAYED"), self._fetch()]

    def _put_by(self, fact: Bar | Empty) -> None:
        """Keep a fact until history is there; of one interval the newest version of a bar."""
        other = self._buffer.get(fact.close_at)
        if isinstance(other, Bar) and not (isinstance(fact, Bar) and _newer(fact, other)):
            return
        self._buffer[fact.close_at] = fact
        if len(self._buffer) > self.keep:
            del self._buffer[min(self._buffer)]
            self._overrun = True

    def _caught_up(self) -> list[Action]:
        """Deliver what came while history was read."""
        if self._overrun:
            self._overrun = False
            return [self._fetch()]
        live, self._quiet, self._waiting = self._quiet, False, False
        actions: list[Action] = []
        for end in sorted(self._buffer):
            fact = self._buffer.pop(end)
            if self.last is not None and end < self.last.close_at:
                actions.append(Told(what="duplicate", at=end))  # history has told it meanwhile
                continue
            actions += self._take(fact, live)
            if self._waiting:  # a hole: history is asked once more
                return actions
        self._tries = 0
        return actions if live else [*actions, Turned(status="LIVE")]

    def _take(self, fact: Bar | Empty, live: bool) -> list[Action]:
        if isinstance(fact, Bar):
            return self._next(fact, live)
        reach = self._known_to
        if fact.close_at <= reach:
            return []
        if self.fills and self.last is not None:
            return self._next(_flat(self.last, fact.open_at, fact.close_at), live)
        if fact.open_at > reach:
            return []
        self._reach = fact.close_at
        return [Passed(until=self._reach)]

    def _next(self, bar: Bar, live: bool, fetched: bool = False) -> list[Action]:
        """Deliver a bar, if it is the next."""
        if self.last is not None and bar.close_at <= self.last.close_at:
            return self._again(bar, fetched)
        hole = bar.open_at > self._known_to and not (self.empty and fetched)
        if hole and not fetched:
            often = int(self.checks_holes) if self.omits_empty else self.patience
            if self._tries < often or self._is_unread(bar):
                return self._ask_about(bar, live)
        before: list[Action] = []
        if hole:
            self._tries = 0 if not self.omits_empty else self._tries
            before = [Told(what="gap", at=self._known_to, until=bar.open_at)]
            if self.omits_empty:
                before = [Deliver(bar=flat, live=False) for flat in self._flats(bar.open_at)]
        self.last, self._reach = bar, bar.close_at
        return [*before, Deliver(bar=bar, live=live)]

    def _is_unread(self, bar: Bar) -> bool:
        """Return whether a hole before a bar reaches beyond what history was asked for."""
        late = self._read_to is not None and bar.open_at > self._read_to
        return late and self.checks_holes

    @property
    def _known_to(self) -> datetime:
        """Until where no bar is missing; a bar that was made at the start may be the first."""
        return self.start if self._reach is None else self._reach

    def _ask_about(self, bar: Bar, live: bool) -> list[Action]:
        """Keep a bar that comes after a hole until history was asked."""
        asked = Fetch(start=self.since, tries=self._tries, until=bar.open_at)
        self._tries += 1
        self._waiting, self._quiet = True, live and self.omits_empty
        self._put_by(bar)
        turns = live and not self.omits_empty
        return [Turned(status="DELAYED"), asked] if turns else [asked]

    def _flats(self, until: datetime) -> Iterator[Bar]:
        """Yield the bars of intervals without a trade, where they are wanted."""
        if not self.fills or self.last is None or self._reach is None:
            return
        open_at, step = self._reach, self.last.close_at - self.last.open_at
        while open_at + step <= until:
            yield _flat(self.last, open_at, open_at + step)
            open_at += step

    def _again(self, bar: Bar, fetched: bool) -> list[Action]:
        assert self.last is not None
        if bar.close_at < self.last.close_at:
            return [Told(what="late", at=bar.close_at)]
        differs = any(getattr(bar, name) != getattr(self.last, name) for name in _VALUES)
        if differs and _newer(bar, self.last):
            return [Told(what="revised", at=bar.close_at)]
        return [] if fetched else [Told(what="duplicate", at=bar.close_at)]

    def _unsound(self, bar: Bar) -> list[Action]:
        """Tell once of a bar that cannot be one, however often history repeats it."""
        again, self._malformed = self._malformed == bar.close_at, bar.close_at
        return [] if again else [Told(what="malformed", at=bar.close_at)]

    def _fetch(self) -> Fetch:
        return Fetch(start=self.since)


def _newer(bar: Bar, other: Bar) -> bool:
    """Return whether a bar is told later than another of its interval; a number says so."""
    return bar.revision >= other.revision


def _flat(last: Bar, open_at: datetime, close_at: datetime) -> Bar:
    price = last.close
    return Bar(
        instrument=last.instrument, open_at=open_at, close_at=close_at, open=price, high=price,
        low=price, close=price, volume=Decimal(0), final=True,
    )  # fmt: skip


def _sound(bar: Bar) -> bool:
    """Return whether a bar can be one: its end after its start, prices above 0 and in order."""
    prices = (bar.open, bar.high, bar.low, bar.close)
    if not all(price.is_finite() for price in prices):
        return False
    volume = bar.volume
    return (
        bar.close_at > bar.open_at
        and bar.low > 0
        and bar.low <= min(bar.open, bar.close)
        and bar.high >= max(bar.open, bar.close)
        and (volume is None or (volume.is_finite() and volume >= 0))
    )
