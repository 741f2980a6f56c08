"""Bring watchers to where Backtrader would have them in the middle of a step."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from atms.engine.watching.equity import Accounts
from atms.engine.watching.roster import Listener, Onlooker, Roster


class Phase(IntEnum):
    """What of a step is under way."""

    TELLING = 0  # orders and trades are told
    VALUING = 1  # cash and value are told
    ACTING = 2  # the strategy's next
    ANALYZING = 3  # analyzers' next
    OBSERVING = 4  # observers' next, each after its analyzers'
    DONE = 5


# A name of an enumeration is slow to look up.
TELLING, VALUING, ACTING, ANALYZING, OBSERVING, DONE = Phase


class Place(NamedTuple):
    """Where a run is.

    Attributes:
        step: under way or just done; what is before it is done.
        phase: of it.
        number: of the analyzer or observer that is called.
    """

    step: int
    phase: Phase
    number: int


class _Settler:
    """Settles each watcher once, in the order in which they look at one another."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def observer(self, onlooker: Onlooker, roster: Roster, upto: int) -> None:
        """Settle an observer, which looks at its analyzers as they were before."""
        if not onlooker.live:
            onlooker.settle(self._accounts, upto)
            for listener in roster.analyzers:
                if any(listener.analyzer is own for own in onlooker.needed()):
                    self.analyzer(listener, upto)

    def analyzer(self, listener: Listener, upto: int) -> None:
        """Settle an analyzer."""
        if not listener.live:
            listener.settle(self._accounts, upto)


def settle(roster: Roster, accounts: Accounts, place: Place) -> None:
    """Bring all who are not called on each bar to *place*."""
    settler = _Settler(accounts)
    step, phase, called = place
    full = step + (phase == DONE)
    ahead = len(roster.observers) if phase == DONE else 0
    if phase == OBSERVING:
        ahead = called
    for number, onlooker in enumerate(roster.observers):
        settler.observer(onlooker, roster, step + 1 if number < ahead else full)
    for number, listener in enumerate(roster.own):
        passed = phase > ANALYZING or (phase == ANALYZING and number < called)
        settler.analyzer(listener, step + 1 if passed else full)
    _tell(roster, accounts, place)


def _tell(roster: Roster, accounts: Accounts, place: Place) -> None:
    """Tell cash and value of the step under way to those that Backtrader has told already."""
    if place.phase in (TELLING, DONE):
        return
    told = len(roster.analyzers)
    if place.phase == VALUING:
        told = place.number
    fund = accounts.present()
    for listener in roster.analyzers[: max(told, 0)]:
        if not listener.live and listener.done <= place.step:
            listener.analyzer._notify_cashvalue(*fund[:2])
            listener.analyzer._notify_fund(*fund)
