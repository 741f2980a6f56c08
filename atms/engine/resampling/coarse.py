"""The bars of one resampled feed, and the rounds in which they come."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import backtrader as bt
import numpy as np
from numpy.typing import NDArray

from atms.engine.resampling.edges import edges_of, forced
from atms.engine.resampling.rounds import Seen
from atms.engine.resampling.standin import Other, rehearsing


@dataclass(frozen=True)
class Fine:
    """The bars that are resampled.

    Args:
        base: the feed that has them.
        stamps: float days, rising, shape (bars,).
        priced: which of them have an opening price; None: all.
        listed: the stamps as a list.
    """

    base: Any
    stamps: NDArray[np.float64]
    priced: NDArray[np.bool_] | None
    listed: list[float] = field(repr=False)


@dataclass(frozen=True)
class Coarse:
    """What a resampled feed has come to after some rounds.

    Args:
        stamps: of its bars, float days, shape (n,).
        made: the round in which each is loaded, shape (n,).
        given: the round in which each is delivered, shape (n,), or (n - 1,) if the last one waits.
        order: indices of the base's bars that went into them, in that order, and of those that
            are in the bar that is not over.
        cuts: how many of *order* went into each bar and those before it, shape (n,).
    """

    stamps: NDArray[np.float64]
    made: NDArray[np.int64]
    given: NDArray[np.int64]
    order: NDArray[np.int64]
    cuts: NDArray[np.int64]


class Coarsening:
    """One resampled feed's way through the rounds.

    Args:
        data: the resampled feed, a clone.
        fine: the bars that it takes.
        rounds: the rounds' stamps.
        seen: what of the bars can be seen in each.
    """

    def __init__(self, data: Any, fine: Fine, rounds: list[float], seen: Seen) -> None:
        resampler = data._filters[0][0]
        self.twin, self.stand_in = rehearsing(resampler, data, fine.base, fine.priced)
        self.bucket = self.stand_in.bucket
        self.stamps, self.rounds = fine.listed, rounds
        self.first, self.second = seen.first, seen.second
        self.taken = 0  # as the clone counts them
        self.made: list[int] = []
        self.given: list[int] = []
        # Backtrader's clone takes a bar of its own that it comes to once more for one of the base.
        self._miscounts = type(data).advance is bt.feed.DataClone.advance
        self._other = Other(data._tz)

    def run(self, until: int, shortcut: Shortcut | None = None) -> Coarse:
        """Go through the rounds before *until*; with *shortcut* not through all one by one."""
        at = 0
        while at < until:
            if shortcut is not None:
                at = shortcut.take(at, until)
                if at == until:
                    break
            at = self._round(at, until) + 1
        return Coarse(
            np.array(self.stand_in.made, dtype=np.float64),
            np.array(self.made, dtype=np.int64),
            np.array(self.given, dtype=np.int64),
            self.bucket.order(),
            np.array(self.stand_in.cuts, dtype=np.int64),
        )

    def _round(self, at: int, until: int) -> int:
        """Go through a round; return it, or a later one if a bar has to wait that long."""
        loaded = self._load(int(self.first[at]), at)
        if not loaded:
            if self.bucket.isopen():
                self.stand_in.base_now = self.stamps[int(self.second[at]) - 1]
                self._other.datetime.now = self.rounds[at]
                self.twin.check(self.stand_in, _forcedata=self._other)
            loaded = self._load(int(self.second[at]), at)
        if not loaded:
            return at
        given = bisect_left(self.rounds, self.stand_in.datetime.now, at, until)
        last = min(given, until - 1)
        if self._miscounts:
            self.taken += last - at
        if given < until:
            self.given.append(given)
        return last

    def _load(self, visible: int, at: int) -> bool:
        """Do what ``load`` does when *visible* bars of the base can be seen."""
        while not self.stand_in.stacked:
            if self.taken >= visible:
                return False
            self.taken += 1
            self.stand_in.show(visible - 1, self.stamps[visible - 1])
            self.twin(self.stand_in)
        self.stand_in.load()
        self.made.append(at)
        return True


class Way:
    """How a resampled feed goes through the rounds of a run.

    Args:
        data: the resampled feed, a clone.
        fine: the bars that it takes.
        rounds: the rounds' stamps, shape (rounds,).
        listed: the same as a list.
        seen: what of the bars can be seen in each.
    """

    def __init__(
        self, data: Any, fine: Fine, rounds: NDArray[np.float64], listed: list[float], seen: Seen
    ) -> None:
        self._data, self._fine, self._seen, self._listed = data, fine, seen, listed
        self._shortcut = shortcut_of(data, fine, rounds, seen)

    def after(self, rounds: int) -> tuple[Coarsening, Coarse]:
        """Go through the first *rounds* from the start; return where that leads."""
        way = Coarsening(self._data, self._fine, self._listed, self._seen)
        return way, way.run(rounds, self._shortcut and self._shortcut(way))


class Shortcut:
    """The way over rounds in which the Resampler has nothing to decide.

    Args:
        coarsening: whose.
        resampler: the feed's own, as it was before.
    """

    def __init__(
        self,
        coarsening: Coarsening,
        closing: NDArray[np.bool_],
        stops: NDArray[np.int64],
        load: NDArray[np.int64],
        sessions: bool,
    ) -> None:
        self._way = coarsening
        self._closing = closing
        self._closes = np.flatnonzero(closing)
        self._load = load
        self._stops = stops.tolist()
        self._sessions = sessions

    def take(self, at: int, until: int) -> int:
        """Go over as many rounds from *at* as are quiet; return the first that is not."""
        if not self._is_quiet(at):
            return at
        stop = min(self._next_stop(at), until)
        if stop > at:
            self._go_over(stop)
        return stop

    def _is_quiet(self, at: int) -> bool:
        way, bucket = self._way, self._way.bucket
        taken = way.taken
        if taken != (way.second[at - 1] if at else 0):
            return False
        if self._sessions and way.twin._nexteos is None:
            return False
        if taken < len(way.stamps) and way.stand_in.datetime.before >= way.stamps[taken]:
            return False
        if not bucket.isopen():
            return True
        passed = self._sessions and bucket.datetime <= way.twin._nextdteos < way.rounds[at - 1]
        return not passed and bucket.datetime == way.stamps[taken - 1]

    def _next_stop(self, at: int) -> int:
        way = self._way
        rounds, bars = len(way.rounds), len(way.stamps)
        begin = at
        if not way.bucket.isopen():  # nothing can happen before there is a bar
            begin = int(self._load[way.taken]) if way.taken < bars else rounds
        place = bisect_left(self._stops, begin)
        stop = self._stops[place] if place < len(self._stops) else rounds
        if self._sessions:
            end = way.twin._nextdteos
            at_bar = bisect_left(way.stamps, end)
            by_bar = int(self._load[at_bar]) if at_bar < bars else rounds
            by_round = bisect_left(way.rounds, end)
            stop = min([stop, *(one for one in (by_bar, by_round) if one >= begin)])
        return stop

    def _go_over(self, stop: int) -> None:
        """Take in the bars that are loaded before round *stop*."""
        way = self._way
        first, last = way.taken, int(way.second[stop - 1])
        if first == last:
            return
        low, high = np.searchsorted(self._closes, (first, last))
        ends = self._closes[low:high]
        stand_in = way.stand_in
        before = way.bucket.taken
        way.bucket.take(first, last, way.stamps[last - 1])
        if len(ends):
            way.given += self._load[ends].tolist()
            way.made += self._load[ends].tolist()
            stand_in.made += [way.stamps[end] for end in ends.tolist()]
            stand_in.cuts += (ends + (before - first + 1)).tolist()
            stand_in.count += len(ends)
            stand_in.datetime.now = stand_in.datetime.before = stand_in.made[-1]
        way.bucket.become(is_open=not self._closing[last - 1])
        way.taken = last


def shortcut_of(
    data: Any, fine: Fine, rounds: NDArray[np.float64], seen: Seen
) -> Callable[[Coarsening], Shortcut] | None:
    """Return what makes the shortcut of a way; None: the Resampler has to be asked at each bar."""
    resampler = data._filters[0][0]
    edges = None if fine.priced is not None else edges_of(resampler, data, fine.stamps)
    if edges is None or not len(fine.stamps):
        return None
    closing, sessions = edges.closing, edges.sessions
    late = edges.closing & (seen.given != seen.load)
    asked = seen.load[edges.odd | late]
    last = np.maximum(seen.first[:-1] - 1, 0)
    by_others = forced(resampler, fine.stamps[last], rounds) & ~edges.closing[last]
    stops = np.unique(np.concatenate([asked, np.flatnonzero(by_others)]))

    def make(way: Coarsening) -> Shortcut:
        return Shortcut(way, closing, stops, seen.load, sessions)

    return make
