"""On which feed, and on which of its bars, a fill happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from atms.report.page.series_values import Floats, Texts, floats, micros

if TYPE_CHECKING:
    from atms.result import Result

Bars = Sequence[Mapping[str, Floats]]


def places(result: Result, bars: Bars, times: Floats, trades: Texts) -> tuple[Floats, Floats]:
    """Return the feed and the bar of every fill, NaN where there is none.

    Longer bars of a feed are a feed of their own with the same symbol. Fills of one trade are all
    of one feed: that on which most of them happened at the time and within the prices of a bar,
    and where the trade lasted as many bars as it says; of equal ones the first.

    Args:
        times: of the fills, in microseconds.
        trades: the trades' numbers of every fill, ``3`` or ``3;4``.
    """
    feed, bar = np.full(len(times), np.nan), np.full(len(times), np.nan)
    of_fills = _keys(result.fills["venue"].tolist(), result.fills["symbol"].tolist())
    of_feeds = _keys([one.venue for one in result.feeds], [one.symbol for one in result.feeds])
    for key, rows in of_fills.items():
        same = of_feeds.get(key, np.empty(0, dtype=np.int64))
        if not len(same):
            continue
        group = [bars[place] for place in same]
        each = np.zeros(len(rows), dtype=np.int64)
        if len(group) > 1:
            each = _chosen(result, group, rows, times, [trades[row] for row in rows])
        for number, place in enumerate(same):
            mine = rows[each == number]
            at = bar_at(bars[place]["time"], times[mine])
            known = np.isfinite(at)
            feed[mine[known]], bar[mine[known]] = place, at[known]
    return feed, bar


def bar_at(times: Floats, moments: Floats) -> Floats:
    """Return the index of the last bar at or before each moment; NaN before the first."""
    at = np.searchsorted(times, moments, side="right") - 1.0
    return np.where((at >= 0) & np.isfinite(moments), at, np.nan)


def _keys(
    venues: Sequence[str], symbols: Sequence[str]
) -> dict[tuple[str, str], NDArray[np.int64]]:
    """Return the places of each venue and symbol."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(zip(venues, symbols, strict=True)):
        found.setdefault(key, []).append(place)
    return {key: np.array(rows, dtype=np.int64) for key, rows in found.items()}


def _chosen(
    result: Result, group: Bars, rows: NDArray[np.int64], times: Floats, trades: Texts
) -> NDArray[np.int64]:
    """Return which of a symbol's feeds each of its fills is of, as places in *group*."""
    fills = result.fills
    # Costs may have moved the price out of its bar: what was there before them is in it.
    before = floats(fills["reference_price"])
    prices = np.where(np.isfinite(before), before, floats(fills["price"]))[rows]
    chains, each = _chained(trades)
    told = result.trades[result.trades["trade_id"].astype(str).isin(chains)]
    begun, ended = micros(told["entry_ts"]), micros(told["exit_ts"])
    of_trade = np.array([chains[str(one)] for one in told["trade_id"]], dtype=np.int64)
    points = np.zeros((len(group), int(each.max(initial=0)) + 1))
    for number, one in enumerate(group):
        np.add.at(points[number], each, _fit(one, times[rows], prices))
        first, last = bar_at(one["time"], begun), bar_at(one["time"], ended)
        last = np.where(np.isfinite(ended), last, len(one["time"]) - 1.0)
        np.add.at(points[number], of_trade, last - first == floats(told["bars"]))
    return np.asarray(points.argmax(axis=0)[each])


def _chained(trades: Texts) -> tuple[dict[str, int], NDArray[np.int64]]:
    """Return a number for each trade, and for each fill: trades that share a fill share it."""
    chains: dict[str, int] = {}
    each = []
    for place, text in enumerate(trades):
        names = text.split(";") if text else [f"fill {place}"]
        chain = next((chains[name] for name in names if name in chains), len(chains))
        each.append(chain)
        for name in names:
            chains.setdefault(name, chain)
    return chains, np.array(each, dtype=np.int64)


def _fit(one: Mapping[str, Floats], times: Floats, prices: Floats) -> Floats:
    """Return 1 for a fill at the time and within the prices of a bar, -1 before the first."""
    at = bar_at(one["time"], times)
    if not len(one["time"]):
        return np.full(len(times), -1.0)
    row = np.where(np.isfinite(at), at, 0).astype(np.int64)
    fits = one["time"][row] == times
    if "low" in one and "high" in one:
        fits &= (one["low"][row] <= prices) & (prices <= one["high"][row])
    return np.where(np.isfinite(at), np.where(fits, 1.0, 0.0), -1.0)
