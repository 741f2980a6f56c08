"""What an audit looks for in bars' times: gaps, closed hours, wrong clocks and wrong ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from atms.feeds.calendars import (
    DAY,
    EARLIEST,
    HOUR,
    ITS_OWN_WEEK,
    LATEST,
    Calendar,
    Ints,
    load_calendar,
)
from atms.feeds.checks import CHECKS, Finding, found, iso, place, unseen
from atms.feeds.guessing import guess
from atms.feeds.raw import RawBars
from atms.feeds.rhythm import clock_moves, stamped
from atms.feeds.slots import Places, bar_dates, places
from atms.model import Timeframe


def without_times(raw: RawBars) -> list[Finding]:
    """Return the findings about bars' times where fewer than two stamps can be looked at."""
    names = ("gaps", "closed_days", "outside_hours", "time_zone", "bar_stamp")
    why = "fewer than two stamps"
    return [_lost(raw) or unseen("calendar", why), *(unseen(each, why) for each in names)]


def _lost(raw: RawBars) -> Finding | None:
    """Return the bars at dates that no calendar is asked about; None if there are none."""
    rows = np.flatnonzero((raw.stamps < EARLIEST) | (raw.stamps >= LATEST))
    if not len(rows):
        return None
    detail = f"{len(rows)} bars lie before 1900 or after 2199"
    return found("calendar", len(rows), place(raw, int(rows[0])), detail)


