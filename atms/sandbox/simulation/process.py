"""One process of a trial: Cerebro with everything behind it, from its start to its end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import backtrader as bt

from atms.errors import AtmsError
from atms.execution.broker.desk import Manner
from atms.execution.broker.gating import LiveWatch
from atms.execution.core.core import Core, Terms
from atms.execution.core.records import Record
from atms.model import Timeframe
from atms.risk import Gate
from atms.running.trading import Trading
from atms.sandbox.simulation.lives import Killed
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.mortal import MortalFiles, MortalHost, Mortality, watched
from atms.sandbox.simulation.places import Place
from atms.sandbox.simulation.plans import Plan
from atms.sandbox.simulation.run_truths import Ran
from atms.sandbox.simulation.strategies import Broken
from atms.sandbox.simulation.watched import Surroundings

MakeCore = Callable[[Terms, Iterable[Record]], Core]
WARM = 5  # bars of the past that a process asks for
_PATIENCE = 300.0  # seconds that accounts may take to be ready


class Process:
    """Runs strategies until it ends, breaks or dies.

    Args:
        plan: what the trial stands for.
        source: kills are drawn from it.
        make_core: the core that decides.
        ran: takes what there was.
        calm: whether nothing goes wrong any more.

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
    ) -> None:
        self._plan = plan
        self._places = places
        self._loop = loop
        self._source = source
        self._make_core = make_core
        self._ran = ran
        self._calm = calm
        self._others = set(loop.living())
        self.mortality = Mortality(source, 0.0 if calm else plan.kills)
        self.mortality.on_death = self._end_tasks
        host = MortalHost(loop, self.mortality)
        self.trading = ran.trading = self._trading(host)

    def run(self, given: Surroundings, timers: Sequence[asyncio.TimerHandle]) -> None:
        """Be there; note how it ended.

        Args:
            given: what strategies are given but for their means.
            timers: whatever ends it; they end with it.
        """
        ran = self._ran
        try:
            self._run(given)
            ran.how = "ended"
        except Killed:
            ran.how = "killed"
        except Broken:
            ran.how = "broken"
        except AtmsError as error:
            ran.how, ran.error = "failed", error
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
            Path("state"), host=host, manner=Manner(make_core=self._core),
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

    def _run(self, given: Surroundings) -> None:
        ran, plan = self._ran, self._plan
        cerebro = ran.cerebro = bt.Cerebro(stdstats=False)
        ran.start = self._loop.now() - WARM * plan.step
        for place in self._places:
            store, timeframe = place.connect(), Timeframe.parse(place.timeframe)
            for name in place.names:
                given.means[name] = place.means()
                symbol = name.partition(":")[2]
                feed = self.trading.feed(store, symbol, timeframe, ran.start)
                cerebro.adddata(feed, name=name)
        watch = None
        if plan.limits is not None:
            watch = LiveWatch(Gate(plan.limits), self._loop.now, {})
        cerebro.setbroker(self.trading.broker("USD", patience=_PATIENCE, watch=watch))
        for number, kind in enumerate(plan.strategies):
            cerebro.addstrategy(kind, given=given, place=number)
        ran.strategies = cerebro.run()

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
