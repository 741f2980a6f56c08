"""The two other formats of text files that are read in columns: Backtrader's own and Yahoo's."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import backtrader as bt
import numpy as np

from atms.engine.loading.dates import Micros
from atms.engine.loading.filling import Column, Filling, Finish
from atms.engine.loading.refusing import NotInBulkError
from atms.engine.loading.tables import Table, portions
from atms.feeds.stamps import to_days

_EPOCH = datetime.date(1970, 1, 1).toordinal()
_DAY = 86_400_000_000
_LINES = ("open", "high", "low", "close", "volume", "openinterest")


def read_backtrader_csv(data: Any) -> Finish:
    """Read a started ``BacktraderCSVData``.

    Raises:
        NotInBulkError: its own loop is needed.
        ValueError, TypeError, ArithmeticError, LookupError: so does a bad field.
    """
    filling = Filling(data, [getattr(data.lines, name) for name in _LINES])
    for table in portions(data.f, data.separator):
        timed = table.width == 8
        micros = _mapped(table.column(0), _date)
        micros += _mapped(table.column(1), _time) if timed else _within(data.p.sessionend)
        first = 2 if timed else 1
        filling.add(to_days(micros), [_floats(table.column(first + n)) for n in range(6)])
        if filling.over:
            break
    return filling.finish


def _mapped(texts: list[str], read: Callable[[str], int]) -> Micros:
    """Read each text once: the dates of a file come back on each bar, its times on each day."""
    known = {text: read(text) for text in dict.fromkeys(texts)}
    return np.fromiter(map(known.__getitem__, texts), dtype=np.int64, count=len(texts))


def _date(text: str) -> int:
    date = datetime.date(int(text[0:4]), int(text[5:7]), int(text[8:10]))
    return (date.toordinal() - _EPOCH) * _DAY


def _time(text: str) -> int:
    return _within(datetime.time(int(text[0:2]), int(text[3:5]), int(text[6:8])))


def _within(time: datetime.time) -> int:
    if time.tzinfo is not None:
        raise NotInBulkError("a session's end with a time zone")
    return ((time.hour * 60 + time.minute) * 60 + time.second) * 1_000_000 + time.microsecond


def _floats(fields: Sequence[str]) -> Column:
    return np.fromiter(map(float, fields), dtype=np.float64, count=len(fields))


def read_yahoo(data: Any) -> Finish:
    """Read a started ``YahooFinanceCSVData``.

    Raises:
        NotInBulkError: its own loop is needed.
        ValueError, TypeError, ArithmeticError, LookupError: so does a bad field.
    """
    names = (*_LINES, "adjclose")
    filling = Filling(data, [getattr(data.lines, name) for name in names])
    days: dict[str, float] = {}
    for table in portions(data.f, data.separator):
        rows = _without_null(table)
        for text in dict.fromkeys(row[0] for row in rows):
            date = datetime.date(int(text[0:4]), int(text[5:7]), int(text[8:10]))
            days[text] = bt.date2num(datetime.datetime.combine(date, data.p.sessionend))
        if rows:
            numbers = np.array([_yahoo(data.p, row) for row in rows], dtype=np.float64)
            stamps = np.array([days[row[0]] for row in rows], dtype=np.float64)
            filling.add(stamps, list(numbers.T))
        if filling.over:
            break
    return filling.finish


def _without_null(table: Table) -> list[tuple[str, ...]]:
    """Return the lines that have no "null" behind the date; stock passes over the others."""
    columns = [table.column(number) for number in range(table.width)]
    rows = list(zip(*columns, strict=True))
    if any("null" in column for column in columns[1:]):
        rows = [row for row in rows if "null" not in row[1:]]
    return rows


def _yahoo(p: Any, row: tuple[str, ...]) -> tuple[float, ...]:
    """Return a line's seven numbers, in the order of the lines that are filled."""
    prices = [float(field) for field in row[1:5]]
    adjusted = float(row[5])
    volume = _volume(row)
    if p.swapcloses:
        prices[3], adjusted = adjusted, prices[3]
    factor = prices[3] / adjusted
    if p.adjclose:
        prices = [prices[0] / factor, prices[1] / factor, prices[2] / factor, adjusted]
        if p.adjvolume:
            volume *= factor
    if p.round:
        prices = [round(price, p.decimals) for price in prices]
    return (*prices, round(volume, p.roundvolume), 0.0, adjusted)


def _volume(row: tuple[str, ...]) -> float:
    try:
        return float(row[6])
    except (ValueError, IndexError):
        return 0.0
