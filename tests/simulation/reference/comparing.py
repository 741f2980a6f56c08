"""The first difference between two outcomes of one scenario."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

from tests.simulation.reference.scenario import Fill, Outcome

TOLERANCE = 1e-9


def first_difference(expected: Outcome, actual: Outcome, *, stock: bool = False) -> str | None:
    """Tell where *actual* first departs, or None; a *stock* broker tells no makers."""
    for number in sorted(expected.statuses.keys() | actual.statuses.keys()):
        ours, theirs = expected.fills.get(number, []), actual.fills.get(number, [])
        for index in range(max(len(ours), len(theirs))):
            if index >= len(ours) or index >= len(theirs):
                return f"order {number}: {len(ours)} fills expected, {len(theirs)} made: {theirs}"
            told = _between_fills(ours[index], theirs[index], stock)
            if told:
                return f"order {number}, fill {index}: {told}"
        if expected.statuses.get(number) != actual.statuses.get(number):
            pair = expected.statuses.get(number), actual.statuses.get(number)
            return f"order {number}: status {pair[0]} expected, is {pair[1]}"
    for key in sorted(expected.charges.keys() | actual.charges.keys(), key=str):
        pair_of = expected.charges.get(key, 0.0), actual.charges.get(key, 0.0)
        if not _near(*pair_of):
            return f"charge {key}: {pair_of[0]!r} expected, is {pair_of[1]!r}"
    for name in ("cash", "value"):
        one, other = getattr(expected, name), getattr(actual, name)
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            if not _near(a, b, 1.0):
                return f"{name} of round {index}: {a!r} expected, is {b!r}"
    return None


def _between_fills(ours: Fill, theirs: Fill, stock: bool) -> str | None:
    for spec in fields(Fill):
        a, b = getattr(ours, spec.name), getattr(theirs, spec.name)
        if not (stock and spec.name == "maker") and not _same(a, b):
            return f"{spec.name} {a!r} expected, is {b!r}"
    return None


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, bool):
        return a == b
    if isinstance(a, float | int):
        return _near(a, b, 0.01)
    return bool(abs(a - b) < timedelta(milliseconds=1))


def _near(a: float, b: float, floor: float = 0.01) -> bool:
    """Tell agreement to 1e-9 relative; *floor* stands for the rounding of a sum around zero."""
    return abs(a - b) <= TOLERANCE * max(abs(a), abs(b)) + TOLERANCE * floor
