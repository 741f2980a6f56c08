"""A random session at a simulated venue: a careless client, a market, and a reader of the log."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from decimal import Decimal

from atms.errors import VenueError
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.venue import PROFILES, Faults, Venue, correct
from atms.sandbox.simulation.venue.happenings import Happenings
from atms.stores.base import RateLimited, Store
from atms.stores.facts import FillFact, FillVoid
from atms.stores.outcomes import Acked, Outcome, Refused
from atms.stores.requests import Amend, Cancel, Kind, Place, Refs, Ticket

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Reader:
    """Reads a log by its cursor and keeps what counts, as any client must.

    Attributes:
        gone: exec -> the highest version that was undone.
    """

    fills: dict[str, FillFact] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    cursor: str | None = None

    async def read(self, store: Store, instruments: list[str]) -> None:
        """Read on to the end, as far as the venue lets."""
        more = True
        while more:
            page = await store.log(self.cursor, instruments)
            self.cursor, more = page.next, page.more
            for fact in page.facts:
                if isinstance(fact, FillFact):
                    self._fill(fact)
                elif isinstance(fact, FillVoid):
                    self.gone[fact.exec] = max(fact.version, self.gone.get(fact.exec, 0))
                    if fact.exec in self.fills and self.fills[fact.exec].version <= fact.version:
                        del self.fills[fact.exec]

    def _fill(self, fact: FillFact) -> None:
        old = self.fills.get(fact.exec)
        newest = max(old.version if old else 0, self.gone.get(fact.exec, 0))
        if fact.version > newest:
            self.fills[fact.exec] = fact


@dataclass
class Session:
    """One session; everything is drawn from its seed. The client waits a ban out."""

    name: str
    seed: int
    faults: Faults
    rounds: int = 120
    outcomes: list[Outcome] = field(default_factory=list)
    reader: Reader = field(default_factory=Reader)
    listens: bool = True

    def play(self) -> Venue:
        """Play it with faults, then let it come to rest without; return the venue."""
        loop = VirtualLoop(START)
        try:
            venue: Venue = loop.run_until_complete(self._play(loop))
            loop.run_until_complete(loop.shutdown_asyncgens())
            return venue
        finally:
            loop.close()

    async def _play(self, loop: VirtualLoop) -> Venue:
        self.source = random.Random(self.seed)
        self.venue = PROFILES[self.name].venue(clock=loop.now, source=self.source)
        self.instruments = list(self.venue.instruments)
        self.names: dict[str, Refs] = {}
        self.tickets: dict[str, Ticket] = {}
        for instrument in self.instruments:
            self.venue.trade(instrument, Decimal(100), Decimal(1))
        profile = PROFILES[self.name]
        self.happenings = Happenings(self.venue, profile, self.instruments, lambda: True)
        self.store = profile.connect(self.venue)
        self.can = await self.store.connect()
        await self.reader.read(self.store, self.instruments)
        await asyncio.sleep(1)
        self.venue.faults = self.faults
        listening = loop.create_task(self._listen())
        for number in range(self.rounds):
            await self._round(number)
        self.venue.faults = Faults()
        self.happenings.calm_down()
        await asyncio.sleep(600)
        await self.reader.read(self.store, self.instruments)
        self.listens = False
        await self.store.close()
        await listening
        return self.venue

    async def _listen(self) -> None:
        while self.listens:
            try:
                async for _ in self.store.facts():
                    pass
            except RuntimeError:  # it is opened again
                continue
            return

    async def _round(self, number: int) -> None:
        source, venue = self.source, self.venue
        instrument = source.choice(self.instruments)
        price = venue.prices[instrument] + Decimal(source.randint(-30, 30)) / 10
        if not self.happenings.is_quiet():
            price = self.happenings.price(max(price, Decimal(50)))
            venue.trade(instrument, price, Decimal(source.randint(1, 20)))
        self.happenings.happen()
        act = source.random()
        try:
            if act < 0.55:
                await self._send(self._place(number, instrument))
            elif act < 0.7 and self.names:
                key = source.choice(list(self.names))
                await self._send(Cancel(key=key, refs=self.names[key]))
            elif act < 0.8 and self.names and self.can.amend != "no":
                key = source.choice(list(self.names))
                ticket = replace(self.tickets[key], qty=Decimal(source.randint(1, 40)))
                await self._send(Amend(key=key, refs=self.names[key], ticket=ticket))
            elif act < 0.85 and self.can.corrections and venue.executions:
                row = source.choice(list(venue.executions.values()))
                correct(venue, row.exec, row.qty, row.price + 1)
            else:
                await self.reader.read(self.store, self.instruments)
                await self.store.snapshot(self.instruments)
        except RateLimited as error:
            await asyncio.sleep(error.after.total_seconds() if error.after else 0)
        except VenueError:
            pass  # a read in trouble
        await asyncio.sleep(source.uniform(0, 8))

    async def _send(self, request: Place | Cancel | Amend) -> None:
        prepared = await self.store.prepare(request)
        outcome = await self.store.transmit(prepared)
        self.outcomes.append(outcome)
        if isinstance(outcome, Refused) and outcome.retry_after is not None:
            await asyncio.sleep(outcome.retry_after.total_seconds())
        told = (*prepared.refs, *(outcome.refs if isinstance(outcome, Acked) else ()))
        for ticket in request.tickets if isinstance(request, Place) else ():
            self.tickets[ticket.key] = ticket
            self.names[ticket.key] = frozenset(name for key, name in told if key == ticket.key)

    def _place(self, number: int, instrument: str) -> Place:
        ticket = self._ticket(f"a-{number}", instrument)
        links = sorted(self.can.links)
        if not links or self.source.random() < 0.6:
            return Place(tickets=(ticket,))
        link = self.source.choice(links)
        tickets = [ticket] if link == "bracket" else []
        price, away = self.venue.prices[instrument], Decimal(self.source.randint(1, 9))
        for part, (kind, level) in enumerate(((Kind.LIMIT, away), (Kind.STOP, -away))):
            at = price - level * -ticket.side
            tickets.append(
                Ticket(
                    key=f"a-{number}-{part}", instrument=instrument, side=-ticket.side,
                    qty=ticket.qty, kind=kind, limit=at if kind is Kind.LIMIT else None,
                    trigger=at if kind is Kind.STOP else None,
                )
            )  # fmt: skip
        return Place(tickets=tuple(tickets), link=link)  # type: ignore[arg-type]

    def _ticket(self, key: str, instrument: str) -> Ticket:
        source, price = self.source, self.venue.prices[instrument]
        kind = source.choice(sorted(self.can.kinds, key=lambda kind: kind.value))
        side = source.choice((1, 1, -1))
        near = price + Decimal(source.randint(-50, 50)) / 10
        limit = near if kind in (Kind.LIMIT, Kind.STOP_LIMIT) else None
        trigger = price + side * Decimal(2) if kind in (Kind.STOP, Kind.STOP_LIMIT) else None
        return Ticket(
            key=key, instrument=instrument, side=side, qty=Decimal(source.randint(1, 30)),
            kind=kind, limit=limit, trigger=trigger,
            trail=Decimal(3) if kind is Kind.TRAIL else None,
            worst=price + side if self.can.worst else None,
        )  # fmt: skip


def some_faults(seed: int) -> Faults:
    """Return a random subset of the faults, at random rates."""
    source = random.Random(seed)
    names = [one.name for one in fields(Faults)]
    return Faults(**{name: source.uniform(0, 0.3) for name in names if source.random() < 0.4})
