"""A world whose venue holds no bracket: the entry, and what the core does to protect it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atms.execution.core.events import Persist, Prepare, ReadSnapshot, Ready, TellOrder, Transmit
from atms.execution.emulation.plan_records import Planned
from atms.stores.capabilities import Capabilities
from atms.stores.facts import BalanceFact, Fee, State
from atms.stores.outcomes import Acked, Outcome, Reason, Refused
from atms.stores.requests import Cancel, Kind, Place, Prepared, Ticket
from tests.execution.core_world import World, dec, manners, ticket

STOP = ticket(side=-1, kind=Kind.STOP, trigger=dec(80), reduces=True)
LIMIT = ticket(side=-1, kind=Kind.LIMIT, limit=dec(120), reduces=True)


def spot(**others: Any) -> Capabilities:
    """Return the manners of a venue that holds two orders of which one is to be, and no more."""
    return manners(**{"links": frozenset({"oco"}), **others})


class Emulated(World):
    """One bracket: ten units at 100, a stop at 80 and a limit at 120."""

    def bracket(self, *legs: Ticket, entry: Ticket | None = None, owner: str = "") -> str:
        """Want a bracket and have its entry acknowledged; return the entry's key."""
        tickets = (entry or ticket(kind=Kind.LIMIT, limit=dec(100)), *(legs or (STOP, LIMIT)))
        self.wish(*tickets, link="bracket", owner=owner)
        (request,) = self.lately(Prepare)[0].requests
        assert isinstance(request, Place)
        self.ready(request)
        (transmit,) = self.lately(Transmit)
        self.sent(transmit.prepared, Acked(refs=()))
        return request.tickets[0].key

    def leg(self, kind: Kind) -> str:
        """Return the key of the last leg of a kind."""
        found = [one for one in self.durable if isinstance(one, Planned)]
        return [one.ticket.key for one in found if one.ticket.kind is kind][-1]

    def fill(self, key: str, name: str, qty: float, **others: Any) -> None:
        """Let a part of an order be executed."""
        self.hear(self.filled(key, name, qty, **others))

    def prepared(self) -> list[Place]:
        """Return the orders that the last event wants prepared."""
        found = [one for each in self.lately(Prepare) for one in each.requests]
        return [one for one in found if isinstance(one, Place)]

    def backed(self) -> list[str]:
        """Return the keys of the orders that the last event wants taken back."""
        found = [one for each in self.lately(Prepare) for one in each.requests]
        return [one.key for one in found if isinstance(one, Cancel)]

    def take(self, place: Place, outcome: Outcome | None = None) -> tuple[str, ...]:
        """Let a place be prepared, sent and answered; return its keys."""
        self.ready(place)
        prepared = Prepared(request=place)
        self.sent(prepared, outcome or Acked(refs=()))
        return tuple(one.key for one in place.tickets)

    def gather(self) -> Place:
        """Let the time pass in which parts are gathered; return what is to be placed."""
        for _ in range(4):
            if self.prepared():
                break
            self.wait(0.5)
        (place,) = self.prepared()
        return place

    def protected(self, qty: float = 10) -> tuple[str, str, str]:
        """Fill an entry and have it protected; return keys: entry, the venue's stop and limit."""
        entry = self.bracket()
        self.fill(entry, "e1", qty)
        stop, limit = self.take(self.gather())
        return entry, stop, limit

    def cancel_all(self, *keys: str) -> None:
        """Let orders be taken back at the venue."""
        for key in keys:
            filled = self.order(key).booked
            self.hear(self.stands(key, State.CANCELED, filled=filled))

    def told(self, key: str) -> Decimal:
        """Return the units that the strategy has heard of an order."""
        words = [one for one in self.every(TellOrder) if one.key == key]
        return sum((row.qty for one in words for row in one.fills), dec(0))

    def feed_refused(self, place: Place, reason: Reason) -> None:
        """Let a place be refused before it is sent."""
        answer = Refused(code="no words", reason=reason)
        self.feed(Ready(results=((place, answer, ""),)))

    def asks(self) -> bool:
        """Return whether the last event wants the account as it stands."""
        return bool(self.lately(ReadSnapshot))

    def balance(self, asset: str, total: float) -> BalanceFact:
        """Return what the venue says that is held."""
        return BalanceFact(at=self.now, asset=asset, total=dec(total), free=None)

    def go_on(self) -> None:
        """Let everything that is wanted be prepared."""
        for prepare in self.lately(Prepare):
            for request in prepare.requests:
                self.feed(Ready(results=((request, Prepared(request=request), ""),)))


def refused(reason: Reason) -> Refused:
    """Return a venue's refusal."""
    return Refused(code="-2010", reason=reason)


def paid_in(asset: str, amount: float) -> dict[str, Any]:
    """Return the fees of an execution."""
    return {"fees": (Fee(asset=asset, amount=dec(amount)),)}


def records_of(world: World, kind: type[Any]) -> list[Any]:
    """Return the records of a kind that the last event made durable."""
    found = [one for each in world.lately(Persist) for one in each.records]
    return [one for one in found if isinstance(one, kind)]
