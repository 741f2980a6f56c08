"""Backtrader's ``num2date`` for whole arrays: what a float day shows on the clock of a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from backtrader.utils.dateintern import _UTC
from numpy.typing import NDArray

from atms.feeds.history import Zone

DAY = 86_400_000_000
_SECOND = 1_000_000
_KNOWN = (ZoneInfo, Zone, timezone, _UTC)


def is_known_zone(zone: Any) -> bool:
    """Return whether what *zone* shows changes by rules only, at most once a day."""
    return zone is None or type(zone) in _KNOWN or type(zone).__module__.startswith("pytz")


def wall_times(days: NDArray[np.float64], zone: Any) -> NDArray[np.int64]:
    """Return what ``bt.num2date(day, zone)`` shows for each of *days*.

    Args:
        days: Backtrader's float days, shape (n,), finite, 1 or more.
        zone: a known zone; None: UTC.

    Returns:
        Microseconds on the wall's clock since the midnight that ordinal 0 would be, shape (n,).
    """
    whole = np.floor(days)
    hours, rest = _split(24.0 * (days - whole))
    minutes, rest = _split(60.0 * rest)
    seconds, rest = _split(60.0 * rest)
    micros = (1e6 * rest).astype(np.int64)
    micros[micros < 10] = 0
    clock = (hours * 60 + minutes) * 60 + seconds
    shown = whole.astype(np.int64) * DAY + clock.astype(np.int64) * _SECOND + micros
    rounded_up = np.where(micros > 999_990, _SECOND - micros, 0)
    if zone is not None:
        shown = shown + _offsets(shown, zone)
    return np.asarray(shown + rounded_up, dtype=np.int64)


def _split(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    whole = np.floor(values)
    return whole, values - whole


def _offsets(moments: NDArray[np.int64], zone: Any) -> NDArray[np.int64]:
    """Return by how much *zone* is ahead of UTC at each of *moments*, in microseconds."""
    numbers, back = np.unique(moments // DAY, return_inverse=True)
    edges = np.unique(np.concatenate([numbers, numbers + 1]))
    by_edge = {int(edge): _offset(int(edge) * DAY, zone) for edge in edges}
    first = np.array([by_edge[int(number)] for number in numbers], dtype=np.int64)
    after = np.array([by_edge[int(number) + 1] for number in numbers], dtype=np.int64)
    found = first[back]
    for place in np.flatnonzero(first != after):
        change = _change(int(numbers[place]), zone)
        late = (back == place) & (moments >= change)
        found[late] = after[place]
    return np.asarray(found, dtype=np.int64)


def _change(day: int, zone: Any) -> int:
    """Return the first second of *day* (an ordinal) at which *zone* has its new offset."""
    low, high = day * 86_400, (day + 1) * 86_400
    old = _offset(low * _SECOND, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle * _SECOND, zone) == old:
            low = middle
        else:
            high = middle
    return high * _SECOND


def _offset(moment: int, zone: Any) -> int:
    there = _utc(moment).astimezone(zone).replace(tzinfo=None)
    return (there - _utc(moment).replace(tzinfo=None)) // timedelta(microseconds=1)


def _utc(moment: int) -> datetime:
    return datetime.min.replace(tzinfo=UTC) + timedelta(microseconds=moment - DAY)
