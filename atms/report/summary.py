"""A run in numbers: what metrics.json holds and the terminal's table shows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.report.equity import wealth
from atms.report.metrics import drawdowns, metrics
from atms.report.recording import Recording
from atms.report.sessions import sampling

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
    sampled = sampling(stamps)
    a_year = periods_per_year or sampled.periods_per_year
    worth = wealth(recording, value)[np.concatenate([[0], sampled.last + 1])]
    hold = _hold(recording, benchmark)[np.concatenate([[0], sampled.last + 1])]
    times = equity.index[np.concatenate([[0], sampled.last])]
    figures = _returns(worth, hold, a_year, risk_free)
    traded = sum(
        abs(fill.size) * fill.price * recording.feeds[fill.feed].multiplier
        for fill in recording.fills
    )
    held = float(np.mean(equity["exposure"].to_numpy() != 0)) if len(equity) else 0.0
    return {
        "start_value": recording.start_cash,
        "final_value": float(value[-1]),
        **figures,
        **_drawdown_dates(worth, times),
        **_trade_figures(trades),
        "exposure": held,
        **_costs(recording),
        "turnover": float(traded / value.mean()) if value.mean() > 0 else None,
        "benchmark_return": float(hold[-1] / hold[0] - 1) if hold[0] else None,
        "bars": len(equity),
        "start": _iso(stamps[0]),
        "end": _iso(stamps[-1]),
        "periods_per_year": float(a_year),
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


def _returns(
    wealth: NDArray[np.float64], hold: NDArray[np.float64], a_year: float, risk_free: float
) -> dict[str, float | None]:
    """Return the metrics; all but the total undefined once the account has fallen to nothing."""
    broke = bool((wealth <= 0).any())
    priced = bool((hold > 0).all() and np.isfinite(hold).all())
    with np.errstate(all="ignore"):
        returns = np.zeros(0) if broke else np.diff(wealth) / wealth[:-1]
        against = np.diff(hold) / hold[:-1] if priced and not broke else None
    figures = metrics(returns, periods_per_year=a_year, benchmark=against, risk_free=risk_free)
    if broke:
        figures["total_return"] = float(wealth[-1] / wealth[0] - 1)
        figures["max_drawdown"] = float(np.min(drawdowns(wealth)))
    return figures


def _hold(recording: Recording, feed: int) -> NDArray[np.float64]:
    """Return the price of one unit held: the first open in range, then each step's close."""
    bars = recording.bars_at_steps(feed)[recording.first :]
    record = recording.feeds[feed]
    first = max(int(bars[0]), 0)
    begin = record.columns["open"][first]
    # Flat until its first bar, where the benchmark begins later than the run.
    closes = np.where(bars >= 0, record.columns["close"][np.maximum(bars, 0)], begin)
    return np.concatenate([[begin], closes])


def _drawdown_dates(wealth: NDArray[np.float64], times: pd.DatetimeIndex) -> dict[str, Any]:
    """Return peak, valley and recovery of the deepest drawdown, and the longest one's days.

    *wealth* begins with the starting cash, held at ``times[0]``; both have shape (n + 1,).
    """
    drawdown = drawdowns(wealth)
    below = drawdown < 0
    if not below.any():
        return {**dict.fromkeys(_DEEPEST), "longest_drawdown_days": 0.0}
    # A drawdown lasts from its peak to the first value that is no longer below it.
    edges = np.flatnonzero(np.diff(np.concatenate([below, [False]]).astype(int)))
    spans = [(int(peak), min(int(back) + 1, len(times) - 1)) for peak, back in edges.reshape(-1, 2)]
    days = [(times[back] - times[peak]).total_seconds() / 86_400 for peak, back in spans]
    valley = int(np.argmin(drawdown))
    index = next(i for i, (peak, back) in enumerate(spans) if peak < valley <= back)
    peak, back = spans[index]
    deepest = (
        times[peak].isoformat(),
        times[valley].isoformat(),
        None if below[back] else times[back].isoformat(),
        days[index],
    )
    return {**dict(zip(_DEEPEST, deepest, strict=True)), "longest_drawdown_days": max(days)}


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
