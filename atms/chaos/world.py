"""One trial of a user's strategy: a part of the market, faults, and one process after another.

Time runs as it does where something happens, and leaps to the next trade where nothing does: an
hour's bar is as cheap as a minute's, and a second's wait still takes a second.
"""

from __future__ import annotations

import asyncio
import random
import traceback
from collections import Counter
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from atms.chaos.crew import Kept, user_crew
from atms.chaos.hanging import Hanging
from atms.chaos.market import Event, Market, Told, draw_market
from atms.chaos.plan import draw_plan
from atms.chaos.recovery import Recovery
from atms.chaos.setting import Setting
from atms.chaos.stage import Stage
from atms.chaos.tally import Tally
from atms.chaos.watching import Watch
from atms.chaos.words import words_of
from atms.errors import ConfigError, StrategyError
from atms.running.live_stores import manner_of
from atms.sandbox.simulation.diary import Diary
from atms.sandbox.simulation.lives import Killed
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.process import MakeCore, Process
from atms.sandbox.simulation.run_truths import Ran
from atms.usercode import describe, is_theirs

_NOISY = 0.85  # of a trial's bars
_SETTLING = 120.0  # seconds beyond what a venue may leave in doubt
_REST = 3.0  # seconds without anything open before time leaps
_UNSEEN = 300.0  # seconds after which what nobody has noticed stays unnoticed
_LEAD = 1.0  # seconds that are left before the next trade
_NOTICE = 0.25  # seconds between two looks what has gone wrong
_LOOK = 1.0  # seconds between two looks whether it may
_DOWN = 20.0  # seconds at most between two processes
_LAST_LOOK = 60.0  # seconds of a process that only looks on
_ERRORS, _LATE_ERRORS = 10, 3  # by which a strategy may end a process, and once faults are over
_LIVES = 200  # more is a process that cannot start


