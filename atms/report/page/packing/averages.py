"""Exponential averages: each value from the one before it, in Backtrader's arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from atms.report.page.packing import numbers
from atms.report.page.packing.known import Known
from atms.report.page.packing.streams import Spec
from atms.report.page.series_values import Floats

_NAME = re.compile(r"(EMA|ExponentialMovingAverage)\((\d+)\)")


def encode(series: str, column: str, values: Floats, known: Known) -> Iterator[Spec]:
    """Yield how an exponential average of the close is stored, if *column* is called one.

    ``ExponentialSmoothing`` of Backtrader: previous * (1 - alpha) + close * alpha, alpha being
    2 / (1 + period). Where a value comes out otherwise (the first), it is stored itself.
    """
    found = _NAME.fullmatch(column.partition("#")[0])
    bars = series.replace("lines:", "bars:")
    if found is None or "close" not in known.columns.get(bars, {}):
        return
    close = known.numbers(bars, "close")
    if close.shape != values.shape:
        return
    period = int(found[2])
    alpha = 2.0 / (1.0 + period)
    expected = np.full(len(values), np.nan)
    expected[1:] = values[:-1] * (1.0 - alpha) + close[1:] * alpha
    odd = ~numbers.same_bits(expected, values)
    if np.mean(odd) < 0.5:
        spec = {"kind": "average", "n": len(values), "of": bars, "period": period}
        yield {**spec, **numbers.odd_ones(values, odd)}


def decode(spec: Spec, known: Known, streams: list[bytes]) -> Floats:
    """Return the average that *spec* describes."""
    close = known.numbers(spec["of"], "close").tolist()
    stored = numbers.fill_odd(np.zeros(len(close)), spec, streams).tolist()
    is_odd = numbers.odd_rows(spec, streams)
    alpha = 2.0 / (1.0 + spec["period"])
    rest = 1.0 - alpha
    last, found = np.nan, []
    for row, price in enumerate(close):
        last = stored[row] if row in is_odd else last * rest + price * alpha
        found.append(last)
    return np.array(found)
