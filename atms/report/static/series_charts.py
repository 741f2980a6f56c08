"""Charts of series on paper: equity and drawdown, prices with fills, exposure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.dates import date2num
from numpy.typing import NDArray

from atms.report.figures import EQUITY, HOLD
from atms.report.static.flow import Flow
from atms.report.static.style import (
    ACCENT,
    GAIN,
    LOSS,
    QUIET,
    SMALL,
    over_time,
    quiet,
)

Columns = Mapping[str, Any]
Named = Mapping[str, Columns]
_Floats = NDArray[np.float64]
_MOST_POINTS, _MOST_CANDLES = 3000, 220


def moments(micros: object) -> _Floats:
    """Return microseconds since 1970 as matplotlib's days."""
    whole = np.asarray(micros, dtype=np.float64).astype(np.int64)
    return np.asarray(date2num(whole.astype("datetime64[us]")), dtype=np.float64)


def thinned(values: _Floats, most: int = _MOST_POINTS) -> NDArray[np.int64]:
    """Return places of at most *most* values, each stretch's lowest and highest among them."""
    count = len(values)
    if count <= most:
        return np.arange(count)
    edges = np.linspace(0, count, most // 2, endpoint=False).astype(np.int64)
    ends = np.append(edges[1:], count)
    filled = np.where(np.isnan(values), np.inf, values)
    low = [a + int(np.argmin(filled[a:b])) for a, b in zip(edges, ends, strict=True)]
    filled = np.where(np.isnan(values), -np.inf, values)
    high = [a + int(np.argmax(filled[a:b])) for a, b in zip(edges, ends, strict=True)]
    return np.unique([0, count - 1, *low, *high])


def draw_equity(flow: Flow, equities: Sequence[Columns], names: Sequence[str]) -> None:
    """Draw the equity of a run against buy and hold, or several runs rebased to 100 %."""
    several = len(equities) > 1
    axes = flow.axes(2.5)
    for columns, name in zip(equities, names, strict=True):
        value = np.asarray(columns["value"], dtype=np.float64)
        places = thinned(value)
        scale = 1 / value[0] if several and len(value) else 1.0
        more = {} if several else {"color": EQUITY}
        times = moments(columns["time"])
        axes.plot(times[places], value[places] * scale, lw=1.2, label=name, **more)
        if not several and "hold" in columns:
            hold = np.asarray(columns["hold"], dtype=np.float64)
            axes.plot(times[places], hold[places], lw=0.8, color=HOLD, label="buy and hold")
    quiet(axes, "percent" if several else "money")
    over_time(axes)
    _legend(axes)
    if not several and equities and "drawdown" in equities[0]:
        _drawdown(flow, equities[0])


def _drawdown(flow: Flow, columns: Columns) -> None:
    axes = flow.axes(1.1)
    drawdown = np.asarray(columns["drawdown"], dtype=np.float64)
    places = thinned(drawdown)
    times = moments(columns["time"])
    axes.fill_between(times[places], drawdown[places], 0, color=LOSS, alpha=0.55, lw=0)
    quiet(axes, "percent")
    axes.set_ylabel("drawdown", fontsize=SMALL, color=QUIET)
    over_time(axes)


def draw_exposure(flow: Flow, columns: Columns) -> None:
    """Draw what share of the account was in the market."""
    axes = flow.axes(1.3)
    exposure = np.asarray(columns["exposure"], dtype=np.float64)
    places = thinned(exposure)
    times = moments(columns["time"])
    axes.fill_between(times[places], exposure[places], 0, color=ACCENT, alpha=0.5, lw=0)
    quiet(axes, "percent")
    over_time(axes)


def draw_price(flow: Flow, bars: Columns, fills: Columns, feed: int, name: str) -> None:
    """Draw a feed's prices with its fills: candles while they can be told apart, else closes."""
    axes = flow.axes(2.5, title=name)
    times = moments(bars["time"])
    if len(times) <= _MOST_CANDLES:
        _candles(axes, times, bars)
    else:
        close = np.asarray(bars["close"], dtype=np.float64)
        places = thinned(close)
        axes.plot(times[places], close[places], color=HOLD, lw=0.7, label="close")
    mine = np.asarray(fills["feed"], dtype=np.float64) == feed
    side = np.asarray(fills["side"], dtype=object)
    at, price = moments(fills["time"]), np.asarray(fills["price"], dtype=np.float64)
    for word, marker, shade in (("buy", "^", GAIN), ("sell", "v", LOSS)):
        found = mine & (side == word)
        if found.any():
            axes.scatter(
                at[found], price[found], marker=marker, s=22, color=shade, zorder=3, lw=0.3,
                edgecolors="white", label=f"{word}s, {found.sum():,}",
            )  # fmt: skip
    quiet(axes, "price")
    over_time(axes)
    _legend(axes)


def _candles(axes: Any, times: _Floats, bars: Columns) -> None:
    open_, high, low, close = (
        np.asarray(bars[name], dtype=np.float64) for name in ("open", "high", "low", "close")
    )
    shades = np.where(close >= open_, GAIN, LOSS).tolist()
    width = float(np.median(np.diff(times))) * 0.6 if len(times) > 1 else 0.01
    stems = [[(t, a), (t, b)] for t, a, b in zip(times, low, high, strict=True)]
    axes.add_collection(LineCollection(stems, colors=shades, linewidths=0.6))
    axes.bar(times, close - open_, width, bottom=open_, color=shades)
    axes.autoscale_view()


def _legend(axes: Any) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.margins(y=0.16)  # room for the legend
        legend = axes.legend(loc="upper left", frameon=False, ncols=4, fontsize=SMALL)
        for text in legend.get_texts():
            text.set_parse_math(False)
