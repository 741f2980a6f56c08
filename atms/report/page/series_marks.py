"""What is marked on the bars of a page: fills, trades, signals, and stop and target levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from atms.report.decisions import refused
from atms.report.page.series_values import Columns, Floats, Texts, Values, floats, micros, values

if TYPE_CHECKING:
    from atms.result import Result

Bars = Sequence[Mapping[str, Floats]]
_STOPS = ("stop", "stoplimit", "stoptrail", "stoptraillimit")


def marks(result: Result, bars: Bars) -> dict[str, Columns]:
    """Return the series fills, trades, signals and levels; columns: see ``series``."""
    fills = _fills(result, bars)
    return {
        "fills": fills,
        "trades": _trades(result, fills),
        "signals": _signals(result, bars),
        "levels": _levels(result),
    }


def _fills(result: Result, bars: Bars) -> dict[str, Values]:
    frame = result.fills
    times = micros(frame["ts"])
    feed, bar = _places(
        result, bars, times, frame["venue"], frame["symbol"], floats(frame["price"])
    )
    found: dict[str, Values] = {"time": times, "feed": feed, "bar": bar}
    found |= {
        str(name): values(frame[name]) for name in frame.columns if name not in ("run_id", "ts")
    }
    return {**found, "trades": _trades_of(result.fill_trades, len(frame))}


def _trades_of(links: pd.DataFrame, fills: int) -> Texts:
    """Return the trades' numbers of every fill, ``3`` or ``3;4``."""
    found: list[str | None] = [None] * fills
    if not {"fill_id", "trade_id"} <= set(links.columns):
        return found
    pairs = links[["fill_id", "trade_id"]].apply(pd.to_numeric, errors="coerce").dropna()
    for fill, trade in pairs.astype("int64").itertuples(index=False):
        if 0 < fill <= fills:
            before = found[fill - 1]
            found[fill - 1] = str(trade) if before is None else f"{before};{trade}"
    return found


def _trades(result: Result, fills: Columns) -> dict[str, Values]:
    frame = result.trades
    ids = [str(one).split(";") for one in frame["fills"].tolist()]
    first = _numbers_of([one[0] for one in ids])
    last = _numbers_of([one[-1] for one in ids])
    feed, entry = _picked(fills["feed"], first), _picked(fills["bar"], first)
    gone = frame["exit_ts"].isna().to_numpy()
    found: dict[str, Values] = {
        "time": micros(frame["entry_ts"]),
        "exit_time": micros(frame["exit_ts"]),
        "feed": feed,
        "entry_bar": entry,
        "exit_bar": np.where(gone, np.nan, _picked(fills["bar"], last)),
    }
    left = ("run_id", "entry_ts", "exit_ts")
    return found | {str(n): values(frame[n]) for n in frame.columns if n not in left}


def _numbers_of(texts: list[str]) -> Floats:
    return np.asarray(pd.to_numeric(pd.Series(texts, dtype="object"), errors="coerce"), np.float64)


def _picked(column: Any, numbers: Floats) -> Floats:
    """Return the values at *numbers*, which count from 1; NaN where there is none."""
    known = (numbers >= 1) & (numbers <= len(column))
    found = np.full(len(numbers), np.nan)
    found[known] = column[numbers[known].astype(np.int64) - 1]
    return found


def _signals(result: Result, bars: Bars) -> dict[str, Values]:
    frame = result.decisions
    names = {feed.name: place for place, feed in enumerate(result.feeds)}
    times = micros(frame["ts"])
    feed = np.array([names.get(name, np.nan) for name in frame["feed"].tolist()], dtype=np.float64)
    bar = np.full(len(frame), np.nan)
    for place, one in enumerate(bars):
        mine = feed == place
        if mine.any():
            bar[mine] = _bar_at(one["time"], times[mine])
    gates = refused(result.gates)
    return {
        "number": floats(frame["number"]),
        "time": times,
        "feed": feed,
        "bar": bar,
        "symbol": values(frame["symbol"], text=True),
        "signal": values(frame["signal"], text=True),
        "confidence": floats(frame["confidence"]),
        "refused": [gates.get(number) for number in frame["number"].tolist()],
    }


def _levels(result: Result) -> dict[str, Values]:
    """Return the prices of the orders that protect a position or take its profit."""
    frame = result.orders
    stop = frame["type"].isin(_STOPS).to_numpy(bool)
    target = ((frame["type"] == "limit") & frame["parent_id"].notna()).to_numpy(bool)
    prices = floats(frame["price"])
    some = (stop | target) & np.isfinite(prices)
    part = frame[some]
    feeds = {(feed.venue, feed.symbol): i for i, feed in reversed([*enumerate(result.feeds)])}
    pairs = zip(part["venue"].tolist(), part["symbol"].tolist(), strict=True)
    return {
        "feed": np.array([feeds.get(pair, np.nan) for pair in pairs], dtype=np.float64),
        "kind": np.where(stop[some], "stop", "target").tolist(),
        "price": prices[some],
        "time": micros(part["created_ts"]),
        "end": micros(part["updated_ts"]),
        "order_id": values(part["order_id"]),
    }


def _places(
    result: Result, bars: Bars, times: Floats, venues: pd.Series, symbols: pd.Series, prices: Floats
) -> tuple[Floats, Floats]:
    """Return the feed and the bar of every fill.

    Longer bars of a feed are a feed of their own with the same symbol: the first feed that has a
    bar at that very time and at that price is taken, else the first with the symbol.
    """
    feed, bar = np.full(len(times), np.nan), np.full(len(times), np.nan)
    missing = np.ones(len(times), dtype=bool)
    wanted = (venues.to_numpy(object), symbols.to_numpy(object))
    for exact in (True, False):
        for place, info in enumerate(result.feeds):
            mine = missing & (wanted[0] == info.venue) & (wanted[1] == info.symbol)
            one = bars[place]
            if not mine.any() or not len(one["time"]):
                continue
            rows = np.flatnonzero(mine)
            at = _bar_at(one["time"], times[rows])
            fits = np.isfinite(at)
            if exact:
                row = np.where(fits, at, 0).astype(np.int64)
                fits &= one["time"][row] == times[rows]
                if "low" in one and "high" in one:
                    fits &= (one["low"][row] <= prices[rows]) & (prices[rows] <= one["high"][row])
            feed[rows[fits]], bar[rows[fits]] = place, at[fits]
            missing[rows[fits]] = False
    return feed, bar


def _bar_at(times: Floats, moments: Floats) -> Floats:
    """Return the index of the last bar at or before each moment; NaN before the first."""
    at = np.searchsorted(times, moments, side="right") - 1.0
    return np.where((at >= 0) & np.isfinite(moments), at, np.nan)
