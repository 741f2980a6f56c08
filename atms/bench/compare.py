"""Stock and ours on the same work, by turns, and whether the same came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from atms.bench.figures import Figures, Side
from atms.bench.jobs import Job, Sample
from atms.bench.rows import Row
from atms.bench.running import run_job
from atms.errors import RunError


@dataclass(frozen=True)
class Jobs:
    """What a row measures.

    Attributes:
        stock: on Backtrader's own Cerebro.
        check: ours on the same bars, to compare what came out.
        ours: ours on as many bars as the row asks for.
    """

    stock: Job
    check: Job
    ours: Job


def jobs_of(row: Row, bars: int | None = None, full: bool = False) -> Jobs:
    """Return what *row* measures.

    Args:
        bars: how many on both sides, in the place of the row's own numbers.
        full: stock runs as many as ours.
    """
    many = bars or row.bars
    few = bars or (row.bars if full else row.stock_bars)
    ours, stock = row.trials
    return Jobs(
        stock=Job(row.stock or row.name, False, few, stock),
        check=Job(row.name, True, few, stock),
        ours=Job(row.name, True, many, ours),
    )


def compare(
    rows: Sequence[Row],
    *,
    repeats: int,
    bars: int | None = None,
    full: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> list[Figures]:
    """Measure *rows*; every round runs all of them, stock and ours in turn.

    Args:
        repeats: rounds.
        bars, full: see :func:`jobs_of`.
        tell: is told what is measured next.
    """
    measured = _Measured(tell)
    found = {row.name: Figures(row) for row in rows}
    wanted = {row.name: jobs_of(row, bars, full) for row in rows}
    for number in range(repeats):
        for row in rows:
            if not found[row.name].error:
                found[row.name] = measured.round(row, wanted[row.name], number)
    return [found[row.name] for row in rows]


class _Measured:
    """The samples so far; a job that several rows share is measured once a round."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._samples: dict[Job, list[Sample]] = {}

    def round(self, row: Row, jobs: Jobs, number: int) -> Figures:
        """Measure *row* once more, and return what is known of it."""
        try:
            check = self._take(jobs.check, 0)
            stock = self._take(jobs.stock, number)
            self._take(jobs.ours, number)
        except RunError as error:
            return Figures(row, error=str(error))
        if stock.outcome != check.outcome:
            return Figures(
                row,
                error=f"{jobs.check}: what came out is not what stock gave: "
                f"{check.fills:,} fills, stock {stock.fills:,}",
            )
        return Figures(row, stock=self._side(jobs.stock), ours=self._side(jobs.ours))

    def _side(self, job: Job) -> Side:
        return Side(job, tuple(self._samples[job]))

    def _take(self, job: Job, number: int) -> Sample:
        samples = self._samples.setdefault(job, [])
        if len(samples) <= number:
            self._tell(f"round {number + 1}: {job}")
            samples.append(run_job(job))
        return samples[number]
