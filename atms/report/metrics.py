"""Figures of a series of returns, each defined where it is computed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def metrics(
    returns: ArrayLike,
    *,
    periods_per_year: float,
    benchmark: ArrayLike | None = None,
    risk_free: float = 0.0,
) -> dict[str, float | None]:
    """Return the figures of *returns*, as fractions; what is undefined is None, never 0 or NaN.

    With r the n returns, k the periods a year, f = (1 + risk_free)^(1/k) - 1 the risk-free rate a
    period, W the wealth from 1 on (cumulative product of 1 + r, the starting 1 included):

    - total_return: W_n - 1.
    - cagr: W_n^(k/n) - 1.
    - volatility: std(r, ddof 1) * sqrt(k).
    - sharpe: mean(r - f) / std(r - f, ddof 1) * sqrt(k) (Sharpe 1994).
    - sortino: mean(r - f) / sqrt(mean(min(r - f, 0)^2)), the mean over all n, * sqrt(k)
      (Sortino & Price 1994).
    - max_drawdown: the least W / running maximum of W - 1, from the starting capital; <= 0.
    - calmar: cagr / abs(max_drawdown) (Young 1991).
    - omega: sum of gains / sum of losses, at a threshold of 0 a period (Keating & Shadwick 2002).
    - skew, kurtosis: bias-corrected (G1 and G2 of Joanes & Gill 1998); kurtosis is the excess.
    - var_95: the 5 % quantile of r (historic, linear interpolation), signed: a loss is negative.
    - cvar_95: mean of the returns at or below var_95, signed.
    - win_rate: share of positive among non-zero returns.
    - profit_factor: sum of gains / sum of losses.
    - beta: cov(r, b) / var(b), with benchmark returns b.
    - alpha: (mean(r - f) - beta * mean(b - f)) * k (Jensen 1968).
    - information_ratio: mean(r - b) / std(r - b, ddof 1), a period, not annualised.

    Args:
        returns: simple returns a period, shape (n,), finite.
        periods_per_year: k: 252 for daily stocks, 365 for daily crypto.
        benchmark: simple returns over the same periods, shape (n,).
        risk_free: annual rate, a fraction.

    Raises:
        ValueError: a return that is not finite, or series of different lengths.
    """
    r = _series(returns, "returns")
    k = float(periods_per_year)
    if not k > 0:
        raise ValueError(f"periods_per_year must be positive, not {periods_per_year!r}")
    free = (1 + risk_free) ** (1 / k) - 1
    with np.errstate(all="ignore"):  # what overflows is undefined, and None in the end
        return {name: _finite(value) for name, value in _figures(r, k, free, benchmark).items()}


def _figures(
    r: Floats, k: float, free: float, benchmark: ArrayLike | None
) -> dict[str, float | None]:
    excess = r - free
    wealth = np.concatenate([[1.0], np.cumprod(1 + r)])
    total = float(wealth[-1] - 1) if len(r) else None
    # A debt that grows or shrinks has no rate of growth.
    cagr = float(wealth[-1] ** (k / len(r)) - 1) if len(r) and (wealth >= 0).all() else None
    drawdown = float(np.min(drawdowns(wealth))) if len(r) else None
    gains, losses = float(r[r > 0].sum()), float(-r[r < 0].sum())
    downside = math.sqrt(float(np.mean(np.minimum(excess, 0) ** 2))) if len(r) else 0.0
    quantile = float(np.quantile(r, 0.05)) if len(r) else None
    moved = r[r != 0]
    return {
        "total_return": total,
        "cagr": cagr,
        "volatility": _scaled(_deviation(r), math.sqrt(k)),
        "sharpe": _scaled(_ratio(_mean(excess), _deviation(excess)), math.sqrt(k)),
        "sortino": _scaled(_ratio(_mean(excess), downside), math.sqrt(k)),
        "calmar": _ratio(cagr, abs(drawdown) if drawdown is not None else None),
        "max_drawdown": drawdown,
        "omega": _ratio(gains, losses),
        "skew": _skew(r),
        "kurtosis": _kurtosis(r),
        "var_95": quantile,
        "cvar_95": float(r[r <= quantile].mean()) if quantile is not None else None,
        "win_rate": float((moved > 0).mean()) if len(moved) else None,
        "profit_factor": _ratio(gains, losses),
        **_against(r, benchmark, free, k),
    }


def drawdowns(wealth: Floats) -> Floats:
    """Return how far *wealth*, shape (n,), lies below its peak so far, as a fraction <= 0.

    0 as long as there was nothing yet.
    """
    peak = np.maximum.accumulate(wealth)
    return np.divide(wealth, peak, out=np.ones(len(wealth)), where=peak > 0) - 1


def _series(values: ArrayLike, name: str) -> Floats:
    series = np.asarray(values, dtype=np.float64)
    if series.ndim != 1:
        raise ValueError(f"{name} must be one series, not of shape {series.shape}")
    bad = np.flatnonzero(~np.isfinite(series))
    if len(bad):
        raise ValueError(
            f"{name}[{bad[0]}] is {series[bad[0]]}; drop the first return of a price series"
        )
    return series


def _against(
    r: Floats, benchmark: ArrayLike | None, free: float, k: float
) -> dict[str, float | None]:
    if benchmark is None:
        return {"information_ratio": None, "alpha": None, "beta": None}
    b = _series(benchmark, "benchmark")
    if len(b) != len(r):
        raise ValueError(f"benchmark has {len(b)} returns and the strategy {len(r)}")
    beta = alpha = None
    spread = _deviation(b)
    if spread:
        beta = float(np.cov(r, b, ddof=1)[0, 1] / spread**2)
        alpha = float((np.mean(r - free) - beta * np.mean(b - free)) * k)
    information_ratio = _ratio(_mean(r - b), _deviation(r - b))
    return {"information_ratio": information_ratio, "alpha": alpha, "beta": beta}


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None


def _deviation(values: Floats) -> float | None:
    """Return the sample standard deviation; exactly 0 for equal values, None under two."""
    if len(values) < 2:
        return None
    return float(values.std(ddof=1)) if np.ptp(values) else 0.0


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _skew(r: Floats) -> float | None:
    n = len(r)
    if n < 3 or not np.ptp(r):
        return None
    d = r - r.mean()
    g1 = float(np.mean(d**3) / np.mean(d**2) ** 1.5)
    return g1 * math.sqrt(n * (n - 1)) / (n - 2)


def _kurtosis(r: Floats) -> float | None:
    n = len(r)
    if n < 4 or not np.ptp(r):
        return None
    d = r - r.mean()
    g2 = float(np.mean(d**4) / np.mean(d**2) ** 2 - 3)
    return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6)
