"""What is marked on the bars of a page: fills, trades, signals, and stop and target levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from atms.report.decisions import refused
from atms.report.page.series_places import Bars, bar_at, places
from atms.report.page.series_values import Columns, Floats, Texts, Values, floats, micros, values

if TYPE_CHECKING:
    from atms.result import Result

_STOPS = ("stop", "stoplimit", "stoptrail", "stoptraillimit")


def marks(result: Result, bars: Bars) -> dict[str, Columns]:
    """Return the series fills, trades, signals and levels; columns: see ``series``."""
    fills = _fills(result, bars)
    return {
        "fills": fills,
        "trades": _trades(result, fills, bars),
        "signals": _signals(result, bars),
        "levels": _levels(result, fills),
    }


def _fills(result: Result, bars: Bars) -> dict[str, Values]:
    frame = result.fills
    times = micros(frame["ts"])
    trades = _trades_of(result.trades, times, frame["symbol"].tolist())
    feed, bar = places(result, bars, times, trades)
    found: dict[str, Values] = {"time": times, "feed": feed, "bar": bar}
    found |= {
        str(name): values(frame[name]) for name in frame.columns if name not in ("run_id", "ts")
    }
    return {**found, "trades": trades}


def _trades_of(trades: pd.DataFrame, times: Floats, symbols: Sequence[str]) -> Texts:
    """Return the trades' numbers of every fill, ``3`` or ``3;4``.

    A trade names its fills by their places. Of a live run the ledger may have rows more (a fill
    that was undone), so that what is not of the trade's symbol and time is left out.
    """
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
        feed[mine], bar[mine] = place, bar_at(bars[place]["time"], moments[mine])
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
            bar[mine] = bar_at(one["time"], times[mine])
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


def _levels(result: Result, fills: Columns) -> dict[str, Values]:
    """Return the prices of the orders that protect a position or take its profit."""
    frame = result.orders
    stop = frame["type"].isin(_STOPS).to_numpy(bool)
    target = ((frame["type"] == "limit") & frame["parent_id"].notna()).to_numpy(bool)
    prices = floats(frame["price"])
    some = (stop | target) & np.isfinite(prices)
    part = frame[some]
    return {
        "feed": _feeds_of(result, part, fills),
        "kind": np.where(stop[some], "stop", "target").tolist(),
        "price": prices[some],
        "time": micros(part["created_ts"]),
        "end": micros(part["updated_ts"]),
        "order_id": values(part["order_id"]),
    }


def _feeds_of(result: Result, orders: pd.DataFrame, fills: Columns) -> Floats:
    """Return the feeds of orders: that on which they, or what they protect, filled; if neither
    did, the first of their symbol.
    """
    filled = dict(zip(fills["order_id"], fills["feed"], strict=True))
    feeds = {(feed.venue, feed.symbol): i for i, feed in reversed([*enumerate(result.feeds)])}
    own = [values(orders[name]) for name in ("order_id", "parent_id")]
    pairs = [*zip(orders["venue"].tolist(), orders["symbol"].tolist(), strict=True)]
    return np.array(
        [
            filled.get(order, filled.get(parent, feeds.get(pair, np.nan)))
            for order, parent, pair in zip(*own, pairs, strict=True)
        ],
        dtype=np.float64,
    )
