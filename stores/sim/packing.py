"""What the state file holds, to JSON and back: dataclasses by their own types."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Some = TypeVar("Some")


def packed(value: Any) -> Any:
    """Return a value in JSON's words: decimals, times and names of states as text."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [packed(one) for one in value]
    if is_dataclass(value):
        return {one.name: packed(getattr(value, one.name)) for one in fields(value)}
    return value


def unpacked(kind: type[Some], told: dict[str, Any]) -> Some:
    """Return a dataclass of what was packed of it.

    Raises:
        KeyError, TypeError, ValueError, ArithmeticError: it was not.
    """
    hints: dict[str, Any] = _hints(kind)  # type: ignore[arg-type]
    return kind(**{name: value_of(hints[name], value) for name, value in told.items()})


def value_of(kind: Any, told: Any) -> Any:
    """Return a packed value as the type that an annotation names."""
    origin, args = get_origin(kind), get_args(kind)
    if told is None or origin is Literal:
        return told
    if origin in (Union, types.UnionType):
        return value_of(next(one for one in args if one is not type(None)), told)
    if origin is tuple:
        each = args[:1] * len(told) if args[-1] is Ellipsis else args
        return tuple(value_of(one, part) for one, part in zip(each, told, strict=True))
    if kind is datetime:
        return datetime.fromisoformat(told)
    if is_dataclass(kind):
        return unpacked(kind, told)  # type: ignore[arg-type]
    if issubclass(kind, tuple):
        return kind(*told)
    return kind(told)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
