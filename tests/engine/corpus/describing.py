"""A case as Python spells it, without what is as usual."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any


def described(thing: Any) -> str:
    """Return *thing* as an expression; fields that have their default are left out."""
    if isinstance(thing, tuple):
        inner = ", ".join(map(described, thing))
        return f"({inner},)" if len(thing) == 1 else f"({inner})"
    if not is_dataclass(thing):
        return repr(thing)
    given = []
    for one in fields(thing):
        value = getattr(thing, one.name)
        made = one.default_factory  # a field has one or the other, or neither
        usual = made() if callable(made) else one.default
        if value != usual:
            given.append(f"{one.name}={described(value)}")
    return f"{type(thing).__name__}({', '.join(given)})"
