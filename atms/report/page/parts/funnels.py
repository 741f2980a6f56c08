"""The way from bars to trades, and what was refused on it."""

from __future__ import annotations

from typing import Any

from atms.report.funnel import Funnel
from atms.report.page.blocks import Block, Column, Section, Table, Text
from atms.report.page.parts.given import Given

_BY = {"gate": "the strategy's gate", "risk": "a risk limit", "broker": "the broker"}


def funnel(given: Given) -> Section:
    """Return the run as a funnel, what was refused most, and what the strategy said."""
    found = given.result.funnel
    blocks: list[Block] = [_steps(found)]
    if found.refusals:
        columns = (
            Column("by", "Refused by"),
            Column("name", "Which"),
            Column("times", "Times", "count"),
        )
        rows = [[_BY[one.by], one.name, one.times] for one in found.refusals]
        blocks.append(Table("refused_most", "Refused most", columns, rows))
    if len(given.result.decisions):
        blocks.append(_signals())
    else:
        blocks.append(Text("The strategy does not explain its bars: it stated no signals."))
    return Section("funnel-section", "Funnel", blocks)


def _steps(found: Funnel) -> Table:
    signals: list[list[Any]] = [
        ["signals", found.signals, _share(found.signals, found.bars)],
        ["passed every gate", found.passed, _share(found.passed, found.signals)],
    ]
    rows = [
        ["bars", found.bars, None],
        *(signals if found.signals else ()),  # a strategy that does not say is not one without any
        ["orders, exits and legs too", found.orders, None],
        ["orders that filled", found.filled, _share(found.filled, found.orders)],
        ["fills", found.fills, None],
        ["trades", found.trades, None],
    ]
    columns = (
        Column("step", "Step"),
        Column("count", "How many", "count"),
        Column("share", "Of the step before", "percent"),
    )
    return Table("funnel", "From bars to trades", columns, rows)


def _share(count: int, before: int) -> float | None:
    return count / before if before and count else None


def _signals() -> Table:
    columns = (
        Column("time", "Time", "time"),
        Column("symbol", "Symbol"),
        Column("signal", "Signal"),
        Column("confidence", "Confidence", "number"),
        Column("refused", "Refused by"),
    )
    return Table("signals", "What the strategy said", columns, series="signals", tall=True)
