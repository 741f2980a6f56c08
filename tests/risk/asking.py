"""Short words for the gate's tests: quantities and prices as text, times in seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.risk import Ask, Exposure, Gate, Limits, Loss, Refusal, Wanted, Working

MIDNIGHT = datetime(2024, 3, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=seconds)


def wanted(qty: str, **how: Any) -> Wanted:
    prices = {key: Decimal(how.pop(key)) for key in ("limit", "trigger") if key in how}
    return Wanted(qty=Decimal(qty), **prices, **how)


def ask(*orders: str | Wanted, last: str | None = "100", seconds: float = 0, **how: Any) -> Ask:
    """Return an ask of one order, or of several as a bracket unless *link* says otherwise."""
    made = tuple(wanted(order) if isinstance(order, str) else order for order in orders)
    how.setdefault("link", "bracket" if len(made) > 1 else "single")
    return Ask(
        at=at(seconds), instrument="X", orders=made,
        last=None if last is None else Decimal(last), **how,
    )  # fmt: skip


def exposure(position: str = "0", *working: str | Working) -> Exposure:
    groups = (Working(one_of=(Decimal(w),)) if isinstance(w, str) else w for w in working)
    return Exposure(position=Decimal(position), working=tuple(groups))


def group(one_of: str = "", then: str = "", leaving: bool = False, reducing: str = "") -> Working:
    return Working(
        one_of=tuple(map(Decimal, one_of.split())),
        then=tuple(map(Decimal, then.split())),
        reducing=tuple(map(Decimal, reducing.split())),
        leaving=leaving,
    )


def gate(**limits: Any) -> Gate:
    """Return a gate; amounts as text, ``max_daily_loss`` as in a config."""
    kept: dict[str, Any] = {}
    for key, value in limits.items():
        if key == "max_daily_loss":
            kept[key] = Loss.parse(value)
        else:
            kept[key] = Decimal(value) if isinstance(value, str) else value
    return Gate(Limits(**kept))


def code(refusal: Refusal | None) -> str | None:
    return None if refusal is None else refusal.code
