"""One pass of Cerebro over its live feeds: it waits once, then bars of one stamp go together.

Cerebro asks each data in turn, and would wait in each. Here the first live feed that it asks
waits for all of them; then the bars of the oldest stamp are given to their feeds, and to no
other. So a strategy sees the bars of several feeds grouped as a backtest groups them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol, TypeVarTuple

from atms.errors import AtmsError
from atms.feeds.lanes import Lane, Over, Ready
from atms.feeds.seam import Told, Turned

Ts = TypeVarTuple("Ts")

ALIGN = timedelta(milliseconds=250)
GATHER = timedelta(seconds=10)


class Host(Protocol):
    """What runs the loop; see :class:`atms.execution.driver.host.Host`."""

    def now(self) -> datetime:
        """Return the time, aware UTC."""

    def call(self, function: Callable[[*Ts], object], *args: *Ts) -> None:
        """Run a function on the loop soon."""

    def spawn(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine as a task on the loop."""

    def tell(self) -> None:
        """Wake the strategy's side."""

    def wait(self, timeout: float | None) -> bool:
        """Block the strategy's side until it is told, or for *timeout* seconds."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a live feed has to say; Backtrader's ``notify_store`` hears it.

    Attributes:
        feed: its name.
        what: ``revised`` (the strategy was given another version), ``late`` (a bar from before
            the last one), ``gap``, ``malformed``: the bar or the hole is left out.
            ``broken``: the store failed to read its stream, which is asked for again.
            ``late_sibling``: other feeds go on without this one's bar; told once until it comes.
            ``ended``: nothing comes any more.
        at: the bar's end, where the gap begins, or when the feed ended.
        until: where the gap ends.
        error: why it ended; None: its store was closed.
    """

    feed: str
    what: Literal["revised", "late", "gap", "malformed", "broken", "late_sibling", "ended"]
    at: datetime
    until: datetime | None = None
    error: AtmsError | None = None

    def __str__(self) -> str:
        until = f" .. {self.until}" if self.until is not None else ""
        error = f": {self.error}" if self.error is not None else ""
        return f"{self.feed}: {self.what.replace('_', ' ')}: {self.at}{until}{error}"


class Rider(Protocol):
    """A data of Cerebro's that bars are given to."""

    def holds(self) -> bool:
        """Return whether it has a bar that Cerebro has not delivered yet."""


class Feed(Rider, Protocol):
    """A live feed."""

    lane: Lane

    def heed(self, word: Turned) -> None:
        """Tell the strategy that the feed is now so."""

    def give(self, stamp: float, ready: Ready) -> None:
        """Take a bar, for Cerebro to load in this pass."""


class Next(NamedTuple):
    """A bar that may be delivered next, and its stamp in Backtrader."""

    stamp: float
    feed: Feed
    ready: Ready


