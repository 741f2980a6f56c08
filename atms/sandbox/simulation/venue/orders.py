"""One order as a simulated venue has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from atms.sandbox.simulation.venue.records import Cause
from atms.stores.facts import State
from atms.stores.outcomes import Reason
from atms.stores.requests import Key, Kind, Ticket

OPEN = frozenset({State.PENDING, State.HELD, State.WORKING})
STOPS = frozenset({Kind.STOP, Kind.STOP_LIMIT, Kind.TRAIL})


@dataclass(frozen=True)
class Declined:
    """The venue does not do what it was asked; *code* is its own."""

    code: str
    reason: Reason


@dataclass
class Order:
    """An order.

    Attributes:
        id: the venue's number, rising by time.
        names: what else it is called, ``kind:value``.
        ticket: as it stands; its quantity is that of the whole chain of replacements.
        filled: over the whole chain of replacements.
        visible_at: from when reads show it.
        link: of its group; *group* is the number of the group's first order.
        parent: number of a leg's entry.
        lot: the lot that it opens or protects, where positions are lots.
        best: the best price since a trailing stop works.
        lost: the venue has taken it, and knows nothing of it any more.
        rejects_later: the venue will reject it, and matches it no more.
    """

    id: str
    key: Key | None
    ticket: Ticket
    made_at: datetime
    visible_at: datetime
    names: tuple[str, ...] = ()
    state: State = State.WORKING
    filled: Decimal = Decimal(0)
    link: Literal["single", "oco", "bracket"] = "single"
    group: str = ""
    parent: str | None = None
    lot: str | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    triggered: bool = False
    best: Decimal | None = None
    reason: Reason | None = None
    cause: Cause = "order"
    foreign: bool = False
    lost: bool = False
    rejects_later: bool = False

    @property
    def open(self) -> bool:
        """Whether it can still fill."""
        return self.state in OPEN and not self.lost

    @property
    def left(self) -> Decimal:
        """What has not filled."""
        return self.ticket.qty - self.filled

    @property
    def matchable(self) -> bool:
        """Whether the market may meet it now."""
        waits = self.rejects_later or self.lost
        return self.state is State.WORKING and not waits and self.left > 0

    @property
    def waits_for_trigger(self) -> bool:
        """Whether it is a stop that has not triggered."""
        return self.ticket.kind in STOPS and not self.triggered

    @property
    def trigger(self) -> Decimal | None:
        """The price that triggers it; of a trailing stop, from the best price so far."""
        ticket = self.ticket
        if ticket.kind is not Kind.TRAIL or ticket.trail is None or self.best is None:
            return ticket.trigger
        away = self.best * ticket.trail if ticket.trail_is_fraction else ticket.trail
        return self.best + ticket.side * away
