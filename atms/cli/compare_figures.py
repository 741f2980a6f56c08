"""The figures that a comparison shows, and how they are called and written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atms.cli.tables import NONE, day, money, number, percent

BEST = "*"


def _count(value: float | None) -> str:
    return NONE if value is None else f"{value:,.0f}"


# figure -> how it is called and written; JSON has them all
SHOWN: dict[str, tuple[str, Callable[[Any], str]]] = {
    "start": ("first bar", day),
    "end": ("last bar", day),
    "bars": ("bars", _count),
    "start_value": ("start value", money),
    "final_value": ("final value", money),
    "total_return": ("total return", percent),
    "benchmark_return": ("buy and hold", percent),
    "cagr": ("CAGR", percent),
    "volatility": ("volatility", percent),
    "sharpe": ("Sharpe", number),
    "sortino": ("Sortino", number),
    "calmar": ("Calmar", number),
    "max_drawdown": ("max drawdown", percent),
    "longest_drawdown_days": ("longest drawdown, days", _count),
    "var_95": ("value at risk, 95 %", percent),
    "alpha": ("alpha", percent),
    "beta": ("beta", number),
    "trades": ("trades", _count),
    "open_trades": ("open trades", _count),
    "trade_win_rate": ("win rate", percent),
    "trade_profit_factor": ("profit factor", number),
    "expectancy": ("expectancy a trade", money),
    "avg_win": ("average win", money),
    "avg_loss": ("average loss", money),
    "best_trade": ("best trade", money),
    "worst_trade": ("worst trade", money),
    "exposure": ("exposure", percent),
    "turnover": ("turnover", number),
    "fees": ("fees", money),
    "total_costs": ("all costs", money),
}
