"""A process that may die between any two steps: its host, its journal and its core."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVarTuple

from atms.execution.core.core import Core, Step, Terms
from atms.execution.core.events import Event, Instruction, TellAccount, TellOrder
from atms.execution.core.records import Record
from atms.execution.driver.inline import InlineHost
from atms.sandbox.simulation.lives import Killed, Life, MemoryJournal
from atms.sandbox.simulation.loop import VirtualLoop

Ts = TypeVarTuple("Ts")
_FINAL = ("completed", "canceled", "expired", "margin", "rejected")
_TOLD = TellOrder | TellAccount


class Mortality:
    """When a process dies: between instructions, at a commit, between passes.

    Args:
        source: kills are drawn from it.
        rate: of a death in each step.

    Attributes:
        dead: whether it is; then whatever it tries raises.
        on_death: called once, at that instant.
        died_at: at which step that was; empty: at a time that nothing set.
    """

    def __init__(self, source: random.Random, rate: float) -> None:
        self.dead = False
        self.died_at = ""
        self.on_death: Callable[[], None] = lambda: None
        self._source = source
        self._rate = rate

    def step(self, name: str, weight: float = 1.0) -> None:
        """Do a step, or die at it.

        Raises:
            Killed: it is dead.
        """
        if not self.dead and self._rate and self._source.random() < self._rate * weight:
            self.died_at = name
            self.die()
        if self.dead:
            raise Killed

    def die(self) -> None:
        """Be dead."""
        if not self.dead:
            self.dead = True
            self.on_death()

    def spare(self) -> None:
        """Die no more."""
        self._rate = 0.0


class MortalHost(InlineHost):
    """A host on virtual time whose process may die in any of its calls.

    Args:
        rush: what of the rate of deaths holds in a wait of no time.
    """

    def __init__(self, loop: VirtualLoop, mortality: Mortality, rush: float) -> None:
        super().__init__(loop, shared=True)
        self._mortality = mortality
        self._rush = rush

    def call(self, function: Callable[[*Ts], object], *args: *Ts) -> None:
        """Run a function soon."""
        self._mortality.step("a call of the host")
        super().call(function, *args)

    def spawn(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine."""
        if self._mortality.dead:
            coroutine.close()
            raise Killed
        super().spawn(coroutine)

    def wait(self, timeout: float | None) -> bool:
        """Turn the loop."""
        share = 1.0 if timeout else self._rush
        self._mortality.step("a wait", 0.05 * share)  # there are many of these
        return super().wait(timeout)

    def close(self) -> None:
        """End the tasks; who is dead has none."""
        if not self._mortality.dead:
            super().close()


class MortalJournal:
    """A journal of which a process loses what it was writing when it died."""

    def __init__(self, journal: MemoryJournal, mortality: Mortality) -> None:
        self._journal = journal
        self._mortality = mortality

    def begin(self, at: datetime) -> int:
        """Return the next epoch."""
        self._mortality.step("before an epoch")
        return self._journal.begin(at)

    def append(self, bodies: Sequence[str]) -> int:
        """Keep lines, all of them or none."""
        self._mortality.step("before a commit")  # not synced: lost
        number = self._journal.append(bodies)
        self._mortality.step("after a commit")  # durable, and nobody has heard so
        return number

    def check(self) -> None:
        """Raise nothing: who is dead sends nothing."""


class MortalFiles:
    """An account's files in memory, for one process."""

    def __init__(self, id_: str, journal: MemoryJournal, mortality: Mortality) -> None:
        self.id = id_
        self._kept = journal
        self.journal = MortalJournal(journal, mortality)

    @property
    def records(self) -> list[Record]:
        """What the journal holds."""
        return self._kept.records()

    def close(self) -> None:
        """Keep everything: another process may begin."""


class _Steps(list[Instruction]):
    """Instructions, each of which is looked at before it is carried out."""

    before: Callable[[Instruction], None]

    def __iter__(self) -> Iterator[Instruction]:
        for instruction in super().__iter__():
            self.before(instruction)
            yield instruction


def watched(
    make_core: Callable[[Terms, Iterable[Record]], Core],
    mortality: Mortality,
    now: Callable[[], datetime],
    born: Callable[[Life], None],
) -> Callable[[Terms, Iterable[Record]], Core]:
    """Return what makes a core that notes what it tells, and dies with its process.

    Args:
        make_core: the core that decides.
        now: the clock.
        born: is given the life of each account.
    """

    def make(terms: Terms, records: Iterable[Record]) -> Core:
        core = make_core(terms, records)
        life = Life(core)
        born(life)
        hear, end, start = core.hear, core.end, core.start

        def before(instruction: Instruction) -> None:
            mortality.step(f"before {type(instruction).__name__}")
            _note(life, instruction, now)

        def stepped(found: list[Instruction]) -> list[Instruction]:
            steps = _Steps(found)
            steps.before = before
            return steps

        def heard(step: Step, event: Event) -> None:
            if not mortality.dead:
                hear(step, event)

        def ended(step: Step) -> list[Instruction]:
            return [] if mortality.dead else stepped(end(step))

        def started(epoch: int, at: datetime) -> list[Instruction]:
            return stepped(start(epoch, at))

        core.hear, core.end = heard, ended  # type: ignore[method-assign]
        core.start = started  # type: ignore[method-assign, assignment]
        return core

    return make


def _note(life: Life, instruction: Instruction, now: Callable[[], datetime]) -> None:
    if isinstance(instruction, _TOLD):
        life.told.append(instruction)
    if isinstance(instruction, TellOrder) and instruction.status in _FINAL and instruction.key:
        life.ends.setdefault(instruction.key, []).append(instruction.status)
    if isinstance(instruction, TellAccount) and instruction.what == "ready":
        life.ready_at = now()
