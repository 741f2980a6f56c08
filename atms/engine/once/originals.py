"""Backtrader's functions as they stand in Backtrader, whatever was put in their place since."""

from __future__ import annotations

from typing import Any


def original(owner: Any, name: str) -> Any:
    """Return a function that a class of Backtrader's defines or inherits from one.

    Where somebody had put another in its place before, an object that equals nothing: what stands
    for Backtrader's own code does not stand for his.
    """
    found = getattr(owner, name)
    return found if str(getattr(found, "__module__", "")).startswith("backtrader.") else object()
