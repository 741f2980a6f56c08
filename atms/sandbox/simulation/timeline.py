"""Everything that happened in a trial, line by line, in the order of time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from atms.execution.core.records import Started, decode

if TYPE_CHECKING:
    from atms.sandbox.simulation.adversary import _World
    from atms.sandbox.simulation.runs import World

_FIRST = datetime.min.replace(tzinfo=UTC)
_UNTOLD = frozenset({"seq", "at"})


def timeline(world: World | _World) -> list[str]:
    """Return what venues and journals hold; of runs in Cerebro, what strategies heard after it."""
    places = places_of(world)
    names = [f"{place.venue.account} " if len(places) > 1 else "" for place in places]
    streams = [_journal(*one) for one in zip(names, places, strict=True)]
    streams += [_history(*one) for one in zip(names, places, strict=True)]
    whole = [f"{at:%H:%M:%S.%f} {line}" for at, _, line in heapq.merge(*streams, key=_place)]
    lines = [line for line, _ in itertools.groupby(whole)]  # an order may be, and work, at once
    for one in getattr(world, "ran", []):
        heard = [line for line in one.diary.lines if line.split(" ", 2)[1] != "bar"]
        lines += [f"process {one.diary.life}, {one.how}", *(f"  {line}" for line in heard)]
    return lines


def places_of(world: World | _World) -> Sequence[Any]:
    """Return what has a journal and a venue: the driver core's world itself."""
    return getattr(world, "places", [world])


def _place(one: tuple[datetime, int, str]) -> tuple[datetime, int]:
    return one[:2]  # what we write down stands before what it brings about


def _journal(name: str, place: Any) -> Iterator[tuple[datetime, int, str]]:
    """Yield a journal's entries; what has no time of its own came with the one before it."""
    last = _FIRST
    for line in place.journal.lines:
        record = decode(line)
        last = max(last, getattr(record, "at", last))
        mark = "---- " if isinstance(record, Started) else "  we   "
        yield last, 0, f"{mark}{name}{_words(record)}"


def _history(name: str, place: Any) -> Iterator[tuple[datetime, int, str]]:
    for record in place.venue.history:
        yield record.at, 1, f"venue  {name}{_words(record)}"


def _words(record: Any) -> str:
    """Return a record's name, and what it holds but for what it need not have."""
    held = [
        f"{each.name}={_said(getattr(record, each.name))}"
        for each in fields(record)
        if each.name not in _UNTOLD and getattr(record, each.name) not in (each.default, b"")
    ]
    return f"{type(record).__name__}({', '.join(held)})"


def _said(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str | Decimal):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_said, value))}]"
    return _words(value) if is_dataclass(value) else repr(value)
