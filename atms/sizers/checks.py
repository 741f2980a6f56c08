"""What a sizer's parameters may be."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any


def above_zero(sizer: Any, *names: str) -> None:
    """ValueError if one of a sizer's parameters is no finite number above 0."""
    for name in names:
        value = getattr(sizer.p, name)
        if not (_is_number(value) and value > 0):
            raise ValueError(f"sizer {sizer.name}: {name} is {value!r}; give a number above 0")


def whole(sizer: Any, name: str, least: int) -> None:
    """ValueError if a sizer's parameter is no whole number of at least *least*."""
    value = getattr(sizer.p, name)
    if not (_is_number(value) and value == int(value) and value >= least):
        raise ValueError(
            f"sizer {sizer.name}: {name} is {value!r}; give a whole number of at least {least}"
        )


def one_of(sizer: Any, name: str, known: tuple[str, ...]) -> None:
    """ValueError if a sizer's parameter is none of the known words."""
    value = getattr(sizer.p, name)
    if value not in known:
        raise ValueError(f"sizer {sizer.name}: {name} is {value!r}; give {' or '.join(known)}")


def decimal_of(sizer: Any, name: str, *, or_zero: bool = False) -> Decimal | None:
    """Return a sizer's parameter as the decimal that it is written as; None where it is None.

    Raises:
        ValueError: it is no finite number above 0.
    """
    value = getattr(sizer.p, name)
    if value is None:
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("nan")
    if not (found.is_finite() and (found > 0 or (or_zero and found == 0))):
        raise ValueError(f"sizer {sizer.name}: {name} is {value!r}; give a number above 0")
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
