"""What one bar more costs our engine, as runs get longer."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from atms.bench.jobs import Job
from atms.bench.running import run_job

ROW = "cross"
SIZES = (100_000, 300_000, 1_000_000)
FULL_SIZES = (100_000, 1_000_000, 10_000_000)


@dataclass(frozen=True)
class Growth:
    """CPU between two lengths of a run.

    Attributes:
        first, last: how many bars they have.
        user, total: CPU microseconds for each bar that the longer one has more.
        memory: bytes for each of them, at the peak.
    """

    first: int
    last: int
    user: float
    total: float
    memory: float


def growth(
    sizes: Sequence[int], repeats: int, tell: Callable[[str], None] = lambda text: None
) -> list[Growth]:
    """Return the marginal cost of a bar of the dense cross between each two of *sizes*.

    Medians of *repeats* rounds. A process and its first bars cost what they cost once; what is
    compared is how the rest grows.

    Raises:
        RunError: a run failed.
    """
    jobs = [Job(ROW, True, bars) for bars in sizes]
    samples: dict[Job, list[tuple[float, float, float]]] = {job: [] for job in jobs}
    for number in range(repeats):
        for job in jobs:
            tell(f"round {number + 1}: {job}")
            one = run_job(job)
            samples[job].append((one.user, one.cpu, one.memory))
    medians = [
        (job.bars, *(statistics.median(column) for column in zip(*samples[job], strict=True)))
        for job in jobs
    ]
    return between(medians)


def between(totals: Sequence[tuple[float, ...]]) -> list[Growth]:
    """Return the cost of a bar more between each two of *totals*.

    Args:
        totals: of runs, each longer than the one before: bars, CPU seconds in user mode, all CPU
            seconds, bytes.
    """
    found = []
    for (first, *low), (last, *high) in pairwise(totals):
        more = [(b - a) / (last - first) for a, b in zip(low, high, strict=True)]
        found.append(Growth(int(first), int(last), more[0] * 1e6, more[1] * 1e6, more[2]))
    return found
