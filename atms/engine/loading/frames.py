"""Columns of pandas frames, as PandasData and PandasDirectData read them cell by cell."""

from __future__ import annotations

import array
from functools import partial
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.engine.loading.feeding import Feeding
from atms.engine.loading.filling import Column, Filling, Finish
from atms.engine.loading.refusing import NotInBulkError
from atms.feeds.stamps import to_days

_FIRST = -62_135_596_800_000_000  # 0001-01-01 00:00
_LAST = 253_402_300_799_999_999  # 9999-12-31 23:59:59.999999
_NULLABLE = (pd.arrays.IntegerArray, pd.arrays.FloatingArray, pd.arrays.BooleanArray)
_PORTION = 1 << 15
_A_UNIT = {"s": 1_000_000, "ms": 1000, "us": 1}


def read_pandas(data: Any) -> Finish:
    """Read a started ``PandasData``; return what puts it into the lines.

    Raises:
        NotInBulkError: its own loop is needed.
    """
    frame = _plain(data.p.dataname)
    if data._idx != -1:
        raise NotInBulkError("it does not begin at the first row")
    mapping = data._colmapping
    names = [name for name in data.getlinealiases() if name != "datetime"]
    wanted = [(name, mapping[name]) for name in names if mapping[name] is not None]
    lines = [getattr(data.lines, name) for name, _ in wanted]
    filling = Filling(data, lines)
    # A filter may look up the frame's row by this number.
    rows = Feeding(data, lines, partial(_count, data)) if data._filters else filling
    if len(frame):
        at = mapping["datetime"]
        stamps = stamps_of(frame.index if at is None else _pick(frame, at))
        rows.add(stamps, [numbers_of(_pick(frame, at)) for _, at in wanted])

    def finish() -> None:
        rows.finish()
        if rows is filling:
            # One more where the frame's end was found by looking for a row.
            data._idx += filling.taken + (not filling.over)

    return finish


def _count(data: Any) -> None:
    data._idx += 1


def read_direct(data: Any) -> Finish:
    """Read a started ``PandasDirectData``; return what puts it into the lines.

    Raises:
        NotInBulkError: its own loop is needed.
    """
    frame = _plain(data.p.dataname)
    names = [name for name in data.getlinealiases() if name != "datetime"]
    at = {name: getattr(data.p, name) for name in (*names, "datetime")}
    if any(type(place) is not int for place in at.values()) or at["datetime"] < 0:
        raise NotInBulkError("a column is not given by its place")
    wanted = [name for name in names if at[name] >= 0]
    lines = [getattr(data.lines, name) for name in wanted]
    rows = Feeding(data, lines) if data._filters else Filling(data, lines)
    if len(frame):
        stamps = stamps_of(_tuple_field(frame, at["datetime"]))
        rows.add(stamps, [numbers_of(_tuple_field(frame, at[name])) for name in wanted])

    def finish() -> None:
        try:
            rows.finish()
        finally:
            data._rows = frame.iloc[rows.taken :].itertuples()

    return finish


def _plain(frame: Any) -> Any:
    if type(frame) is not pd.DataFrame:
        raise NotInBulkError("not a plain DataFrame")
    return frame


def _pick(frame: Any, at: Any) -> Any:
    if type(at) is not int or not -frame.shape[1] <= at < frame.shape[1]:
        raise NotInBulkError(f"column {at!r} is not there by its place")
    return frame.iloc[:, at]


def _tuple_field(frame: Any, at: int) -> Any:
    return frame.index if at == 0 else _pick(frame, at - 1)


def numbers_of(series: Any) -> Column:
    """Return *series* as the floats that its cells are in an ``array('d')``.

    Raises:
        NotInBulkError: a cell is no number.
    """
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub" and dtype.itemsize <= 8:
        return np.asarray(series.to_numpy(), dtype=np.float64)
    if dtype != np.dtype(object) and not isinstance(series.array, _NULLABLE):
        raise NotInBulkError(f"a column of {dtype}")
    try:
        return np.frombuffer(array.array("d", list(series)), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise NotInBulkError(f"a cell of column {series.name!r} is no number") from None


def stamps_of(values: Any) -> Column:
    """Return the stamps of an index or a column as Backtrader's float days.

    Raises:
        NotInBulkError: one is missing, finer than a microsecond or not pandas' own.
    """
    if not isinstance(values.array, pd.arrays.DatetimeArray):
        raise NotInBulkError("stamps that are not pandas' datetimes")
    raw = np.asarray(values.array.asi8)
    days = np.empty(len(raw))
    for start in range(0, len(raw), _PORTION):  # what is in between stays in the cache
        part = slice(start, start + _PORTION)
        days[part] = to_days(_micros(raw[part], values.array.unit))
    if values.array.tz is not None:
        _check_zone(values, raw, days)
    return days


def _micros(raw: NDArray[np.int64], unit: str) -> NDArray[np.int64]:
    if raw.min() == np.iinfo(np.int64).min:
        raise NotInBulkError("a stamp is missing")
    if unit == "ns":
        micros, rest = np.divmod(raw, 1000)
        if rest.any():
            raise NotInBulkError("stamps finer than a microsecond")
    else:
        factor = _A_UNIT[unit]
        if raw.min() < _FIRST // factor or raw.max() > _LAST // factor:
            raise NotInBulkError("a stamp is out of Python's years")
        micros = raw * factor
    if micros.min() < _FIRST or micros.max() > _LAST:
        raise NotInBulkError("a stamp is out of Python's years")
    return np.asarray(micros, dtype=np.int64)


def _check_zone(values: Any, raw: NDArray[np.int64], days: Column) -> None:
    """Make sure that Backtrader sees the same UTC: at both sides of each change of the clock."""
    wall = np.asarray(values.array.tz_localize(None).asi8)
    changes = np.flatnonzero(np.diff(wall - raw))
    for row in {0, len(raw) - 1, *changes.tolist(), *(changes + 1).tolist()}:
        stamp = values.array[row].to_pydatetime()
        if bt.date2num(stamp) != days[row]:
            raise NotInBulkError("its time zone is not pandas' and Python's alike")
