"""Columns that follow from others: small formulas that Python and the page work out alike.

A formula is a number, a text that is one (``"nan"``), or a list: an operation and its formulas.

==============================  ===================================================================
``["column", s, c]``            a column
``["add" | "sub" | ...]``       also mul, div, neg, abs, sqrt: elementwise, IEEE double arithmetic
``["max" | "min", a, b]``       b where it is larger (smaller) than a, else a
``["over", a, b]``              1 where a > b, else 0
``["where", a, b, c]``          b where a is neither 0 nor NaN, else c
``["take", a, i]``              a at the rows i; NaN where there is no such row
``["bars", c, feed, bar]``      column c of ``bars:feed`` at the row bar
``["tail", a, n]``              the last n values of a
``["rows", times, moments]``    the row of the last of *times* at or before each moment, or NaN
``["path", c, feed, n]``        column c of the fills of a feed (see ``replay``), carried along the
                                n rows of the equity; 0 before
``["side"]``                    of every fill: 1 where it bought, -1 where it sold
``["fill", c]``                 column c of every fill (see ``replay``)
``["trade", c]``                column c of every trade (see ``replay``)
``["peak", a, first]``          the highest of *first* and the values up to each row
``["ago", a, n]``               the value n rows before; NaN at first
``["mean", a, n]``              the mean of the last n values, their sum rounded once; NaN before
``["smoothed", a, alpha, n]``   from the mean of the first n on: the one before * (1 - alpha) +
                                a * alpha
==============================  ===================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from atms.report.page.packing import averages, replay
from atms.report.page.packing.known import Known
from atms.report.page.series_values import Floats

Formula = Any


def evaluate(formula: Formula, known: Known) -> Any:
    """Return the column, or the number, that *formula* gives.

    Raises:
        KeyError: a column of it is not known.
    """
    if not isinstance(formula, list):
        return float(formula)
    name, *rest = formula
    with np.errstate(all="ignore"):
        if name in _ARITHMETIC:
            return _ARITHMETIC[name](*(evaluate(part, known) for part in rest))
        return _OPERATIONS[name](known, *rest)


def _where(condition: Any, one: Any, other: Any) -> Any:
    return np.where((condition != 0) & (condition == condition), one, other)


_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "max": lambda one, other: np.where(other > one, other, one),
    "min": lambda one, other: np.where(other < one, other, one),
    "over": lambda one, other: np.where(one > other, 1.0, 0.0),
    "where": _where,
}


def _column(known: Known, series: str, column: str) -> Floats:
    return known.numbers(series, column)


def _take(known: Known, values: Formula, rows: Formula) -> Floats:
    return take(evaluate(values, known), evaluate(rows, known))


def take(values: Floats, rows: Floats) -> Floats:
    """Return *values* at *rows*; NaN where there is no such row."""
    there = (rows >= 0) & (rows < len(values))
    found = np.full(len(rows), np.nan)
    found[there] = values[rows[there].astype(np.int64)]
    return found


def _bars(known: Known, column: str, feed: Formula, bar: Formula) -> Floats:
    feeds, rows = evaluate(feed, known), evaluate(bar, known)
    found = np.full(len(feeds), np.nan)
    for place in np.unique(feeds[np.isfinite(feeds)]):
        mine = feeds == place
        found[mine] = take(known.numbers(f"bars:{int(place)}", column), rows[mine])
    return found


def _tail(known: Known, values: Formula, count: int) -> Floats:
    column: Floats = evaluate(values, known)
    return column[max(0, len(column) - count) :]


def _rows(known: Known, times: Formula, moments: Formula) -> Floats:
    wanted = evaluate(moments, known)
    at = np.searchsorted(evaluate(times, known), wanted, side="right") - 1.0
    return np.where((at < 0) | np.isnan(wanted), np.nan, at)


def _path(known: Known, column: str, feed: int, count: int) -> Floats:
    table = replay.fills(known)
    mine = (known.numbers("fills", "feed") == feed) & np.isfinite(table["row"])
    rows, values = table["row"][mine].astype(np.int64), table[column][mine]
    found = np.zeros(count)
    edges = np.append(rows, count)
    for start, end, value in zip(edges[:-1].tolist(), edges[1:].tolist(), values, strict=True):
        found[start:end] = value
    return found


def _side(known: Known) -> Floats:
    return np.array([1.0 if side == "buy" else -1.0 for side in known.texts("fills", "side")])


def _fill(known: Known, column: str) -> Floats:
    return replay.fills(known)[column]


def _trade(known: Known, column: str) -> Floats:
    return replay.trades(known)[column]


def _peak(known: Known, values: Formula, first: Formula) -> Floats:
    start = np.array([evaluate(first, known)])
    return np.maximum.accumulate(np.concatenate([start, evaluate(values, known)]))[1:]


def _ago(known: Known, values: Formula, rows: int) -> Floats:
    return averages.ago(evaluate(values, known), rows)


def _mean(known: Known, values: Formula, period: int) -> Floats:
    return averages.mean(evaluate(values, known), period)


def _smoothed(known: Known, values: Formula, alpha: float, period: int) -> Floats:
    return averages.smoothed(evaluate(values, known), alpha, period)


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "column": _column,
    "take": _take,
    "bars": _bars,
    "tail": _tail,
    "rows": _rows,
    "path": _path,
    "peak": _peak,
    "ago": _ago,
    "mean": _mean,
    "smoothed": _smoothed,
    "side": _side,
    "fill": _fill,
    "trade": _trade,
}
