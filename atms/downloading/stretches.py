"""Stretches of time that were asked of a venue, and the holes between them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, order=True)
class Stretch:
    """From *start* (included) to *end* (not included), aware UTC."""

    start: datetime
    end: datetime


def holes(known: Iterable[Stretch], wanted: Stretch) -> Iterator[Stretch]:
    """Yield the parts of *wanted* that no known stretch holds, the oldest first."""
    at = wanted.start
    for one in sorted(known):
        if one.end <= at:
            continue
        if one.start >= wanted.end:
            break
        if one.start > at:
            yield Stretch(at, one.start)
        at = one.end
    if at < wanted.end:
        yield Stretch(at, wanted.end)


def beginning(known: Iterable[Stretch], at: datetime) -> datetime:
    """Return where the stretch begins that ends at *at*, which goes on there; else *at*."""
    return min((one.start for one in known if one.end == at), default=at)
