"""Like a broker whose clients number their orders: corrections, fees later, a log of one day."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from string import ascii_letters, digits

from atms.sandbox.simulation.venue import snapshots
from atms.sandbox.simulation.venue.base import SimulatedStore
from atms.sandbox.simulation.venue.manners import Manners
from atms.sandbox.simulation.venue.orders import Declined, Order
from atms.sandbox.simulation.venue.records import Executed, Moved, Record
from atms.sandbox.simulation.venue.truth import Venue
from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.facts import Cursor, Page, Snapshot
from atms.stores.outcomes import Acked, NotSent, Outcome, Reason, Refused, Unknown
from atms.stores.requests import Key, Kind, Place, Prepared, Request

KINDS = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT, Kind.TRAIL})
MANNERS = Manners(
    unique="none", taker=Decimal("0.0005"), maker=Decimal("0.0005"), refuses_passed=False,
    fee_lag=timedelta(seconds=3), oco="reduce", log="window", log_depth=timedelta(days=1),
    read_lag=timedelta(seconds=3), outcome_bound=timedelta(seconds=45), closes=True,
    budgets=(
        Budget(
            name="requests", per=timedelta(seconds=1), units=50, shared_by="connection", reserve=10
        ),
    ),
)  # fmt: skip
_OVERLAP = timedelta(minutes=10)  # what a read tells again, for corrections and for late words


class CounterStore(SimulatedStore):
    """One connection to a broker whose orders are numbered by a counter of the client's.

    Nothing answers a request: the store waits until the stream tells of its number, else the
    outcome is unknown. The counter is not durable; it begins at the highest of what the venue tells
    and of the names that were used before.
    """

    order_name = "perm"
    fills_in_replies = False

    def __init__(self, venue: Venue, *, base: str = "USD") -> None:
        super().__init__(venue, base=base)
        self._next = 1

    def used(self, names: Iterable[str]) -> None:
        """Use none of these numbers again."""
        numbers = [int(name[3:]) for name in names if name.startswith("id:")]
        self._next = max(self._next, *(number + 1 for number in numbers), 1)

    def _capabilities(self) -> Capabilities:
        manners = self.venue.manners
        return Capabilities(
            keys=KeyRule(
                max_len=40, alphabet=ascii_letters + digits + "-", unique="none", kinds=KINDS,
                lookup=True,
            ),
            kinds=KINDS, tifs=frozenset({"gtc", "gtd", "ioc"}),
            links=frozenset({"bracket", "oco"}), amend="in_place", read_lag=manners.read_lag,
            outcome_bound=manners.outcome_bound, corrections=True, log="window",
            budgets=manners.budgets, log_depth=manners.log_depth, fees="later",
            timeframes=frozenset({"1m"}),
        )  # fmt: skip

    async def prepare(self, request: Request) -> Prepared:
        """Give each ticket its number: the higher of our own and of the venue's word.

        Raises:
            Unreachable, RateLimited, AuthFailed: the venue does not tell.
        """
        refs: list[tuple[Key, str]] = []
        if isinstance(request, Place):
            wanted = not all(ticket.reduces for ticket in request.tickets)
            self._next = max(self._next, await self.wire.read(self._told_id, wanted=wanted))
            for ticket in request.tickets:
                refs.append((ticket.key, f"id:{self._next}"))
                self._next += 1
        return Prepared(request=request, refs=tuple(refs))

    def _told_id(self) -> int:
        told = self.venue.next_id
        if self.venue.chance.hit("counter_rolls_back"):  # F11
            told = max(1, told - self.venue.chance.whole(1, 5))
        return told

    async def transmit(self, prepared: Prepared) -> Outcome:
        """Send, and wait for the stream's word."""
        outcome = await super().transmit(prepared)
        if isinstance(outcome, NotSent | Unknown):
            return outcome
        if isinstance(outcome, Refused) and outcome.reason in (Reason.RATE, Reason.CLOCK):
            return outcome  # the connection's own word
        deaf = any(stream.deaf for stream in self._private)
        if deaf or self.venue.chance.hit("drop_fact"):
            await asyncio.sleep(self.venue.delays.timeout)
            return Unknown(why="no word of it in time")
        return outcome

    def _place(self, prepared: Prepared, request: Place) -> Outcome:
        names = {name for _, name in prepared.refs}
        if any(names & set(order.names) for order in self.venue.orders.values()):
            return Refused(code="duplicate id", reason=Reason.DUPLICATE_KEY)
        numbers = [int(name[3:]) for name in names]
        self.venue.next_id = max(self.venue.next_id, *(number + 1 for number in numbers))
        return super()._place(prepared, request)

    def _acked(self, orders: Sequence[Order]) -> Acked:
        """The first word of an order has its number alone; the venue's own name comes later."""
        acked = super()._acked(orders)
        return replace(acked, refs=tuple(one for one in acked.refs if one[1].startswith("id:")))

    def _refused(self, declined: Declined, keys: Sequence[Key] = ()) -> Refused:
        return Refused(code=declined.code, reason=declined.reason)

    async def log(self, after: Cursor | None, instruments: Sequence[str]) -> Page:
        """Return what the venue still tells, some of it again; a cursor is (origin, read to)."""
        return await self.wire.read(lambda: self._page(after))

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        """Return what several reads tell."""
        return await snapshots.assembled(self, instruments, self.teller.buckets)

    def _page(self, after: Cursor | None) -> Page:
        now, depth = self.venue.now(), self.venue.manners.log_depth
        if after is None:
            return Page(facts=(), next=f"{now.isoformat()} {now.isoformat()}", more=False)
        origin, read = (datetime.fromisoformat(part) for part in after.split())
        oldest = now - depth if depth is not None else origin
        start = max(origin, read - _OVERLAP, oldest)
        rows = [one for one in self.venue.log if one.at >= start and self._told(one)]
        return Page(
            facts=tuple(fact for row in rows for fact in self.teller.facts(row, "poll")),
            next=f"{origin.isoformat()} {now.isoformat()}",
            more=False,
            gap_until=oldest if read < oldest else None,
        )

    def _told(self, row: Record) -> bool:
        """Return whether the log tells a record: no cash, and no version but the newest."""
        if isinstance(row, Executed):
            return self.venue.executions.get(row.exec) is row
        return not isinstance(row, Moved)
