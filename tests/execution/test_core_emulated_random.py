"""Brackets, pairs and lifetimes that no venue holds, with a venue that does everything wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial

import pytest

from atms.execution.core.core import Core
from atms.execution.core.events import Connected, Event, LookedUp, Wish, WishCancel, Wishes
from atms.execution.core.records import decode, encode
from atms.stores.facts import Fact, OrderFact, State
from atms.stores.outcomes import Acked, Found, Outcome, Reason, Refused
from atms.stores.requests import Kind, Place, Ticket
from tests.execution.core_world import BEGAN, TERMINAL, dec, ticket
from tests.execution.emulated_world import LIMIT, STOP, spot
from tests.execution.test_core_random import WILD, Run, Stands, after, check_books

SEEDS = 150
CALM = WILD + 25  # by then everything is over that went wrong
LAST = 110
NAKED = 2


class EmulatedRun(Run):
    """One seed: a venue that holds pairs at most, and strategies that want brackets."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.partner: dict[str, str] = {}
        self.broken: set[str] = set()
        self.bare: dict[str, datetime] = {}
        self.longest = dec(0)
        super().__init__(seed)

    def begin(self) -> None:
        self.undoes = self.repeatable = self.venue.undoes = False
        links = frozenset() if self.seed % 3 == 0 else frozenset({"oco"})
        self.manners = spot(links=links, reduces="flag" if self.seed % 2 else "no")
        super().begin()

    def feed(self, event: Event) -> None:
        if isinstance(event, Connected) and self.margin:
            found = tuple(replace(one, cash="margin") for one in event.instruments)
            event = replace(event, instruments=found)
        super().feed(event)

    @property
    def margin(self) -> bool:
        """Whether units are lent: two orders may stand for the same."""
        return self.seed % 6 == 0

    # ---- the venue ---------------------------------------------------------------------------
    def takes(self, request: Place) -> Outcome:
        legs = [one for one in request.tickets if one.reduces and one.kind is not Kind.MARKET]
        if any(one.key not in self.venue.orders for one in request.tickets) and self.chance(0.15):
            reasons = [Reason.FUNDS, Reason.FILTER, Reason.RATE]
            why = [Reason.WOULD_TRIGGER, *reasons] if legs else reasons
            return Refused(code="-1", reason=self.dice.choice(why))
        if not self.margin and self.lacks(request):
            return Refused(code="-2010", reason=Reason.FUNDS)
        for one in request.tickets:
            self.venue.place(one, self.now)
            order = self.venue.orders[one.key]
            self.tell(self.venue.fact(order, self.now))
            self.fills_later(order)
        if len(request.tickets) == 2:
            one, two = (ticket.key for ticket in request.tickets)
            self.partner[one], self.partner[two] = two, one
        keys = [one.key for one in request.tickets]
        return Acked(
            refs=tuple((key, name) for key in keys for name in sorted(self.venue.orders[key].names))
        )

    def lacks(self, request: Place) -> bool:
        """Return whether what stands leaves too few units for what is to be sold."""
        orders = self.venue.orders
        if any(one.key in orders or one.side > 0 for one in request.tickets):
            return False
        held = sum((one.ticket.side * one.filled for one in orders.values()), dec(0))
        locked: dict[frozenset[str], Decimal] = {}  # a pair locks its units once
        for key, one in orders.items():
            if one.state is State.WORKING and one.ticket.side < 0:
                pair = frozenset({key, self.partner.get(key, key)})
                locked[pair] = max(locked.get(pair, dec(0)), one.ticket.qty - one.filled)
        return max(one.qty for one in request.tickets) > held - sum(locked.values())

    def fills_later(self, order: Stands) -> None:
        if order.ticket.kind is Kind.MARKET:
            self.at(0.02, partial(self.trade_all, order), world=True)
        elif self.dice.random() < (0.4 if order.ticket.reduces else 0.9):
            for _ in range(self.dice.randint(1, 4)):
                wait = self.dice.random() * self.dice.choice([0.1, 3, 20])
                self.at(wait, partial(self.trades, order), world=True)

    def trade_all(self, order: Stands) -> None:
        while order.state is State.WORKING:
            self.trades(order)

    def trades(self, order: Stands) -> None:
        if order.state is not State.WORKING:
            return
        rest = order.ticket.qty - order.filled
        qty = min(rest, dec(self.dice.randint(1, 10)))
        facts = self.venue.fill(order, qty, self.now)
        other = self.venue.orders.get(self.partner.get(order.ticket.key, ""))
        if other is not None and self.chance(0.2):
            self.broken.add(order.ticket.key)
        elif other is not None and other.state is State.WORKING:
            other.state = State.CANCELED
            self.tell(self.venue.fact(other, self.now))
        for fact in (*facts, self.venue.fact(order, self.now)):
            self.tell(fact)

    def cancels(self, key: str) -> Outcome:
        outcome = super().cancels(key)
        other = self.venue.orders.get(self.partner.get(key, ""))
        if isinstance(outcome, Acked) and other is not None and other.state is State.WORKING:
            other.state = State.CANCELED
            self.tell(self.venue.fact(other, self.now))
        return outcome

    def tell(self, fact: Fact) -> None:
        super().tell(self.whole(fact))

    def look(self, key: str) -> None:
        looked = None if self.chance(0.2) else self.venue.look(key, self.now)
        if isinstance(looked, Found):
            looked = Found(facts=tuple(self.whole(fact) for fact in looked.facts))
        self.at(self.delay(), LookedUp(key=key, asked=self.now, looked=looked))

    def whole(self, fact: Fact) -> Fact:
        """Return a fact as a venue that behaves tells it: what is over says what filled."""
        if self.wild or not isinstance(fact, OrderFact) or fact.state is State.WORKING:
            return fact
        named = [one for one in self.venue.orders.values() if one.names & fact.refs]
        return replace(fact, filled=named[0].filled) if named else fact

    def settle_everything(self) -> None:
        """End what still opens; what protects stays."""
        for order in self.venue.orders.values():
            if order.state is State.WORKING and not order.ticket.reduces:
                order.state = State.EXPIRED
                self.tell(self.venue.fact(order, self.now))

    # ---- the strategy ------------------------------------------------------------------------
    def wishes(self) -> None:
        if self.dead:
            return
        luck = self.dice.random()
        state = self.core.state
        keys = [one.key for one in (*state.open_orders(), *state.open_plans())]
        if keys and luck < 0.25:
            self.feed(WishCancel(key=self.dice.choice(keys)))
            return
        entry = ticket(kind=self.dice.choice([Kind.MARKET, Kind.LIMIT]), limit=dec(100))
        if luck < 0.75:
            legs = self.dice.choice([(STOP, LIMIT), (STOP,), (LIMIT,), (STOP, LIMIT)])
            self.want((entry, *legs), "bracket")
        elif luck < 0.9:
            sides = [ticket(kind=Kind.LIMIT, limit=dec(90)), ticket(kind=Kind.STOP, trigger=dec(1))]
            self.want(tuple(sides), "oco")
        else:
            ends = self.now + after(self.dice.uniform(0, 10))
            self.want((ticket(kind=Kind.LIMIT, limit=dec(90), tif="gtd", expires=ends),), "single")

    def want(self, tickets: tuple[Ticket, ...], link: str) -> None:
        tags = tuple(range(self.tag + 1, self.tag + 1 + len(tickets)))
        self.tag += len(tickets)
        self.feed(Wishes(wishes=(Wish(tickets=tickets, tags=tags, link=link),)))

    # ---- what is to be true ------------------------------------------------------------------
    def uncovered(self, entry: str) -> Decimal:
        """Return the units of a bracket that no stop at the venue covers, in truth."""
        state = self.core.state
        legs = [state.plans[key] for key in state.legs[entry]]
        stops = [one for one in legs if one.stops and one.closed is None and not one.withdrawn]
        if not stops or entry not in self.venue.orders:
            return dec(0)
        found = self.venue.orders
        served = [found[key] for leg in legs for key in leg.servants if key in found]
        exited = sum((one.filled for one in served), dec(0))
        stand = [one for one in served if one.ticket.kind is Kind.STOP]
        covered = sum(
            (one.ticket.qty - one.filled for one in stand if one.state is State.WORKING), dec(0)
        )
        return found[entry].filled - exited - covered

    def watch(self) -> None:
        """Measure for how long a position is without its stop, once the venue behaves."""
        if self.now < BEGAN + after(LAST):
            self.at(0.1, self.watch, world=True)
        if self.dead:
            return
        for entry in self.core.state.legs:
            if self.uncovered(entry) <= 0:
                self.bare.pop(entry, None)
                continue
            since = self.bare.setdefault(entry, self.now)
            self.longest = max(self.longest, dec((self.now - since).total_seconds()))

    def through(self) -> EmulatedRun:
        for _ in range(10):
            self.at(self.dice.uniform(CALM, LAST - 20), self.wishes, world=True)
        self.at(CALM, self.watch, world=True)
        self.at(LAST - 10, self.settle_everything, world=True)
        super().through()
        return self


