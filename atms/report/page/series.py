"""A Result as named series of columns: what the page's charts and tall tables are drawn from.

A series is a mapping column -> values, all of one length: a float64 array (NaN: there is none), or
a list of texts (None: there is none). Times are whole microseconds since 1970 UTC.

===========  ======================================================================================
``bars:i``   the bars of feed i, the warm-up's too: time, then every line: open, high, low, close,
             volume and what else the feed has.
``lines:i``  the plotted indicators that are computed over feed i, at the same times as
             ``bars:i``; the columns are named as in ``result.lines``.
``equity``   at every step of the time range: time, value, cash, drawdown, exposure, and ``hold``,
             what the starting cash would have been worth in the benchmark.
``fills``    in the order of booking: time, feed (i), bar (its row in ``bars:i``), trades (the
             numbers of the trades that it belongs to, ``3`` or ``3;4``), and every column of
             ``result.fills`` but the run's id and ``ts``.
``trades``   time (of the entry), exit_time, feed, entry_bar, exit_bar, and every column of
             ``result.trades`` but the run's id and the two stamps.
``signals``  number, time, feed, bar, symbol, signal, confidence, and ``refused``, the first
             gate that it did not pass, or nothing.
``levels``   stop and target prices: feed, kind (``stop`` or ``target``), price, time and end, from
             when to when the order stood, order_id.
===========  ======================================================================================

A row of a feed that is unknown has NaN as its feed and bar. Series without a row stand there too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from atms.report.page import series_marks, series_panes
from atms.report.page.series_values import Columns, Floats, floats, micros
from atms.report.sampled import benchmark_of, held_cash

if TYPE_CHECKING:
    from atms.result import Result

_FIRST = ("open", "high", "low", "close", "volume")


_TICKS = (25, 5, 2, 1)  # of the last decimal: as venues have them


class Series(dict[str, Columns]):
    """Series by their names; see the table above.

    Attributes:
        meta: JSON-able: ``feeds``, a list of name, symbol, venue, currency and tick (the step of
            its prices; None: unknown); ``first``, the time of the first bar in the time range, or
            None; ``start``, the cash at the start; ``benchmark``, the place of the feed that the
            run is measured against; ``panes``, series -> column -> ``price`` for what is drawn over
            the price, else the name of its pane.
    """

    def __init__(self, columns: Mapping[str, Columns], meta: Mapping[str, Any]) -> None:
        super().__init__(columns)
        self.meta = dict(meta)


def series(result: Result) -> Series:
    """Return what a page shows of *result*: every series of the table above, and what it means."""
    bars = _bars(result)
    steps = micros(result.lines.index) if len(result.lines) else np.empty(0)
    lines, panes = series_panes.lines(result.lines, steps, bars)
    marks = series_marks.marks(result, bars)
    columns = {
        **{f"bars:{place}": one for place, one in enumerate(bars)},
        **lines,
        "equity": _equity(result),
        **marks,
    }
    first = float(micros(result.equity.index[:1])[0]) if len(result.equity) else None
    meta = {
        "feeds": _feeds(result, bars),
        "first": first,
        "panes": panes,
        "start": result.metrics.get("start_value"),
        "benchmark": benchmark_of(result),
    }
    return Series(columns, meta)


def _feeds(result: Result, bars: Sequence[Mapping[str, Floats]]) -> list[dict[str, Any]]:
    return [
        {
            "name": feed.name,
            "symbol": feed.symbol,
            "venue": feed.venue,
            "currency": feed.currency,
            "tick": tick(one.get("close", np.empty(0))),
        }
        for feed, one in zip(result.feeds, bars, strict=True)
    ]


def tick(prices: Floats) -> float | None:
    """Return the step that *prices* move by; None where they follow none that a decimal shows."""
    some = prices[np.isfinite(prices)]
    some = np.concatenate([some[:5000], some[-5000:]])
    if not len(some) or np.max(np.abs(some)) > 1e12:
        return None
    for decimals in range(9):
        scaled = np.rint(some * 10.0**decimals)
        if np.allclose(scaled, some * 10.0**decimals, rtol=0, atol=1e-4):
            ints = scaled.astype(np.int64)
            units = _TICKS if decimals else (1,)
            return float(next(unit for unit in units if not (ints % unit).any())) / 10.0**decimals
    return None


def _bars(result: Result) -> list[dict[str, Floats]]:
    """Return the bars of every feed, in the order of the feeds."""
    frame = result.bars
    names = [name for name in frame.columns if name not in ("feed", "datetime")]
    ordered = [name for name in _FIRST if name in names]
    ordered += [name for name in names if name not in ordered]
    codes, found = pd.factorize(frame["feed"])
    times = micros(frame["datetime"])
    columns = {name: floats(frame[name]) for name in ordered}
    places = {name: np.flatnonzero(codes == code) for code, name in enumerate(found)}
    nothing = np.empty(0, dtype=np.int64)
    several = len(result.feeds) > 1
    parts = []
    for feed in result.feeds:
        rows = places.get(feed.name, nothing)
        one = {"time": times[rows]}
        for name, values in columns.items():
            # Lines that only another feed has are NaN throughout in a frame of several.
            if not (several and name not in _FIRST[:4] and np.isnan(values[rows]).all()):
                one[name] = values[rows]
        parts.append(one)
    return parts


def _equity(result: Result) -> dict[str, Floats]:
    frame = result.equity
    found = {"time": micros(frame.index)}
    for name in ("value", "cash", "drawdown", "exposure"):
        if name in frame:
            found[name] = floats(frame[name])
    hold = held_cash(result, frame.index)
    return found if hold is None else {**found, "hold": hold}
