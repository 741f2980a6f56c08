"""An account's wealth where returns are measured: what every figure of returns is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.report.equity import time_weighted, wealth
from atms.report.metrics import drawdowns
from atms.report.recording import Recording
from atms.report.sessions import sampling

if TYPE_CHECKING:
    from atms.result import Result

Floats = NDArray[np.float64]
_NEAR = 1e-9  # how far what is rebuilt may be from what the run wrote down


@dataclass(frozen=True, eq=False)
class Sampled:
    """An account and its benchmark at the end of each period of return.

    Attributes:
        times: of the values below, UTC, shape (n + 1,); the first is that of the first bar, on
            which the starting cash was there.
        wealth: what the starting cash became, shape (n + 1,); see
            :func:`atms.report.equity.wealth`.
        hold: the benchmark's price, shape (n + 1,).
        periods_per_year: how many such periods a year has.
        note: the same in words.
        exact: whether *wealth* is that of the run's figures; where cash was added to a run of which
            only the files are left, it may be what the account held instead.
    """

    times: pd.DatetimeIndex
    wealth: Floats
    hold: Floats
    periods_per_year: float
    note: str
    exact: bool = True

    @property
    def broke(self) -> bool:
        """Whether the account has fallen to nothing: then there are no returns."""
        return bool((self.wealth <= 0).any())

    @property
    def priced(self) -> bool:
        """Whether the benchmark has a price above zero all along."""
        return bool((self.hold > 0).all() and np.isfinite(self.hold).all())

    @property
    def returns(self) -> Floats:
        """The account's return of each period, shape (n,); none if it went broke."""
        with np.errstate(all="ignore"):
            return np.zeros(0) if self.broke else np.diff(self.wealth) / self.wealth[:-1]

    @property
    def benchmark(self) -> Floats | None:
        """The benchmark's return of each period, shape (n,); None where that has no sense."""
        if self.broke or not self.priced:
            return None
        with np.errstate(all="ignore"):
            return np.diff(self.hold) / self.hold[:-1]

    @property
    def micros(self) -> NDArray[np.int64]:
        """The times as microseconds since 1970 UTC."""
        return np.asarray(self.times.as_unit("us").asi8)


def of_recording(
    recording: Recording,
    equity: pd.DataFrame,
    *,
    benchmark: int = 0,
    periods_per_year: float | None = None,
) -> Sampled:
    """Return a run's sampled wealth.

    Args:
        recording, equity: the run.
        benchmark: index of the feed that buy and hold is measured on, from the first open of the
            time range to each period's last close.
        periods_per_year: return periods a year, instead of the calendar's.
    """
    bars = recording.bars_at_steps(benchmark)[recording.first :]
    columns = recording.feeds[benchmark].columns
    hold = _hold(bars, columns["open"], columns["close"])
    value = equity["value"].to_numpy()
    return _sampled(equity.index, wealth(recording, value), hold, periods_per_year)


def of_result(result: Result) -> Sampled | None:
    """Return the same of a run's frames; None of a run without an equity curve."""
    value = result.equity["value"].to_numpy(dtype=np.float64)
    start = result.metrics.get("start_value")
    if not len(value) or start is None:
        return None
    worth, exact = _rebuilt(result, float(start), value)
    hold = held(result, result.equity.index)
    return _sampled(result.equity.index, worth, hold, result.metrics["periods_per_year"], exact)


def _sampled(
    index: pd.Index, worth: Floats, hold: Floats, a_year: float | None, exact: bool = True
) -> Sampled:
    times = pd.DatetimeIndex(index)
    found = sampling(np.asarray(times.as_unit("us").asi8))
    at = np.concatenate([[0], found.last + 1])
    return Sampled(
        times=times[np.concatenate([[0], found.last])],
        wealth=worth[at],
        hold=hold[at],
        periods_per_year=float(a_year or found.periods_per_year),
        note=found.note,
        exact=exact,
    )


