"""What trading cost, by kind, and set against what it brought."""

from __future__ import annotations

import numpy as np

from atms.report.page.blocks import Column, Section, Table, Text
from atms.report.page.parts.given import Given, floats, plain

KINDS = {
    "fees": "Fees",
    "spread_cost": "Spread",
    "slippage_cost": "Slippage",
    "impact_cost": "Impact",
    "funding_cost": "Funding",
    "borrow_cost": "Borrow",
    "interest_cost": "Interest",
    "liquidation_cost": "Liquidation",
    "total_costs": "Total",
}
_OF_FILLS = ("fees", "spread_cost", "slippage_cost", "impact_cost", "total_costs")


def costs(given: Given) -> Section:
    """Return the costs by kind, or that there was none."""
    metrics, count = given.metrics, len(given.result.fills)
    if not count:
        return Section("costs-section", "Costs", [Text("No fill: nothing was charged for one.")])
    traded, gross = traded_value(given), gross_profit(given)
    rows = [
        [title, *plain([amount, _over(amount, gross), _over(amount, traded),
                        _over(amount, count) if name in _OF_FILLS else None])]
        for name, title in KINDS.items()
        if (amount := metrics.get(name)) is not None
    ]  # fmt: skip
    money = given.currency
    columns = (
        Column("kind", "Cost"),
        Column("amount", "Amount", "money", money),
        Column("gross", "Of gross profit", "percent"),
        Column("traded", "Of value traded", "percent"),
        Column("fill", "A fill", "money", money),
    )
    note = (
        f"{count:,} fills moved {traded:,.2f} {money}. Gross profit is what winning trades brought "
        "before fees. A negative cost was income. Spread, slippage and impact are in the fills' "
        "prices already."
    )
    return Section(
        "costs-section", "Costs", [Table("costs", "Costs by kind", columns, rows, note=note)]
    )


def traded_value(given: Given) -> float:
    """Return the value of all fills; one that a venue took back counts as not made."""
    fills = given.result.fills
    value = floats(fills["size"]) * floats(fills["price"]) * floats(fills["multiplier"])
    if "row" in fills:
        value = np.where(fills["row"] == "reversal", -value, value)
    return float(np.nansum(value))


def gross_profit(given: Given) -> float:
    """Return what closed trades that won brought before fees."""
    if not len(given.closed):
        return 0.0
    pnl = floats(given.closed["pnl"])
    return float(pnl[pnl > 0].sum())


def _over(amount: float, whole: float) -> float | None:
    return amount / whole if whole > 0 else None
