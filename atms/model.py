"""The words that every room shares: timeframe and time range. Frozen; no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_629_746}
_UNIT_NAMES = "s(econds) m(inutes) h(ours) d(ays) w(eeks) M(onths)"


@dataclass(frozen=True, order=False)
class Timeframe:
    """The length of a bar, as exchanges write it: ``15m``, ``1h``, ``1d``; ``M`` is a month."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Timeframe:
        """Read ``15m``; ValueError says what is allowed."""
        found = re.fullmatch(r"\s*(\d+)\s*([smhdwM])\s*", text)
        if not found or int(found[1]) < 1:
            raise ValueError(
                f"{text!r} is no timeframe; write a number and a unit, {_UNIT_NAMES}: 15m, 1h, 1d"
            )
        return cls(int(found[1]), found[2])

    @classmethod
    def from_seconds(cls, seconds: float) -> Timeframe:
        """Name a bar length of *seconds* in the largest unit that divides it."""
        for unit in "wdhm":
            if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
                return cls(int(seconds // _SECONDS[unit]), unit)
        return cls(max(1, round(seconds)), "s")

    @property
    def seconds(self) -> int:
        """Length in seconds; a month counts as a mean one."""
        return self.count * _SECONDS[self.unit]

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


@dataclass(frozen=True)
class TimeRange:
    """From *start* (included) to *end* (not included), aware UTC; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    @classmethod
    def parse(cls, text: str) -> TimeRange:
        """Read ``2018-01-01..2018-06-30`` or ``20180101-20180630``; a last day is included whole.

        Either side may be left out (``2018-01-01..``), or be a month or a year (``2018..2019-06``);
        one of these alone is that period. Times are allowed with the first form
        (``2018-01-01T12:00..2018-01-02T12:00``); without an offset they are UTC.
        """
        compact = re.fullmatch(r"\s*(\d{8})?\s*-\s*(\d{8})?\s*", text)
        one = re.fullmatch(r"\s*\d{4}(-\d{2})?\s*", text)  # a year or a month
        parts = [text, text] if one else text.split("..")
        if compact and not one:
            parts = list(compact.groups())
        if len(parts) != 2 or not any(part and part.strip() for part in parts):
            raise ValueError(f"{text!r} is no time range; write 2018-01-01..2018-06-30")
        start, end = (_instant(part, text) if part and part.strip() else None for part in parts)
        if start and end and start[0] >= end[1]:
            raise ValueError(f"{text!r} is empty: it ends before it starts")
        return cls(start[0] if start else None, end[1] if end else None)

    def __str__(self) -> str:
        def side(moment: datetime | None, back: timedelta) -> str:
            if moment is None:
                return ""
            whole_day = moment == moment.replace(hour=0, minute=0, second=0, microsecond=0)
            if whole_day:
                return (moment - back).date().isoformat()
            return moment.isoformat().replace("+00:00", "Z")

        return f"{side(self.start, timedelta(0))}..{side(self.end, timedelta(days=1))}"


def _instant(part: str, whole: str) -> tuple[datetime, datetime]:
    """Return the moment that *part* names, and the end of the year, month or day that it names."""
    part = part.strip()
    try:
        if re.fullmatch(r"\d{4}", part):
            first = datetime(int(part), 1, 1, tzinfo=UTC)
            return first, first.replace(year=first.year + 1)
        if re.fullmatch(r"\d{4}-\d{2}", part):
            first = datetime.fromisoformat(f"{part}-01").replace(tzinfo=UTC)
            return first, (first + timedelta(days=31)).replace(day=1)
        moment = datetime.fromisoformat(part)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        day = re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", part)
        return moment, moment + timedelta(days=1) if day else moment
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{whole!r}: {part!r} is no date; write 2018-01-31") from error
