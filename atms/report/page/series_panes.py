"""Which feed a plotted indicator belongs to, and whether it is drawn over the price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.report.page.series_values import Floats

PRICE = "price"  # the pane of the candles
_SAMPLE = 20_000  # bars that are looked at to tell whether an indicator follows the price


def lines(
    frame: pd.DataFrame, steps: Floats, bars: Sequence[Mapping[str, Floats]]
) -> tuple[dict[str, dict[str, Floats]], dict[str, dict[str, str]]]:
    """Return the series ``lines:i``, and their panes.

    Args:
        frame: ``result.lines``; its ``attrs["panes"]``, where a run has recorded them, say of each
            column the place of its feed and whether it is drawn beneath the price.
        steps: its times, in microseconds.
        bars: the bars of every feed.
    """
    recorded: Mapping[str, Mapping[str, Any]] = frame.attrs.get("panes", {})
    places = [_rows(steps, one["time"]) for one in bars]
    found: dict[str, dict[str, Floats]] = {}
    panes: dict[str, dict[str, str]] = {}
    for name in frame.columns:
        values = frame[name].to_numpy(np.float64)
        told = recorded.get(name)
        feed = _feed(values, bars, places) if told is None else int(told["feed"])
        if not 0 <= feed < len(bars):
            continue
        rows = places[feed]
        own = np.where(rows >= 0, values[np.maximum(rows, 0)], np.nan)
        over = _over_price(own, bars[feed], told is not None and not told["beneath"])
        key = f"lines:{feed}"
        found.setdefault(key, {"time": bars[feed]["time"]})[str(name)] = own
        panes.setdefault(key, {})[str(name)] = PRICE if over else _pane(str(name))
    return found, panes


def _rows(steps: Floats, times: Floats) -> NDArray[np.int64]:
    """Return the last step at which each bar was the newest; -1 for a bar without a step."""
    if not len(steps) or not len(times):
        return np.full(len(times), -1)
    at = np.searchsorted(steps, np.append(times[1:], np.inf), side="left") - 1
    return np.where((at >= 0) & (steps[np.maximum(at, 0)] >= times), at, -1)


def _pane(name: str) -> str:
    """Return ``MACD(12,26,9)`` for ``MACD(12,26,9).signal``: an indicator's lines share a pane."""
    head, bracket, _ = name.partition(")")
    return head + bracket


def _feed(
    values: Floats, bars: Sequence[Mapping[str, Floats]], places: Sequence[NDArray[np.int64]]
) -> int:
    """Return the feed whose prices a column follows; if none, the one with the fewest bars at
    whose times alone it changes.
    """
    if len(bars) == 1:
        return 0
    distances = []
    for one, rows in zip(bars, places, strict=True):
        own = np.where(rows >= 0, values[np.maximum(rows, 0)], np.nan)
        distances.append(_distance(own, one))
    nearest = int(np.argmin(distances))
    if distances[nearest] < _NEAR:
        return nearest
    changes = np.flatnonzero(~_equal(values[1:], values[:-1])) + 1
    fitting = [
        place for place, rows in enumerate(places) if np.isin(changes, rows, kind="table").all()
    ]
    return min(fitting, key=lambda place: len(bars[place]["time"]), default=0)


def _equal(one: Floats, other: Floats) -> NDArray[np.bool_]:
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)))


_NEAR = 0.25  # of the price: further away nothing would be seen of the candles
_CLOSE, _ALIKE = 0.15, 0.5


def _over_price(values: Floats, bars: Mapping[str, Floats], asked: bool) -> bool:
    """Return whether a column is drawn over the candles.

    *asked* says that the indicator wants it; an average of the volume wants it too, and would
    flatten the candles. Others must run with the price: a rate of change may be near it by chance.
    """
    if asked:
        return _distance(values, bars) < _NEAR
    return _distance(values, bars) < _CLOSE and _correlation(values, bars) > _ALIKE


def _correlation(values: Floats, bars: Mapping[str, Floats]) -> float:
    part = slice(None, None, max(1, len(values) // _SAMPLE))
    some, prices = values[part], bars["close"][part]
    known = np.isfinite(some) & np.isfinite(prices)
    if not (known.sum() > 1 and np.ptp(some[known]) > 0 and np.ptp(prices[known]) > 0):
        return 0.0
    return float(np.corrcoef(some[known], prices[known])[0, 1])


def _distance(values: Floats, bars: Mapping[str, Floats]) -> float:
    """Return the median distance from the close, as a share of it; infinite where unknown."""
    closes = bars.get("close")
    if closes is None:
        return np.inf
    part = slice(None, None, max(1, len(values) // _SAMPLE))
    some, prices = values[part], closes[part]
    known = np.isfinite(some) & np.isfinite(prices) & (prices != 0)
    if not known.any():
        return np.inf
    return float(np.median(np.abs(some[known] / prices[known] - 1)))