def _hold(bars: NDArray[np.int64], opens: Floats, closes: Floats) -> Floats:
    """Return the price of one unit held: the first open in range, then each step's close."""
    begin = opens[max(int(bars[0]), 0)]
    # Flat until its first bar, where the benchmark begins later than the run.
    each = np.where(bars >= 0, closes[np.maximum(bars, 0)], begin)
    return np.concatenate([[begin], each])


def benchmark_of(result: Result) -> int:
    """Return the place of the feed that buy and hold of a run is measured on."""
    # Figures of a live run are measured on its first feed.
    wanted = result.config.report.benchmark if result.mode == "backtest" else None
    names = [feed.name for feed in result.feeds]
    return names.index(wanted) if wanted in names else 0


def held(result: Result, times: pd.Index) -> Floats:
    """Return the price of one unit of a run's benchmark: its first open, then at each of *times*.

    Shape (n + 1,); flat until its first bar, NaN where its bars are gone.
    """
    bars = result.bars
    if len(result.feeds):
        bars = bars[bars["feed"] == result.feeds[benchmark_of(result)].name]
    if not len(bars) or not len(times):
        return np.full(len(times) + 1, np.nan)
    stamps = pd.DatetimeIndex(bars["datetime"]).as_unit("us").asi8
    steps = pd.DatetimeIndex(times).as_unit("us").asi8
    at = np.searchsorted(stamps, steps, side="right") - 1
    return _hold(at, bars["open"].to_numpy(float), bars["close"].to_numpy(float))


def held_cash(result: Result, times: pd.Index) -> Floats | None:
    """Return what the starting cash would have been worth in the benchmark at each of *times*.

    None where the benchmark had no price above zero at first, or nobody knows the cash.
    """
    start, prices = result.metrics.get("start_value"), held(result, times)
    if start is None or not len(times) or not prices[0] > 0:
        return None
    return np.asarray(prices[1:] / prices[0] * float(start))


def _rebuilt(result: Result, start: float, value: Floats) -> tuple[Floats, bool]:
    """Return wealth from cash flows, and whether it is that which the run wrote down.

    The files do not say whether cash came before or after a bar's fills: the drawdown and the
    total return that were written do.
    """
    plain = np.concatenate([[start], value])
    flows = result.cash_flows
    flows = flows[flows["kind"].isin(("deposit", "withdrawal"))]
    if not len(flows):
        return plain, True
    for early, late in _ways(result.equity.index, flows):
        found = time_weighted(start, value, early, late)
        if _as_written(result, found):
            return found, True
    return plain, False


def _as_written(result: Result, worth: Floats) -> bool:
    """Return whether wealth is the one that a run's drawdown and total return are of."""
    written = result.equity["drawdown"].to_numpy(dtype=np.float64)
    total = result.metrics.get("total_return")
    with np.errstate(all="ignore"):
        grown = worth[-1] / worth[0] - 1
        if total is not None and not np.isclose(grown, total, rtol=_NEAR, atol=_NEAR):
            return False
        found = drawdowns(worth)[1:]
    return np.allclose(found, written, rtol=0, atol=_NEAR, equal_nan=True)


def _ways(index: pd.Index, flows: pd.DataFrame) -> Iterator[tuple[Floats, Floats]]:
    """Yield how cash may have come: (before the fills, after them) of each step."""
    stamps = pd.DatetimeIndex(index).as_unit("us").asi8
    moments = pd.DatetimeIndex(flows["ts"]).as_unit("us").asi8
    steps = np.searchsorted(stamps, moments, side="left")
    amounts = flows["amount"].to_numpy(dtype=np.float64)
    none = np.zeros(len(stamps))
    # What came on the last bar may have come after it, and then is in no value.
    for last in (len(stamps), len(stamps) - 1):
        known = steps < last
        moved = np.zeros(len(stamps))
        np.add.at(moved, steps[known], amounts[known])
        yield moved, none
        yield none, moved
