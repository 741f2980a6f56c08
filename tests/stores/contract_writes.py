"""The contract of stores, writing: what leaves, how often, and what is told of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import get_args

import pytest

from atms.stores.base import AuthFailed, RateLimited, Unreachable
from atms.stores.facts import FillFact, OrderFact, State
from atms.stores.outcomes import (
    Acked,
    Found,
    NotSeen,
    NotSent,
    Outcome,
    Reason,
    Refused,
    Unknown,
)
from atms.stores.requests import Cancel, Kind, Place
from tests.stores.bench import (
    LONG_AGO,
    Bench,
    Ear,
    OnABench,
    canceled,
    needs,
    placed,
    played,
    prepared,
    sent,
)


class Writing(OnABench):
    """What STORE.md says of prepare and transmit."""

    @played
    async def test_preparing_changes_nothing_at_the_venue(self, bench: Bench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        await store.prepare(Place(tickets=(bench.standing("a1"),)))
        made = await prepared(store, Place(tickets=(bench.taking("a2"),)))
        await store.prepare(Cancel(key="a2", refs=frozenset(name for _, name in made.refs)))
        await bench.settle()
        assert bench.received() == 0
        assert ear.of(OrderFact) == []

    @played
    async def test_what_is_prepared_names_each_order_by_a_name_of_its_own(
        self, bench: Bench
    ) -> None:
        store = await bench.opened()
        many = [
            await prepared(store, Place(tickets=(bench.standing(f"a{number}"),)))
            for number in range(5)
        ]
        names = [name for one in many for _, name in one.refs]
        assert len(names) == len(set(names))
        assert all(key == one.request.tickets[0].key for one in many for key, _ in one.refs)  # type: ignore[union-attr]

    @played
    async def test_a_name_that_was_used_before_is_not_given_again(self, bench: Bench) -> None:
        first, second = await bench.opened(), await bench.opened()
        made = await prepared(first, Place(tickets=(bench.standing("a1"),)))
        names = {name for _, name in made.refs}
        second.used(names)
        second.used(())
        again = await prepared(second, Place(tickets=(bench.standing("a2"),)))
        if made.payload == again.payload == b"":
            assert not names & {name for _, name in again.refs}

    @played
    async def test_the_venue_calls_an_order_by_a_name_that_was_prepared(self, bench: Bench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        made = await prepared(store, Place(tickets=(bench.standing("a1"),)))
        needs(made.refs, "names are not known beforehand")
        assert isinstance(await store.transmit(made), Acked)
        await bench.settle()
        names = {name for _, name in made.refs}
        assert any(names & fact.refs for fact in ear.of(OrderFact))

    @pytest.mark.parametrize("name", ["", "lose_reply", "server_error", "late_reply"])
    def test_one_transmit_is_one_request_whatever_comes_back(self, name: str) -> None:
        async def body(bench: Bench) -> None:
            store = await bench.opened()
            made = await prepared(store, Place(tickets=(bench.standing("a1"),)))
            if name:
                with bench.trouble(name):
                    await store.transmit(made)
            else:
                await store.transmit(made)
            await bench.settle()
            assert bench.received() == 1

        self.play(body)

    @pytest.mark.parametrize(
        ("name", "kind"),
        [("lose_request", Unknown), ("lose_reply", Unknown), ("server_error", Unknown),
         ("rate_limited", Refused), ("venue_down", NotSent)],
    )  # fmt: skip
    def test_the_outcome_of_a_write_in_trouble_is_a_value(self, name: str, kind: type) -> None:
        async def body(bench: Bench) -> None:
            store = await bench.opened()
            made = await prepared(store, Place(tickets=(bench.standing("a1"),)))
            with bench.trouble(name):
                outcome = await store.transmit(made)
            assert type(outcome) is kind
            assert type(outcome) in get_args(Outcome)
            if isinstance(outcome, Refused):
                assert outcome.reason is Reason.RATE
            if isinstance(outcome, NotSent):
                assert bench.received() == 0

        self.play(body)

    @pytest.mark.parametrize(
        ("name", "error"),
        [("venue_down", Unreachable), ("rate_limited", RateLimited), ("auth_failed", AuthFailed)],
    )
    def test_a_read_in_trouble_raises(self, name: str, error: type[Exception]) -> None:
        async def body(bench: Bench) -> None:
            store = await bench.opened()
            with bench.trouble(name), pytest.raises(error):
                await store.snapshot([bench.instrument])
            with bench.trouble(name), pytest.raises((Unreachable, RateLimited, AuthFailed)):
                await store.log(None, [bench.instrument])

        self.play(body)

    @played
    async def test_without_a_connection_nothing_is_sent_and_nothing_is_read(
        self, bench: Bench
    ) -> None:
        first = await bench.opened()
        made = await prepared(first, Place(tickets=(bench.standing("a1"),)))
        never, closed = bench.connection(), await bench.opened()
        await closed.close()
        for store in (never, closed):
            assert isinstance(await store.transmit(made), NotSent)
            with pytest.raises(Unreachable):
                await store.lookup("a1", frozenset(), LONG_AGO)
        assert bench.received() == 0

    @played
    async def test_what_the_venue_has_no_words_for_is_not_sent(self, bench: Bench) -> None:
        store = await bench.opened()
        unknown = next(kind for kind in Kind if kind not in bench.can.kinds)
        ticket = replace(bench.standing("a1"), kind=unknown)
        assert isinstance(await sent(store, ticket), NotSent | Refused)
        foreign = next((tif for tif in ("fok", "day", "gtd") if tif not in bench.can.tifs), "day")
        ticket = replace(bench.standing("a2"), tif=foreign)  # type: ignore[arg-type]
        assert isinstance(await sent(store, ticket), NotSent | Refused)
        assert bench.received() == 0

    @played
    async def test_a_key_that_the_venue_would_not_keep_is_not_sent(self, bench: Bench) -> None:
        needs(bench.can.keys.kinds, "the venue keeps no keys")
        store = await bench.opened()
        for key in ("a" * (bench.can.keys.max_len + 1), "a b"):
            assert isinstance(await sent(store, bench.standing(key)), NotSent | Refused)
        assert bench.received() == 0

    @played
    async def test_what_breaks_a_filter_is_refused_for_it(self, bench: Bench) -> None:
        needs(bench.can.keys.kinds, "a node takes whatever is signed")
        store = await bench.opened()
        ticket = bench.standing("a1")
        outcome = await sent(store, replace(ticket, qty=ticket.qty + Decimal("0.00001")))
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.FILTER

    @played
    async def test_what_cannot_be_paid_is_refused_for_funds(self, bench: Bench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        outcome = await sent(store, bench.too_large("a1"))
        await bench.fill("a1")
        await bench.finish()
        if isinstance(outcome, Refused):
            assert outcome.reason is Reason.FUNDS
        else:  # it was carried out later, and failed
            last = ear.of(OrderFact)[-1]
            assert (last.state, last.reason) == (State.REFUSED, Reason.FUNDS)
        assert ear.of(FillFact) == []

    @played
    async def test_a_key_comes_again_as_the_rule_of_keys_says(self, bench: Bench) -> None:
        rule = bench.can.keys.unique
        needs(rule != "none", "keys need not be unique")
        store = await bench.opened()
        names = await placed(store, bench.standing("a1"))
        second = await sent(store, bench.standing("a1"))
        assert isinstance(second, Refused)
        assert second.reason is Reason.DUPLICATE_KEY
        assert isinstance(await canceled(store, "a1", names["a1"]), Acked)
        third = await sent(store, bench.standing("a1"))
        assert isinstance(third, Acked if rule == "open" else Refused)

    @played
    async def test_bytes_that_may_be_sent_again_make_one_order(self, bench: Bench) -> None:
        store = await bench.opened()
        ear = Ear(store)
        made = await prepared(store, Place(tickets=(bench.taking("a1"),)))
        assert made.repeatable == bool(made.payload)
        needs(made.repeatable, "nothing may be sent again")
        assert isinstance(await store.transmit(made), Acked)
        assert isinstance(await (await bench.opened()).transmit(made), Acked)
        await bench.fill("a1")
        assert isinstance(await store.transmit(made), Acked)
        await bench.settle()
        assert len(ear.fills("a1", frozenset(name for _, name in made.refs))) == 1

    @played
    async def test_a_sender_that_dies_leaves_one_order_or_none(self, bench: Bench) -> None:
        store = await bench.opened()
        made = await prepared(store, Place(tickets=(bench.standing("a1"),)))
        with bench.trouble("late_reply"):
            sending = asyncio.get_running_loop().create_task(store.transmit(made))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        await bench.settle()
        assert bench.received() <= 1
        again = await bench.opened()
        await bench.fill("a1")
        await bench.settle()
        names = frozenset(name for _, name in made.refs)
        looked = await again.lookup("a1", names, LONG_AGO)
        assert isinstance(looked, Found if bench.received() else NotSeen)
