"""The trades: a table, how far each went for and against, and what they have in common."""

from __future__ import annotations

from atms.report.page.blocks import Block, Chart, Column, Section, Table, Text
from atms.report.page.parts.breakdowns import breakdowns
from atms.report.page.parts.given import Given, counted
from atms.report.page.parts.outcomes import outcomes


def trades(given: Given) -> Section:
    """Return the trades, or why there are none."""
    if not len(given.result.trades):
        return Section("trades-section", "Trades", [Text(_none(given), "warn")])
    still = given.metrics.get("open_trades") or 0
    note = "Net profit is after fees; a click shows the trade in the price chart."
    if still:
        note += (
            f" {counted(still, 'trade')} still open: profit at the last close, and in no figure "
            "of trades."
        )
    table = Table("trades", "Trades", _columns(given), series="trades", note=note, tall=True)
    blocks: list[Block] = [table, *_scatters(given), *outcomes(given), *breakdowns(given)]
    return Section("trades-section", "Trades", blocks)


def _none(given: Given) -> str:
    why = given.result.explanation
    return f"No trade: {why}." if why else "No trade was made."


def _columns(given: Given) -> tuple[Column, ...]:
    money, said = given.currency, given.result.trades
    columns = (
        Column("trade_id", "Trade", "count"),
        Column("symbol", "Symbol"),
        Column("side", "Side"),
        Column("status", "Status"),
        Column("time", "Entry", "time"),
        Column("exit_time", "Exit", "time"),
        Column("size", "Size", "number"),
        Column("entry_price", "Entry price", "price", money),
        Column("exit_price", "Exit price", "price", money),
        Column("net_pnl", "Net profit", "money", money),
        Column("net_pnl_pct", "Return", "percent"),
        Column("fee", "Fees", "money", money),
        Column("bars", "Bars", "count"),
        Column("mae_pct", "MAE", "percent"),
        Column("mfe_pct", "MFE", "percent"),
        Column("exit_reason", "Exit reason"),
        Column("reason", "Reason"),
        Column("tag", "Tag"),
    )
    words = ("exit_reason", "reason", "tag")  # of a strategy that gives none
    return tuple(one for one in columns if one.key not in words or said[one.key].notna().any())


def _scatters(given: Given) -> list[Block]:
    if not len(given.closed):
        return []
    return [
        Chart(
            f"{key}-chart",
            "scatter",
            f"Return of each trade against its {words} excursion ({key.upper()})",
            "trades",
            x=f"{key}_pct",
            y=("net_pnl_pct",),
            by="side",
            options={"select": "trade_id"},
        )
        for key, words in (("mae", "most adverse"), ("mfe", "most favourable"))
    ]
