"""What the samples of a row amount to."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from atms.bench.jobs import Job, Sample
from atms.bench.rows import Row

_MICRO = 1e6


@dataclass(frozen=True)
class Side:
    """One engine's samples of a row: each the same job, one a round."""

    job: Job
    samples: tuple[Sample, ...]

    @property
    def costs(self) -> list[float]:
        """CPU microseconds a bar (and a trial), user and system, one a round."""
        return [one.cpu * _MICRO / (self.job.bars * self.job.trials) for one in self.samples]

    @property
    def cost(self) -> float:
        """The median of them."""
        return statistics.median(self.costs)

    @property
    def user(self) -> float:
        """The median CPU microseconds a bar in user mode."""
        each = [one.user for one in self.samples]
        return statistics.median(each) * _MICRO / (self.job.bars * self.job.trials)

    @property
    def memory(self) -> float:
        """The median peak, bytes a bar."""
        return statistics.median(one.memory for one in self.samples) / self.job.bars


@dataclass(frozen=True)
class Figures:
    """What came out of a row.

    Attributes:
        row: which.
        stock, ours: None where one failed.
        error: why the row counts for nothing: a run failed, or results differ.
    """

    row: Row
    stock: Side | None = None
    ours: Side | None = None
    error: str = ""

    @property
    def ratios(self) -> list[float]:
        """How many times as much CPU a bar stock took, one a round; sorted."""
        if self.stock is None or self.ours is None:
            return []
        pairs = zip(self.stock.costs, self.ours.costs, strict=True)
        return sorted(stock / ours for stock, ours in pairs)

    @property
    def ratio(self) -> float:
        """The ratio of the medians; NaN where there is none."""
        if self.stock is None or self.ours is None:
            return float("nan")
        return self.stock.cost / self.ours.cost