def check_brackets(run: EmulatedRun) -> None:
    """Check that what entries opened is closed or covered, neither more nor less."""
    state, venue = run.core.state, run.venue
    for entry, keys in state.legs.items():
        legs = [state.plans[key] for key in keys]
        served = [venue.orders[key] for leg in legs for key in leg.servants if key in venue.orders]
        open_ = venue.orders[entry].filled if entry in venue.orders else dec(0)
        open_ -= sum((one.filled for one in served), dec(0))
        working = Counter[Kind]()
        for one in served:
            if one.state is State.WORKING:
                working[one.ticket.kind] += one.ticket.qty - one.filled  # type: ignore[assignment]
        alive = [leg for leg in legs if leg.closed is None]
        for leg in alive:
            assert working[leg.ticket.kind] == open_, (entry, leg.ticket.kind, working, open_)
        if not alive:
            assert not working, (entry, working)
            twice = run.margin and len({one.ticket.kind for one in served if one.filled}) > 1
            if twice or run.broken & {key for leg in legs for key in leg.servants}:
                open_ = max(open_, dec(0))  # both of a pair filled: nothing could be done
            assert open_ == 0 or any(leg.withdrawn for leg in legs) or _gave_up(legs), entry


def _gave_up(legs: list) -> bool:  # type: ignore[type-arg]
    """Return whether a bracket without a stop had its limit refused."""
    return not any(leg.stops for leg in legs)


