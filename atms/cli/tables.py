"""Figures as a person reads them."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from atms.report.funnel import Funnel
from atms.result import Result

NONE = "–"
_COSTS = {
    "spread_cost": "spread",
    "slippage_cost": "slippage",
    "impact_cost": "impact",
    "funding_cost": "funding",
    "borrow_cost": "borrow",
    "interest_cost": "interest",
    "liquidation_cost": "liquidation",
}


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows as plain values, missing ones as None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def money(value: float | None) -> str:
    """Return an amount with two decimals, or a dash."""
    return NONE if value is None else f"{value:,.2f}"


def percent(value: float | None) -> str:
    """Return a fraction as a percentage, or a dash."""
    return NONE if value is None else f"{value:.2%}"


def number(value: float | None) -> str:
    """Return a ratio with three decimals, or a dash."""
    return NONE if value is None else f"{value:.3f}"


def day(text: str | None) -> str:
    """Return the date of an ISO time, or a dash."""
    return NONE if text is None else text[:10]


def headline(result: Result) -> Text:
    """Return a run's first line: what ran, on what, and the run's id."""
    strategy = result.provenance.strategy.rpartition(":")[2]
    symbols = ", ".join(dict.fromkeys(feed.symbol for feed in result.feeds))
    return Text.assemble((strategy, "bold"), f" on {symbols}   ", (result.id, "dim"))


def results_table(figures: dict[str, Any], currency: str) -> Table:
    """Return the table that a backtest ends with."""
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for style in ("dim", "bold", "dim", "bold"):
        table.add_column(style=style, justify="right" if style == "bold" else "left")
    left, right = _left(figures, currency), _right(figures, currency)
    for row in range(max(len(left), len(right))):
        pairs = [side[row] if row < len(side) else ("", "") for side in (left, right)]
        table.add_row(*pairs[0], *pairs[1])
    return table


def funnel_lines(funnel: Funnel) -> list[str]:
    """Return a run's funnel in words; nothing where the figures have it all."""
    if not funnel:
        return []
    steps = [f"{funnel.bars:,} bars"]
    if funnel.signals:
        steps += [f"{funnel.signals:,} signals", f"{funnel.passed:,} passed every gate"]
    steps += [f"{funnel.orders:,} orders", f"{funnel.filled:,} filled", f"{funnel.trades:,} trades"]
    lines = [f"funnel: {' > '.join(steps)}"]
    if funnel.refusals:
        most = (f"{one.name} {one.times:,} ({one.by})" for one in funnel.refusals)
        lines.append(f"refused most: {', '.join(most)}")
    return lines


def _left(m: dict[str, Any], currency: str) -> list[tuple[str, str]]:
    days = (pd.Timestamp(m["end"]) - pd.Timestamp(m["start"])).total_seconds() / 86_400
    return [
        ("from", day(m["start"])),
        ("to", day(m["end"])),
        ("days / bars", f"{days:,.0f} / {m['bars']:,}"),
        (f"start value ({currency})", money(m["start_value"])),
        (f"final value ({currency})", money(m["final_value"])),
        ("total return", percent(m["total_return"])),
        ("buy and hold", percent(m["benchmark_return"])),
        ("CAGR", percent(m["cagr"])),
        ("volatility", percent(m["volatility"])),
        ("Sharpe", number(m["sharpe"])),
        ("Sortino", number(m["sortino"])),
        ("Calmar", number(m["calmar"])),
    ]


def _right(m: dict[str, Any], currency: str) -> list[tuple[str, str]]:
    until = day(m["max_drawdown_end"]) if m["max_drawdown_end"] else "not recovered"
    lasted = m["max_drawdown_days"]
    return [
        (
            "trades",
            f"{m['trades']:,}" + (f" + {m['open_trades']} open" if m["open_trades"] else ""),
        ),
        ("win rate", percent(m["trade_win_rate"])),
        ("profit factor", number(m["trade_profit_factor"])),
        ("average win / loss", f"{money(m['avg_win'])} / {money(m['avg_loss'])}"),
        ("best / worst trade", f"{money(m['best_trade'])} / {money(m['worst_trade'])}"),
        ("expectancy a trade", money(m["expectancy"])),
        *_costs(m, currency),
        ("max drawdown", percent(m["max_drawdown"])),
        ("  peak", day(m["max_drawdown_start"])),
        ("  valley", day(m["max_drawdown_valley"])),
        ("  recovered", until if lasted is not None else NONE),
        ("  days", NONE if lasted is None else f"{lasted:,.0f}"),
    ]


def _costs(m: dict[str, Any], currency: str) -> list[tuple[str, str]]:
    """Return the fees, and every other cost that there was."""
    others = [(name, m.get(key)) for key, name in _COSTS.items() if m.get(key)]
    if not others:
        return [(f"fees ({currency})", money(m["fees"]))]
    return [
        (f"costs ({currency})", money(m["total_costs"])),
        ("  fees", money(m["fees"])),
        *((f"  {name}", money(value)) for name, value in others),
    ]


def frame_table(frame: pd.DataFrame, shown: dict[str, str]) -> Table:
    """Return a table of *frame*'s columns *shown*: column -> heading."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name, heading in shown.items():
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        # An id or a date that is cut off cannot be used.
        whole = numeric or name in ("id", "period", "reason", "tag", "exit_reason")
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=whole)
    for row in frame[list(shown)].itertuples(index=False):
        table.add_row(*(escape(_cell(value)) for value in row))
    return table


def _cell(value: Any) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return NONE
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1000 else f"{value:,.2f}"
    return str(value)
