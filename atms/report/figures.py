"""Static pictures by matplotlib, drawn without a display and without pyplot's global state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from atms.report.sampled import held_cash

if TYPE_CHECKING:
    from atms.result import Result

EQUITY, HOLD, LOSS, GRID = "#0b6e4f", "#8a8f98", "#c8553d", "#e3e5e8"
_MOST_POINTS = 4000


def equity_figure(result: Result) -> Figure:
    """Return equity against buy and hold, with the drawdown beneath."""
    frame = thin(result.equity)
    figure = Figure(figsize=(11, 6.5), layout="constrained")
    FigureCanvasAgg(figure)
    value_axes, drawdown_axes = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    value_axes.plot(frame.index, frame["value"], color=EQUITY, lw=1.6, label="equity")
    hold = held_cash(result, frame.index)
    if hold is not None:
        value_axes.plot(frame.index, hold, color=HOLD, lw=1.0, label="buy and hold")
    value_axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.6g}"))
    value_axes.set_ylabel(result.feeds[0].currency)
    value_axes.legend(loc="upper left", frameon=False, ncols=2)
    drawdown_axes.fill_between(frame.index, frame["drawdown"], 0, color=LOSS, alpha=0.55, lw=0)
    drawdown_axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    drawdown_axes.set_ylabel("drawdown")
    locator = AutoDateLocator()
    drawdown_axes.xaxis.set_major_locator(locator)
    drawdown_axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    for axes in (value_axes, drawdown_axes):
        plain(axes)
    figure.suptitle(_title(result), x=0.012, ha="left", fontsize=12, fontweight="bold")
    value_axes.set_title(_subtitle(result), loc="left", fontsize=9, color="#555b66")
    return figure


def plain(axes: Any) -> None:
    """Give axes a quiet grid and no box."""
    axes.grid(True, color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.margins(x=0.01)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _title(result: Result) -> str:
    name = result.config.run.name
    strategy = result.provenance.strategy.rpartition(":")[2]
    symbols = ", ".join(dict.fromkeys(feed.symbol for feed in result.feeds))
    return f"{name + ': ' if name else ''}{strategy} on {symbols}"


def _subtitle(result: Result) -> str:
    figures = result.metrics

    def percent(name: str) -> str:
        value = figures[name]
        return "n/a" if value is None else f"{value:+.1%}"

    status = "" if result.status == "finished" else f"  |  run {result.status}"
    return (
        f"{figures['start'][:10]} to {figures['end'][:10]}  |  return {percent('total_return')}"
        f"  |  buy and hold {percent('benchmark_return')}"
        f"  |  max drawdown {percent('max_drawdown')}  |  {figures['trades']} trades{status}"
    )


def thin(frame: pd.DataFrame) -> pd.DataFrame:
    """Return at most _MOST_POINTS rows, keeping each stretch's highest and lowest value."""
    if len(frame) <= _MOST_POINTS:
        return frame
    stretch = np.arange(len(frame)) * (_MOST_POINTS // 2) // len(frame)
    groups = frame["value"].reset_index(drop=True).groupby(stretch)
    keep = np.unique(np.concatenate([groups.idxmin(), groups.idxmax(), [0, len(frame) - 1]]))
    return frame.iloc[keep]
