"""Runs to be filed, and bars to be kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
from numpy.typing import NDArray

from atms.config.sections import LedgerSection
from atms.feeds.raw import RawBars
from atms.ledger import file_run
from atms.ledger.bars import Series
from atms.model import Timeframe
from atms.result import Result

HOUR = 3_600_000_000
SERIES = Series("kraken", "BTC/USD", Timeframe(1, "h"), "start")


class Busy(bt.Strategy):
    """Makes every kind of row: reversals, limits, a bracket, refusals, an open trade, cash."""

    params = dict(raise_at=0, stop_at=0, raise_on_order=0)

    def next(self) -> None:
        step, close = len(self), self.data.close[0]
        if step == self.p.raise_at:
            raise RuntimeError("enough")
        if step == self.p.stop_at:
            raise KeyboardInterrupt
        if step == 2:
            self.buy(size=0.1 + 0.2)
        elif step == 5:
            self.sell(size=1.7)  # reverses
        elif step == 8:
            self.buy(size=1e9)  # no such cash
        elif step == 10:
            self.buy(size=1, exectype=bt.Order.Limit, price=close * 0.5)
        elif step == 12:
            self.buy_bracket(size=3, exectype=bt.Order.Market,
                             stopprice=close * 0.99, limitprice=close * 1.01)  # fmt: skip
        elif step == 25:
            self.broker.add_cash(123.45)
        elif step == 30:
            self.buy(size=1, exectype=bt.Order.StopLimit, price=close * 0.9, plimit=close)
        elif step > 40 and step % 7 == 0:
            self.buy(size=1 / 3) if self.position.size < 0 else self.sell(size=2 / 3)

    def notify_order(self, order: bt.Order) -> None:
        if len(self) == self.p.raise_on_order:
            raise RuntimeError("no more orders")


def file(result: Result, url: str, folder: str | Path = "somewhere") -> bool:
    """File a run without writing its files."""
    return file_run(result, Path(folder), "0" * 64, url)


def on(result: Result, url: str) -> Result:
    """Return the same run as if its config had named *url* as its ledger."""
    config = result.config.model_copy(update={"ledger": LedgerSection(url=url)})
    return replace(result, config=config)


def bars(
    count: int, *, start: int = 0, seed: int = 1, stamp: str | None = None, **extra: Any
) -> RawBars:
    """Return *count* hourly bars of a random walk, from hour *start* of 2024 on; more columns."""
    rng = np.random.default_rng(seed)
    close = np.exp(np.cumsum(rng.normal(0, 0.01, count))) * 1.1
    columns: dict[str, NDArray[np.float64]] = {
        "open": np.append(close[:1], close[:-1]),
        "high": close * 1.01,
        "low": close * 0.99,
        "close": close,
        "volume": rng.uniform(0, 9, count),
        **{name: np.asarray(values, dtype=float) for name, values in extra.items()},
    }
    stamps = 1_704_067_200_000_000 + HOUR * np.arange(start, start + count, dtype=np.int64)
    return RawBars("bars", "bars.csv", 1, stamps, columns, Timeframe(1, "h"), stamp=stamp)
