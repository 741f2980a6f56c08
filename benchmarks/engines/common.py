"""What the engines' scripts share: the bars from a file, the signal, the clock, the answer.

It needs numpy alone, because each engine has an environment of its own.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from collections import deque
from collections.abc import Iterator

import numpy as np

FAST, SLOW = 10, 30
CASH, FEE = 100_000_000.0, 0.001


def bars() -> dict[str, np.ndarray]:
    """Return the bars' columns: datetime (nanoseconds, UTC), open, high, low, close, volume."""
    with np.load(sys.argv[1]) as columns:
        return {name: columns[name] for name in columns.files}


class Signal:
    """1 where the fast average crosses above the slow one, -1 where it crosses below, else 0.

    As Backtrader's CrossOver sees it: the sign of the last difference that was not zero counts.
    """

    def __init__(self) -> None:
        self.closes: deque[float] = deque(maxlen=SLOW)
        self.sums = {FAST: 0.0, SLOW: 0.0}
        self.sign = 0.0

    def __call__(self, close: float) -> int:
        closes = self.closes
        for period in (FAST, SLOW):
            old = closes[-period] if len(closes) >= period else 0.0
            self.sums[period] += close - old
        closes.append(close)
        if len(closes) < SLOW:
            return 0
        return self.of(self.sums[FAST] / FAST - self.sums[SLOW] / SLOW)

    def of(self, difference: float) -> int:
        """Return the signal of the next *difference* of the averages."""
        # Prices have two decimals: a difference below 1/3000 is zero and a rounding error.
        now = 0.0 if abs(difference) < 1e-5 else difference
        crossed = now * self.sign < 0
        if now:
            self.sign = now
        return int(np.sign(now)) if crossed else 0


class Clock:
    """CPU seconds of this process: user, system."""

    user = system = 0.0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Count what is spent in a ``with`` block."""
        before = resource.getrusage(resource.RUSAGE_SELF)
        try:
            yield
        finally:
            after = resource.getrusage(resource.RUSAGE_SELF)
            self.user += after.ru_utime - before.ru_utime
            self.system += after.ru_stime - before.ru_stime


def answer(version: str, clock: Clock, fills: int) -> None:
    """Print what was measured, as the last line."""
    values = {"version": version, "user": clock.user, "system": clock.system, "fills": fills}
    print(json.dumps(values), flush=True)
