"""Reasons with measured numbers in them, brought under one heading: ``RSI … is back at 50``."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:[.,]\d+)*(?!\w)")
# Fewer may be names: ``target 1``, ``target 2``. So many are measured, another one each time.
_MEASURED = 8


def phrases(texts: Iterable[str]) -> dict[str, str]:
    """Return text -> heading: itself, or with ``…`` where many alike differ in a number."""
    alike: dict[str, dict[str, list[str]]] = {}
    for text in texts:
        alike.setdefault(_NUMBER.sub("…", text), {})[text] = _NUMBER.findall(text)
    found: dict[str, str] = {}
    for numbers in alike.values():
        heading = _heading(numbers) if len(numbers) > _MEASURED else None
        found |= {text: heading or text for text in numbers}
    return found


def _heading(numbers: dict[str, list[str]]) -> str:
    """Return the phrase of texts that differ in numbers alone; those that never do stay."""
    places = iter([set(place) for place in zip(*numbers.values(), strict=True)])

    def same(number: re.Match[str]) -> str:
        return number[0] if len(next(places)) == 1 else "…"

    return _NUMBER.sub(same, next(iter(numbers)))
