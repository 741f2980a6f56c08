"""Ticks and steps, in exact decimals."""

from __future__ import annotations

from fractions import Fraction

from tests.simulation.reference.scenario import CLOSE, MARKET, Make, Step


def on_grid(number: float, grid: str) -> bool:
    """Tell whether a float is the nearest one to a multiple of a decimal step."""
    step = Fraction(grid)
    return float(round(Fraction(number) / step) * step) == number


def fits(step: Step, ask: Make, close: float) -> bool:
    """Tell whether an order made at the last *close* keeps to its instrument's rules."""
    prices = [p for p in (ask.price, ask.limit) if p is not None]
    if step.tick and not all(on_grid(price, step.tick) for price in prices):
        return False
    if step.size and not on_grid(ask.size, step.size):
        return False
    if step.min_size and ask.size < float(step.min_size):
        return False
    price = close if ask.kind in (MARKET, CLOSE) or not prices else prices[0]
    return not (step.min_notional and ask.size * price < float(step.min_notional))


def whole(size: float, step: str | None) -> float:
    """Round a part down to a multiple of the step, if there is one."""
    if size <= 0.0:
        return 0.0
    if step is None:
        return size
    return float(Fraction(size) // Fraction(step) * Fraction(step))
