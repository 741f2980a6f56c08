"""What explaining costs in the loop, as a ratio in one run: python scripts/explain_benchmark.py

A strategy runs through stock's bt.Cerebro as it is, and the same with a signal and three gates
wherever its rules say something; by turns, and the median of the ratios of neighbours is printed.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time

import backtrader as bt
import numpy as np
import pandas as pd

from atms.explain import Explain
from atms.feeds.history import history_feed


class Plain(bt.Strategy):
    """Buys a close above the highest of 20 bars before, and sells one below the lowest."""

    params = dict(period=20, cooldown=5)

    def __init__(self) -> None:
        self.highest = bt.ind.Highest(self.data.high, period=self.p.period)
        self.lowest = bt.ind.Lowest(self.data.low, period=self.p.period)
        self.average = bt.ind.SMA(self.data.close, period=self.p.period)
        self.last = -self.p.cooldown
        self.said = 0

    def next(self) -> None:
        """Trade by the rules."""
        close, waited = self.data.close[0], len(self) - self.last
        if close > self.highest[-1]:
            self.said += 1
            if close > self.average[0] and waited >= self.p.cooldown and not self.position:
                self.last = len(self)
                self.buy()
        elif close < self.lowest[-1] and self.position:
            self.said += 1
            self.close()


class Explained(Explain, Plain):
    """The same, explained."""

    def next(self) -> None:
        """Trade by the rules, and say why."""
        close, waited = self.data.close[0], len(self) - self.last
        if close > self.highest[-1]:
            self.said += 1
            self.signal("long", confidence=0.5, level=self.highest[-1], close=close)
            average = self.average[0]
            if (
                self.gate("trend", close > average, close, average)
                and self.gate("cooldown", waited >= self.p.cooldown, waited, self.p.cooldown)
                and self.gate("flat", not self.position, self.position.size, 0)
            ):
                self.last = len(self)
                self.buy(reason="close above the highest", tag="breakout")
        elif close < self.lowest[-1] and self.position:
            self.said += 1
            self.signal("exit", level=self.lowest[-1], close=close)
            self.close(reason="close below the lowest")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=9)
    given = parser.parse_args()
    frame = walk(given.bars)
    pairs = [(timed(frame, Plain), timed(frame, Explained)) for _ in range(given.turns)]
    ratios = [with_notes[0] / plain[0] for plain, with_notes in pairs]
    plain, with_notes = (min(seconds for seconds, _ in each) for each in zip(*pairs, strict=True))
    strategy = pairs[0][1][1]
    said, gates = strategy.said, sum(len(note[-1]) for note in strategy.explained)
    print(f"{given.bars:,} bars, {said:,} signals ({said / given.bars:.1%}), {gates:,} gates")
    print(f"as it is     {plain:8.2f} s")
    print(f"explained    {with_notes:8.2f} s   {statistics.median(ratios) - 1:+6.2%}")


def walk(count: int) -> pd.DataFrame:
    """Return a seeded random walk of one-minute bars."""
    rng = np.random.default_rng(1)
    close = np.round(10_000 * np.exp(np.cumsum(rng.normal(0, 0.0005, count))), 2)
    open_ = np.concatenate([[10_000.0], close[:-1]])
    index = pd.date_range("2020-01-01", periods=count, freq="1min", tz="UTC", name="datetime")
    columns = {
        "open": open_, "high": np.maximum(open_, close), "low": np.minimum(open_, close),
        "close": close, "volume": np.ones(count),
    }  # fmt: skip
    return pd.DataFrame(columns, index=index)


def timed(frame: pd.DataFrame, kind: type[Plain]) -> tuple[float, Plain]:
    """Return how long a run takes of the processor, in seconds, and its strategy."""
    cerebro = bt.Cerebro()
    cerebro.adddata(history_feed(frame))
    cerebro.addstrategy(kind)
    cerebro.broker.setcash(1e6)
    gc.collect()
    start = time.process_time()
    (strategy,) = cerebro.run()
    return time.process_time() - start, strategy


if __name__ == "__main__":
    main()
