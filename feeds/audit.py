"""The audit: what may be wrong with bars, before they are run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from atms.feeds.calendars import EARLIEST, LATEST, Ints, canonical
from atms.feeds.checks import (
    CHECKS,
    RANKS,
    Finding,
    check_jumps,
    check_rows,
    found,
    iso,
    place,
)
from atms.feeds.raw import RawBars
from atms.feeds.time_checks import Times, without_times
from atms.feeds.times import commonest_step
from atms.model import Timeframe


@dataclass(frozen=True)
class Audit:
    """What was looked for in one feed's bars, and what was found.

    Attributes:
        feed: the feed's name.
        bars: how many there are.
        span: the first and the last stamp, ISO; empty texts if there is no bar.
        timeframe: the length of a bar; ``unknown`` of fewer than two.
        calendar: which one gaps were counted against, and whether it was guessed.
        findings: one of each check.
    """

    feed: str
    bars: int
    span: tuple[str, str]
    timeframe: str
    calendar: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """The worst of the findings': pass, info, warn or fail."""
        return max((one.verdict for one in self.findings), key=RANKS.index, default="pass")

    def problems(self) -> tuple[Finding, ...]:
        """Return the findings that warn or fail, those that fail first."""
        bad = [one for one in self.findings if one.verdict in ("warn", "fail")]
        return tuple(sorted(bad, key=lambda one: -RANKS.index(one.verdict)))

    def as_dict(self) -> dict[str, Any]:
        """Return plain texts, numbers and lists, ready for JSON."""
        return {
            **asdict(self),
            "span": list(self.span),
            "verdict": self.verdict,
            "findings": [asdict(one) for one in self.findings],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Audit:
        """Return the audit that :meth:`as_dict` gave."""
        first, last = stored["span"]
        findings = tuple(Finding(**one) for one in stored["findings"])
        plain = {key: stored[key] for key in ("feed", "bars", "timeframe", "calendar")}
        return cls(**plain, span=(first, last), findings=findings)


def examine(raw: RawBars, *, calendar: str = "auto", stamp: str | None = None) -> Audit:
    """Look at bars as their source has them, and return what may be wrong with them.

    Nothing is changed, and nothing that bars may hold is an error. The table of checks and
    their verdicts is :data:`atms.feeds.checks.CHECKS`.

    Args:
        raw: the bars.
        calendar: ``24/7``, ``24/5``, ``fx``, an exchange's code, or ``auto``: found from the
            bars' own rhythm.
        stamp: ``"start"`` or ``"end"``, as the config states it; None: as the source does, else
            found from the bars.

    Raises:
        UnknownName: there is no such calendar.
    """
    name = canonical(calendar)
    findings = check_rows(raw)
    stamps, rows = _ordered(raw)
    length, title = raw.timeframe, name
    adjacent = np.ones(max(len(rows) - 1, 0), dtype=bool)
    if len(rows) > 1:
        length = length or commonest_step(stamps)
        times = Times.of(raw, stamps, rows, length, name, stamp or raw.stamp)
        adjacent = times.missing == 0
        findings += times.findings()
        title = times.title
    else:
        findings += without_times(raw)
    findings.append(check_jumps(raw, rows, adjacent, length or Timeframe(1, "d")))
    order = list(CHECKS)
    findings.sort(key=lambda one: order.index(one.check))
    span = (iso(int(raw.stamps.min())), iso(int(raw.stamps.max()))) if len(raw) else ("", "")
    return Audit(raw.name, len(raw), span, str(length or "unknown"), title, tuple(findings))


def _ordered(raw: RawBars) -> tuple[Ints, Ints]:
    """Return the stamps that a calendar can know, rising, the last bar of each; and the rows."""
    rows = np.arange(len(raw))
    stamps = raw.stamps
    if (stamps[1:] < stamps[:-1]).any():
        rows = np.argsort(stamps, kind="stable")
        stamps = stamps[rows]
    kept = np.append(stamps[1:] != stamps[:-1], True)[: len(stamps)]
    kept &= (stamps >= EARLIEST) & (stamps < LATEST)
    return (stamps, rows) if kept.all() else (stamps[kept], rows[kept])


# ---- two sources --------------------------------------------------------------------------------
def compare(one: RawBars, other: RawBars) -> Finding:
    """Return what two sources disagree about: closes on common stamps more than 1 bp apart.

    Of several bars with one stamp the last counts. Bars missing on either side are told of where
    both sources have bars before and after.
    """
    stamps, rows = _ordered(one)
    theirs, other_rows = _ordered(other)
    _, mine, yours = np.intersect1d(stamps, theirs, assume_unique=True, return_indices=True)
    if not len(mine):
        detail = f"{one.name} and {other.name} have no stamp in common"
        return replace(found("sources", 0, None, detail), verdict="warn")
    low, high = max(stamps[0], theirs[0]), min(stamps[-1], theirs[-1])
    only = [int(((s >= low) & (s <= high)).sum()) - len(mine) for s in (stamps, theirs)]
    here = one.columns["close"][rows[mine]]
    there = other.columns["close"][other_rows[yours]]
    with np.errstate(all="ignore"):  # a price of zero or none is found by the audit of its source
        apart = 1e4 * np.abs(here / there - 1)
    far = np.flatnonzero(apart > 1)
    detail = f"{len(far)} of {len(mine)} common bars close more than 1 bp apart"
    first = None
    if len(far):
        most = far[int(np.argmax(apart[far]))]
        first = place(one, int(rows[mine[far[0]]]))
        detail += f", the largest {apart[most]:.3g} bp at {iso(int(stamps[mine[most]]))}"
    if any(only):
        detail += f"; {only[0]} bars only in {one.name}, {only[1]} only in {other.name}"
    return found("sources", len(far), first, detail)
