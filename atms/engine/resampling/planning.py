"""Whether a run over resampled feeds can be known before its first bar, and what it will be."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
from backtrader.resamplerfilter import Resampler
from numpy.typing import NDArray

from atms.engine.resampling.coarse import Fine, Way
from atms.engine.resampling.folding import folded
from atms.engine.resampling.leaving import leave_base, leave_clone
from atms.engine.resampling.moments import is_known_zone
from atms.engine.resampling.reading import Columns, read_columns
from atms.engine.resampling.rounds import Seen, merged, seen_of
from atms.engine.resampling.schedule import Course, Schedule
from atms.feeds.copies import _HistoryClone

_CLONES = (bt.feed.DataClone, _HistoryClone)
_CALENDARS = (type(None), bt.TradingCalendar, bt.PandasMarketCalendar)
# What a Resampler and a calendar can raise; Backtrader shall raise it itself, at its time.
_ITS_OWN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def plan(cerebro: Any) -> Schedule | str:
    """Return the course of a run whose feeds are started and have delivered nothing; or why not.

    Args:
        cerebro: about to go into ``_runnext``.
    """
    why = _why_not(cerebro)
    if why:
        return why
    bases: dict[int, Columns] = {}
    for data in cerebro.datas:
        if not _is_clone(data):
            columns = read_columns(data)
            if isinstance(columns, str):
                return columns
            bases[id(data)] = columns
    rounds = merged([columns.stamps for columns in bases.values()])
    try:
        return _Planning(cerebro.datas, bases, rounds).schedule()
    except _ITS_OWN as error:
        return f"Backtrader's Resampler raises {type(error).__name__}: {error}"


def _why_not(cerebro: Any) -> str:
    datas = cerebro.datas
    if cerebro._exactbars or cerebro._dolive or cerebro.p.live or cerebro.p.oldsync:
        return "saves memory, is live, or keeps the old clock"
    if cerebro.stores or any(data.replaying or data.islive() for data in datas):
        return "a store, a live feed or a replayed one"
    if cerebro.p.lookahead:
        return "lines are extended"
    for data in datas:
        name = data._name or type(data).__name__
        why = _why_no_clone(data, datas) if _is_clone(data) else _why_no_base(data)
        if why:
            return f"feed {name}: {why}"
        if data.notifs or not (is_known_zone(data._tz) and data.lines.datetime._tz is data._tz):
            return f"feed {name}: a time zone that is not known, or notifications"
        if data.p.qcheck:
            return f"feed {name}: it waits for bars"
        if type(data._calendar) not in _CALENDARS:
            return f"feed {name}: a calendar that is not known"
    return ""


def _is_clone(data: Any) -> bool:
    return isinstance(data, bt.feed.DataClone)


def _why_no_base(data: Any) -> str:
    if data._filters or data._ffilters or data.resampling:
        return "has filters of its own"
    return ""


def _why_no_clone(data: Any, datas: list[Any]) -> str:
    if type(data) not in _CLONES or data._dlen:
        return f"{type(data).__name__} is not Backtrader's clone"
    if not any(data.data is other for other in datas) or _is_clone(data.data):
        return "is not a clone of a feed in this run"
    filters = [entry[0] for entry in data._filters]
    if len(filters) != 1 or type(filters[0]) is not Resampler:
        return "has other filters than one Resampler"
    last = [entry[0] for entry in data._ffilters]
    if len(last) != 1 or last[0] is not filters[0] or filters[0].bar.isopen():
        return "its Resampler has begun already, or is not alone"
    if set(vars(filters[0])) & set(dir(Resampler)) - {"p", "params"}:
        return "its Resampler has methods of its own"
    return ""


class _Planning:
    def __init__(
        self, datas: list[Any], bases: dict[int, Columns], rounds: NDArray[np.float64]
    ) -> None:
        self._datas = datas
        self._order = sorted(datas, key=lambda one: (one._timeframe, one._compression))
        self._bases = bases
        self._rounds = rounds
        self._listed: list[float] = rounds.tolist()
        self._lists: dict[int, list[float]] = {}
        self._seen: dict[tuple[int, bool], Seen] = {}

    def schedule(self) -> Schedule:
        courses = [
            self._resampled(data) if _is_clone(data) else self._plain(data) for data in self._datas
        ]
        masters = tuple(data for data in self._order if not _is_clone(data))
        return Schedule(self._rounds, tuple(courses), masters)

    def _seen_of(self, base: Any, asked_before: bool) -> Seen:
        key = (id(base), asked_before)
        if key not in self._seen:
            stamps = self._bases[id(base)].stamps
            self._seen[key] = seen_of(stamps, self._rounds, asked_before)
        return self._seen[key]

    def _list_of(self, base: Any) -> list[float]:
        if id(base) not in self._lists:
            same = self._bases[id(base)].stamps is self._rounds
            found = self._listed if same else self._bases[id(base)].stamps.tolist()
            self._lists[id(base)] = found
        return self._lists[id(base)]

    def _plain(self, data: Any) -> Course:
        columns = self._bases[id(data)]
        seen = self._seen_of(data, False)
        delivered = np.searchsorted(columns.stamps, self._rounds, side="right")
        held = seen.second[:-1]

        def leave(step: int) -> None:
            # A feed that has ended is asked twice in each round.
            data._qcheck = 0.0
            asked = 2 * int((delivered[:step] == len(columns.stamps)).sum()) if step else 0
            leave_base(data, columns, int(held[step]), asked)

        return Course(data, columns.values, delivered - 1, held, leave)

    def _resampled(self, data: Any) -> Course:
        columns = self._bases[id(data.data)]
        way = self._way(data)
        coarse = way.after(len(self._rounds))[1]
        values = [*folded(columns.values, coarse.order, coarse.cuts), coarse.stamps]
        every = np.arange(len(self._rounds))
        at = np.searchsorted(coarse.given, every, side="right") - 1
        held = np.searchsorted(coarse.made, every, side="right")

        def leave(step: int) -> None:
            data._qcheck = 0.0
            leave_clone(data, columns, *way.after(step + 1))

        return Course(data, values, at, held, leave)

    def _way(self, data: Any) -> Way:
        base = data.data
        columns = self._bases[id(base)]
        opened = columns.values[base.getlinealiases().index("open")]
        priced = None if not np.isnan(opened).any() else ~np.isnan(opened)
        fine = Fine(base, columns.stamps, priced, self._list_of(base))
        places = {id(one): place for place, one in enumerate(self._order)}
        seen = self._seen_of(base, places[id(data)] < places[id(base)])
        return Way(data, fine, self._rounds, self._listed, seen)