@dataclass(frozen=True)
class Times:
    """Bars in order of time, against a calendar."""

    raw: RawBars
    stamps: Ints
    rows: Ints
    timeframe: Timeframe
    calendar: Calendar
    title: str
    stated: str | None  # which end of the bar stamps are said to be
    seen: str | None  # the same, as the bars show it
    moves: Ints  # what must be added to each stamp, where its clock is off

    @classmethod
    def of(
        cls,
        raw: RawBars,
        stamps: Ints,
        rows: Ints,
        timeframe: Timeframe,
        name: str,
        stated: str | None,
    ) -> Times:
        """Find the calendar, the end of the bar that stamps are, and clocks that are off."""
        title = name
        if name == "auto":
            calendar, why = guess(stamps, timeframe)
            title = f"{calendar.name} (guessed: {why})"
        else:
            calendar = load_calendar(name, int(stamps[0]), int(stamps[-1]))
        step = timeframe.seconds * 1_000_000
        if step >= DAY:
            moves = _date_moves(calendar, stamps, timeframe)
            return cls(raw, stamps, rows, timeframe, calendar, title, stated, None, moves)
        seen = stamped(calendar, stamps, step)
        begins = stamps - step if (seen or stated) == "end" else stamps
        moves = np.zeros(len(stamps), dtype=np.int64)
        if _tells_the_clock(calendar):
            moves = clock_moves(calendar, begins, step)
        if moves.any():
            seen = stamped(calendar, np.sort(stamps + moves), step)
        return cls(raw, stamps, rows, timeframe, calendar, title, stated, seen, moves)

    @property
    def step(self) -> int:
        """Length of a bar in microseconds."""
        return self.timeframe.seconds * 1_000_000

    @property
    def end(self) -> str | None:
        """Which end of the bar stamps are taken for: what is seen, before what is stated."""
        return self.seen or self.stated

    @property
    def begins(self) -> Ints:
        """Where the bars begin, microseconds UTC, shape (n,); no clock is set right."""
        return self.stamps - self.step if self.end == "end" else self.stamps

    @cached_property
    def places(self) -> Places:
        """Where the bars stand in the row of expected ones; a clock that is off is set right."""
        return places(self.calendar, self.stamps + self.moves, self.timeframe, self.end)

    @cached_property
    def missing(self) -> Ints:
        """How many bars are missing between each bar and the next, shape (n-1,)."""
        return self.places.missing()

    def findings(self) -> list[Finding]:
        """Return what the calendar tells of the bars."""
        return [self._unknown(), self._gaps(), *self._sessions(), self._zone(), self._stamp()]

    def _finding(self, check: str, positions: Ints, detail: str) -> Finding:
        """Return a finding of the bars at *positions* in order of time."""
        return found(check, len(positions), self._at(positions), detail)

    def _at(self, positions: Ints) -> str | None:
        return place(self.raw, int(self.rows[positions[0]])) if len(positions) else None

    def _unknown(self) -> Finding:
        if lost := _lost(self.raw):
            return lost
        name, (low, high) = self.calendar.name, self.calendar.known
        beyond = np.flatnonzero((self.stamps < low) | (self.stamps >= high))
        if not len(beyond):
            return found("calendar", 0, None, f"{name} knows all of the time")
        gaps = "gaps outside were" if len(self.calendar.opens) else "gaps were"
        detail = f"calendar {name} {self.calendar.trouble}; {gaps} not looked for"
        return self._finding("calendar", beyond, detail)

    def _gaps(self) -> Finding:
        gaps = np.flatnonzero(self.missing)
        count = int(self.missing.sum())
        if not len(self.calendar.opens):
            return unseen("gaps", "not looked for, because the calendar knows nothing of the time")
        if not count:
            return found("gaps", 0, None, "no bar is missing")
        most = gaps[int(np.argmax(self.missing[gaps]))]
        length = _duration(int(self.stamps[most + 1] - self.stamps[most]))
        largest = f"{len(gaps)} gaps, the largest {_bars(int(self.missing[most]))} ({length})"
        if len(gaps) == 1:
            largest = f"one gap ({length})"
        detail = f"{_bars(count)} missing in {largest} after {iso(int(self.stamps[most]))}"
        if self.title != self.calendar.name and self.calendar.name in ("24/5", ITS_OWN_WEEK):
            detail += "; name the market's calendar, so that its holidays are known"
        return found("gaps", count, self._at(gaps), detail)

    def _sessions(self) -> tuple[Finding, Finding]:
        """Return bars on an exchange's closed dates, and those before or after its sessions."""
        calendar, names = self.calendar, ("closed_days", "outside_hours")
        if not calendar.exchange or self.step >= 2 * DAY:
            why = "bars of several days" if calendar.exchange else f"{calendar.name} is no exchange"
            return unseen(names[0], why), unseen(names[1], why)
        low, high = calendar.known
        known = (self.stamps >= low) & (self.stamps < high)
        if self.step >= DAY:
            dates = bar_dates(calendar, self.stamps, self.timeframe) + self.moves // DAY
        else:
            dates = calendar.local(self.begins + self.moves) // DAY
        closed = known & ~np.isin(dates, calendar.dates)
        outside = known & ~closed & ~self.places.expected
        first, second = (
            self._finding(name, np.flatnonzero(wrong), f"{wrong.sum() or 'no'} {CHECKS[name][1]}")
            for name, wrong in zip(names, (closed, outside), strict=True)
        )
        return first, second

    def _zone(self) -> Finding:
        name, off = self.calendar.name, np.flatnonzero(self.moves)
        if len(off):
            by = " or ".join(f"{hours:+g} h" for hours in np.unique(self.moves[off]) / HOUR)
            first, last = (iso(int(self.stamps[each]))[:10] for each in off[[0, -1]])
            detail = f"{len(off)} bars of {first} .. {last} fit {name} only when moved by {by}"
            return self._finding("time_zone", off, f"{detail}; gaps are counted after that")
        if not _tells_the_clock(self.calendar) or self.step >= 2 * DAY:
            return unseen("time_zone", "no closing that could tell the clock")
        if self.calendar.hours is None or self.step >= DAY:
            return found("time_zone", 0, None, f"no other clock fits {name} better")
        opens, closes = self.calendar.hours
        # The last stretch that opens before the bar ends; it must not have closed before the bar.
        nth = np.searchsorted(opens, self.begins + self.step - 1, side="right") - 1
        shut = np.flatnonzero((nth < 0) | (closes[np.maximum(nth, 0)] <= self.begins))
        detail = f"{len(shut) or 'no'} bars in hours in which {name} is closed"
        return self._finding("time_zone", shut, detail)

    def _stamp(self) -> Finding:
        if self.seen is None:
            where = "dates" if self.step >= DAY else "the first and last bars of sessions"
            return unseen("bar_stamp", f"start or end cannot be told from {where}")
        look = f"stamped at their {self.seen}, by the first and last of each session"
        if self.stated in (None, self.seen):
            return found("bar_stamp", 0, None, f"the bars are {look}")
        detail = f"stated is {self.stated}, and the bars look {look}; set stamp: {self.seen}"
        return self._finding("bar_stamp", np.arange(len(self.stamps)), detail)


def _tells_the_clock(calendar: Calendar) -> bool:
    return len(calendar.opens) > 0 and calendar.name not in ("24/7", ITS_OWN_WEEK)


def _bars(count: int) -> str:
    return "1 bar" if count == 1 else f"{count} bars"


def _duration(micros: int) -> str:
    hours = micros / HOUR
    if hours < 2:
        return f"{hours * 60:.3g} min"
    return f"{hours:.1f} h" if hours < 96 else f"{hours / 24:.1f} days"


def _date_moves(calendar: Calendar, stamps: Ints, timeframe: Timeframe) -> Ints:
    """Return a day, forth or back, if bars of a day then fit the sessions; else zeros."""
    none = np.zeros(len(stamps), dtype=np.int64)
    several = timeframe.seconds * 1_000_000 >= 2 * DAY
    if several or len(stamps) < 10 or not _tells_the_clock(calendar):
        return none
    dates = bar_dates(calendar, stamps, timeframe)
    off = {days: float((~np.isin(dates + days, calendar.dates)).mean()) for days in (0, 1, -1)}
    best = min(off, key=lambda days: off[days])
    clearly = off[0] > 0.02 and off[best] <= min(off[0] / 2, 0.1)
    return none + best * DAY if clearly else none
