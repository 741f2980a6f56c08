"""Kraken's numbers: text over REST, JSON numbers over the websocket, and times of three kinds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CERTAIN = 15  # digits that a float always carries there and back


def number(value: Any) -> Decimal:
    """Return a number as the venue wrote it, as far as a float has kept it."""
    return Decimal(repr(value) if isinstance(value, float) else str(value))


def exact(value: Any) -> Decimal:
    """Return a number of the books.

    Raises:
        ValueError: it has more digits than a float carries; the log tells it as text.
    """
    found = number(value)
    if isinstance(value, float) and len(found.as_tuple().digits) > _CERTAIN:
        raise ValueError(f"{value!r}: more digits than a float carries")
    return found


def plain(value: Decimal) -> str:
    """Return a number as the venue reads it: no exponent, no zeros behind."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def micros(seconds: Any) -> int:
    """Return a time of REST, seconds with a fraction, in whole microseconds."""
    return int((number(seconds) * 1_000_000).to_integral_value())


def moment(microseconds: int) -> datetime:
    """Return a time."""
    return EPOCH + microseconds * _MICROSECOND


def micros_of(when: datetime) -> int:
    """Return whole microseconds since 1970."""
    return (when - EPOCH) // _MICROSECOND


def at(seconds: Any) -> datetime:
    """Return a time of REST."""
    return moment(micros(seconds))


def instant(text: str) -> datetime:
    """Return a time of the websocket: RFC 3339, with up to nine digits of a second."""
    head, dot, rest = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{head}{dot}{rest[:6]}").replace(tzinfo=UTC)


def seconds(when: datetime) -> int:
    """Return whole seconds since 1970."""
    return (when - EPOCH) // timedelta(seconds=1)
