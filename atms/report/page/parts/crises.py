"""What strategy and benchmark did in times that many remember."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from atms.report.page.blocks import Column, Section, Table
from atms.report.page.parts.given import Given, plain
from atms.report.sampled import Sampled

_YEARS = 2.0  # of daily returns, from which on the table is shown


class Window(NamedTuple):
    """A stretch of time, both days included."""

    name: str
    start: str
    end: str


# LEAN: the dates of its report's crisis panels, QuantConnect/Lean, Report/Crisis.cs (commit
# 3cc11473b956b2566625982b28010eadcafb7b9a). pyfolio: quantopian/pyfolio,
# pyfolio/interesting_periods.py (commit 7f32462908dd1562a938bd927288654c831e2b1e).
WINDOWS = (
    Window("Dot-com bubble bursts", "2000-02-26", "2000-09-10"),  # LEAN
    Window("September 11", "2001-09-05", "2001-10-10"),  # LEAN
    Window("Credit squeeze of August 2007", "2007-08-01", "2007-09-01"),  # pyfolio
    Window("Lehman Brothers", "2008-08-01", "2008-10-01"),  # pyfolio
    Window("Global financial crisis", "2007-10-01", "2011-12-01"),  # LEAN
    Window("Flash crash of 2010", "2010-05-01", "2010-05-22"),  # LEAN
    Window("Fukushima", "2011-03-01", "2011-04-22"),  # LEAN
    Window("US downgrade, European debt", "2011-08-05", "2011-09-01"),  # LEAN
    Window("European debt, October 2014", "2014-10-01", "2014-10-29"),  # LEAN
    Window("Sell-off of 2015", "2015-08-10", "2015-10-10"),  # LEAN
    Window("COVID-19", "2020-02-10", "2020-09-20"),  # LEAN
    Window("War in Ukraine", "2022-02-01", "2024-01-01"),  # LEAN
)


def crises(given: Given) -> list[Section]:
    """Return the section of crises; nothing of a run that is too short, or saw none of them."""
    sampled = given.sampled
    if sampled is None or given.unit != "day":
        return []
    if (sampled.times[-1] - sampled.times[0]).days < _YEARS * 365:
        return []
    rows = [row for window in WINDOWS if (row := _row(sampled, window)) is not None]
    if not rows:
        return []
    columns = (
        Column("name", "Window"),
        Column("from", "From"),
        Column("to", "To"),
        Column("run", "Strategy", "percent"),
        Column("hold", f"Buy and hold of {given.benchmark}", "percent"),
    )
    note = (
        "From the last value before the window to the last one in it; only windows that the run "
        "saw whole. Dates as in the reports of LEAN and pyfolio."
    )
    table = Table("crises", "Crisis windows", columns, rows, note=note)
    return [Section("crises-section", "Crisis windows", [table])]


def _row(sampled: Sampled, window: Window) -> list[object] | None:
    start = pd.Timestamp(window.start, tz="UTC")
    end = pd.Timestamp(window.end, tz="UTC") + pd.Timedelta(days=1)
    if sampled.times[0] >= start or sampled.times[-1] < end - pd.Timedelta(days=1):
        return None
    # times[0] is the first bar's, as times[1] may be: the values after the first are periods.
    first = int(np.searchsorted(sampled.times[1:], start, side="left"))
    last = int(np.searchsorted(sampled.times[1:], end, side="left"))
    if last <= first:
        return None
    with np.errstate(all="ignore"):
        found = [
            values[last] / values[first] - 1 if priced else np.nan
            for values, priced in (
                (sampled.wealth, sampled.wealth[first] > 0),
                (sampled.hold, sampled.priced),
            )
        ]
    return [window.name, window.start, window.end, *plain(found)]
