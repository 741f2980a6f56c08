"""Feeds and their resampled clones, made from a seed."""

from __future__ import annotations

import datetime
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytz

from atms.feeds.bars import Bars
from atms.feeds.history import HistoryFeed, Zone
from atms.model import Timeframe

T = bt.TimeFrame
_UNITS = {
    "1min": (T.Minutes, 1),
    "5min": (T.Minutes, 5),
    "15min": (T.Minutes, 15),
    "1h": (T.Minutes, 60),
    "30s": (T.Seconds, 30),
    "1s": (T.Seconds, 1),
    "1D": (T.Days, 1),
}
_STARTS = (
    "2024-01-02 09:31",
    "2024-03-09 20:03",
    "2024-03-30 22:00",
    "2024-10-26 12:17",
    "2024-11-02 21:45:30",
    "2023-12-30 00:00",
    "2024-02-28 23:59",
)
_ZONES = (
    Zone("Europe/Berlin"),
    Zone("America/New_York"),
    pytz.timezone("Asia/Kolkata"),
    pytz.timezone("America/New_York"),
    pytz.timezone("Australia/Lord_Howe"),
)


def frame(stamps: Any, seed: int = 1) -> pd.DataFrame:
    """Return a random walk with a bar at each of *stamps*."""
    rng, n = np.random.default_rng(seed), len(stamps)
    close = 100 + rng.normal(0, 0.1, n).cumsum()
    opened = close + rng.normal(0, 0.05, n)
    columns = {
        "open": opened,
        "high": np.maximum(opened, close) + abs(rng.normal(0, 0.05, n)),
        "low": np.minimum(opened, close) - abs(rng.normal(0, 0.05, n)),
        "close": close,
        "volume": rng.random(n) * 1000,
    }
    return pd.DataFrame(columns, index=pd.DatetimeIndex(stamps))


def add_case(cerebro: Any, seed: int, *, most: int = 300, resampled: bool = True) -> None:
    """Add feeds and resampled clones to *cerebro*; the same for the same *seed*.

    Args:
        most: bars a feed.
        resampled: whether there are clones.
    """
    rng = np.random.default_rng(seed)
    feeds = 1 if rng.random() < 0.55 else int(rng.integers(2, 4))
    start, zone = str(rng.choice(_STARTS)), _ZONES[rng.integers(len(_ZONES))]
    zoned = rng.random() < 0.5
    own = seed % 4 == 3  # feeds that resample their own bars
    for number in range(feeds):
        stamps, unit = _stamps(rng, start, most)
        options = _options(rng, stamps, unit)
        if zoned and rng.random() < 0.9 and "calendar" not in options:  # it looks for years
            options["tz"] = zone if rng.random() < 0.9 else _ZONES[rng.integers(len(_ZONES))]
        feed = _feed(rng, _odd(rng, frame(stamps, seed + number)), options)
        if own and resampled and (number or rng.random() < 0.6):
            cerebro.resampledata(feed, name=f"own{number}", **_target(rng))
            continue
        cerebro.adddata(feed, name=f"base{number}")
        clones = rng.integers(1, 4) if number == 0 else rng.integers(0, 3)
        for _ in range(int(clones) if resampled else 0):
            cerebro.resampledata(feed, **_target(rng))


def _stamps(rng: Any, start: str, most: int) -> tuple[pd.DatetimeIndex, str]:
    unit = str(rng.choice(["1min", "1min", "1min", *_UNITS]))
    count = int(rng.integers(1, most if unit != "1D" else 100))
    first = pd.Timestamp(start).normalize() if unit == "1D" else pd.Timestamp(start)
    stamps = pd.date_range(first, periods=count * 3, freq=unit)
    kept = np.ones(len(stamps), dtype=bool)
    shape = rng.integers(5)
    if shape in (1, 2):
        kept = rng.random(len(stamps)) > (0.05, 0.6)[shape - 1]
    elif shape == 3 and unit != "1D":
        opens = int(rng.integers(0, 1200))
        clock = stamps.hour * 60 + stamps.minute
        kept = np.asarray((clock >= opens) & (clock <= opens + int(rng.integers(30, 240))))
    elif shape == 4:
        for gap in rng.integers(0, len(stamps), 4):
            kept[gap : gap + int(rng.integers(1, 200))] = False
    stamps = stamps[kept][:count]
    if rng.random() < 0.1:
        stamps = stamps + pd.Timedelta(seconds=int(rng.integers(1, 59)))
    if rng.random() < 0.05:
        stamps = stamps + pd.Timedelta(microseconds=int(rng.integers(1, 999_999)))
    return (stamps if len(stamps) else pd.DatetimeIndex([first])), unit


def _options(rng: Any, stamps: pd.DatetimeIndex, unit: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if rng.random() < 0.8:
        options["timeframe"], options["compression"] = _UNITS[unit]
    if rng.random() < 0.3:
        options["sessionend"] = datetime.time(int(rng.integers(24)), int(rng.choice([0, 15, 17])))
    if rng.random() < 0.1:
        options["fromdate"] = stamps[len(stamps) // 5].to_pydatetime()
    if rng.random() < 0.1:
        options["todate"] = stamps[-1 - len(stamps) // 7].to_pydatetime()
    if rng.random() < 0.05:
        holidays = [datetime.datetime(2024, 1, 3)]
        options["calendar"] = bt.TradingCalendar(holidays=holidays)
    return options


def _odd(rng: Any, bars: pd.DataFrame) -> pd.DataFrame:
    if rng.random() < 0.3:
        bars["volume"] = np.floor(bars["volume"])
    if rng.random() < 0.15:
        bars["openinterest"] = rng.random(len(bars))
    if rng.random() < 0.12:
        column = str(rng.choice(bars.columns))
        bars.loc[bars.index[rng.random(len(bars)) < 0.2], column] = np.nan
    if rng.random() < 0.05:
        prices = ["open", "high", "low", "close"]
        bars[prices] = bars[prices] * 0.0 * rng.choice([-1, 1], size=(len(bars), 1))
    return bars


def _feed(rng: Any, bars: pd.DataFrame, options: dict[str, Any]) -> Any:
    if rng.random() < 0.6:
        return bt.feeds.PandasData(dataname=bars, **options)
    stamps = np.asarray(bars.index.as_unit("us").asi8, dtype=np.int64)
    columns = {name: bars[name].to_numpy(dtype=np.float64) for name in bars.columns}
    ends = bool(rng.random() < 0.5)
    made = Bars("bars", stamps, stamps, columns, Timeframe(1, "m"), ends=ends)
    return HistoryFeed(bars=made, **options)


def _target(rng: Any) -> dict[str, Any]:
    kind = rng.integers(12)
    if kind < 6:
        target = (T.Minutes, int(rng.choice([1, 2, 5, 7, 15, 60, 60, 240])))
    elif kind == 6:
        target = (T.Seconds, int(rng.choice([1, 30, 45, 300])))
    elif kind < 9:
        target = (T.Days, int(rng.choice([1, 1, 1, 2, 5])))
    else:
        target = ((T.Weeks, T.Months, T.Years)[kind - 9], int(rng.choice([1, 1, 2])))
    options: dict[str, Any] = {"timeframe": target[0], "compression": target[1]}
    for name, share in (("bar2edge", 0.12), ("rightedge", 0.15), ("adjbartime", 0.15)):
        if rng.random() < share:
            options[name] = False
    if rng.random() < 0.12:
        options["boundoff"] = int(rng.integers(-3, 8))
    if rng.random() < 0.1:
        options["takelate"] = False
    return options
