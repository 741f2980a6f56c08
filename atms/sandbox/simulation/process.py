"""One process of a trial: Cerebro with everything behind it, from its start to its end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from atms.errors import AtmsError
from atms.execution.broker.desk import Manner
from atms.execution.core.core import Core, Terms
from atms.execution.core.records import Record
from atms.running.trading import Trading
from atms.sandbox.simulation.crew import Crew
from atms.sandbox.simulation.lives import Killed
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.mortal import MortalFiles, MortalHost, Mortality, watched
from atms.sandbox.simulation.places import Place
from atms.sandbox.simulation.plans import Plan
from atms.sandbox.simulation.run_truths import Ran
from atms.sandbox.simulation.strategies import Broken

MakeCore = Callable[[Terms, Iterable[Record]], Core]


def broken(error: BaseException) -> bool:
    """Return whether an error is a strategy's own; any other is one of ours, and ends the trial."""
    return isinstance(error, Broken)


class Process:
    """Runs strategies until it ends, breaks or dies.

    Args:
        plan: what the trial stands for.
        source: kills are drawn from it.
        make_core: the core that decides.
        ran: takes what there was.
        calm: whether nothing goes wrong any more.
        crew: builds the Cerebro that runs in it.
        manner: how accounts are run.
        breaks: tells whether an error is the strategy's own.

    Attributes:
        trading: what its feeds and its broker share.
        mortality: when it dies.
    """

    def __init__(
        self,
        plan: Plan,
        places: Sequence[Place],
        loop: VirtualLoop,
        source: random.Random,
        make_core: MakeCore,
        ran: Ran,
        calm: bool,
        crew: Crew,
        manner: Manner = Manner(),  # noqa: B008 - frozen
        breaks: Callable[[BaseException], bool] = broken,
    ) -> None:
        self._plan = plan
        self._places = places
        self._loop = loop
        self._source = source
        self._make_core = make_core
        self._ran = ran
        self._calm = calm
        self._crew = crew
        self._manner = manner
        self._breaks = breaks
        self._others = set(loop.living())
        self.mortality = Mortality(source, 0.0 if calm else plan.kills)
        self.mortality.on_death = self._end_tasks
        host = MortalHost(loop, self.mortality, plan.rush)
        self.trading = ran.trading = self._trading(host)

    def run(self, timers: Sequence[asyncio.TimerHandle]) -> None:
        """Be there; note how it ended.

        Args:
            timers: whatever ends it; they end with it.
        """
        ran = self._ran
        try:
            ran.cerebro = self._crew(self.trading, ran)
            ran.strategies = ran.cerebro.run()
            ran.how = "ended"
        except Killed:
            ran.how = "killed"
        except AtmsError as error:
            ran.how, ran.error = "failed", error
        except (Exception, SystemExit) as error:
            if not self._breaks(error):
                raise
            ran.how, ran.raised = "broken", error
        ran.died_at = self.mortality.died_at
        for timer in timers:
            timer.cancel()
        if ran.how in ("broken", "failed"):
            self._close()
        ran.diary.write("over", ran.how, ran.error or "")

    def deaths(self, quiet: Callable[[], bool]) -> list[asyncio.TimerHandle]:
        """Let it die, or end in order, at a time of its own, if something may go wrong then."""
        plan, loop, timers = self._plan, self._loop, []

        def die() -> None:
            if not quiet():
                self.mortality.die()
                raise Killed

        def end() -> None:
            if not quiet():
                self.trading.end()

        if plan.deaths is not None:
            timers.append(loop.call_later(self._source.uniform(0, 2 * plan.deaths), die))
        if plan.lasting is not None:
            timers.append(loop.call_later(self._source.uniform(30, 2 * plan.lasting), end))
        return timers

    def finish(self) -> None:
        """Let it end, and leave everything as it stands: it is looked at."""
        self.trading.on_stop = "leave"
        self.trading.end()

    # ---- what it is made of ---------------------------------------------------------------------
    def _trading(self, host: MortalHost) -> Trading:
        kept = {place.account: (place.profile.name, place.journal) for place in self._places}
        trading = Trading(
            Path("state"), host=host, manner=replace(self._manner, make_core=self._core),
            on_stop="leave" if self._calm else self._plan.on_stop,
            files=lambda account: MortalFiles(*kept[account], self.mortality),
        )  # fmt: skip
        trading.passes.idle = self._plan.idle
        return trading

    def _core(self, terms: Terms, records: Iterable[Record]) -> Core:
        account = terms.instruments[0].partition(":")[0]
        place = next(place for place in self._places if place.account == account)
        terms = replace(terms, unknown_position=place.policy)
        make = watched(self._make_core, self.mortality, self._loop.now, place.lives.append)
        return make(terms, records)

    # ---- its end --------------------------------------------------------------------------------
    def _close(self) -> None:
        """Close what it has left open when it broke."""
        try:
            self.trading.close()
        except Killed:
            self._ran.how = "killed"
        except AtmsError as error:
            self._ran.error = error

    def _end_tasks(self) -> None:
        tasks: list[asyncio.Task[Any]] = self._loop.living()
        for task in tasks:
            if task not in self._others:
                task.cancel()
