"""Numbers as the venue writes them: decimal text with eight places."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

ZERO = Decimal(0)
QUANTUM = Decimal("0.00000001")


def text(value: Decimal) -> str:
    """Return *value* with eight decimal places, as the venue's replies have it."""
    return f"{value:.8f}"


def down(value: Decimal, step: Decimal = QUANTUM) -> Decimal:
    """Return *value* rounded down to a multiple of *step*."""
    return (value / step).to_integral_value(rounding=ROUND_DOWN) * step
