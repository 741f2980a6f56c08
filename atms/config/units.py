"""Field types that a person writes with a unit: ``1h``, ``2%``, ``2018-01-01..2018-06-30``."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from atms.model import Timeframe, TimeRange


def _text(parse: Callable[[str], Any], kind: type, example: str) -> Any:
    """Return a pydantic type for *kind*, written as text and read by *parse*."""

    def read(value: Any) -> Any:
        if kind is not str and isinstance(value, kind):
            return value
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(f"write it as text, like {example}")
        return parse(str(value))

    return Annotated[
        kind,
        BeforeValidator(read),
        PlainSerializer(str, return_type=str),
        WithJsonSchema({"type": "string", "examples": [example]}),
    ]


def parse_fraction(value: Any) -> Any:
    """Read ``2%`` as 0.02; a plain number is a fraction already."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(Decimal(value.strip()[:-1].strip()) / 100)  # 0.35% is 0.0035, not near it
        except ArithmeticError as error:
            raise ValueError(f"{value!r} is no percentage; write 2% or 0.02") from error
    return value


def parse_timezone(name: str) -> str:
    """Check that *name* is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"{name!r} is no time zone; write an IANA name like UTC or America/New_York"
        ) from error
    return name


TimeframeField = _text(Timeframe.parse, Timeframe, "1h")
TimeRangeField = _text(TimeRange.parse, TimeRange, "2018-01-01..2018-06-30")
Fraction = Annotated[
    float,
    BeforeValidator(parse_fraction),
    WithJsonSchema({"type": ["number", "string"], "examples": ["0.1%", 0.001]}),
]
TimezoneField = _text(parse_timezone, str, "America/New_York")
