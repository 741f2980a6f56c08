"""Column types that give back what was put in, on every database.

PostgreSQL keeps decimals and times itself. SQLite has neither: SQLAlchemy's Numeric goes through
float there and loses digits, so decimals are kept as text and times as microseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from numbers import Integral
from typing import Any

from sqlalchemy import BigInteger, DateTime, Numeric, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Exact(TypeDecorator[Decimal]):
    """A Decimal, or a float taken at its shortest exact text; comes back as an equal Decimal."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return NUMERIC without bounds, or text on SQLite."""
        kind = Text() if dialect.name == "sqlite" else Numeric(asdecimal=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Turn numbers into what the database keeps."""
        if value is None:
            return None
        number = exact_decimal(value)
        return str(number) if dialect.name == "sqlite" else number

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return the Decimal."""
        return None if value is None else Decimal(value)


class Moment(TypeDecorator[datetime]):
    """An aware datetime to the microsecond; comes back in UTC."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return timestamptz, or an integer on SQLite."""
        kind = BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn a time into what the database keeps; ValueError without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        if dialect.name != "sqlite":
            return value.astimezone(UTC)  # an offset with odd seconds has no SQL form
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the aware time."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return _EPOCH + timedelta(microseconds=value)


def exact_decimal(value: Any) -> Decimal:
    """Return a number as the Decimal that it is; a float at its shortest text that reads equal.

    Raises:
        ValueError: it is not finite: absent is NULL.
    """
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, Integral):
        number = Decimal(int(value))
    else:
        number = Decimal(repr(float(value)))
    if not number.is_finite():
        raise ValueError(f"{number}: infinity and NaN cannot be kept: absent is NULL")
    return number


def moment(micros: int) -> datetime:
    """Return the aware UTC datetime that *micros* since 1970 are."""
    return _EPOCH + timedelta(microseconds=int(micros))
