"""What is imported and run while it is killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from tests.kills.truth import Bars

BARS = 9_000
CHUNK = 3_000
CONFIG = """\
data:
  feeds:
    - {source: hours.csv, symbol: X/Y, venue: v}
strategy: busy.py:Busy
broker: {cash: 100000, commission: 0.001}
report: {picture: false, html: false}
"""
# Makes rows in every table of a run: a reversal, a bracket, a refusal, an open trade, a deposit.
STRATEGY = """\
import backtrader as bt


class Busy(bt.Strategy):
    def next(self):
        step, close = len(self), self.data.close[0]
        if step == 2:
            self.buy(size=0.1 + 0.2)
        elif step == 5:
            self.sell(size=1.7)
        elif step == 8:
            self.buy(size=1e9)
        elif step == 12:
            self.buy_bracket(size=3, exectype=bt.Order.Market,
                             stopprice=close * 0.99, limitprice=close * 1.01)
        elif step == 25:
            self.broker.add_cash(123.45)
        elif step > 40 and step % 3 == 0:
            self.buy(size=1 / 3) if self.position.size < 0 else self.sell(size=2 / 3)
"""
BACKTEST = ("backtest", "-c", "busy.yaml")


def write_run(frame: Callable[..., pd.DataFrame]) -> None:
    """Write a config, its strategy and its bars."""
    frame(600, start="2024-01-01 12:00:00.123457").to_csv("hours.csv")
    Path("busy.py").write_text(STRATEGY)
    Path("busy.yaml").write_text(CONFIG)


def write_bars(frame: Callable[..., pd.DataFrame]) -> dict[str, Bars]:
    """Write two files of bars; return name -> what is in it.

    One goes to PostgreSQL as binary, with a volume and without; the other, because of its further
    column, as text.
    """
    plain = frame(BARS, step="1min")
    plain.loc[plain.index[::7], "volume"] = np.nan
    further = frame(BARS, seed=8, step="1min").assign(spread=np.arange(BARS) / 7)
    made = {"plain.csv": plain, "further.csv": further}
    for name, bars in made.items():
        bars.to_csv(name)
    return {name: Bars(bars) for name, bars in made.items()}


def import_of(number: int) -> tuple[str, str, tuple[str, ...]]:
    """Return the file, the symbol and the command line of the import of that number."""
    name, symbol = ("plain.csv", "further.csv")[number % 2], f"K{number}"
    return name, symbol, ("data", "import", name, "--venue", "v", "--symbol", symbol)
