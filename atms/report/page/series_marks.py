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
        "trades": _trades(result, fills, bars),
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
    return {**found, "trades": _trades_of(result.trades, found)}


def _trades_of(trades: pd.DataFrame, fills: Columns) -> Texts:
    """Return the trades' numbers of every fill, ``3`` or ``3;4``.

    A trade names its fills by their places. Of a live run the ledger may have rows more (a fill
    that was undone), so that what is not of the trade's symbol and time is left out.
    """
    times, symbols = fills["time"], fills["symbol"]
    found: list[str | None] = [None] * len(times)
    columns = [micros(trades["entry_ts"]).tolist(), micros(trades["exit_ts"]).tolist()]
    columns += [trades[name].tolist() for name in ("trade_id", "symbol", "fills")]
    for start, end, number, symbol, listed in zip(*columns, strict=True):
        for text in str(listed).split(";"):
            place = int(text) - 1 if text.isdigit() else -1
            if not 0 <= place < len(found) or symbols[place] != symbol:
                continue
            if start <= times[place] and not times[place] > end:
                before = found[place]
                found[place] = str(number) if before is None else f"{before};{number}"
    return found


def _trades(result: Result, fills: Columns, bars: Bars) -> dict[str, Values]:
    frame = result.trades
    ids = [str(one).split(";") for one in frame["fills"].tolist()]
    entry, leave = micros(frame["entry_ts"]), micros(frame["exit_ts"])
    feed, first = _at_fill(result, fills, bars, _numbers_of([one[0] for one in ids]), entry)
    _, last = _at_fill(result, fills, bars, _numbers_of([one[-1] for one in ids]), leave)
    found: dict[str, Values] = {
        "time": entry,
        "exit_time": leave,
        "feed": feed,
        "entry_bar": first,
        "exit_bar": last,
    }
    left = ("run_id", "entry_ts", "exit_ts")
    return found | {str(n): values(frame[n]) for n in frame.columns if n not in left}


def _at_fill(
    result: Result, fills: Columns, bars: Bars, numbers: Floats, moments: Floats
) -> tuple[Floats, Floats]:
    """Return the feeds and bars of trades' fills; by symbol and time where they are not theirs."""
    feed, bar = _picked(fills["feed"], numbers), _picked(fills["bar"], numbers)
    strange = ~(_picked(fills["time"], numbers) == moments) | np.isnan(feed)
    symbols = result.trades["symbol"].to_numpy(object)
    feed[strange] = bar[strange] = np.nan
    for place, info in reversed([*enumerate(result.feeds)]):
        mine = strange & (symbols == info.symbol)
        feed[mine], bar[mine] = place, _bar_at(bars[place]["time"], moments[mine])
    return feed, bar


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
