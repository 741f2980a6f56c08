"""Strategies in Cerebro against venues that do everything wrong: seeded, in virtual time.

Everything that trades runs as it is: Cerebro, broker, feeds, desks, drivers, cores, the risk gate.
Processes die between any two steps and start again from their journals; then comes a phase in
which nothing goes wrong, and what strategies, books and venues say must be the same and true.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from atms.execution.core.core import Core
from atms.sandbox.simulation import clock_truths
from atms.sandbox.simulation.adversary import Trial, start_of
from atms.sandbox.simulation.crew import WARM, house_crew
from atms.sandbox.simulation.diary import Diary
from atms.sandbox.simulation.ledger_truths import ledger_violations
from atms.sandbox.simulation.limit_truths import limit_violations
from atms.sandbox.simulation.lives import Killed
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.places import Place
from atms.sandbox.simulation.plans import Plan
from atms.sandbox.simulation.process import MakeCore, Process
from atms.sandbox.simulation.run_truths import Ran, run_violations
from atms.sandbox.simulation.truths import violations
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.profiles import PROFILES
from atms.sandbox.simulation.watched import Surroundings

_TICKS = 4  # in a bar's time
_SETTLING = 120.0  # seconds beyond what a venue may leave in doubt
_LIVES = 200  # more is a process that cannot start
_DOWN = 20.0  # seconds at most between two processes


def run(
    seed: int,
    profile: str = "binance",
    *,
    minutes: float = 10.0,
    make_core: MakeCore = Core,
    **changed: Any,
) -> Trial:
    """Run one seed and return what was wrong.

    Args:
        seed: everything is drawn from it.
        profile: which kind of venue; a second one of another kind may be drawn.
        minutes: virtual time with faults; the time without comes on top.
        make_core: another core, for mutants.
        changed: parts of the plan in the place of drawn ones; see :class:`Plan`.
    """
    plan = replace(Plan.draw(f"{seed}/{profile}", profile), **changed)
    return World(seed, profile, minutes, plan, make_core).run()


class World:
    """Venues, a loop, and one process after the other.

    Attributes:
        ran: what there was of each process.
    """

    def __init__(
        self, seed: int, profile: str, minutes: float, plan: Plan, make_core: MakeCore
    ) -> None:
        self.trial = Trial(seed, profile, minutes)
        self.trial.faults = tuple(f.name for f in fields(Faults) if getattr(plan.faults, f.name))
        self.seed = f"{seed}/{profile}"
        self.plan = plan
        self.rng = random.Random(f"{self.seed}/world")
        self.start = start_of(self.seed)
        self.loop = VirtualLoop(self.start)
        self.places = [
            Place(self.seed, PROFILES[name], self.loop, plan.symbols, plan.step)
            for name in plan.profiles
        ]
        self.make_core = make_core
        self.ran: list[Ran] = []
        for place in self.places:
            place.go_wrong(plan.faults, outages=plan.outages, splits=plan.limits is None)
        bound = max(one.venue.manners.outcome_bound.total_seconds() for one in self.places)
        self.noisy_until = self.start + timedelta(minutes=minutes)
        self.calm = self.noisy_until + timedelta(seconds=bound + 60)
        self.over = self.calm + timedelta(seconds=bound + _SETTLING)
        self.quiet = False
        self._process: Process | None = None

    def run(self) -> Trial:
        """Trade with faults, then converge without, then look."""
        try:
            return self._run()
        finally:
            if not self.loop.is_closed():  # an error ends the trial
                self._turn(0.0)
                self.loop.close()

    def _run(self) -> Trial:
        world = self.loop.create_task(self._go_on())
        while self.loop.now() < self.over and len(self.ran) < _LIVES:
            self._live()
        world.cancel()
        self._turn(0.0)
        plan, trial = self.plan, self.trial
        trial.found += found_in(self.places, self.ran, plan, self.start)
        self._count()
        self._turn(0.0)  # what the dead have left open is closed when it is found, maybe just now
        self.loop.close()
        return trial

    def _count(self) -> None:
        trial = self.trial
        trial.kills = sum(one.how == "killed" for one in self.ran)
        for place in self.places:
            trial.hits += Counter(place.venue.chance.hits)
            if place.lives:
                trial.orders += len(place.lives[-1].core.state.orders)
                trial.fills += len(place.lives[-1].core.state.books.rows)
        for one in self.ran:
            trial.seen[f"process {one.how}"] += 1
            if one.how == "killed":
                trial.killed_at[one.died_at or "a time of its own"] += 1
            trial.seen += one.diary.seen()
            trial.bars += sum(len(seen) for seen in one.diary.bars.values())
        lines = [line for one in self.ran for line in one.diary.lines]
        for place in self.places:
            lines += place.journal.lines
            lines += [repr(record) for record in place.venue.history]
        trial.trace = hashlib.sha256("\n".join(lines).encode()).hexdigest()

    # ---- the world ------------------------------------------------------------------------------
    async def _go_on(self) -> None:
        """Let markets move and bars end, and everything else happen that nobody asks for."""
        begins, step = self.start - WARM * self.plan.step, self.plan.step
        while begins < self.start:  # what was before anybody looked
            for place in self.places:
                place.tick()
                place.end_bar(begins)
            begins += step
        while True:
            for part in range(1, _TICKS + 1):
                await self._until(begins + (part - 0.5) / _TICKS * step)
                self._mind_the_time()
                for place in self.places:
                    place.tick()
                    if not self.quiet:
                        place.meddle()
            await self._until(begins + step)
            for place in self.places:
                place.end_bar(begins)
            begins += step

    async def _until(self, at: datetime) -> None:
        await asyncio.sleep(max(0.0, (at - self.loop.now()).total_seconds()))

    def _mind_the_time(self) -> None:
        now = self.loop.now()
        if now >= self.noisy_until and not self.quiet:
            self.quiet = True
            for place in self.places:
                place.calm_down()
            if self._process is not None:
                self._process.mortality.spare()
        if now >= self.calm:
            for place in self.places:
                place.moves = False

    def _turn(self, seconds: float) -> None:
        """Let the world go on without anybody, whatever the dead have left behind."""
        end = self.loop.time() + seconds
        while True:
            try:
                self.loop.turn(lambda: False, end - self.loop.time())
            except Killed:
                continue
            return

    # ---- a process ------------------------------------------------------------------------------
    def _live(self) -> None:
        """Be one process, from its start to its end, and be away for a while."""
        ran = Ran(Diary(len(self.ran)), self.loop.now())
        self.ran.append(ran)
        given = Surroundings(
            seed=f"{self.seed}/{ran.diary.life}", means={}, diary=ran.diary, now=self.loop.now,
            calm=self.calm, compute=lambda seconds: self.loop.turn(lambda: False, seconds),
        )  # fmt: skip
        process = self._process = Process(
            self.plan, self.places, self.loop, self.rng, self.make_core, ran, self.quiet,
            house_crew(self.plan, self.places, given),
        )  # fmt: skip
        timers = process.deaths(lambda: self.quiet)
        timers.append(self.loop.call_at((self.over - self.start).total_seconds(), process.finish))
        process.run(timers)
        for place in self.places:
            place.leave()
        if ran.how == "killed":
            for place in self.places:
                place.venue.sever()
        self._turn(1.0 if self.quiet else self.rng.random() * _DOWN)


def found_in(places: Sequence[Place], ran: Sequence[Ran], plan: Plan, began: datetime) -> list[str]:
    """Return everything that is not true at a trial's end, in words."""
    found: list[str] = []
    for place in places:
        wrong = violations(place.venue, place.lives, place.journal.records(), place.ignored)
        found += [f"{place.profile.name}: {line}" for line in wrong]
        found += ledger_violations(place, began)
        found += place.guard.found()
    found += limit_violations(places, ran, plan.limits)
    for one in ran:
        found += clock_truths.clock_violations(one)
    return found + run_violations(places, ran, plan.limits, plan.on_stop)
