"""Runs that keep what indicators were worth at every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

import atms

SAMPLES = Path(atms.__file__).parent / "samples"
Made = Callable[[Any], Mapping[str, Any]]


def spy(count: int) -> pd.DataFrame:
    """Return the first daily bars of SPY, bundled."""
    frame = pd.read_csv(SAMPLES / "SPY_1d.csv", index_col=0, parse_dates=True)[:count]
    return frame.tz_localize(None)


def bitcoin(count: int) -> pd.DataFrame:
    """Return the first hourly bars of BTC/USD, bundled."""
    frame = pd.read_parquet(SAMPLES / "BTCUSD_1h.parquet").set_index("datetime")[:count]
    return frame.tz_localize(None)


class Watched(bt.Strategy):
    """Keeps what every indicator is worth at every step, before its period too."""

    params = dict(make=None)

    def __init__(self) -> None:
        self.made = self.p.make(self)
        self.seen: dict[str, list[list[float]]] = {name: [] for name in self.made}
        self.first = 0  # the step of the first next
        self.steps = 0

    def prenext(self) -> None:
        self.steps += 1
        for name, one in self.made.items():
            row = [line[0] if len(line) else np.nan for line in one.lines]
            self.seen[name].append(row)

    def next(self) -> None:
        self.first = self.first or self.steps + 1
        self.prenext()

    def values(self, name: str) -> np.ndarray:
        """Return an indicator's values, shape (steps, lines)."""
        return np.array(self.seen[name])


def watch(
    make: Made,
    *frames: pd.DataFrame,
    equip: Callable[[bt.Cerebro], None] = lambda cerebro: None,
    **modes: Any,
) -> Watched:
    """Run indicators over daily frames; *make* gets the strategy and returns them by name."""
    cerebro = bt.Cerebro(stdstats=False, **modes)
    for frame in frames:
        cerebro.adddata(bt.feeds.PandasData(dataname=frame))
    equip(cerebro)
    cerebro.addstrategy(Watched, make=make)
    found: Watched = cerebro.run()[0]
    return found


def different(one: Watched, other: Watched) -> list[str]:
    """Return the indicators that are not the same to the last bit in both runs."""
    assert one.made.keys() == other.made.keys()
    return [
        name
        for name in one.made
        if not np.array_equal(one.values(name), other.values(name), equal_nan=True)
    ]
