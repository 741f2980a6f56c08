"""Runs to be filed, and bars to be kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

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
