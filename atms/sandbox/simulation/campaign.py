"""Many trials, in several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from atms.sandbox.simulation import adversary, runs
from atms.sandbox.simulation.adversary import Trial


class Job(NamedTuple):
    """One trial that is to be."""

    driver: str
    profile: str
    seed: int
    minutes: float


def play(jobs: Sequence[Job], workers: int) -> Iterator[Trial]:
    """Yield what came of each, in their order.

    Args:
        workers: how many processes; 1: this one.
    """
    if workers == 1:
        yield from map(_play, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(_play, jobs, chunksize=4)
        pool.close()
        pool.join()  # one that is terminated as it writes takes the pipe's lock with it, for ever


def _play(job: Job) -> Trial:
    if job.driver == "cerebro":
        return runs.run(job.seed, job.profile, minutes=job.minutes)
    return adversary.run(job.seed, job.profile, minutes=job.minutes)
