"""A market from single trades in a file: minutes made of them, and played print by print."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.errors import DataError
from atms.feeds.sources import find_source, read_file
from atms.feeds.times import read_stamps, stamp_column
from atms.sandbox.venue.config import MarketConfig
from atms.sandbox.venue.intervals import MINUTE
from atms.sandbox.venue.numbers import QUANTUM
from atms.sandbox.venue.paths import Step
from atms.sandbox.venue.tape import Tape, fineness

_MAKERS = ("is_buyer_maker", "isbuyermaker", "buyer_maker")
_QUANTITIES = ("qty", "quantity", "amount", "size", "volume")


@dataclass
class TradeTape(Tape):
    """Minutes of a symbol, each with the trades that it is made of.

    Attributes:
        heads: where the trades of each minute begin, int64, shape (n + 1,).
        times, prices_of, sizes: of the trades, milliseconds and float64, shape (m,).
        takers: whether the buyer took, bool, shape (m,).
    """

    heads: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    times: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    prices_of: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    sizes: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    takers: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))

    def steps(self, row: int) -> list[Step]:
        """Return the trades of a minute."""
        span = range(int(self.heads[row]), int(self.heads[row + 1]))
        return [
            Step(
                (int(self.times[k]) - int(self.starts[row])) / MINUTE,
                self.exact(self.prices_of[k]),
                max(QUANTUM, Decimal(f"{self.sizes[k]:.8f}")),
                bool(self.takers[k]),
            )
            for k in span
        ]


def holds_trades(source: str, name: str) -> bool:
    """Return whether a file holds trades: a price and no open.

    Raises:
        DataError: it cannot be read.
    """
    columns = {str(one).strip().lower() for one in read_file(find_source(source, name), name)}
    return "price" in columns and "open" not in columns


def read_trades(market: MarketConfig, name: str) -> TradeTape:
    """Read the trades of *market*.

    The columns are a time, price, a quantity (qty, quantity, amount, size or volume), and
    is_buyer_maker or side where the file has one; without, the side that moved the price took.

    Raises:
        DataError: they cannot be read.
    """
    assert market.source is not None
    frame = read_file(find_source(market.source, name), name)
    where = f"{name} ({market.source})"
    found = {str(one).strip().lower(): one for one in frame.columns}
    sizes = next((found[one] for one in _QUANTITIES if one in found), None)
    if sizes is None:
        raise DataError(f"{where}: has no column {', '.join(_QUANTITIES)}; name one of them so")
    stamps, _ = read_stamps(stamp_column(frame, dict(found), where), where, "UTC", 2)
    order = np.argsort(stamps, kind="stable")
    times = stamps[order] // 1000
    prices = frame[found["price"]].to_numpy(np.float64)[order]
    units = frame[sizes].to_numpy(np.float64)[order]
    bad = ~((prices > 0) & (units > 0))
    if bad.any():
        raise DataError(f"{where}: {int(bad.sum())} trades have no price or no quantity; drop them")
    starts = times // MINUTE * MINUTE
    heads = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    past = market.history if market.history is not None else len(heads) // 2
    return TradeTape(
        name, "1m", market.tick or fineness(prices), starts[heads], _minutes(prices, units, heads),
        min(past, len(heads)), np.append(heads, len(times)), times, prices, units,
        _takers(frame, found, order, prices),
    )  # fmt: skip


def _minutes(
    prices: NDArray[np.float64], units: NDArray[np.float64], heads: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return open, high, low, close and volume of each minute, shape (n, 5)."""
    tails = np.append(heads[1:], len(prices)) - 1
    return np.column_stack(
        [
            prices[heads],
            np.maximum.reduceat(prices, heads),
            np.minimum.reduceat(prices, heads),
            prices[tails],
            np.add.reduceat(units, heads),
        ]
    )


def _takers(
    frame: pd.DataFrame, found: dict[str, Any], order: NDArray[np.int64], prices: NDArray[Any]
) -> NDArray[np.bool_]:
    """Return whether the buyer took, of each trade."""
    maker = next((found[one] for one in _MAKERS if one in found), None)
    if maker is not None:
        text = frame[maker].astype(str).str.lower()
        return np.asarray(~text.isin(("true", "1")).to_numpy()[order])
    if "side" in found:
        text = frame[found["side"]].astype(str).str.lower()
        return np.asarray(text.isin(("buy", "b", "bid")).to_numpy()[order])
    moves = np.sign(np.diff(prices, prepend=prices[:1]))
    last = np.maximum.accumulate(np.where(moves != 0, np.arange(len(moves)), 0))
    return np.asarray(moves[last] >= 0)
