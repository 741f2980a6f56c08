"""What bars' own rhythm tells: when the market is open, and whether their clock is another's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atms.feeds.calendars import DAY, HOUR, ITS_OWN_WEEK, NEW_YORK, Calendar, Ints, to_local

HALF = HOUR // 2
_FARTHEST = 28  # half hours by which a clock may be off
_LEAST_GAIN, _LEFT_OVER = 0.005, 0.1  # shares of the half hours with bars
_EUROPE = "Europe/Berlin"
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Presence:
    """In which half hours, or other units, there are bars.

    Attributes:
        first: the first unit, counted since 1970.
        present: whether a bar lies there, shape (n,).
        unit: its length in microseconds.
    """

    first: int
    present: Flags
    unit: int = HALF

    @classmethod
    def of(cls, begins: Ints, length: int, unit: int = HALF) -> Presence:
        """Mark where bars that begin at *begins* (rising) and last *length* microseconds lie."""
        first = int(begins[0]) // unit
        units = begins // unit - first
        if length > unit:
            ends = (begins + length - 1) // unit - first + 1
            return cls(first, _covered(units, ends, int(ends[-1])), unit)
        present = np.zeros(int(units[-1]) + 1, dtype=bool)
        present[units] = True
        return cls(first, present, unit)

    @property
    def moments(self) -> Ints:
        """Where each unit begins, microseconds since 1970 UTC, shape (n,)."""
        return (self.first + np.arange(len(self.present))) * self.unit

    def _cut(self, opens: Ints, closes: Ints, margin: int = 0) -> tuple[Ints, Ints, int]:
        size, origin = len(self.present) + 2 * margin, self.first - margin
        begins = np.clip(opens // self.unit - origin, 0, size)
        return begins, np.clip(-(-closes // self.unit) - origin, 0, size), size

    def within(self, opens: Ints, closes: Ints, margin: int = 0) -> Flags:
        """Mark the units that stretches touch; *margin* more before and after."""
        return _covered(*self._cut(opens, closes, margin))

    def share(self, opens: Ints, closes: Ints) -> float:
        """Return how much of those stretches that have bars at all is filled, 0 to 1."""
        begins, ends, _ = self._cut(opens, closes)
        total = np.append(0, np.cumsum(self.present))
        filled = total[ends] - total[begins]
        whole = (ends - begins)[filled > 0].sum()
        return float(filled.sum() / whole) if whole else 0.0


def _covered(begins: Ints, ends: Ints, size: int) -> Flags:
    steps = np.bincount(begins, minlength=size + 1) - np.bincount(ends, minlength=size + 1)
    return np.asarray(np.cumsum(steps)[:size] > 0)


# ---- clocks that are off ------------------------------------------------------------------------
def clock_moves(calendar: Calendar, begins: Ints, length: int) -> Ints:
    """Return what must be added to each bar's time so that bars fit the calendar, shape (n,).

    Zero for bars of more than an hour, and unless a move by half hours takes at least half of
    the bars outside its hours inside, and leaves at most a tenth there. Each season is
    looked at by itself, because a clock that follows another zone's daylight saving is off in
    part of the year only; seasons are told apart by New York's clock, Berlin's and the
    calendar's own.
    """
    moves = np.zeros(len(begins), dtype=np.int64)
    if not len(calendar.opens) or len(begins) < 2 or length > HOUR:
        return moves
    seen = Presence.of(begins, length)
    may = seen.within(*(calendar.hours or (calendar.opens, calendar.closes)), _FARTHEST)
    must = seen.within(calendar.opens, calendar.closes, _FARTHEST)
    seasons = seasons_of(seen.moments, calendar.zone)
    low, high = (moment // HALF - seen.first for moment in calendar.known)
    seasons[: max(low, 0)] = -1
    seasons[max(high, 0) :] = -1
    of_bars = seasons[begins // HALF - seen.first]
    for season in np.unique(of_bars[of_bars >= 0]):
        best = _best_move(seen.present, seasons == season, may, must)
        moves[of_bars == season] = best * HALF
    return moves


def _best_move(present: Flags, season: Flags, may: Flags, must: Flags) -> int:
    """Return the move, in half hours, that fits best; 0 if none is clearly better."""
    bars = np.flatnonzero(present & season) + _FARTHEST
    outside = {0: int((~may[bars]).sum())}
    least = max(3.0, _LEAST_GAIN * len(bars))
    if outside[0] < least:
        return 0
    for move in sorted(range(-_FARTHEST, _FARTHEST + 1), key=abs):
        outside[move] = int((~may[bars + move]).sum())
    allowed = min(outside[0] / 2, _LEFT_OVER * len(bars), outside[0] - least)
    fitting = [move for move, count in outside.items() if move and count <= allowed]
    # Of several the one that leaves fewest expected half hours empty; of these whole hours, which
    # nearly all zones are apart by, and the smallest.
    misfit = {
        move: outside[move] + int((season & ~present & _moved(must, move, len(season))).sum())
        for move in (0, *fitting)
    }
    return min(misfit, key=lambda move: (misfit[move], move % 2, abs(move)))


def _moved(flags: Flags, move: int, size: int) -> Flags:
    return flags[_FARTHEST + move : _FARTHEST + move + size]


def seasons_of(moments: Ints, zone: str) -> Ints:
    """Number the half hours by what three zones' clocks then showed, day by day."""
    days = moments // DAY
    first = int(days[0])
    noons = np.arange(first, int(days[-1]) + 1) * DAY + DAY // 2
    offsets = [(to_local(noons, each) - noons) // HALF for each in (NEW_YORK, _EUROPE, zone)]
    table = np.stack(offsets, axis=1)
    _, numbers = np.unique(table, axis=0, return_inverse=True)
    return np.asarray(numbers.reshape(-1)[days - first], dtype=np.int64)


# ---- start or end of the bar --------------------------------------------------------------------
def stamped(calendar: Calendar, stamps: Ints, step: int) -> str | None:
    """Return whether stamps are ``"start"`` or ``"end"`` of bars; None where that cannot be seen.

    Bars stamped at their start have one at a session's opening, none a bar before and none at
    the close; at their end, the reverse. At least half of two or more sessions must show it.
    Where bars go on before and after, :func:`rounder_end` tells.
    """
    if calendar.never_closes or step > 4 * HOUR or len(stamps) < 2:
        return None
    if calendar.name == ITS_OWN_WEEK:
        return rounder_end(stamps, step)
    opens, closes = calendar.hours or (calendar.opens, calendar.closes)
    between = np.searchsorted(stamps, closes, side="left") > np.searchsorted(stamps, opens, "right")
    opens, closes = opens[between], closes[between]
    if len(opens) < 2:
        return None
    at_open, at_close = (_among(stamps, each) for each in (opens, closes))
    before, after = (_among(stamps, each) for each in (opens - step, closes + step))
    if (at_open & ~before & ~at_close).mean() >= 0.5:
        return "start"
    if (at_close & ~after & ~at_open).mean() >= 0.5:
        return "end"
    return rounder_end(stamps, step)


def _among(stamps: Ints, moments: Ints) -> Flags:
    """Return which *moments* are stamps; these rise, so that looking them up is fast."""
    rows = np.minimum(np.searchsorted(stamps, moments), len(stamps) - 1)
    return np.asarray(stamps[rows] == moments)


def rounder_end(stamps: Ints, step: int) -> str | None:
    """Return the end of the bar that stamps are, by the half hours that bars would then lie in.

    Trading begins and ends on whole and half hours. Taken for the wrong end of their bars,
    stamps let each session reach into one half hour more; at least half of two or more pauses
    of four hours must show it. None where they do not, as with bars of half an hour or longer.
    """
    pauses = int((np.diff(stamps) > 4 * HOUR).sum())
    if pauses < 2 or step >= HALF:
        return None
    as_starts, as_ends = (
        1 + int((np.diff(begins // HALF) != 0).sum()) for begins in (stamps, stamps - step)
    )
    if 2 * abs(as_starts - as_ends) < pauses:
        return None
    return "start" if as_starts < as_ends else "end"
