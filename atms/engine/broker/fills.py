"""Executions: Backtrader's arithmetic, in its order, on plain numbers."""

from __future__ import annotations

from typing import Any


def split(held: Any, size: Any) -> tuple[Any, Any, Any]:
    """Return the new position, and what of *size* opens and what closes."""
    new = held + size
    if not new:
        return new, 0, size
    if not held:
        return new, size, 0
    if held > 0:
        if size > 0:
            return new, size, 0
        return (new, 0, size) if new > 0 else (new, new, -held)
    if size < 0:
        return new, size, 0
    return (new, 0, size) if new < 0 else (new, new, -held)


def priced(held: Any, price: Any, size: Any, at: Any, new: Any) -> Any:
    """Return the price of a position of *held* at *price* after *size* more at *at*."""
    if not new:
        return 0.0
    if not held:
        return at
    if held > 0:
        if size > 0:
            return (price * held + size * at) / new
        return price if new > 0 else at
    if size < 0:
        return (price * held + size * at) / new
    return price if new < 0 else at
