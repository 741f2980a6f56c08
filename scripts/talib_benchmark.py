"""How long TA-Lib's indicators take here and in bt.talib, side by side on the same bars.

    python scripts/talib_benchmark.py [bars]

Each time is of the processor: the best of seven whole runs with ten of one indicator, a tenth of
what they take beyond a run without any.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from atms.indicators import talib

NAMES = ("SMA", "RSI", "MACD", "BBANDS", "STDDEV", "HT_SINE")
MODES = {"runonce": {}, "bar by bar": {"runonce": False}}
COPIES = 10
OTHERS_BARS = 2_000  # bt.talib bar by bar takes a square of it for some


def bars(count: int) -> pd.DataFrame:
    """Return a seeded random walk of minutes."""
    rng = np.random.default_rng(7)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.001, count)))
    index = pd.date_range("2024-01-01", periods=count, freq="min")
    columns = {"open": close, "high": close * 1.001, "low": close * 0.999, "close": close}
    return pd.DataFrame({**columns, "volume": 1.0}, index=index)


def seconds(frame: pd.DataFrame, indicator: Any, **modes: Any) -> float:
    """Return how long a run takes; *indicator* None: one without any."""

    class Holds(bt.Strategy):
        def __init__(self) -> None:
            if indicator is not None:
                self.held = [indicator(self.data) for _ in range(COPIES)]

    best = float("inf")
    for _ in range(7):
        cerebro = bt.Cerebro(stdstats=False, **modes)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame))
        cerebro.addstrategy(Holds)
        begun = time.process_time()
        cerebro.run()
        best = min(best, time.process_time() - begun)
    return best


def main() -> None:
    """Print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"{'':8} {'mode':10} {'bars':>7} {'ours, ms':>9} {'bt.talib':>9} {'ratio':>6}")
    for mode, flags in MODES.items():
        frame = bars(count if mode == "runonce" else min(count, OTHERS_BARS))
        empty = seconds(frame, None, **flags)
        for name in NAMES:
            ours, theirs = (
                1000 / COPIES * (seconds(frame, getattr(module, name), **flags) - empty)
                for module in (talib, bt.talib)
            )
            row = f"{name:8} {mode:10} {len(frame):7,} {ours:9.1f} {theirs:9.1f}"
            print(f"{row} {ours / theirs:6.2f}")


if __name__ == "__main__":
    main()
