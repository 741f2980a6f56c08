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


def closing(info: Any, closed: Any, paid: Any, price: Any, shortcash: bool) -> tuple[Any, Any, Any]:
    """Return the value, the cash returned before gains, and the commission of what is closed.

    Args:
        info: of stocks.
        closed: signed as the order.
        paid: the price of the position.
        price: of the execution.
        shortcash: the broker's setting.
    """
    value = info.getvaluesize(-closed, paid) if shortcash else info.getoperationcost(closed, paid)
    cash = value
    if value > 0:
        cash /= info.p.leverage
    return value, cash, info.getcommission(closed, price)


def opening(info: Any, opened: Any, price: Any, shortcash: bool) -> tuple[Any, Any, Any]:
    """Return the value, the cash that it takes, and the commission of what is opened."""
    if shortcash:
        value = info.getvaluesize(opened, price)
    else:
        value = info.getoperationcost(opened, price)
    cash = value
    if value > 0:
        cash /= info.p.leverage
    return value, cash, info.getcommission(opened, price)
