"""``self.sma > self.data`` in a strategy's ``next``, without Backtrader's detours.

While a run goes on, an operator on a line takes its present value; before it, it declares an
indicator. Where the operator has Backtrader's own code the value is taken directly.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from backtrader.lineroot import LineRoot

_RUNNING = 2  # Backtrader's stage of operators while bars are delivered
_BINARY = (
    "__add__", "__sub__", "__mul__", "__truediv__", "__floordiv__", "__pow__", "__lt__", "__gt__",
    "__le__", "__ge__", "__eq__", "__ne__",
)  # fmt: skip
_REVERSED = ("__radd__", "__rsub__", "__rmul__", "__rtruediv__", "__rfloordiv__", "__rpow__")


def operators(base: Any) -> dict[str, Any]:
    """Return the operators for a mirror of *base* that can be had directly."""
    body: dict[str, Any] = {}
    made = dict.fromkeys(_BINARY, _binary) | dict.fromkeys(_REVERSED, _reversed)
    for name, make in made.items():
        stock = getattr(base, name, None)
        if stock is not None and stock is getattr(LineRoot, name, None):
            body[name] = make(stock, getattr(operator, name.replace("__r", "__")))
    if base.__bool__ is LineRoot.__bool__:
        body["__bool__"] = _truth(base.__bool__)
    if "__eq__" in body:
        body["__hash__"] = base.__hash__
    return body


def _binary(stock: Any, operation: Callable[[Any, Any], Any]) -> Any:
    def apply(self: Any, other: Any) -> Any:
        if self._opstage != _RUNNING:
            return stock(self, other)
        if isinstance(other, LineRoot):
            other = other[0]
        return operation(self[0], other)

    return apply


def _reversed(stock: Any, operation: Callable[[Any, Any], Any]) -> Any:
    def apply(self: Any, other: Any) -> Any:
        if self._opstage != _RUNNING:
            return stock(self, other)
        if isinstance(other, LineRoot):
            other = other[0]
        return operation(other, self[0])

    return apply


def _truth(stock: Any) -> Any:
    def apply(self: Any) -> bool:
        if self._opstage != _RUNNING:
            found: bool = stock(self)
            return found
        return bool(self[0])

    return apply
