"""How returns are distributed, beside a normal distribution of the same mean and deviation."""

from __future__ import annotations

import math

import numpy as np

from atms.report.page.blocks import Block, Chart, Column, Table, Text
from atms.report.page.parts.given import Floats, Given, percent

_LEAST, _MOST = 10, 60  # bins
_ENOUGH = 5  # returns


def distribution(given: Given) -> list[Block]:
    """Return the histogram of the run's returns, or why there is none."""
    sampled = given.sampled
    returns = np.zeros(0) if sampled is None else sampled.returns
    if len(returns) < _ENOUGH or not np.ptp(returns):
        return [Text(_nothing(given, returns))]
    edges = bins(returns)
    counts, _ = np.histogram(returns, edges)
    expected = normal(returns, edges)
    rows = [
        [float(low), float(high), int(count), round(float(normals), 3)]
        for low, high, count, normals in zip(edges, edges[1:], counts, expected, strict=False)
    ]
    columns = (
        Column("from", "From", "percent"),
        Column("to", "To", "percent"),
        Column("count", f"{given.unit.capitalize()}s", "count"),
        Column("normal", "If they were normal", "number"),
    )
    title = f"Distribution of {'daily' if given.unit == 'day' else 'bar'} returns"
    options = {"to": "to", "normal": "normal"}
    chart = Chart(
        "distribution-chart", "histogram", title, "distribution", x="from", y=("count",),
        options=options,
    )  # fmt: skip
    return [chart, Table("distribution", title, columns, rows, note=_note(given, returns))]


def bins(returns: Floats) -> Floats:
    """Return the edges of bins, by the rule of Freedman and Diaconis (1981), from 10 to 60."""
    low, high = float(returns.min()), float(returns.max())
    quarters = np.quantile(returns, [0.25, 0.75])
    width = 2 * float(quarters[1] - quarters[0]) / len(returns) ** (1 / 3)
    wanted = (high - low) / width if width > 0 else _MOST
    return np.linspace(low, high, math.ceil(min(max(wanted, _LEAST), _MOST)) + 1)


def normal(returns: Floats, edges: Floats) -> Floats:
    """Return how many returns a normal distribution of their mean and deviation has in each bin."""
    mean, deviation = float(returns.mean()), float(returns.std(ddof=1))
    below = np.array(
        [0.5 * (1 + math.erf((edge - mean) / (deviation * math.sqrt(2)))) for edge in edges]
    )
    return len(returns) * np.diff(below)


def _note(given: Given, returns: Floats) -> str:
    metrics = given.metrics
    skew, kurtosis = metrics.get("skew"), metrics.get("kurtosis")
    shape = [
        f"{name} {value:.3f}"
        for name, value in (("skew", skew), ("excess kurtosis", kurtosis))
        if value is not None
    ]
    return (
        f"{len(returns):,} {given.unit}s: mean {returns.mean():.4%}, standard deviation "
        f"{returns.std(ddof=1):.3%}, best {percent(float(returns.max()))}, worst "
        f"{percent(float(returns.min()))}, {percent(float((returns > 0).mean()))} of them above 0"
        f"{'; ' if shape else ''}{', '.join(shape)}."
    )


def _nothing(given: Given, returns: Floats) -> str:
    if given.sampled is not None and given.sampled.broke:
        return "The account went broke: its returns have no distribution."
    if len(returns) < _ENOUGH:
        return f"Too few returns for a distribution: {len(returns)}."
    return "All returns are equal: they have no distribution to draw."
