"""How far the main figures can be trusted: their bootstrap intervals, in a table and a picture."""

from __future__ import annotations

from atms.report.page.blocks import Block, Chart, Column, Kind, Section, Table, Text
from atms.report.page.parts.bootstrap import RESAMPLES, Intervals
from atms.report.page.parts.given import Given

_TITLES: dict[str, tuple[str, Kind]] = {
    "total_return": ("Total return", "percent"),
    "cagr": ("CAGR", "percent"),
    "max_drawdown": ("Max drawdown", "percent"),
    "trade_win_rate": ("Win rate of trades", "percent"),
    "sharpe": ("Sharpe", "number"),
    "sortino": ("Sortino", "number"),
    "expectancy": ("Expectancy a trade", "money"),
}
_GROUPS: tuple[tuple[str, str, Kind, tuple[str, ...]], ...] = (
    ("shares", "Shares", "percent", ("total_return", "cagr", "max_drawdown", "trade_win_rate")),
    ("ratios", "Ratios", "number", ("sharpe", "sortino")),
    ("amounts", "Amounts", "money", ("expectancy",)),
)


def robustness(given: Given, intervals: Intervals) -> Section:
    """Return the main figures with their intervals, or why there are none."""
    if not intervals.found:
        said = "Fewer than 10 returns and 10 closed trades, or none that differ: no interval."
        return Section("robustness-section", "Robustness", [Text(said)])
    blocks: list[Block] = []
    for key, title, kind, names in _GROUPS:
        rows = [
            [_TITLES[name][0], given.metrics[name], *intervals.found[name]]
            for name in names
            if name in intervals.found
        ]
        if rows:
            blocks += _group(key, title, kind, rows, given.currency)
    return Section("robustness-section", "Robustness", [Text(_how(given, intervals)), *blocks])


def _group(key: str, title: str, kind: Kind, rows: list[list[object]], money: str) -> list[Block]:
    unit = money if kind == "money" else ""
    columns = (
        Column("name", "Figure"),
        Column("value", "Of the run", kind, unit),
        Column("low", "2.5 %", kind, unit),
        Column("high", "97.5 %", kind, unit),
    )
    table = f"intervals-{key}"
    chart = Chart(
        f"{table}-chart", "intervals", f"{title} with their 95 % intervals", table, x="name",
        y=("value",), options={"low": "low", "high": "high"},
    )  # fmt: skip
    return [chart, Table(table, f"{title}: 95 % intervals", columns, rows)]


def _how(given: Given, intervals: Intervals) -> str:
    said = (
        "What the figures might have been, had the same returns and trades come otherwise; it says "
        "nothing of a market that is not in them, nor of how many variants were tried before."
    )
    if intervals.block:
        each = f"{given.unit}s"
        if intervals.together > 1:
            each = f"stretches of {intervals.together} {given.unit}s"
        said += (
            f" Returns: stationary bootstrap (Politis & Romano 1994), {RESAMPLES:,} resamples of "
            f"{intervals.periods:,} {each}, blocks of {intervals.block:g} in the mean."
        )
    if intervals.trades:
        said += f" Trades: {intervals.trades:,} closed ones, drawn one by one."
    return f"{said} Drawn from the run's seed, so that the page is the same each time."
