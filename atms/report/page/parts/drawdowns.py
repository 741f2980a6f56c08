"""The deepest drawdowns with their dates."""

from __future__ import annotations

from typing import Any

import numpy as np

from atms.report.page.blocks import Block, Column, Section, Table, Text
from atms.report.page.parts.given import DAY, Given
from atms.report.sampled import Sampled
from atms.report.spells import Spell, spells

MOST = 10
SHADED = 5
_COLUMNS = (
    Column("rank", "Rank", "count"),
    Column("depth", "Depth", "percent"),
    Column("peak", "Peak", "time"),
    Column("valley", "Valley", "time"),
    Column("recovered", "Recovered", "time"),
    Column("days", "Days", "days"),
    Column("down", "Days down", "days"),
    Column("up", "Days to recover", "days"),
)


def deepest(sampled: Sampled | None, most: int = MOST) -> list[Spell]:
    """Return the deepest drawdowns, the deepest first; of equal ones the earlier first."""
    if sampled is None:
        return []
    return sorted(spells(sampled.wealth), key=lambda one: one.depth)[:most]


def shades(given: Given) -> list[dict[str, Any]]:
    """Return the worst drawdowns as stretches of time, for a chart: from, to, depth."""
    found = deepest(given.sampled, SHADED)
    if given.sampled is None:
        return []
    times = given.sampled.micros
    return [
        {"from": float(times[one.peak]), "to": float(times[one.back]), "depth": one.depth}
        for one in found
    ]


def drawdowns(given: Given) -> Section:
    """Return the table of the deepest drawdowns, or why there is none."""
    return Section("drawdowns-section", "Drawdowns", [_block(given)])


def _block(given: Given) -> Block:
    sampled = given.sampled
    if sampled is None:
        return Text("There is no equity curve that could have fallen.")
    found = deepest(sampled)
    if not found:
        return Text("The account never stood below an earlier value.")
    rows = [[rank, *_row(one, sampled.micros)] for rank, one in enumerate(found, start=1)]
    note = (
        f"Measured as the figures are: {sampled.note}. Within a period the account may have stood "
        "lower, as the chart shows. A drawdown that has not recovered counts to the last bar."
    )
    return Table("drawdowns", "Deepest drawdowns", _COLUMNS, rows, note=note)


def _row(one: Spell, times: Any) -> list[Any]:
    peak, valley, back = (int(times[place]) for place in (one.peak, one.valley, one.back))
    return [
        one.depth if np.isfinite(one.depth) else None,
        float(peak),
        float(valley),
        float(back) if one.recovered else None,
        (back - peak) / DAY,
        (valley - peak) / DAY,
        (back - valley) / DAY if one.recovered else None,
    ]
