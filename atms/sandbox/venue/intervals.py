"""The kline intervals of the venue, and where each one starts."""

from __future__ import annotations

from datetime import UTC, datetime

MINUTE = 60_000
DAY = 86_400_000
LENGTHS = {
    "1s": 1000,
    **{f"{n}m": n * MINUTE for n in (1, 3, 5, 15, 30)},
    **{f"{n}h": n * 60 * MINUTE for n in (1, 2, 4, 6, 8, 12)},
    "1d": DAY,
    "3d": 3 * DAY,
    "1w": 7 * DAY,
    "1M": 31 * DAY,  # not its length: only to compare with others
}
_MONDAY = 4 * DAY  # 1970-01-05 was the first one


def start_of(time: int, interval: str) -> int:
    """Return the start of the interval that *time* lies in, milliseconds UTC."""
    if interval == "1M":
        moment = datetime.fromtimestamp(time / 1000, UTC)
        return round(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp() * 1000)
    length = LENGTHS[interval]
    shift = _MONDAY if interval == "1w" else 0
    return (time - shift) // length * length + shift


def end_of(start: int, interval: str) -> int:
    """Return the first millisecond after the interval that starts at *start*."""
    if interval == "1M":
        return start_of(start + 32 * DAY, interval)
    return start + LENGTHS[interval]


def name_of(length: int) -> str | None:
    """Return the interval of *length* milliseconds, if the venue has one."""
    return next((name for name, own in LENGTHS.items() if own == length and name != "1M"), None)
