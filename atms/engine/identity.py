"""Whether an object runs Backtrader's own function, or one that somebody has put in its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_NONE = object()


def function_of(thing: Any, name: str) -> Any:
    """Return the function that ``thing.name(...)`` calls, unbound; the instance's own first."""
    own = getattr(thing, "__dict__", {}).get(name, _NONE)
    if own is not _NONE:
        return own
    for kind in type(thing).__mro__:
        found = kind.__dict__.get(name, _NONE)
        if found is not _NONE:
            return found
    return None


def runs(thing: Any, owner: type, *names: str) -> bool:
    """Return whether *thing* runs the functions that *owner* has under each of *names*."""
    return overridden(thing, owner, names) is None


def overridden(thing: Any, owner: type, names: Iterable[str]) -> str | None:
    """Return the first of *names* under which *thing* does not run what *owner* has; None: all."""
    for name in names:
        if function_of(thing, name) is not _of_class(owner, name):
            return name
    return None


def _of_class(owner: type, name: str) -> Any:
    for kind in owner.__mro__:
        if name in kind.__dict__:
            return kind.__dict__[name]
    return None
