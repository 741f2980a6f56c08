"""The way over bars at which a Resampler has nothing to decide."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.engine.resampling.coarse import Coarsening, Fine
from atms.engine.resampling.edges import Edges, edges_of, forced
from atms.engine.resampling.rounds import Seen


class Leap:
    """The way over a feed's own bars in which its Resampler has nothing to decide.

    Args:
        edges: of the bars.
    """

    def __init__(self, edges: Edges) -> None:
        self._stops = np.flatnonzero(edges.closing | edges.odd).tolist()
        self._sessions = edges.sessions

    def take(self, way: Coarsening) -> None:
        """Take in all bars before the next one that may decide something."""
        bucket, taken, bars = way.bucket, way.taken, len(way.stamps)
        if not taken or taken >= bars or not bucket.isopen():
            return
        if bucket.datetime != way.stamps[taken - 1]:
            return
        if way.stand_in.datetime.before >= way.stamps[taken]:
            return
        place = bisect_left(self._stops, taken)
        stop = self._stops[place] if place < len(self._stops) else bars
        if self._sessions:
            if way.twin._nexteos is None:
                return
            end = way.twin._nextdteos
            if bucket.datetime <= end:
                stop = min(stop, bisect_left(way.stamps, end))
        if stop > taken:
            bucket.take(taken, stop, way.stamps[stop - 1])
            way.taken = stop


def leap_of(data: Any, fine: Fine) -> Leap | None:
    """Return the leap of a feed's own bars; None: the Resampler has to be asked at each."""
    resampler = data._filters[0][0]
    edges = None if fine.priced is not None else edges_of(resampler, data, fine.stamps)
    return None if edges is None else Leap(edges)


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
