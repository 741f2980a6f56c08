"""Frozen dataclasses as lines of JSON, and back: every digit, and every value of its type."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_PLAIN = (str, int, bool, type(None))  # what JSON has words for


class Codec:
    """Writes and reads records of given kinds.

    Args:
        kinds: what a line may hold; each is told by its name.
        parts: dataclasses that stand in their fields.
    """

    def __init__(self, kinds: Iterable[type[Any]], parts: Iterable[type[Any]]) -> None:
        self._kinds = {kind.__name__: kind for kind in kinds}
        self._hints = {kind: get_type_hints(kind) for kind in (*self._kinds.values(), *parts)}

    def encode(self, record: Any) -> str:
        """Return a record as one line."""
        return json.dumps({"is": type(record).__name__, **_plain(record)}, separators=(",", ":"))

    def decode(self, line: str) -> Any:
        """Return the record of a line.

        Raises:
            ValueError: it is no record of these kinds.
        """
        try:
            values = json.loads(line)
            return self._made(self._kinds[values.pop("is")], values)
        except (
            KeyError, TypeError, AttributeError, ValueError, InvalidOperation, RecursionError,
        ) as error:  # fmt: skip
            raise ValueError(f"no record of an account: {line[:80]!r}") from error

    def _made(self, kind: type[Any], values: dict[str, Any]) -> Any:
        hints = self._hints[kind]
        return kind(**{name: self._read(hints[name], value) for name, value in values.items()})

    def _read(self, hint: Any, value: Any) -> Any:
        if get_origin(hint) in (Union, UnionType):
            if value is None:
                return None
            (hint,) = (arm for arm in get_args(hint) if arm is not type(None))
        if get_origin(hint) is tuple:
            return tuple(self._read(get_args(hint)[0], item) for item in _typed(list, value))
        if get_origin(hint) is Literal:
            (kind,) = {type(word) for word in get_args(hint)}
            if _typed(kind, value) not in get_args(hint):
                raise ValueError(f"none of {get_args(hint)}: {value!r}")
            return value
        if hint in self._hints:
            return self._made(hint, _typed(dict, value))
        if hint in (str, int, bool):
            return _typed(hint, value)
        return _parsed(hint, _typed(str, value))


def _plain(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if hasattr(value, "__dataclass_fields__"):
        kind: Any = type(value)
        return {
            name: _plain(part)
            for name, default in _fields(kind)
            if (part := getattr(value, name)) != default
        }
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value) if isinstance(value, Decimal) else value


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    """Return the names of a dataclass's fields, with what they are unless they are given."""
    return tuple((field.name, field.default) for field in fields(kind))


def _typed(kind: type[Any], value: Any) -> Any:
    """Return a value that is of a kind of JSON's, and of no other: True is no number."""
    if type(value) is not kind:
        raise TypeError(f"no {kind.__name__}: {value!r}")
    return value


def _parsed(hint: Any, text: str) -> Any:
    if hint is bytes:
        return base64.b64decode(text, validate=True)
    if hint is datetime:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(f"a time without its zone: {text}")
        return moment
    made = hint(text)
    if isinstance(made, Decimal) and not made.is_finite():
        raise ValueError(f"no number: {text}")
    return made