class Passes:
    """The passes of one run, shared by all its live feeds.

    It is also the store, in Backtrader's sense, that Cerebro gets notices from.

    Args:
        host: runs the loop that bars come from.
        align: how long the bars of a stamp wait for other feeds that are due then.
        idle: seconds after which a pass in which nothing happens ends.
        gather: how long bars of the past wait for another feed that still reads its own history
            and does not move. A live bar never waits longer than *align*.

    Attributes:
        before: called at the head of each pass, before any data moves.
        delivers: whether bars go to feeds in this pass; known when *before* is called.
        moved: whether a live feed has delivered a bar in this pass.
        number: how many passes have begun.
        ended: once set, every feed is at its end, and Cerebro's run ends.
        banned: until when a venue lets nobody read, by ``id`` of its store. For the loop's side:
            a feed that asked in a ban of another's would make it longer.
    """

    def __init__(
        self,
        host: Host,
        *,
        align: timedelta = ALIGN,
        idle: float = 0.5,
        gather: timedelta = GATHER,
    ) -> None:
        self.host = host
        self.align = align
        self.idle = idle
        self.gather = gather
        self.before: list[Callable[[], None]] = []
        self.delivers = False
        self.moved = False
        self.number = 0
        self.ended = False
        self.banned: dict[int, datetime] = {}
        self._feeds: list[Feed] = []
        self._clones: list[Rider] = []
        self._leader: Feed | None = None
        self._notices: deque[tuple[Notice, tuple[()], dict[str, Any]]] = deque()

    def wake(self) -> None:
        """Let the strategy's side look; from the loop's side."""
        self.host.tell()

    def end(self) -> None:
        """Let the run end; from either side."""
        self.ended = True
        self.host.tell()

    # ---- Backtrader's store ---------------------------------------------------------------------
    def start(self) -> None:
        """Begin a run; Cerebro calls this before it starts the feeds."""
        self._feeds.clear()
        self._clones.clear()
        self.banned.clear()
        self._leader = None

    def stop(self) -> None:
        """Do nothing: the feeds stop themselves."""

    def get_notifications(self) -> list[tuple[Notice, tuple[()], dict[str, Any]]]:
        """Return what was not told yet."""
        found = list(self._notices)
        self._notices.clear()
        return found

    # ---- the feeds ------------------------------------------------------------------------------
    def join(self, feed: Feed) -> None:
        """Take part in the passes of a run."""
        self._feeds.append(feed)

    def join_clone(self, clone: Rider) -> None:
        """Take a data that copies a live feed: bars that it holds back go first."""
        self._clones.append(clone)

    def begin(self, feed: Feed) -> None:
        """Begin a pass, if this is the first live feed that Cerebro asks in it.

        Raises:
            BaseException: what a task on the loop raised.
        """
        if self._leader is None:
            self._leader = feed
        if self._leader is feed:
            self._pass()

    # ---- a pass ---------------------------------------------------------------------------------
    def _pass(self) -> None:
        self.number += 1
        self.moved = False
        told = self._settle()
        chosen, rest = self._choose()
        rest = 0.0 if told else rest
        self.host.wait(rest)  # of 0 seconds too: it raises what tasks have raised
        if rest:
            self._settle()
            chosen, _ = self._choose()
        # What an account told before one of these bars came is there by now: a hook that takes it
        # in knows whether it belongs to a bar.
        self.delivers = bool(chosen) and not self.ended
        for call in tuple(self.before):
            call()
        if chosen and not self.ended:
            self._release(chosen)

    def _settle(self) -> bool:
        """Take what stands before the next bars; return whether Cerebro has something to tell."""
        told = False
        for feed in self._feeds:
            if feed.holds():  # the strategy has not seen its last bar yet
                continue
            while (word := feed.lane.next_word()) is not None:
                told = True
                if isinstance(word, Turned):
                    feed.heed(word)
                elif isinstance(word, Told):
                    self._tell_of_bar(feed.lane, word)
                elif isinstance(word, Over):
                    self._tell(feed.lane, "ended", self.host.now(), error=word.error)
            if (head := feed.lane.head()) is not None and feed.lane.comes_late(head.bar.close_at):
                self._tell(feed.lane, "late_sibling", head.bar.close_at)
        return told

    def _choose(self) -> tuple[list[Next], float]:
        """Return what is delivered now, all of one stamp; or nothing, and the seconds to wait."""
        if self.ended or self._held_back() or all(feed.lane.over for feed in self._feeds):
            return [], 0.0
        first = self._first()
        if not first:
            return [], self.idle
        until = self._until(first)
        if until is None:
            return first, 0.0
        return [], min(self.idle, (until - self.host.now()).total_seconds())

    def _release(self, chosen: list[Next]) -> None:
        """Give bars to their feeds; say who should be among them."""
        end = chosen[0].ready.bar.close_at
        for lane in self._owing(chosen):
            if lane.miss(end):
                self._tell(lane, "late_sibling", end)
        for stamp, feed, _ in chosen:
            feed.give(stamp, feed.lane.take(self.host.call))

    def _held_back(self) -> bool:
        return any(rider.holds() for rider in (*self._feeds, *self._clones))

    def _first(self) -> list[Next]:
        """Return the next bars of the oldest stamp."""
        heads = [
            Next(feed.lane.stamp(head.bar.close_at), feed, head)
            for feed in self._feeds
            if (head := feed.lane.head()) is not None
        ]
        oldest = min((one.stamp for one in heads), default=0.0)
        return [one for one in heads if one.stamp == oldest]

    def _owing(self, first: list[Next]) -> list[Lane]:
        """Return the lanes whose bars should be among these."""
        end, past = first[0].ready.bar.close_at, not any(one.ready.live for one in first)
        return [feed.lane for feed in self._feeds if feed.lane.owes(end, past)]

    def _until(self, first: list[Next]) -> datetime | None:
        """Return until when bars wait for others that are due; None: they go now."""
        owing = self._owing(first)
        if not owing:
            return None
        now, came = self.host.now(), min(one.ready.at for one in first)
        until = min((one.ready.at for one in first if one.ready.live), default=None)
        if until is not None:
            until += self.align
        else:
            until = max(
                max(came, lane.touched) + self.gather if lane.reading else came + self.align
                for lane in owing
            )
        # A bar from the future was stamped before the clock was set back.
        return until if came <= now < until else None

    def _tell_of_bar(self, lane: Lane, told: Told) -> None:
        if told.what != "duplicate":  # each break makes some: history and stream overlap
            self._tell(lane, told.what, told.at, told.until)

    def _tell(
        self,
        lane: Lane,
        what: Literal["revised", "late", "gap", "malformed", "broken", "late_sibling", "ended"],
        at: datetime,
        until: datetime | None = None,
        error: AtmsError | None = None,
    ) -> None:
        notice = Notice(feed=lane.name, what=what, at=at, until=until, error=error)
        self._notices.append((notice, (), {}))
