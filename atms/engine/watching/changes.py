"""A broker that says so before cash comes from elsewhere than its orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_METHODS = ("add_cash", "set_cash", "setcash")
BEFORE = "_before_cash"  # a broker's lane calls this before its cash is written by somebody else


class CashChanges:
    """Calls somebody before cash is added to an account or set.

    Args:
        broker: whose methods are stood in for, at this one object.
        warn: is called before they are.
    """

    def __init__(self, broker: Any, warn: Callable[[], None]) -> None:
        self._broker = broker
        self._put: dict[str, Any] = {BEFORE: warn}
        broker.__dict__[BEFORE] = warn
        for name in _METHODS:
            if hasattr(broker, name):
                own = getattr(broker, name)
                self._put[name] = broker.__dict__[name] = _warned(own, warn)

    def end(self) -> None:
        """Take it back."""
        for name, put in self._put.items():
            if self._broker.__dict__.get(name) is put:
                del self._broker.__dict__[name]
        self._put.clear()


def _warned(own: Callable[..., Any], warn: Callable[[], None]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        warn()
        return own(*args, **kwargs)

    return call
