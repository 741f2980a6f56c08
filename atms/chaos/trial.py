"""One seed: run twice, judged, and compared with itself."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from atms.chaos.setting import Setting
from atms.chaos.silence import silenced
from atms.chaos.tally import Share
from atms.chaos.watching import Decision
from atms.chaos.world import World
from atms.execution.core.core import Core
from atms.sandbox.simulation.process import MakeCore
from atms.sandbox.simulation.runs import found_in


@dataclass(frozen=True)
class Difference:
    """The first thing that a strategy did in one run and not in the other.

    Attributes:
        first, second: what it did in each; None: nothing more.
    """

    seed: int
    first: Decision | None
    second: Decision | None


@dataclass
class Trial:
    """What came of one seed.

    Attributes:
        found: what was not true at the end, in words.
        faults: which were on.
        intents: orders that were meant; *most*: at the venue for one of them.
        bars: of the shortest feed.
        ready, resolved: seconds from each process's start, see `Recovery`.
        codes: why orders were refused.
        errors: what the strategy raised.
        difference: where its second run went another way; None: it went the same way.
    """

    seed: int
    found: list[str] = field(default_factory=list)
    faults: tuple[str, ...] = ()
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
    difference: Difference | None = None


def run_seed(setting: Setting, seed: int, *, make_core: MakeCore = Core) -> Trial:
    """Run a seed twice.

    Args:
        make_core: another core, for mutants.

    Raises:
        ConfigError: the config cannot be traded at such a venue.
        DataError: there are too few bars.
        StrategyError: the strategy cannot be run at all.
    """
    with silenced():
        first = World(setting, seed, make_core)
        first.run()
        second = World(setting, seed, make_core)
        second.run()
    trial = judged(first, seed)
    trial.difference = _difference(seed, first, second)
    return trial


def judged(world: World, seed: int) -> Trial:
    """Return what came of a world that was run."""
    trial = Trial(seed, faults=world.plan_names, processes=len(world.ran))
    if all(stage.lives for stage in world.stages):
        trial.found = found_in(world.stages, world.ran, world.plan, world.began)
    else:
        trial.found = [f"I11: no process came up: {world.ran[-1].error}"]
    trial.bars = world.setting.length
    trial.ready, trial.resolved = world.recovery.ready, world.recovery.resolved
    trial.done, trial.codes = world.watch.counts, world.watch.codes
    trial.errors, trial.shares = world.errors, world.tally.shares
    for stage in world.stages:
        trial.intents += len(stage.lives[-1].core.state.orders) if stage.lives else 0
        standing = (
            sum(one.replaced_by is None for one in orders) for orders in stage.venue.by_key.values()
        )
        trial.most = max(trial.most, *standing, 0)
    return trial


def trace(world: World) -> str:
    """Return a hash of everything that happened."""
    lines = [line for one in world.ran for line in one.diary.lines]
    for stage in world.stages:
        lines += stage.journal.lines
        lines += [repr(record) for record in stage.venue.history]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _difference(seed: int, first: World, second: World) -> Difference | None:
    ours, theirs = first.watch.decisions, second.watch.decisions
    for one, other in zip(ours, theirs, strict=False):
        if one != other:
            return Difference(seed, one, other)
    if len(ours) != len(theirs):
        longer = max(ours, theirs, key=len)
        rest = longer[min(len(ours), len(theirs))]
        return Difference(seed, *((rest, None) if longer is ours else (None, rest)))
    if trace(first) != trace(second):
        return Difference(seed, None, None)
    return None
