"""A run in numbers: what metrics.json holds and the terminal's table shows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.report.metrics import drawdowns, metrics
from atms.report.recording import Recording
from atms.report.sampled import Sampled, of_recording
from atms.report.spells import spells

_DEEPEST = (
    "max_drawdown_start",
    "max_drawdown_valley",
    "max_drawdown_end",
    "max_drawdown_days",
)
_CARRYING = {
    "funding": "funding_cost",
    "borrow": "borrow_cost",
    "interest": "interest_cost",
    "liquidation": "liquidation_cost",
}


def summary(
    recording: Recording,
    equity: pd.DataFrame,
    trades: pd.DataFrame,
    *,
    benchmark: int = 0,
    risk_free: float = 0.0,
    periods_per_year: float | None = None,
) -> dict[str, Any]:
    """Return the run's figures; money in the account's currency, shares and returns as fractions.

    Args:
        recording, equity, trades: the run.
        benchmark: index of the feed that buy and hold is measured on, from the first open of the
            time range to each period's last close.
        risk_free: annual rate, a fraction.
        periods_per_year: return periods a year, instead of the calendar's.
    """
    value = equity["value"].to_numpy()
    stamps = recording.stamps[recording.first :]
    sampled = of_recording(
        recording, equity, benchmark=benchmark, periods_per_year=periods_per_year
    )
    hold = sampled.hold
    traded = sum(
        abs(fill.size) * fill.price * recording.feeds[fill.feed].multiplier
        for fill in recording.fills
    )
    held = float(np.mean(equity["exposure"].to_numpy() != 0)) if len(equity) else 0.0
    return {
        "start_value": recording.start_cash,
        "final_value": float(value[-1]),
        **_returns(sampled, risk_free),
        **_drawdown_dates(sampled),
        **_trade_figures(trades),
        "exposure": held,
        **_costs(recording),
        "turnover": float(traded / value.mean()) if value.mean() > 0 else None,
        "benchmark_return": float(hold[-1] / hold[0] - 1) if hold[0] else None,
        "bars": len(equity),
        "start": _iso(stamps[0]),
        "end": _iso(stamps[-1]),
        "periods_per_year": sampled.periods_per_year,
        "returns_note": sampled.note,
    }


def _costs(recording: Recording) -> dict[str, float]:
    """Return what the run paid, a figure a kind; negative where it was paid."""
    fills, moves = recording.fills, recording.cash_moves
    costs = {
        "fees": math.fsum(fill.fee for fill in fills),
        "spread_cost": math.fsum(fill.spread_cost for fill in fills),
        "slippage_cost": math.fsum(fill.slippage_cost for fill in fills),
        "impact_cost": math.fsum(fill.impact_cost for fill in fills),
    }
    for kind, name in _CARRYING.items():
        costs[name] = 0.0 - math.fsum(move.amount for move in moves if move.kind == kind)
    return {**costs, "total_costs": math.fsum(costs.values())}


def _returns(sampled: Sampled, risk_free: float) -> dict[str, float | None]:
    """Return the metrics; all but the total undefined once the account has fallen to nothing."""
    figures = metrics(
        sampled.returns,
        periods_per_year=sampled.periods_per_year,
        benchmark=sampled.benchmark,
        risk_free=risk_free,
    )
    if sampled.broke:
        wealth = sampled.wealth
        if wealth[0]:
            figures["total_return"] = float(wealth[-1] / wealth[0] - 1)
        figures["max_drawdown"] = float(np.min(drawdowns(wealth)))
    return figures


def _drawdown_dates(sampled: Sampled) -> dict[str, Any]:
    """Return peak, valley and recovery of the deepest drawdown, and the longest one's days."""
    times, found = sampled.times, spells(sampled.wealth)
    if not found:
        return {**dict.fromkeys(_DEEPEST), "longest_drawdown_days": 0.0}
    days = [(times[one.back] - times[one.peak]).total_seconds() / 86_400 for one in found]
    index = min(range(len(found)), key=lambda place: found[place].depth)
    deepest = found[index]
    dates = (
        times[deepest.peak].isoformat(),
        times[deepest.valley].isoformat(),
        times[deepest.back].isoformat() if deepest.recovered else None,
        days[index],
    )
    return {**dict(zip(_DEEPEST, dates, strict=True)), "longest_drawdown_days": max(days)}


def _trade_figures(trades: pd.DataFrame) -> dict[str, Any]:
    closed = trades[trades["status"] == "closed"]
    net = closed["net_pnl"].to_numpy(dtype=float)
    won, lost = net[net > 0], net[net < 0]

    def mean(values: NDArray[np.float64]) -> float | None:
        return float(values.mean()) if len(values) else None

    return {
        "trades": len(closed),
        "open_trades": len(trades) - len(closed),
        "trade_win_rate": len(won) / len(net) if len(net) else None,
        "trade_profit_factor": float(won.sum() / -lost.sum()) if len(lost) else None,
        "expectancy": mean(net),
        "avg_win": mean(won),
        "avg_loss": mean(lost),
        "best_trade": float(net.max()) if len(net) else None,
        "worst_trade": float(net.min()) if len(net) else None,
    }


def _iso(stamp: int) -> str:
    return str(pd.Timestamp(int(stamp), unit="us", tz="UTC").isoformat())


def json_safe(value: Any) -> Any:
    """Return *value* with everything that JSON has no word for as None or text."""
    if isinstance(value, dict):
        return {str(key): json_safe(nested) for key, nested in value.items()}
    if isinstance(value, list | tuple | set):
        return [json_safe(nested) for nested in value]
    if isinstance(value, np.ndarray):
        return [json_safe(nested) for nested in value.tolist()]
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
