"""The bars of a started feed in arrays, without delivering them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.feeds.history import HistoryFeed
from atms.feeds.stamps import to_days

_OWN = (
    "_load",
    "load",
    "next",
    "_last",
    "_check",
    "advance",
    "rewind",
    "forward",
    "backwards",
    "_fromstack",
    "_updatebar",
    "_tick_fill",
    "_tick_nullify",
    "haslivedata",
    "do_qcheck",
    "get_notifications",
    "islive",
    "_getnexteos",
    "num2date",
    "date2num",
)


@dataclass(frozen=True)
class Columns:
    """What a feed will have delivered when it ends.

    Args:
        values: one array a line, in the order of the lines, each shape (bars,).
        stamps: float days, rising, shape (bars,).
        skipped: how many bars of its source the feed passes over before the first.
        preloaded: whether the feed's lines hold all of them already.
    """

    values: list[NDArray[np.float64]]
    stamps: NDArray[np.float64]
    skipped: int
    preloaded: bool = False


def read_columns(data: Any) -> Columns | str:
    """Return the bars of a feed that has been started and has delivered none; or why not."""
    if data.buflen() and not len(data):
        return _preloaded(data)
    kind = type(data)
    known = HistoryFeed if isinstance(data, HistoryFeed) else bt.feeds.PandasData
    changed = [name for name in _OWN if not _same(data, known, name)]
    if not isinstance(data, known) or changed:
        return f"feed {_name(data)}: {kind.__name__} loads in its own way"
    if data._tzinput is not None or len(data):
        return f"feed {_name(data)}: its input has a time zone of its own, or bars already"
    every = _of_history(data) if known is HistoryFeed else _of_frame(data)
    if isinstance(every, str):
        return f"feed {_name(data)}: {every}"
    stamps = every[data.getlinealiases().index("datetime")]
    if not _rise(stamps):
        return f"feed {_name(data)}: stamps do not rise"
    first = int(np.searchsorted(stamps, data.fromdate, side="left"))
    last = max(first, int(np.searchsorted(stamps, data.todate, side="right")))
    if first == last:
        return f"feed {_name(data)}: has no bars"
    passed = data._cursor if known is HistoryFeed else 0
    return Columns([one[first:last] for one in every], stamps[first:last], passed + first)


def _preloaded(data: Any) -> Columns | str:
    changed = [name for name in _OWN[1:] if not _same(data, bt.feed.AbstractDataBase, name)]
    changed = [name for name in changed if name not in ("_getnexteos", "_last")]
    ended = getattr(type(data), "_load", None) in _ENDS and getattr(data, "f", None) is None
    if changed or not ended or "_load" in data.__dict__ or data._filters:
        return f"feed {_name(data)}: {type(data).__name__} loads in its own way"
    every = [np.array(line.array, dtype=np.float64) for line in data.lines.lines]
    stamps = every[data.getlinealiases().index("datetime")]
    if not _rise(stamps):
        return f"feed {_name(data)}: stamps do not rise"
    return Columns(every, stamps, 0, preloaded=True)


# What is asked for one more bar, and has none, when all are loaded.
_ENDS = (bt.feeds.PandasData._load, HistoryFeed._load, bt.feed.CSVDataBase._load)


def _rise(stamps: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(stamps).all() and (np.diff(stamps) > 0).all())


def _same(data: Any, base: type, name: str) -> bool:
    return name not in data.__dict__ and getattr(type(data), name, None) is getattr(base, name)


def _name(data: Any) -> str:
    return str(data._name or type(data).__name__)


def _of_history(data: Any) -> list[NDArray[np.float64]]:
    return [values[data._cursor :] for values in data._columns]


def _of_frame(data: Any) -> list[NDArray[np.float64]] | str:
    frame: pd.DataFrame = data.p.dataname
    if data._idx != -1:
        return "has bars already"
    found = []
    for alias in data.getlinealiases():
        place = data._colmapping[alias]
        if alias == "datetime":
            index = frame.index if place is None else frame.iloc[:, place]
            micros = _micros(pd.DatetimeIndex(index) if place is not None else index)
            if micros is None:
                return "stamps are not whole microseconds"
            found.append(to_days(micros))
        elif place is None:
            found.append(np.full(len(frame), np.nan))
        else:
            column = frame.iloc[:, place]
            if not (isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"):
                return f"column {frame.columns[place]!r} is not of plain numbers"
            found.append(np.ascontiguousarray(column.to_numpy().astype(np.float64)))
    return found


def _micros(index: Any) -> NDArray[np.int64] | None:
    """Return microseconds since 1970 UTC of an index of times; None if it is no such thing."""
    if not isinstance(index, pd.DatetimeIndex) or index.hasnans:
        return None
    if index.unit == "ns" and (index.asi8 % 1000).any():
        return None
    return np.asarray(index.as_unit("us").asi8, dtype=np.int64)
