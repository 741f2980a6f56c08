"""A simulated venue's time and its history, and who is told of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from atms.sandbox.simulation.venue.agenda import Agenda, Parcel
from atms.sandbox.simulation.venue.faults import Chance, Faults
from atms.sandbox.simulation.venue.manners import Delays
from atms.sandbox.simulation.venue.records import LOGGED, Record

Answer = TypeVar("Answer")
Made = TypeVar("Made", bound=Record)


class Listener(Protocol):
    """Somebody who is told what happens."""

    def hear(self, record: Record) -> None:
        """Take a record."""

    def wake(self) -> None:
        """Look at the venue's time again: something will happen sooner than was thought."""


@dataclass(frozen=True)
class Ban:
    """Nothing is let through *until* a time; the sender has *known* it from a time on, or not."""

    known: datetime | None
    until: datetime


class Chronicle:
    """What a venue does by itself, what has happened at it, and who hears.

    Args:
        clock: aware UTC.
        source: where every chance is drawn from.

    Attributes:
        history: everything that ever happened.
        log: what of it an account's own log tells.
        chance: draws faults and delays.
        delays: how long things take.
        down: whether nobody can reach the venue now.
        ban: after too many requests.
        knocks: when somebody has asked in vain while it was down.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        source: random.Random,
        delays: Delays | None,
        faults: Faults | None,
    ) -> None:
        self.delays = delays or Delays()
        self.chance = Chance(source, faults or Faults())
        self.history: list[Record] = []
        self.log: list[Record] = []
        self.down = False
        self.ban: Ban | None = None
        self.knocks: list[datetime] = []
        self._agenda = Agenda(clock)
        self._listeners: list[Listener] = []

    @property
    def faults(self) -> Faults:
        """How often things go wrong; may be set at any time."""
        return self.chance.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.chance.faults = faults

    def now(self) -> datetime:
        """Return the venue's time."""
        return self._agenda.now()

    def at(self, when: datetime, action: Callable[[], object]) -> None:
        """Have something done at a time."""
        self._agenda.at(when, action)
        self._wake()

    def post(self, when: datetime, action: Callable[[], Answer]) -> Parcel[Answer]:
        """Send a request that arrives at a time, whatever becomes of its sender."""
        parcel = self._agenda.post(when, action)
        self._wake()
        return parcel

    def due(self) -> datetime | None:
        """Return when something is to happen next by itself."""
        return self._agenda.due()

    def turn(self, until: datetime | None = None) -> None:
        """Let happen what is due; a market that moves, and every request, does so too."""
        self._agenda.turn(until)

    def record(self, kind: type[Made], /, **values: Any) -> Made:
        """Add to the history, and tell everybody who listens."""
        made = kind(seq=len(self.history) + 1, at=self.now(), **values)
        self.history.append(made)
        if isinstance(made, LOGGED):
            self.log.append(made)
        for listener in tuple(self._listeners):
            listener.hear(made)
        return made

    def listen(self, listener: Listener) -> None:
        """Tell somebody what happens from now on."""
        self._listeners.append(listener)

    def ignore(self, listener: Listener) -> None:
        """Tell somebody no more."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def sever(self) -> None:
        """Drop all connections: the processes at their other ends are dead."""
        self._listeners.clear()
        if self.ban is not None:
            self.ban = Ban(None, self.ban.until)

    def _wake(self) -> None:
        for listener in tuple(self._listeners):
            listener.wake()