def check_lifetimes(run: EmulatedRun) -> None:
    """Check that nothing stands whose time is over, nor the other of a pair that began."""
    for order in run.core.state.open_orders():
        until = order.intended.until
        assert until is None or until > run.now - after(5), order.key
        for key in run.core.state.pairs.get(order.key, ()):
            other = run.core.state.orders.get(key)
            assert other is order or (other and other.closed is None and not other.booked), key


def check_telling(run: EmulatedRun) -> None:
    """Check that each order ended once, and that none was told of what works behind a leg."""
    ends = Counter(key for key, status in run.told if key and status in TERMINAL)
    assert all(count == 1 for count in ends.values())
    for key, _ in run.told:
        order = run.core.state.orders.get(key)
        assert order is None or not order.intended.serves


@pytest.mark.parametrize("part", range(10))
def test_what_an_entry_opened_is_closed_or_covered_whatever_the_venue_does(part: int) -> None:
    for seed in range(part * SEEDS // 10, (part + 1) * SEEDS // 10):
        run = EmulatedRun(seed).through()
        try:
            check_books(run, cash=not run.margin)
            check_brackets(run)
            check_lifetimes(run)
            check_telling(run)
            assert run.longest <= NAKED
            again = Core(run.core.terms, run.durable)
            assert again.state.digest() == run.core.state.digest()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def test_a_journal_cut_at_any_record_is_read_to_the_same_state_again() -> None:
    run = EmulatedRun(3).through()
    core = Core(run.core.terms)
    for number, record in enumerate(run.durable):
        core.state.apply(record)
        if number % 7 == 0:
            kept = [decode(encode(one)) for one in run.durable[: number + 1]]
            assert Core(run.core.terms, kept).state.digest() == core.state.digest()


def test_the_dice_bring_everything_about() -> None:
    runs = [EmulatedRun(seed).through() for seed in range(40)]
    kinds = Counter(type(one).__name__ for run in runs for one in run.durable)
    assert set(kinds) >= {"Planned", "Triggered", "Withdrawn", "Paired", "CancelAsked"}
    plans = [plan for run in runs for plan in run.core.state.plans.values()]
    ends = Counter(plan.closed.how for plan in plans if plan.closed)
    assert set(ends) >= {"filled", "canceled"}
    assert any(len(plan.servants) > 2 for plan in plans)
    orders = [one for run in runs for one in run.core.state.orders.values()]
    assert any(one.closed and one.closed.how == "expired" and one.outlived for one in orders)
    assert sum(run.epoch > 2 for run in runs) > 5
