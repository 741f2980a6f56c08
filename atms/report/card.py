"""A run in a few lines of HTML, as a notebook shows it: no script, and no style of the page's."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from atms.report.sparkline import svg

if TYPE_CHECKING:
    from atms.result import Result

_FIGURES = (
    ("total return", "total_return", "{:.2%}"),
    ("buy and hold", "benchmark_return", "{:.2%}"),
    ("CAGR", "cagr", "{:.2%}"),
    ("Sharpe", "sharpe", "{:.3f}"),
    ("max drawdown", "max_drawdown", "{:.2%}"),
    ("profit factor", "trade_profit_factor", "{:.3f}"),
    ("win rate", "trade_win_rate", "{:.2%}"),
    ("trades", "trades", "{:,}"),
    ("exposure", "exposure", "{:.2%}"),
)
_LABEL = "font-size:11px;opacity:.7"
_CELL = "display:inline-block;margin:0 18px 6px 0;text-align:left"


def card(result: Result) -> str:
    """Return a run's headline, main figures and equity as HTML that stands by itself."""
    strategy = result.provenance.strategy.rpartition(":")[2]
    symbols = ", ".join(dict.fromkeys(feed.symbol for feed in result.feeds))
    status = "" if result.status == "finished" else f", {escape(result.status)}"
    figures = "".join(_figure(result.metrics, *one) for one in _FIGURES)
    return (
        '<div style="font-family:system-ui,sans-serif;max-width:640px">'
        f"<div><b>{escape(strategy)}</b> on {escape(symbols)} "
        f'<span style="{_LABEL}">{escape(result.id)}{status}</span></div>'
        f'<div style="margin:6px 0">{figures}</div>{svg(result.equity)}</div>'
    )


def _figure(metrics: dict[str, Any], title: str, key: str, form: str) -> str:
    value = metrics.get(key)
    shown = "–" if value is None else form.format(value)
    return f'<span style="{_CELL}"><span style="{_LABEL}">{title}</span><br><b>{shown}</b></span>'
