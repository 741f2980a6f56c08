"""History and live bars without a seam: none missing, twice, half, or out of order. Pure; no I/O.

A store's stream is listened to first; history fills what came before it, and again after each
break. Bars go out in strictly rising order of their end, and what a backtest of the same history
would not have seen is left out here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from atms.stores.market import Bar, BarFact, FeedLink

Status = Literal["DELAYED", "LIVE", "DISCONNECTED"]
_PRICES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, kw_only=True)
class Deliver:
    """Give a bar to the strategy; *live*: orders may be made on it."""

    bar: Bar
    live: bool


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """Ask for history from a moment on, and give it to :meth:`Seam.history`."""

    start: datetime


@dataclass(frozen=True, kw_only=True)
class Turned:
    """The feed is now so."""

    status: Status


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something that the strategy is not given, and somebody should know.

    Attributes:
        what: revised, duplicate, late, gap or malformed.
        until: of a gap, where it ends.
    """

    what: Literal["revised", "duplicate", "late", "gap", "malformed"]
    at: datetime
    until: datetime | None = None


Action = Deliver | Fetch | Turned | Told


@dataclass
class Seam:
    """One feed.

    Attributes:
        start: the end of the earliest bar that is wanted.
        omits_empty: whether the venue has no bar where nothing was traded; a hole is then none.
        fills: whether an interval without a trade becomes a flat bar, as in the history that a
            backtest reads.
        patience: how often history is asked for a hole before it is left.
        last: the last bar that was delivered.
    """

    start: datetime
    omits_empty: bool = False
    fills: bool = False
    patience: int = 3
    last: Bar | None = None
    _reach: datetime | None = None  # until where everything is known
    _buffer: list[Bar] = field(default_factory=list)
    _waiting: bool = True  # for history
    _connected: bool = True
    _tries: int = 0

    def begin(self) -> list[Action]:
        """Return what to do first; the stream must be listened to already."""
        return [Turned(status="DELAYED"), self._fetch()]

    def heard(self, fact: BarFact) -> list[Action]:
        """Take what the stream said."""
        if isinstance(fact, FeedLink):
            return self._link(fact.up)
        if not isinstance(fact, Bar):
            return self._empty(fact.close_at, fact.open_at)
        if not fact.final:
            return []
        if not _sound(fact):
            return [Told(what="malformed", at=fact.close_at)]
        if self._waiting:
            self._buffer.append(fact)
            return []
        return self._next(fact, live=True)

    def history(self, bars: Sequence[Bar]) -> list[Action]:
        """Take final bars, the oldest first, that were asked for; then what came meanwhile."""
        if not self._waiting or not self._connected:
            return []
        self._waiting = False
        actions: list[Action] = []
        for bar in bars:
            if bar.final and bar.close_at >= self.start:
                known = self.last is not None and bar.close_at < self.last.close_at
                actions += [] if known else self._next(bar, live=False, fetched=True)
        buffered, self._buffer = sorted(self._buffer, key=lambda bar: bar.close_at), []
        for place, bar in enumerate(buffered):
            actions += self._next(bar, live=False)
            if self._waiting:  # a hole: history is asked once more
                self._buffer = [*buffered[place + 1 :], *self._buffer]
                return actions
        self._tries = 0
        return [*actions, Turned(status="LIVE")]

    def _link(self, up: bool) -> list[Action]:
        if not up:
            was, self._connected, self._waiting = self._connected, False, True
            return [Turned(status="DISCONNECTED")] if was else []
        if self._connected:
            return []
        self._connected = True
        return [Turned(status="DELAYED"), self._fetch()]

    def _empty(self, close_at: datetime, open_at: datetime) -> list[Action]:
        if self._waiting or self.last is None or self._reach is None or close_at <= self._reach:
            return []
        if not self.fills:
            self._reach = close_at if open_at <= self._reach else self._reach
            return []
        price = self.last.close
        flat = Bar(
            instrument=self.last.instrument, open_at=open_at, close_at=close_at, open=price,
            high=price, low=price, close=price, volume=Decimal(0), final=True,
        )  # fmt: skip
        return self._next(flat, live=True)

    def _next(self, bar: Bar, live: bool, fetched: bool = False) -> list[Action]:
        """Deliver a bar, if it is the next."""
        if self.last is not None and bar.close_at <= self.last.close_at:
            return self._again(bar, fetched)
        hole = self._reach is not None and bar.open_at > self._reach
        if hole and not self.omits_empty and not fetched:
            if self._tries < self.patience:
                self._tries += 1
                self._waiting = True
                self._buffer.append(bar)
                return [Turned(status="DELAYED"), self._fetch()] if live else [self._fetch()]
            self._tries = 0
        told: list[Action] = []
        if hole and not self.omits_empty:
            assert self._reach is not None
            told = [Told(what="gap", at=self._reach, until=bar.open_at)]
        self.last, self._reach = bar, bar.close_at
        return [*told, Deliver(bar=bar, live=live)]

    def _again(self, bar: Bar, fetched: bool) -> list[Action]:
        assert self.last is not None
        if bar.close_at < self.last.close_at:
            return [Told(what="late", at=bar.close_at)]
        if any(getattr(bar, name) != getattr(self.last, name) for name in _PRICES):
            return [Told(what="revised", at=bar.close_at)]
        return [] if fetched else [Told(what="duplicate", at=bar.close_at)]

    def _fetch(self) -> Fetch:
        return Fetch(start=self.start if self.last is None else self.last.open_at)


def _sound(bar: Bar) -> bool:
    """Return whether a bar can be one: its end after its start, its prices in order."""
    prices = (bar.open, bar.high, bar.low, bar.close)
    finite = all(price.is_finite() for price in prices)
    return (
        finite
        and bar.close_at > bar.open_at
        and bar.low <= min(bar.open, bar.close)
        and bar.high >= max(bar.open, bar.close)
    )
