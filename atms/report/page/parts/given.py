"""A run as the page's parts read it: the Result, and what several of them need of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.report.sampled import Sampled, benchmark_of, of_result

if TYPE_CHECKING:
    from atms.result import Result

Floats = NDArray[np.float64]
DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True, eq=False)
class Given:
    """A run.

    Attributes:
        config_text: its whole config, as a file.
        missing: what of the run is gone, a sentence each.
    """

    result: Result
    config_text: str = ""
    missing: tuple[str, ...] = ()

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The run's figures; what it does not have is None."""
        return {**self.result.metrics}

    @cached_property
    def sampled(self) -> Sampled | None:
        """Its wealth where returns are measured; None without an equity curve."""
        return of_result(self.result)

    @cached_property
    def currency(self) -> str:
        """The account's currency."""
        return self.result.feeds[0].currency if self.result.feeds else ""

    @cached_property
    def closed(self) -> pd.DataFrame:
        """The trades that are closed."""
        trades = self.result.trades
        return trades[trades["status"] == "closed"] if len(trades) else trades

    @cached_property
    def risk_free(self) -> float:
        """The annual rate that the run's figures were measured against."""
        return self.result.config.report.risk_free if self.result.mode == "backtest" else 0.0

    @cached_property
    def unit(self) -> str:
        """What a period of return is: ``day`` or ``bar``."""
        return "day" if str(self.metrics.get("returns_note")).startswith("daily") else "bar"

    @cached_property
    def benchmark(self) -> str:
        """The symbol that buy and hold is measured on."""
        feeds = self.result.feeds
        return feeds[benchmark_of(self.result)].symbol if feeds else ""


def floats(column: pd.Series) -> Floats:
    """Return a column's numbers; what is missing is NaN."""
    return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)


def micros(times: pd.Series | pd.DatetimeIndex) -> NDArray[np.float64]:
    """Return times as microseconds since 1970 UTC; NaN where there is none."""
    index = pd.DatetimeIndex(times)
    found: Floats = np.asarray(index.as_unit("us").asi8, dtype=np.float64)
    found[np.asarray(index.isna())] = np.nan
    return found


def plain(values: Iterable[Any]) -> list[Any]:
    """Return values as JSON has them: what is no finite number is None."""
    return [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return None if value is pd.NaT or value is pd.NA else value


def counted(number: int, noun: str) -> str:
    """Return ``1 trade``, ``1,234 trades``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(value: float | None) -> str:
    """Return a fraction as a percentage with two decimals, or a dash."""
    return "–" if value is None or not np.isfinite(value) else f"{value:.2%}"
