"""Times as most venues write them: milliseconds since 1970, as a number or as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def moment(stamp: int | str) -> datetime:
    """Return a time of a venue's."""
    return EPOCH + int(stamp) * _MILLISECOND


def milliseconds(at: datetime) -> int:
    """Return a time as a venue writes it, what is less than a millisecond left out."""
    return (at - EPOCH) // _MILLISECOND
