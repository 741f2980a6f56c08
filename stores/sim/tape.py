"""The latest bars of one instrument: what impact, closes and orders on the close look back at."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from atms.simulation.costs import Impact
from atms.stores.market import Bar


class Seen(NamedTuple):
    """Of one bar."""

    close_at: datetime
    close: float
    volume: float


class Tape:
    """Final bars in the order of time, as many as are looked back at.

    Attributes:
        keeps: how many.
    """

    def __init__(self, keeps: int) -> None:
        self.bars: list[Seen] = []
        self.keeps = keeps

    @property
    def close(self) -> float | None:
        """The last close; None: no bar was seen."""
        return self.bars[-1].close if self.bars else None

    @property
    def end(self) -> datetime | None:
        """The end of the newest bar."""
        return self.bars[-1].close_at if self.bars else None

    def note(self, bar: Bar) -> None:
        """Take a bar in; history may come after what is newer, and twice."""
        place = bisect_left(self.bars, bar.close_at, key=lambda seen: seen.close_at)
        if place < len(self.bars) and self.bars[place].close_at == bar.close_at:
            return
        self.bars.insert(place, Seen(bar.close_at, float(bar.close), volume_of(bar)))
        if len(self.bars) > self.keeps:
            del self.bars[0]

    def impact(self, impact: Impact, reference: float, size: float, late: bool) -> float | None:
        """Return the impact a unit of a fill on the bar after these; None where nothing can fill.

        Args:
            late: the fill is on the newest of these.
        """
        before = self.bars[:-1] if late else self.bars
        window = before[-impact.window :]
        closes = [seen.close for seen in before[-impact.window - 1 :]]
        returns = [after / earlier - 1 for earlier, after in pairwise(closes)]
        volumes = [seen.volume for seen in window]
        mean = sum(volumes) / len(window) if window else 0.0
        return impact.amount(reference, size, returns, mean)


def volume_of(bar: Bar) -> float:
    """Return a bar's volume; NaN where it is not known."""
    return float("nan") if bar.volume is None else float(bar.volume)
