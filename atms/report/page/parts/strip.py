"""The eight numbers at the top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atms.report.page.blocks import Figure
from atms.report.page.parts.given import Given, counted, percent

Interval = tuple[float, float]


def strip(given: Given, intervals: Mapping[str, Interval]) -> list[Figure]:
    """Return eight figures, exactly as in the run's metrics.

    Args:
        given: the run.
        intervals: metric -> its 95 % interval, where there is one.
    """
    metrics = given.metrics

    def figure(name: str, title: str, kind: Any, against: str = "") -> Figure:
        return Figure(name, title, kind, metrics.get(name), "", intervals.get(name), against)

    return [
        figure("total_return", "Total return", "percent", _hold(given)),
        figure("cagr", "CAGR", "percent"),
        figure("sharpe", "Sharpe", "number"),
        figure("max_drawdown", "Max drawdown", "percent", _dates(metrics)),
        figure("trade_profit_factor", "Profit factor", "number"),
        figure("trade_win_rate", "Win rate", "percent"),
        figure("trades", "Trades", "count", _open(metrics)),
        figure("exposure", "Exposure", "percent", "of bars"),
    ]


def _hold(given: Given) -> str:
    found = given.metrics.get("benchmark_return")
    return "" if found is None else f"buy and hold {percent(found)}"


def _dates(metrics: dict[str, Any]) -> str:
    start, end = metrics.get("max_drawdown_start"), metrics.get("max_drawdown_end")
    if not start:
        return ""
    return f"{start[:10]} to {end[:10]}" if end else f"from {start[:10]}, not recovered"


def _open(metrics: dict[str, Any]) -> str:
    still = metrics.get("open_trades") or 0
    return f"and {counted(still, 'open one')}" if still else ""
