"""Fills -> round trips: entry, exit, profit, and how far each went against and for us.

A trade opens with the first fill out of nothing and closes when its size is nothing again. One
fill that reverses a position closes one trade and opens the next, and belongs to both. The
arithmetic is that of ``backtrader.Trade``, so profits equal Backtrader's to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import isclose
from typing import Any

import numpy as np
import pandas as pd

from atms.report.reasons import REVERSAL, SIGNAL, Words
from atms.report.recording import FeedRecord, FillRecord, Recording

COLUMNS = (
    "trade_id", "symbol", "side", "status", "entry_ts", "exit_ts", "size", "entry_price",
    "exit_price", "pnl", "fee", "net_pnl", "net_pnl_pct", "bars", "mae", "mfe", "mae_pct",
    "mfe_pct", "fills", "reason", "tag", "exit_reason",
)  # fmt: skip


@dataclass
class _Part:
    """A fill's share in one trade: the trade's size and average entry price after it."""

    fill_id: int
    fill: FillRecord
    size: float
    fee: float
    held: float
    average: float


@dataclass
class _Trade:
    feed: int
    parts: list[_Part] = field(default_factory=list)
    size: float = 0.0
    price: float = 0.0
    pnl: float = 0.0
    fee: float = 0.0

    def add(self, fill_id: int, fill: FillRecord, size: float, fee: float, mult: float) -> None:
        """Book *size* of a fill, as backtrader.Trade.update does."""
        self.fee += fee
        before = self.size
        self.size += size
        if abs(self.size) > abs(before):
            self.price = (before * self.price + size * fill.price) / self.size
        else:
            self.pnl += -size * (fill.price - self.price) * mult
        self.parts.append(_Part(fill_id, fill, size, fee, self.size, self.price))

    def end(self) -> None:
        """Hold nothing: sums of decimal sizes leave dust in binary."""
        self.size = self.parts[-1].held = 0.0


def trades(recording: Recording) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the trades, and the links from fills to trades.

    Trades have the columns COLUMNS: sizes in units, prices and money in the feed's currency,
    percentages as fractions of the entry value. What is open at the end has status ``open``,
    no exit, and its profit at the last close. ``reason`` and ``tag`` are the strategy's at the
    order that opened it, ``exit_reason`` that of the one that closed it, or what that was. Links
    have fill_id, trade_id, size, fee.

    MAE and MFE (most adverse and most favourable excursion) are the size held times the distance
    from the average entry price, over every price that the position surely saw; see _seen.
    """
    found = _group(recording)
    rows = [_row(number, trade, recording) for number, trade in enumerate(found, start=1)]
    links = [
        {"fill_id": part.fill_id, "trade_id": number, "size": part.size, "fee": part.fee}
        for number, trade in enumerate(found, start=1)
        for part in trade.parts
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for name in ("entry_ts", "exit_ts"):  # times also where there are none
        frame[name] = pd.to_datetime(frame[name], utc=True)
    for name in ("reason", "tag", "exit_reason"):
        frame[name] = frame[name].astype("str")
    return (
        frame,
        pd.DataFrame(links, columns=["fill_id", "trade_id", "size", "fee"]),
    )


def _group(recording: Recording) -> list[_Trade]:
    done: list[_Trade] = []
    current: dict[tuple[int, int], _Trade] = {}
    for fill_id, fill in enumerate(recording.fills, start=1):
        key = (fill.feed, fill.group)
        mult = recording.feeds[fill.feed].multiplier
        closed = (fill.closed, fill.closed_fee, fill.ends)
        for size, fee, ends in (closed, (fill.opened, fill.opened_fee, False)):
            if not size:
                continue
            trade = current.get(key)
            if trade is None or (trade.parts and not trade.size):
                trade = current[key] = _Trade(fill.feed)
                done.append(trade)
            trade.add(fill_id, fill, size, fee, mult)
            if ends:
                trade.end()
    return done


def _row(number: int, trade: _Trade, recording: Recording) -> dict[str, Any]:
    feed = recording.feeds[trade.feed]
    first, last = trade.parts[0].fill, trade.parts[-1].fill
    side = 1 if trade.parts[0].held > 0 else -1
    entries = [part for part in trade.parts if part.size * side > 0]
    exits = [part for part in trade.parts if part.size * side < 0]
    is_open = bool(trade.size)
    pnl = trade.pnl
    last_bar = last.bar
    if is_open:
        last_bar = len(feed.days) - 1
        pnl += trade.size * (feed.columns["close"][-1] - trade.price) * feed.multiplier
    net = pnl - trade.fee
    entry_price = _mean_price(entries)
    entry_value = sum(abs(part.size) for part in entries) * entry_price * feed.multiplier
    mae, mfe = _excursions(trade, feed, is_open)
    return {
        "trade_id": number,
        "symbol": feed.symbol,
        "side": "long" if side > 0 else "short",
        "status": "open" if is_open else "closed",
        "entry_ts": _time(first.stamp),
        "exit_ts": None if is_open else _time(last.stamp),
        "size": max(abs(part.held) for part in trade.parts),
        "entry_price": entry_price,
        "exit_price": None if is_open else _mean_price(exits),
        "pnl": pnl,
        "fee": trade.fee,
        "net_pnl": net,
        "net_pnl_pct": net / entry_value if entry_value else None,
        "bars": last_bar - first.bar,
        "mae": mae,
        "mfe": mfe,
        "mae_pct": mae / entry_value if entry_value else None,
        "mfe_pct": mfe / entry_value if entry_value else None,
        "fills": ";".join(str(part.fill_id) for part in trade.parts),
        **_words(first, None if is_open else last, recording),
    }


def _words(first: FillRecord, last: FillRecord | None, recording: Recording) -> dict[str, Any]:
    entry = recording.words.get(first.order_id, Words())
    exit_reason = None
    if last is not None:
        exit_reason = recording.words.get(last.order_id, Words()).exit
        if exit_reason == SIGNAL and last.opened:
            exit_reason = REVERSAL
    return {"reason": entry.reason, "tag": entry.tag, "exit_reason": exit_reason}


def _time(stamp: int) -> pd.Timestamp:
    return pd.Timestamp(stamp, unit="us", tz="UTC")


def _mean_price(parts: list[_Part]) -> float:
    if len(parts) == 1:
        return parts[0].fill.price
    size = sum(abs(part.size) for part in parts)
    return sum(abs(part.size) * part.fill.price for part in parts) / size


def _excursions(trade: _Trade, feed: FeedRecord, is_open: bool) -> tuple[float, float]:
    worst = best = 0.0
    for part, following in pairwise([*trade.parts, None]):
        if part is None or not part.held:
            break
        end = following.fill if following else None
        low, high = _seen(part.fill, end, feed)
        for price in (low, high):
            if isclose(price, part.average, rel_tol=1e-12):
                continue  # the entry's own price: what is between them is the floats'
            move = part.held * (price - part.average) * feed.multiplier
            worst, best = min(worst, move), max(best, move)
    return worst, best


def _seen(fill: FillRecord, end: FillRecord | None, feed: FeedRecord) -> tuple[float, float]:
    """Return the lowest and highest price that a size held from *fill* to *end* surely saw.

    The fill's own bar counts whole if it filled at the open, else only its close: whether the
    high came before the fill, a bar does not tell. Bars between count whole. Of the bar of the
    next fill, its open and that fill's price count, or that price alone if it was the open.
    """
    opens, highs, lows, closes = (feed.columns[name] for name in ("open", "high", "low", "close"))
    prices = [fill.price]
    last = len(feed.days) - 1 if end is None else end.bar - 1
    if end is not None:
        prices.append(end.price)
        if end.bar > fill.bar:
            prices.append(opens[end.bar])
    if last >= fill.bar:
        whole_from = fill.bar if fill.price == opens[fill.bar] else fill.bar + 1
        prices.append(closes[fill.bar])
        if last >= whole_from:
            prices.append(np.min(lows[whole_from : last + 1]))
            prices.append(np.max(highs[whole_from : last + 1]))
    return float(min(prices)), float(max(prices))
