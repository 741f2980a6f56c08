"""A simulated venue under a clock that is set by hand, and short words for both."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.sandbox.simulation.venue import PROFILES, Chain, Faults, Venue
from atms.sandbox.simulation.venue.orders import Declined, Order
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket

D = Decimal
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Desk:
    """One venue; its first instrument trades at 100."""

    def __init__(self, name: str, **faults: float) -> None:
        self.time = START
        self.venue: Venue = PROFILES[name].venue(
            clock=lambda: self.time, source=random.Random(1), faults=Faults(**faults), mines=False
        )
        self.instrument = next(iter(self.venue.instruments))
        self.trade(100)
        self._keys = 0

    def trade(self, price: float, qty: float = 1) -> None:
        self.venue.trade(self.instrument, D(str(price)), D(str(qty)))

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.venue.turn()

    def ticket(self, side: int, qty: float, kind: Kind = Kind.MARKET, **more: Any) -> Ticket:
        self._keys += 1
        values = {
            name: D(str(value)) if name in ("limit", "trigger", "trail") else value
            for name, value in more.items()
        }
        return Ticket(
            key=f"k-{self._keys}", instrument=self.instrument, side=side, qty=D(str(qty)),
            kind=kind, **values,
        )  # fmt: skip

    def place(self, side: int, qty: float, kind: Kind = Kind.MARKET, **more: Any) -> Order:
        (order,) = self.many(self.ticket(side, qty, kind, **more))
        return order

    def many(self, *tickets: Ticket, link: Any = "single") -> tuple[Order, ...]:
        made = self.venue.place(tickets, link)
        assert not isinstance(made, Declined), made
        return made

    def declined(self, *tickets: Ticket) -> Reason:
        made = self.venue.place(tickets)
        assert isinstance(made, Declined)
        return made.reason

    def fills(self, order: Order) -> list[tuple[Decimal, Decimal]]:
        rows = self.venue.executions.values()
        return [(row.qty, row.price) for row in rows if row.order == order.id]

    @property
    def held(self) -> Decimal:
        return self.venue.holdings.qty(self.instrument)

    def cash(self, asset: str = "USD") -> Decimal:
        return self.venue.holdings.balances.get(asset, D(0))

    @property
    def chain(self) -> Chain:
        assert self.venue.chain is not None
        return self.venue.chain

    def submit(self, nonce: int, *, qty: int = 1, worst: str | None = None, tip: int = 1) -> None:
        said = {
            "nonce": nonce, "tip": tip, "key": f"n-{nonce}", "instrument": self.instrument,
            "side": 1, "qty": str(qty), "worst": worst,
        }  # fmt: skip
        self.chain.submit(json.dumps(said).encode())
