"""Returns by month and by year."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.report.page.blocks import Block, Chart, Column, Section, Table, Text
from atms.report.page.parts.distribution import distribution
from atms.report.page.parts.given import Floats, Given, percent, plain
from atms.report.page.parts.rolling import rolling
from atms.report.sampled import Sampled

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = tuple(f"m{month:02d}" for month in range(1, 13))
_MONTH_COLUMNS = (
    Column("year", "Year"),
    *(Column(key, name, "percent") for key, name in zip(MONTHS, _NAMES, strict=True)),
    Column("total", "Year's return", "percent"),
)


def periods(given: Given) -> Section:
    """Return months, years, the distribution of returns, and rolling figures."""
    sampled = given.sampled
    if sampled is None:
        return Section("periods-section", "Periods", [Text("There is no equity curve to measure.")])
    blocks = [*_months(sampled), *_years(sampled), *distribution(given), *rolling(given)]
    return Section("periods-section", "Periods", blocks)


def returns_by(wealth: Floats, keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
    """Return the return of each stretch of equal *keys*: its key, and its return.

    Together they make the whole: the product of 1 + return is the last wealth over the first.

    Args:
        wealth: shape (n + 1,), the first where everything began.
        keys: of the values after the first, shape (n,), rising.
    """
    ends = np.append(np.flatnonzero(np.diff(keys)), len(keys) - 1)
    values = wealth[np.concatenate([[0], ends + 1])]
    with np.errstate(all="ignore"):  # after an account went broke no return is defined
        found = np.where(values[:-1] > 0, values[1:] / values[:-1] - 1, np.nan)
    return keys[ends], found


def _months(sampled: Sampled) -> list[Block]:
    times = sampled.times[1:]
    keys = np.asarray(times.year * 12 + times.month - 1, dtype=np.int64)
    each = dict(zip(*returns_by(sampled.wealth, keys), strict=True))
    years = dict(zip(*returns_by(sampled.wealth, keys // 12), strict=True))
    rows = [
        [str(year), *plain(each.get(year * 12 + month) for month in range(12)), *plain([total])]
        for year, total in years.items()
    ]
    note = (
        f"{_best_and_worst(list(each.values()))}Months of UTC, by the stamps of bars; the first "
        "and the last as far as the run has them. Multiplied, they give the total return. Measured "
        f"from {sampled.note}."
    )
    chart = Chart(
        "monthly-chart", "heatmap", "Monthly returns", "monthly", x="year", y=MONTHS,
        options={"total": "total"},
    )  # fmt: skip
    return [chart, Table("monthly", "Monthly returns", _MONTH_COLUMNS, rows, note=note)]


def _best_and_worst(months: list[float]) -> str:
    known = [one for one in months if np.isfinite(one)]
    if len(known) < 2:
        return ""
    above = sum(one > 0 for one in known)
    return (
        f"{above} of {len(known)} months above 0; the best {percent(max(known))}, the worst "
        f"{percent(min(known))}. "
    )


def _years(sampled: Sampled) -> list[Block]:
    keys = np.asarray(sampled.times[1:].year, dtype=np.int64)
    years, found = returns_by(sampled.wealth, keys)
    hold = returns_by(sampled.hold, keys)[1] if sampled.priced else np.full(len(years), np.nan)
    rows: list[list[Any]] = [
        [str(year), *plain(pair)] for year, *pair in zip(years, found, hold, strict=True)
    ]
    columns = (
        Column("year", "Year"),
        Column("run", "Strategy", "percent"),
        Column("hold", "Buy and hold", "percent"),
    )
    y = ("run", "hold") if sampled.priced else ("run",)
    chart = Chart("yearly-chart", "bars", "Yearly returns", "yearly", x="year", y=y)
    return [chart, Table("yearly", "Yearly returns", columns, rows)]
