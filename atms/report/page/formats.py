"""Values as a person reads them: the terminal's formats, the same as assets/format.js writes."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.report.page.blocks import Kind

NONE = "–"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def plain(value: Any) -> Any:
    """Return *value* as JSON can say it: numpy's scalars as Python's, NaN as None.

    Infinity becomes the string ``Infinity``: JSON has no word for it, and it is not undefined.
    """
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def exact(value: Any) -> str:
    """Return a number so that it reads back equal; nothing for what is no number."""
    value = plain(value)
    if value in ("Infinity", "-Infinity"):
        return str(value)
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def formatted(value: Any, kind: Kind, unit: str = "") -> str:
    """Return *value* as text; a dash where there is none.

    Args:
        kind: as in Column: percent is a fraction, time is microseconds since 1970 UTC.
        unit: of money, behind the amount; empty where a heading says it already.
    """
    value = plain(value)
    if value is None or value == "":
        return NONE
    if isinstance(value, str | bool) or kind == "text":
        return {"Infinity": "∞", "-Infinity": "−∞"}.get(value, _text(value))
    return _NUMBERS[kind](value) + (f" {unit}" if unit and kind in ("money", "price") else "")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _moment(micros: float) -> str:
    try:
        moment = _EPOCH + timedelta(microseconds=int(micros))
    except OverflowError:
        return NONE
    if moment.microsecond:
        return f"{moment:%Y-%m-%d %H:%M:%S.%f}"
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else f"{moment:%Y-%m-%d %H:%M}"


def _days(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:,.1f}"


def _price(value: float) -> str:
    """Return every digit: a price is compared with the ledger's."""
    return f"{int(value):,}" if value == int(value) else f"{Decimal(repr(value)):,f}"


_NUMBERS = {
    "number": lambda value: f"{value:,.3f}",
    "count": lambda value: f"{value:,.0f}",
    "money": lambda value: f"{value:,.2f}",
    "price": _price,
    "percent": lambda value: f"{value:.2%}",
    "time": _moment,
    "days": _days,
}
