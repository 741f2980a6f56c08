"""Many seeds, on several processors, and what they come to together."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from atms.chaos.setting import Setting
from atms.chaos.tally import Share
from atms.chaos.trial import Difference, Trial, run_seed
from atms.errors import RunError

_setting: Setting | None = None  # of a worker


@dataclass
class Findings:
    """What seeds came to.

    Attributes:
        asked: how many seeds were asked for; *seeds*: how many are in here.
        violations: (seed, what was not true).
        intents: orders that were meant; *most*: at a venue for one of them.
        ready, resolved: seconds from each process's start, see `Recovery`.
        shares: fault -> what the strategy did around it.
        errors: what the strategy raised -> how often; *raised_in*: the first seed.
        differences: seeds whose two runs did not go the same way.
    """

    asked: int
    seeds: int = 0
    violations: list[tuple[int, str]] = field(default_factory=list)
    intents: int = 0
    most: int = 0
    bars: int = 0
    processes: int = 0
    ready: list[float] = field(default_factory=list)
    resolved: list[float] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    shares: dict[str, Share] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    raised_in: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def add(self, trial: Trial) -> None:
        """Take in a seed."""
        self.seeds += 1
        self.violations += [(trial.seed, line) for line in trial.found]
        self.intents += trial.intents
        self.most = max(self.most, trial.most)
        self.bars += trial.bars
        self.processes += trial.processes
        self.ready += trial.ready
        self.resolved += trial.resolved
        self.done += trial.done
        self.codes += trial.codes
        self.errors += trial.errors
        for name, share in trial.shares.items():
            self.shares.setdefault(name, Share()).add(share)
        for text in trial.errors:
            self.raised_in[text] = min(trial.seed, self.raised_in.get(text, trial.seed))
        if trial.difference is not None:
            self.differences.append(trial.difference)

    def sort(self) -> None:
        """Order what came as workers were done by its seed."""
        self.violations.sort(key=lambda one: one[0])
        self.differences.sort(key=lambda one: one.seed)


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_seeds(setting: Setting, seeds: Sequence[int], jobs: int) -> Generator[Findings, None, None]:
    """Yield the findings after each seed; the last ones are whole.

    Who stops to listen ends the rest: what was yielded stands.

    Raises:
        ConfigError: the config cannot be traded at such a venue.
        DataError: there are too few bars.
        StrategyError: the strategy cannot be run at all.
        RunError: a worker has died.
    """
    findings = Findings(len(seeds))
    for trial in _trials(setting, seeds, jobs):
        findings.add(trial)
        findings.sort()
        yield findings


def _trials(setting: Setting, seeds: Sequence[int], jobs: int) -> Iterator[Trial]:
    if jobs == 1 or len(seeds) == 1:
        for seed in seeds:
            with _patient():  # with what is made of the seed: it counts
                yield run_seed(setting, seed)
        return
    with _pool(setting, min(jobs, len(seeds))) as pool:
        futures: list[Future[Trial]] = [pool.submit(_run, seed) for seed in seeds]
        for future in as_completed(futures):
            yield future.result()


@contextmanager
def _patient() -> Iterator[None]:
    """Let a first Ctrl-C wait for the end of the with block; a second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt


@contextmanager
def _pool(setting: Setting, jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Have workers; whatever ends this ends them at once."""
    context = multiprocessing.get_context("spawn")  # the same on every system, and no threads
    pool = ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(setting,))
    try:
        yield pool
        pool.shutdown()
    except BaseException as error:
        workers = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.terminate()
            worker.join()
        if isinstance(error, BrokenProcessPool):
            raise RunError(
                "a worker has died, of the strategy or for want of memory: try --jobs 1"
            ) from error
        raise


def _begin(setting: Setting) -> None:
    global _setting
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asked
    _setting = setting


def _run(seed: int) -> Trial:
    assert _setting is not None
    return run_seed(_setting, seed)
