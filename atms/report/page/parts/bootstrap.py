"""Intervals of the main figures: what they might have been, had the same returns come otherwise.

Returns are drawn again by the stationary bootstrap of Politis and Romano (1994, The Stationary
Bootstrap, Journal of the American Statistical Association 89): blocks of random, geometrically
distributed length from random starts, around the end to the beginning, so that what follows each
other in the run mostly does so in a resample. Closed trades are drawn one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atms.report.page.parts.given import Floats, Given, floats

RESAMPLES = 1_000
_LEAST = 10  # returns, or trades, of which intervals say something
_LONGEST = 6_000  # returns, 24 years of trading days; of more, several together count as one
_AT_ONCE = 100_000  # numbers that are worked on at once: what a processor's cache holds
_FEWER = 4_000_000  # trades drawn in all
_TAILS = (2.5, 97.5)  # per cent


@dataclass(frozen=True)
class Intervals:
    """95 % intervals of a run's figures.

    Attributes:
        found: metric -> (low, high).
        block: mean length of a block, in periods; 0: returns were not drawn.
        periods: how many periods were drawn from.
        together: how many of the run's returns are one of these.
        trades: how many trades were drawn from; 0: none were.
    """

    found: Mapping[str, tuple[float, float]]
    block: float
    periods: int
    together: int
    trades: int


def bootstrap(given: Given) -> Intervals:
    """Return the intervals of a run; the same at every call, because its seed is the run's."""
    sampled = given.sampled
    returns = np.zeros(0) if sampled is None else sampled.returns
    net = floats(given.closed["net_pnl"]) if len(given.closed) else np.zeros(0)
    rng = np.random.default_rng([given.result.config.run.seed, 1994])
    found: dict[str, tuple[float, float]] = {}
    block, together = 0.0, 1
    drawn, a_year = returns, 1.0
    if sampled is not None and len(returns) >= _LEAST and np.ptp(returns):
        drawn, together = _joined(returns)
        a_year = sampled.periods_per_year / together
        block = mean_block(len(drawn))
        found |= _of_returns(drawn, block, a_year, given.risk_free, rng)
    enough = len(net) >= _LEAST
    if enough:
        found |= _of_trades(net, rng)
    known = {name: pair for name, pair in found.items() if given.metrics.get(name) is not None}
    return Intervals(known, block, len(drawn), together, len(net) if enough else 0)


def mean_block(count: int) -> float:
    """Return the mean length of a block: the cube root of the number of returns.

    Of that order are the lengths with the least error (Politis and Romano 1994, section 4).
    """
    return max(1.0, float(round(count ** (1 / 3))))


def stationary(count: int, block: float, times: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the places that *times* resamples of *count* values draw, shape (times, count)."""
    begins = rng.random((times, count)) < 1 / block
    begins[:, 0] = True
    flat = begins.ravel()
    first = np.flatnonzero(flat)
    starts = rng.integers(0, count, len(first)) - first % count
    lengths = np.diff(np.append(first, len(flat)))
    places = np.repeat(starts, lengths).reshape(times, count) + np.arange(count)
    return places % count


def _joined(returns: Floats) -> tuple[Floats, int]:
    """Return returns, several multiplied together where there are too many."""
    together = -(-len(returns) // _LONGEST)
    if together == 1:
        return returns, 1
    starts = np.arange(0, len(returns) - together + 1, together)
    whole = returns[: starts[-1] + together]
    return np.multiply.reduceat(1 + whole, starts) - 1, together


def _of_returns(
    returns: Floats, block: float, a_year: float, risk_free: float, rng: np.random.Generator
) -> dict[str, tuple[float, float]]:
    parts: dict[str, list[Floats]] = {}
    for times in _portions(len(returns)):
        drawn = returns[stationary(len(returns), block, times, rng)]
        for name, values in figures(drawn, a_year, risk_free).items():
            parts.setdefault(name, []).append(values)
    return _intervals({name: np.concatenate(values) for name, values in parts.items()})


def _portions(count: int) -> Iterator[int]:
    at_once = max(1, _AT_ONCE // count)
    left = RESAMPLES
    while left > 0:
        yield min(at_once, left)
        left -= at_once


def figures(returns: Floats, a_year: float, risk_free: float) -> dict[str, Floats]:
    """Return the main figures of many series at once, as the metrics define them.

    Args:
        returns: shape (series, n).
        a_year: periods a year.
        risk_free: annual rate, a fraction.
    """
    count = returns.shape[1]
    free = (1 + risk_free) ** (1 / a_year) - 1
    wealth = np.cumprod(1 + returns, axis=1)
    peak = np.maximum(np.maximum.accumulate(wealth, axis=1), 1.0)
    last = wealth[:, -1]
    excess = returns - free
    mean = excess.mean(axis=1)
    with np.errstate(all="ignore"):
        downside = np.sqrt(np.mean(np.minimum(excess, 0) ** 2, axis=1))
        return {
            "total_return": last - 1,
            "cagr": last ** (a_year / count) - 1,
            "sharpe": mean / returns.std(axis=1, ddof=1) * np.sqrt(a_year),
            "sortino": mean / downside * np.sqrt(a_year),
            "max_drawdown": (wealth / peak).min(axis=1) - 1,
        }


def _of_trades(net: Floats, rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    times = max(200, min(RESAMPLES, _FEWER // len(net)))
    mean, won = np.empty(times), np.empty(times)
    for place in range(times):
        drawn = net[rng.integers(0, len(net), len(net))]
        mean[place], won[place] = drawn.mean(), np.count_nonzero(drawn > 0) / len(net)
    return _intervals({"trade_win_rate": won, "expectancy": mean})


def _intervals(values: Mapping[str, Floats]) -> dict[str, tuple[float, float]]:
    found = {}
    for name, each in values.items():
        known = each[np.isfinite(each)]
        if len(known):
            low, high = np.percentile(known, _TAILS)
            found[name] = (float(low), float(high))
    return found
