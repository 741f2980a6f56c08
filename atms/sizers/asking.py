"""What a sizer asks the strategy: the price of the stop, and how sure it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def method_of(sizer: Any, method: str, what: str, way_out: str = "") -> Callable[[Any], float]:
    """Return a strategy's method; ValueError if it has none.

    Args:
        sizer: who asks.
        method: its name; it takes a data.
        what: what it returns.
        way_out: what else could be done.
    """
    found = getattr(sizer.strategy, method, None)
    if not callable(found):
        raise ValueError(
            f"sizer {sizer.name}: {type(sizer.strategy).__name__} has no {method}(data), {what}: "
            f"add it to the strategy, or {way_out or 'choose another sizer'}"
        )
    return found  # type: ignore[no-any-return]
