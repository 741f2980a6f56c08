"""Bars for the benchmark: seeded random walks, the same on every machine."""

from __future__ import annotations

import numpy as np
import pandas as pd

SEED = 42


def walk(bars: int, seed: int = SEED, step: str = "1min") -> pd.DataFrame:
    """Return a random walk of *bars* bars: open, high, low, close, volume; a naive index.

    A bar's open is the close before it; prices have two decimals and start at 10,000.
    """
    random = np.random.default_rng(seed)
    close = np.round(10_000 * np.exp(np.cumsum(random.normal(0, 0.0005, bars))), 2)
    open_ = np.concatenate([[10_000.0], close[:-1]])
    spread = np.round(random.uniform(0, 5, bars), 2)
    return pd.DataFrame(
        {
            "open": open_,
            "high": np.maximum(open_, close) + spread,
            "low": np.minimum(open_, close) - spread,
            "close": close,
            "volume": random.integers(1, 1000, bars).astype(float),
        },
        index=pd.date_range("2020-01-01", periods=bars, freq=step, name="datetime"),
    )


def without_some(frame: pd.DataFrame, share: float, seed: int = SEED) -> pd.DataFrame:
    """Return *frame* without a random *share* of its bars, 0 to 1; the first and the last stay."""
    keep = np.random.default_rng(seed).random(len(frame)) >= share
    keep[[0, -1]] = True
    return frame[keep]


def in_sessions(bars: int, seed: int = SEED) -> pd.DataFrame:
    """Return one-minute bars of New York's sessions, 2 % of them missing, stamped in UTC.

    Sessions are 9:30 to 16:00 from Monday to Friday, and about one day in fifty is a holiday.
    """
    a_session, kept = 390, 0.98 * 0.98
    days = pd.bdate_range("2020-01-01", periods=int(bars / a_session / kept * 1.05) + 3)
    days = days[np.random.default_rng(seed).random(len(days)) >= 0.02]
    minutes = pd.to_timedelta(np.arange(a_session) + 9 * 60 + 31, unit="min")
    stamps = (days.to_numpy()[:, None] + minutes.to_numpy()[None, :]).ravel()
    index = pd.DatetimeIndex(stamps, name="datetime").tz_localize("America/New_York")
    frame = walk(len(index), seed).set_axis(index.tz_convert("UTC").tz_localize(None))
    return without_some(frame, 0.02, seed).iloc[:bars]
