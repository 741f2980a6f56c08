"""Whether a run over resampled feeds can be known before its first bar, and what it will be."""

from __future__ import annotations

from typing import Any

import backtrader as bt
from backtrader.resamplerfilter import Resampler

from atms.engine.resampling.courses import Planning
from atms.engine.resampling.moments import is_known_zone
from atms.engine.resampling.reading import Columns, read_columns
from atms.engine.resampling.schedule import Schedule
from atms.feeds.copies import _HistoryClone

_CLONES = (bt.feed.DataClone, _HistoryClone)
_CALENDARS = (type(None), bt.TradingCalendar, bt.PandasMarketCalendar)
# What Backtrader's Resampler and a calendar can raise: it shall raise it itself, at its time.
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
    if any(one.preloaded for one in bases.values()) and any(d.resampling for d in cerebro.datas):
        return "resampled feeds, and others that are loaded already"
    try:
        return Planning(cerebro.datas, bases).schedule()
    except _ITS_OWN as error:
        return f"{type(error).__name__}: {error}"


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
        return _why_no_resampler(data)
    return ""


def _why_no_clone(data: Any, datas: list[Any]) -> str:
    if type(data) not in _CLONES or data._dlen:
        return f"{type(data).__name__} is not Backtrader's clone"
    if not any(data.data is other for other in datas) or _is_clone(data.data):
        return "is not a clone of a feed in this run"
    if data.data.resampling:
        return "is a clone of a resampled feed"
    return _why_no_resampler(data)


def _why_no_resampler(data: Any) -> str:
    filters = [entry[0] for entry in data._filters]
    if len(filters) != 1 or type(filters[0]) is not Resampler:
        return "has other filters than one Resampler"
    last = [entry[0] for entry in data._ffilters]
    if len(last) != 1 or last[0] is not filters[0] or filters[0].bar.isopen():
        return "its Resampler has begun already, or is not alone"
    if set(vars(filters[0])) & set(dir(Resampler)) - {"p", "params"}:
        return "its Resampler has methods of its own"
    return ""
