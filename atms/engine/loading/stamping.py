"""The stamps of GenericCSVData's rows, from the texts of its date and time columns."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np

from atms.engine.loading.dates import Form, Micros
from atms.engine.loading.filling import Column
from atms.engine.loading.refusing import NotInBulkError
from atms.engine.loading.tables import Table
from atms.feeds.stamps import to_days

_DAY = 86_400_000_000
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_YEAR_10000 = 253_402_300_800
# The function that stock makes for each of its two numeric formats, in `start`.
_STOCKS_OWN = ("backtrader.feeds.csvgeneric", "GenericCSVData.start.<locals>.<lambda>")

Stamper = Callable[[Table], Column]


def stamper(data: Any) -> Stamper:
    """Return what makes the stamps of a portion's rows as a started ``GenericCSVData`` does.

    Raises:
        NotInBulkError: its own loop is needed; what is returned raises it too.
    """
    if not data._dtstr:
        return _epochs(data)
    if data.p.time < 0:
        places, forms = [data.p.datetime], [data.p.dtformat]
    else:
        # Stock joins the two with a T and reads them at once.
        places = [data.p.datetime, data.p.time]
        forms = [data.p.dtformat, data.p.tmformat]
    if any(type(place) is not int for place in places):
        raise NotInBulkError("a column is not given by its place")
    distinct = _distinct(places, "T".join(forms), lambda moment: _stamp(data, moment))
    try:
        form = Form(*forms)
    except NotInBulkError:
        return distinct
    if _is_daily(data) and (data._tzinput or data.p.sessionend.tzinfo is not None):
        return distinct
    return _formed(data, form, places, distinct)


def _formed(data: Any, form: Form, places: list[int], distinct: Stamper) -> Stamper:
    def stamps(table: Table) -> Column:
        columns = [table.column(place) for place in places]
        try:
            micros = form.read(*columns)
        except NotInBulkError:
            return distinct(table)
        return _placed(data, micros)

    return stamps


def _distinct(places: list[int], form: str, stamp: Callable[[Any], float]) -> Stamper:
    """Read each text once, by strptime: dates come back, on bars within a day and in all feeds."""
    seen: dict[str, float] = {}
    read = datetime.datetime.strptime

    def stamps(table: Table) -> Column:
        columns = [table.column(place) for place in places]
        texts = columns[0] if len(columns) == 1 else list(map("T".join, zip(*columns, strict=True)))
        for text in dict.fromkeys(texts):
            if text not in seen:
                seen[text] = stamp(read(text, form))
        return np.fromiter(map(seen.__getitem__, texts), dtype=np.float64, count=len(texts))

    return stamps


def _epochs(data: Any) -> Stamper:
    """Read seconds since 1970, as Backtrader's formats 1 (whole) and 2 do."""
    convert = data._dtconvert
    place = data.p.datetime
    if (convert.__module__, convert.__qualname__) != _STOCKS_OWN or type(place) is not int:
        raise NotInBulkError("its dates are read by a function of the user's")
    if _is_daily(data) and (data._tzinput or data.p.sessionend.tzinfo is not None):
        raise NotInBulkError("days in a time zone")
    read: Callable[[str], float] = int if int(data.p.dtformat) == 1 else float

    def stamps(table: Table) -> Column:
        fields = table.column(place)
        convert(fields[0])  # Python may warn that its function is deprecated; then so do we
        seconds = np.array(list(map(read, fields)))
        if (
            seconds.dtype.kind not in "if"
            or not ((seconds >= 0) & (seconds < _YEAR_10000 - 1)).all()
        ):
            raise NotInBulkError("seconds out of Python's years")
        fraction, whole = np.modf(seconds)
        micros = whole.astype(np.int64) * 1_000_000 + np.rint(fraction * 1e6).astype(np.int64)
        return _placed(data, micros)

    return stamps


def _is_daily(data: Any) -> bool:
    return bool(data.p.timeframe >= bt.TimeFrame.Days)


def _placed(data: Any, micros: Micros) -> Column:
    """Return the stamps of *micros*; days and longer stand at the end of the day's session."""
    stamps = to_days(micros)
    if not _is_daily(data):
        return stamps
    days = micros // _DAY
    if data._tz is None:
        end = data.p.sessionend
        seconds = (end.hour * 60 + end.minute) * 60 + end.second
        ends = to_days(days * _DAY + seconds * 1_000_000 + end.microsecond)
    else:
        dates, each = np.unique(days, return_inverse=True)
        ends = np.array([_session_end(data, date) for date in dates.tolist()])[each]
    return np.where(ends > stamps, ends, stamps)


def _session_end(data: Any, day: int) -> float:
    date = datetime.date.fromordinal(day + _EPOCH)
    return float(data.date2num(datetime.datetime.combine(date, data.p.sessionend)))


def _stamp(data: Any, moment: datetime.datetime) -> float:
    """Return the stamp of one row: stock's formula for one *moment*."""
    if not _is_daily(data):
        return float(bt.date2num(moment))
    zone = data._tzinput
    number = float(bt.date2num(zone.localize(moment) if zone else moment))
    end = datetime.datetime.combine(moment.date(), data.p.sessionend)
    ends = float(data.date2num(end))
    if ends > number:
        return ends
    return float(bt.date2num(moment)) if zone else number
