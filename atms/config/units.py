"""Field types that a person writes with a unit: ``1h``, ``2%``, ``2018-01-01..2018-06-30``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from atms.model import Timeframe, TimeRange

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s)?")


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


def parse_duration(value: Any) -> timedelta:
    """Read ``250ms`` or ``1.5s``; a number without unit is milliseconds."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError("write it as text, like 250ms or 1.5s")
    return timedelta(seconds=float(found[1]) * (1.0 if found[2] == "s" else 0.001))


def duration_text(value: timedelta) -> str:
    """Return a duration as a person writes it."""
    return f"{value.total_seconds() * 1000:g}ms"


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
DurationField = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["250ms"]}),
]
TimezoneField = _text(parse_timezone, str, "America/New_York")
