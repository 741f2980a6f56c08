"""The courses of the feeds of one run."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
from numpy.typing import NDArray

from atms.engine.resampling.coarse import Coarse, Fine
from atms.engine.resampling.folding import folded
from atms.engine.resampling.leaving import leave_base, leave_clone, leave_own
from atms.engine.resampling.reading import Columns
from atms.engine.resampling.rounds import Seen, merged, seen_of
from atms.engine.resampling.schedule import Course, Schedule
from atms.engine.resampling.shortcuts import leap_of
from atms.engine.resampling.ways import OwnCoarsening, Way


class Planning:
    """Works out the course of each feed.

    Args:
        datas: Cerebro's.
        bases: id of each of them that is no clone -> its bars.

    Raises:
        ValueError: of feeds that all resample their own bars none has one, or they do not rise.
    """

    def __init__(self, datas: list[Any], bases: dict[int, Columns]) -> None:
        self._datas = datas
        self._order = sorted(datas, key=lambda one: (one._timeframe, one._compression))
        self._bases = bases
        self._lists: dict[int, list[float]] = {}
        self._seen: dict[tuple[int, bool], Seen] = {}
        plain = [data for data in datas if not (_is_clone(data) or data.resampling)]
        # Where nothing else sets the pace, resampled feeds do.
        self._masters = plain or list(datas)
        stamps = [bases[id(data)].stamps for data in plain] or [self._natural(d) for d in datas]
        self._rounds = merged(stamps)
        if not len(self._rounds):
            raise ValueError("no feed has a whole bar")
        shared = bool(plain) and self._rounds is bases[id(plain[0])].stamps
        self._listed = self._list_of(plain[0]) if shared else self._rounds.tolist()

    def schedule(self) -> Schedule:
        """Return the run's."""
        courses = tuple(self._course(data) for data in self._datas)
        ordered = tuple(one for one in self._order if any(one is data for data in self._masters))
        return Schedule(self._rounds, courses, ordered)

    def _course(self, data: Any) -> Course:
        if _is_clone(data):
            return self._clone(data)
        return self._own(data) if data.resampling else self._plain(data)

    def _plain(self, data: Any) -> Course:
        columns = self._bases[id(data)]
        seen = self._seen_of(data, False)
        delivered = np.searchsorted(columns.stamps, self._rounds, side="right")
        held = seen.second[:-1]
        if columns.preloaded:
            held = np.full(len(held), len(columns.stamps))

        def leave(step: int) -> None:
            # A feed that has ended is asked twice in each round.
            asked = 2 * int((delivered[:step] == len(columns.stamps)).sum())
            leave_base(data, columns, int(held[step]), asked)

        return Course(data, columns.values, delivered - 1, held, leave)

    def _clone(self, data: Any) -> Course:
        columns = self._bases[id(data.data)]
        places = {id(one): place for place, one in enumerate(self._order)}
        seen = self._seen_of(data.data, places[id(data)] < places[id(data.data)])
        way = Way(data, self._fine(data.data), self._rounds, self._listed, seen)

        def leave(step: int) -> None:
            leave_clone(data, columns, *way.after(step + 1))

        return self._resampled(data, columns, way.after(len(self._rounds))[1], leave)

    def _own(self, data: Any) -> Course:
        columns = self._bases[id(data)]

        def after(rounds: int) -> tuple[OwnCoarsening, Coarse]:
            way = self._own_way(data, self._listed)
            return way, way.run(rounds)

        def leave(step: int) -> None:
            leave_own(data, columns, *after(step + 1))

        return self._resampled(data, columns, after(len(self._rounds))[1], leave)

    def _resampled(self, data: Any, columns: Columns, coarse: Coarse, leave: Any) -> Course:
        values = [*folded(columns.values, coarse.order, coarse.cuts), coarse.stamps]
        more = len(data.getlinealiases()) - len(values)
        values += [np.full(len(coarse.stamps), np.nan) for _ in range(more)]
        every = np.arange(len(self._rounds))
        at = np.searchsorted(coarse.given, every, side="right") - 1
        held = np.searchsorted(coarse.made, every, side="right")
        return Course(data, values, at, held, leave)

    def _natural(self, data: Any) -> NDArray[np.float64]:
        """Return the stamps of the bars that a feed makes of its own, if no other forces one."""
        stamps = np.array(self._own_way(data, []).natural(), dtype=np.float64)
        if not (np.diff(stamps) > 0).all():
            raise ValueError(f"{data._name}: resampled bars do not rise")
        return stamps

    def _own_way(self, data: Any, rounds: list[float]) -> OwnCoarsening:
        fine = self._fine(data)
        none = np.zeros(len(rounds) + 1, dtype=np.int64)
        return OwnCoarsening(data, fine, rounds, Seen(none, none, none, none), leap_of(data, fine))

    def _fine(self, base: Any) -> Fine:
        columns = self._bases[id(base)]
        opened = columns.values[base.getlinealiases().index("open")]
        priced = None if not np.isnan(opened).any() else ~np.isnan(opened)
        return Fine(base, columns.stamps, priced, self._list_of(base))

    def _list_of(self, base: Any) -> list[float]:
        if id(base) not in self._lists:
            self._lists[id(base)] = self._bases[id(base)].stamps.tolist()
        return self._lists[id(base)]

    def _seen_of(self, base: Any, asked_before: bool) -> Seen:
        key = (id(base), asked_before)
        if key not in self._seen:
            stamps = self._bases[id(base)].stamps
            self._seen[key] = seen_of(stamps, self._rounds, asked_before)
        return self._seen[key]


def _is_clone(data: Any) -> bool:
    return isinstance(data, bt.feed.DataClone)
