"""One script under Backtrader's Cerebro and under ours: what each of them saw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from atms.engine import Cerebro

Build = Callable[[Any], Any]


def bars(n: int = 60, seed: int = 1, minutes: int = 1, drop: float = 0.0) -> pd.DataFrame:
    """Return a random walk; *drop* is the share of bars that are missing."""
    rng = np.random.default_rng(seed)
    close = 100 + np.cumsum(rng.normal(0, 0.5, n))
    opened = np.r_[close[0], close[:-1]]
    frame = pd.DataFrame(
        {
            "open": opened,
            "high": np.maximum(opened, close) + 0.2,
            "low": np.minimum(opened, close) - 0.2,
            "close": close,
            "volume": rng.integers(1, 100, n).astype(float),
        },
        index=pd.date_range("2024-01-01", periods=n, freq=f"{minutes}min"),
    )
    return frame[rng.random(n) >= drop] if drop else frame


def pandas_feed(frame: pd.DataFrame, **params: Any) -> bt.feeds.PandasData:
    """Return Backtrader's own feed of *frame*."""
    return bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes, **params)


def run(kind: type, build: Build, **params: Any) -> tuple[list[Any], Any]:
    """Return what a script logged, and its Cerebro; *build* puts it in and returns the log."""
    cerebro = kind(**{"stdstats": False, **params})
    log: list[Any] = build(cerebro)
    try:
        cerebro.run()
    except Exception as error:  # noqa: BLE001 - what a script raises is part of the result
        log.append((type(error).__name__, str(error)))
    log.append(("end", cerebro.broker.getcash(), cerebro.broker.getvalue()))
    for data in cerebro.datas:
        log.append([(line.array.tolist(), line.idx, len(line)) for line in data.lines.lines])
    return log, cerebro


def same(build: Build, **params: Any) -> Any:
    """Run under both, compare to the bit, and return our Cerebro."""
    stock, _ = run(bt.Cerebro, build, **params)
    ours, cerebro = run(Cerebro, build, **params)
    for number, (one, other) in enumerate(zip(stock, ours, strict=False)):
        assert repr(one) == repr(other), f"entry {number}"
    assert len(stock) == len(ours)
    return cerebro
