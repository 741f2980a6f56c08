"""Positions and trades once more, from the fills: in the arithmetic of Backtrader and the report.

What a trade's figures come to is not stored where the page can work it out to the last bit.
``atms.report.trades`` says what they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from atms.report.page.packing.known import Known
from atms.report.page.series_values import Floats

Table = Mapping[str, Floats]
_LONGEST = 20_000_000  # bars that all trades together may last: the page walks over them
OF_TRADES = ("size", "entry_price", "exit_price", "pnl", "fee", "mae", "mfe", "value", "first",
             "last")  # fmt: skip


def fills(known: Known) -> Table:
    """Return for each fill: signed (its size), held and average (size and price of the position
    after it), average_before, opened and closed (the parts of it), row (in the equity).
    """
    if "fills" not in known.kept:
        known.kept["fills"] = _positions(known)
    found: Table = known.kept["fills"]
    return found


def _positions(known: Known) -> Table:
    """Book every fill as backtrader.Position.update does."""
    sides = known.texts("fills", "side")
    names = ("signed", "held", "average", "average_before", "opened", "closed")
    rows: list[tuple[float, ...]] = []
    state: dict[float, tuple[float, float]] = {}
    columns = [known.numbers("fills", name).tolist() for name in ("feed", "size", "price")]
    for side, feed, size, price in zip(sides, *columns, strict=True):
        signed = size if side == "buy" else -size
        before, average = state.get(feed, (0.0, 0.0))
        held = before + signed
        opened, closed, after = signed, 0.0, average
        if not held:
            opened, closed, after = 0.0, signed, 0.0
        elif not before:
            after = price
        elif (before > 0) == (signed > 0):
            after = (average * before + signed * price) / held
        elif (held > 0) == (before > 0):
            opened, closed = 0.0, signed
        else:
            opened, closed, after = held, -before, price
        state[feed] = (held, after)
        rows.append((signed, held, after, average, opened, closed))
    table = np.array(rows, dtype=np.float64).reshape(-1, len(names))
    found = {name: np.ascontiguousarray(table[:, place]) for place, name in enumerate(names)}
    times = known.numbers("equity", "time")
    row = np.searchsorted(times, known.numbers("fills", "time"), side="left").astype(np.float64)
    return {**found, "row": np.where(row < len(times), row, np.nan)}


@dataclass
class _Trade:
    """A trade as it grows; see ``atms.report.trades``."""

    size: float = 0.0
    price: float = 0.0
    pnl: float = 0.0
    fee: float = 0.0
    largest: float = 0.0
    entries: list[tuple[float, float]] = field(default_factory=list)
    exits: list[tuple[float, float]] = field(default_factory=list)
    parts: list[tuple[int, float, float]] = field(default_factory=list)

    def add(self, fill: int, part: float, price: float, fee: float, multiplier: float) -> None:
        self.fee += fee
        before = self.size
        self.size += part
        if abs(self.size) > abs(before):
            self.price = (before * self.price + part * price) / self.size
        else:
            self.pnl += -part * (price - self.price) * multiplier
        long = self.parts[0][1] > 0 if self.parts else self.size > 0
        (self.entries if (part > 0) == long else self.exits).append((abs(part), price))
        self.largest = max(self.largest, abs(self.size))
        self.parts.append((fill, self.size, self.price))


def trades(known: Known) -> Table:
    """Return OF_TRADES for each trade: *value* is that of its entries, *first* and *last* are the
    rows of its first and last fill. NaN where it does not follow from the fills.
    """
    if "trades" not in known.kept:
        known.kept["trades"] = _trades(known)
    found: Table = known.kept["trades"]
    return found


def _trades(known: Known) -> Table:
    book = _Book(known)
    listed = known.texts("trades", "fills")
    rows = []
    for text in listed:
        numbers = [int(number) - 1 for number in (text or "").split(";") if number.isdigit()]
        rows.append(book.row(numbers))
    table = np.array(rows, dtype=np.float64).reshape(-1, len(OF_TRADES))
    return {name: np.ascontiguousarray(table[:, place]) for place, name in enumerate(OF_TRADES)}


class _Book:
    def __init__(self, known: Known) -> None:
        table = fills(known)
        self.opened, self.closed = table["opened"].tolist(), table["closed"].tolist()
        self.feed, self.bar, self.price, self.fee, self.multiplier = (
            known.numbers("fills", name).tolist()
            for name in ("feed", "bar", "price", "fee", "multiplier")
        )
        self.known = known
        self.begun: set[int] = set()  # fills of which the closing part belongs to a trade already
        self.walked = 0

    def row(self, numbers: list[int]) -> tuple[float, ...]:
        nothing = (np.nan,) * len(OF_TRADES)
        if not numbers or not all(0 <= number < len(self.price) for number in numbers):
            return nothing
        trade = _Trade()
        first, last = numbers[0], numbers[-1]
        multiplier = self.multiplier[first]
        for number in numbers:
            for part, fee in self._parts(number, len(numbers)):
                trade.add(number, part, self.price[number], fee, multiplier)
        feed, bar = self.feed[first], self.bar[first]
        ordered = all(self.feed[one] == feed and self.bar[one] >= bar for one in numbers)
        if not trade.parts or not feed >= 0 or not bar >= 0 or not ordered:
            return (*nothing[:8], first, last)
        pnl, gone = trade.pnl, np.nan
        if trade.size:
            close = self.known.numbers(f"bars:{int(feed)}", "close")[-1]
            pnl += trade.size * (close - trade.price) * multiplier
        elif trade.exits:
            gone = _mean(trade.exits)
        entry = _mean(trade.entries)
        value = _sum(size for size, _ in trade.entries) * entry * multiplier
        worst, best = self._excursions(trade, int(feed), multiplier)
        return (
            trade.largest, entry, gone, pnl, trade.fee, worst, best, value, first, last,
        )  # fmt: skip

    def _parts(self, number: int, count: int) -> list[tuple[float, float]]:
        """Return the parts of a fill that belong to the next trade that names it, and their fees.

        One that reverses a position ends one trade and begins the next: how its fee was split is
        not in the fills.
        """
        opened, closed, fee = self.opened[number], self.closed[number], self.fee[number]
        if not (opened and closed):
            return [(opened or closed, fee)] if opened or closed else []
        if number in self.begun:
            return [(opened, np.nan)]
        self.begun.add(number)
        return [(closed, np.nan)]

    def _excursions(self, trade: _Trade, feed: int, multiplier: float) -> tuple[float, float]:
        worst = best = 0.0
        following = [fill for fill, _, _ in trade.parts[1:]] + [-1]
        for (fill, held, average), end in zip(trade.parts, following, strict=True):
            if not held:
                break
            for price in self._seen(fill, end, feed):
                move = held * (price - average) * multiplier
                worst, best = min(worst, move), max(best, move)
        return worst, best

    def _seen(self, fill: int, end: int, feed: int) -> tuple[float, float]:
        opens, highs, lows, closes = (
            self.known.numbers(f"bars:{feed}", name) for name in ("open", "high", "low", "close")
        )
        prices = [self.price[fill]]
        bar = int(self.bar[fill])
        last = len(opens) - 1 if end < 0 else int(self.bar[end]) - 1
        if end >= 0:
            prices.append(self.price[end])
            if self.bar[end] > bar:
                prices.append(float(opens[last + 1]))
        if last >= bar:
            start = bar if prices[0] == opens[bar] else bar + 1
            prices.append(float(closes[bar]))
            self.walked += last + 1 - start
            if last >= start and self.walked < _LONGEST:
                prices.append(float(np.fmin.reduce(lows[start : last + 1])))
                prices.append(float(np.fmax.reduce(highs[start : last + 1])))
        return min(prices), max(prices)


def _mean(parts: list[tuple[float, float]]) -> float:
    if not parts:
        return np.nan
    if len(parts) == 1:
        return parts[0][1]
    return _sum(size * price for size, price in parts) / _sum(size for size, _ in parts)


def _sum(values: Iterable[float]) -> float:
    """Add one by one: Python's own sum corrects its rounding, from 3.12 on."""
    total = 0.0
    for value in values:
        total += value
    return total
