"""Sharpe ratio and volatility over a moving window."""

from __future__ import annotations

from typing import Any

import numpy as np

from atms.report.page.blocks import Block, Chart, Column, Table, Text
from atms.report.page.parts.given import Floats, Given, plain

WINDOWS = (30, 90)
_LEAST = 5  # returns in a window
_POINTS = 800  # rows of the table


def windows(count: int) -> tuple[int, ...]:
    """Return the windows for so many returns: 30 and 90, each if there are twice as many.

    A shorter run has one of a third of its returns; none of fewer than 5.
    """
    fitting = tuple(window for window in WINDOWS if count >= 2 * window)
    third = count // 3
    return fitting or ((third,) if third >= _LEAST else ())


def rolling(given: Given) -> list[Block]:
    """Return rolling Sharpe and volatility of the run's returns, or why there are none."""
    sampled = given.sampled
    returns = np.zeros(0) if sampled is None else sampled.returns
    found = windows(len(returns))
    if sampled is None or not found:
        return [Text(f"Too few returns for rolling figures: {len(returns)}.")]
    a_year = sampled.periods_per_year
    every = -(-(len(returns) - found[0] + 1) // _POINTS)
    ends = np.arange(len(returns) - 1, found[0] - 2, -every)[::-1]
    columns, values = [Column("time", "Time", "time")], [sampled.micros[1:][ends].astype(float)]
    for window in found:
        sharpe, volatility = rolled(returns, window, a_year, given.risk_free)
        for key, what, kind, figure in (
            ("sharpe", "Sharpe", "number", sharpe),
            ("volatility", "Volatility", "percent", volatility),
        ):
            columns.append(Column(f"{key}_{window}", f"{what}, {window} {given.unit}s", kind))  # type: ignore[arg-type]
            values.append(np.round(figure[ends], 6))
    rows: list[list[Any]] = [plain(row) for row in zip(*values, strict=True)]
    note = f"Over the last {' and '.join(map(str, found))} {given.unit}s, annualised."
    if every > 1:
        note += f" One {given.unit} in {every} is listed."
    charts = [
        Chart(f"rolling-{key}", "lines", f"Rolling {what}", "rolling", x="time",
              y=tuple(f"{key}_{window}" for window in found))
        for key, what in (("sharpe", "Sharpe ratio"), ("volatility", "volatility"))
    ]  # fmt: skip
    return [*charts, Table("rolling", "Rolling figures", columns, rows, note=note, tall=True)]


def rolled(returns: Floats, window: int, a_year: float, risk_free: float) -> tuple[Floats, Floats]:
    """Return Sharpe ratio and volatility of the *window* returns up to each, shape (n,).

    Both as :func:`atms.report.metrics.metrics` defines them; NaN before the first whole window,
    and the Sharpe ratio where returns do not differ.
    """
    sharpe, volatility = np.full(len(returns), np.nan), np.full(len(returns), np.nan)
    parts = np.lib.stride_tricks.sliding_window_view(returns, window)
    deviation = parts.std(axis=1, ddof=1)
    deviation = np.where(np.ptp(parts, axis=1) > 0, deviation, 0.0)
    free = (1 + risk_free) ** (1 / a_year) - 1
    with np.errstate(all="ignore"):
        ratio = np.where(deviation > 0, (parts.mean(axis=1) - free) / deviation, np.nan)
    sharpe[window - 1 :] = ratio * np.sqrt(a_year)
    volatility[window - 1 :] = deviation * np.sqrt(a_year)
    return sharpe, volatility