class World:
    """One trial.

    Args:
        story: takes everything that happens in words; None: nobody reads it.

    Attributes:
        ran: what there was of each process.
        errors: what the strategy raised, its traceback in the user's own lines -> how often.
    """

    def __init__(
        self, setting: Setting, seed: int, make_core: MakeCore, story: list[str] | None = None
    ) -> None:
        self.setting = setting
        self.plan = draw_plan(setting, seed)
        self.rng = random.Random(f"{seed}/chaos/world")
        self.market: Market = draw_market(setting, random.Random(f"{seed}/chaos/market"))
        self.loop = VirtualLoop(self.market.begins)
        self.stages = [
            Stage(f"{seed}/chaos", setting, number, self.loop)
            for number in range(len(setting.venues))
        ]
        self._hanging = Hanging(setting.hang)
        self.watch = Watch(self.loop.now, story=story, returned=self._hanging.returned)
        self.tally = Tally()
        self.recovery = Recovery(self.loop, self.stages)
        self.ran: list[Ran] = []
        self.errors: Counter[str] = Counter()
        self.quiet = self.over = False
        self._make_core = make_core
        self._died: Counter[str] = Counter()
        self._late_errors = 0
        self._noticed: Counter[str] = Counter()
        self._process: Process | None = None
        for number, stage in enumerate(self.stages):
            stage.begin(self.market, number)
            stage.go_wrong(self.plan.faults, outages=self.plan.outages, splits=False)
        self.loop.call_later(_NOTICE, self._notice)

    @property
    def began(self) -> datetime:
        """The time of the trial's beginning."""
        return self.market.begins

    @property
    def hits(self) -> Counter[str]:
        """How often what has gone wrong."""
        found: Counter[str] = Counter(self._died)
        for stage in self.stages:
            found += stage.hits
        return found

    @property
    def plan_names(self) -> tuple[str, ...]:
        """Return the faults that were on."""
        on = fields(self.plan.faults)
        return tuple(one.name for one in on if getattr(self.plan.faults, one.name))

    def run(self) -> None:
        """Trade with faults, then without, then let everything settle.

        Raises:
            ConfigError: the config cannot be traded at such a venue.
            StrategyError: the strategy cannot be loaded, raises before its first bar, has a state
                that cannot be kept, or does not return.
        """
        try:
            with TemporaryDirectory() as folder, self._hanging.watched():
                self._run(Kept(Path(folder)))
        finally:
            self._turn(0.0)
            self.loop.close()

    def _run(self, kept: Kept) -> None:
        world = self.loop.create_task(self._go_on())
        while not (self.over and self.ran[-1].how == "ended") and len(self.ran) < _LIVES:
            self._live(kept)
        world.cancel()

    def _notice(self) -> None:
        """Tell what has gone wrong, if somebody reads it; else let as much time pass."""
        self.loop.call_later(_NOTICE, self._notice)
        self.watch.returned()
        if self.watch.story is None:
            return
        hits = self.hits
        for name, number in sorted((hits - self._noticed).items()):
            times = f", {number} times" if number > 1 else ""
            self.watch.tell(f"  fault: {words_of(name)} ({name}){times}")
        self._noticed = hits

    # ---- the world ------------------------------------------------------------------------------
    async def _go_on(self) -> None:
        events = self.market.events
        leads = sum(isinstance(event, Told) and event.lead for event in events)
        seen = 0
        for event in events:
            await self._until(event.at)
            self._happen(event)
            if isinstance(event, Told) and event.lead:
                seen += 1
                self.tally.bar(self.hits, self.watch.counts)
                if seen >= leads * _NOISY and not self.quiet:
                    self._calm_down()
        bound = max(one.venue.manners.outcome_bound.total_seconds() for one in self.stages)
        await asyncio.sleep(bound + _SETTLING)
        self.over = True
        self.tally.bar(self.hits, self.watch.counts)
        if self._process is not None:
            self._process.finish()

    def _happen(self, event: Event) -> None:
        stage = self.stages[event.venue]
        if isinstance(event, Told):
            stage.tell(event)
            return
        stage.trade(event)
        if not self.quiet:
            stage.meddle()

    def _calm_down(self) -> None:
        self.quiet = True
        self.watch.tell("nothing goes wrong any more")
        for stage in self.stages:
            stage.calm_down()
        if self._process is not None:
            self._process.mortality.spare()

    async def _until(self, at: datetime) -> None:
        """Wait for a time; leap there once everything is settled."""
        rested = waited = 0.0
        while (left := (at - self.loop.now()).total_seconds()) > 0:
            if left > _REST and rested >= _REST and self._leap(left - _LEAD):
                continue
            await asyncio.sleep(min(_LOOK, left))
            waited += _LOOK
            settled = all(one.is_settled for one in self.stages)
            agreed = waited > _UNSEEN or all(one.is_agreed for one in self.stages)
            rested = rested + _LOOK if settled and agreed else 0.0

    def _leap(self, span: float) -> bool:
        """Leap so many seconds, or to what happens at a venue before; return whether it did."""
        now = self.loop.now()
        for stage in self.stages:
            due = stage.venue.due()
            if due is not None and stage.venue.chain is None:  # blocks come by themselves
                span = min(span, (due - now).total_seconds() - _LOOK)
        if span <= 0:
            return False
        self.loop.leap(timedelta(seconds=span))
        return True

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
    def _live(self, kept: Kept) -> None:
        """Be one process, from its start to its end, and be away for a while."""
        ran = Ran(Diary(len(self.ran)), self.loop.now())
        self.ran.append(ran)
        self.watch.tell(f"process {ran.diary.life} starts")
        self.recovery.starts()
        looks_on = self._late_errors >= _LATE_ERRORS or self.errors.total() >= _ERRORS
        crew = user_crew(self.setting, self.stages, self.watch, kept, looks_on=looks_on)
        process = self._process = Process(
            self.plan, self.stages, self.loop, self.rng, self._make_core, ran, self.quiet, crew,
            manner_of(self.setting.config), _is_the_users,
        )  # fmt: skip
        timers = process.deaths(lambda: self.quiet)
        if self.over:
            timers.append(self.loop.call_later(_LAST_LOOK, process.finish))
        process.run(timers)
        self._process = None
        if self._hanging.said:
            process.mortality.die()
            raise StrategyError(self._hanging.said)
        self.recovery.ends()
        for stage in self.stages:
            stage.leave()
        self._ended(ran)
        self._turn(1.0 if self.quiet else self.rng.random() * _DOWN)

    def _ended(self, ran: Ran) -> None:
        self.watch.tell(f"process {ran.diary.life} is over: {ran.how} {ran.error or ''}".rstrip())
        if isinstance(ran.error, ConfigError | StrategyError):
            raise ran.error
        if ran.how == "killed":
            self._died["process_killed"] += 1
            for stage in self.stages:
                stage.venue.sever()
        elif ran.how == "ended" and not self.over:
            self._died["process_ended"] += 1
        elif ran.how == "broken":
            assert ran.raised is not None
            text = describe(ran.raised)
            if not self.errors and not ran.diary.bars:
                kind = self.setting.config.strategy.name
                raise StrategyError(f"strategy {kind} raised before its first bar: {text}")
            self.errors[text] += 1
            self._late_errors += self.quiet
            first = text.splitlines()[0]
            self.watch.decided(ran.diary.life, None, f"raises {first}", "errors")


def _is_the_users(error: BaseException) -> bool:
    """Return whether an error came out of the user's code; any other is one of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    return any(is_theirs(frame.filename) for frame in frames)
