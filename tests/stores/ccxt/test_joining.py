"""Orders of one moment that share a request: each has an answer, or is lost, of its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from atms.stores.ccxt.calls import Batch, Call, Lost, Said
from atms.stores.ccxt.joining import Joined
from atms.stores.ccxt.profiles.binanceusdm.orders import BATCH as BATCH_OF_FUTURES
from atms.stores.outcomes import Acked, Found, NotSeen, NotSent, Outcome, Reason, Refused, Unknown
from atms.stores.requests import Key, Place, Ticket
from tests.stores.bench import LONG_AGO
from tests.stores.ccxt.usdm import UsdmBench, run

ONE, SEVERAL = "/fapi/v1/order", "/fapi/v1/batchOrders"


async def at_once(store: Any, *tickets: Ticket) -> list[Outcome]:
    """Send orders in one moment."""
    prepared = [await store.prepare(Place(tickets=(one,), link="single")) for one in tickets]
    return await asyncio.gather(*[store.transmit(one) for one in prepared])


def seen(bench: UsdmBench) -> list[Key]:
    """Return the orders that the venue took, in their order."""
    return [order["client_id"] for order in bench.sandbox.truth.of("order")]


def test_orders_of_one_moment_go_in_fives_and_each_is_acknowledged() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        small = [replace(bench.standing(f"k{n}"), qty=Decimal(1)) for n in range(7)]
        outcomes = await at_once(store, *small)
        # one that is not full would count as five
        assert sorted(bench.front.writes[-3:]) == [SEVERAL, ONE, ONE]
        assert sorted(seen(bench)) == [f"k{n}" for n in range(7)]
        for ticket, outcome in zip(small, outcomes, strict=True):
            assert isinstance(outcome, Acked)
            assert outcome.facts[0].key == ticket.key
            assert {key for key, _ in outcome.refs} == {ticket.key}

    run(body)


def five(bench: UsdmBench) -> list[Ticket]:
    """Return what shares one request."""
    return [replace(bench.standing(f"k{n}"), qty=Decimal(1)) for n in range(5)]


def test_a_refused_order_leaves_those_beside_it_alone() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        tickets = five(bench)
        tickets[1], tickets[2] = bench.too_large("k1"), bench.taking("k2")
        outcomes = await at_once(store, *tickets)
        assert bench.front.writes[-1] == SEVERAL
        taken, refused, filled = outcomes[:3]
        assert isinstance(taken, Acked)
        assert isinstance(filled, Acked)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.FUNDS
        assert refused.code == "-2019: Margin is insufficient."
        assert seen(bench) == ["k0", "k2", "k3", "k4"]

    run(body)


def test_what_makes_a_position_smaller_and_what_is_alone_leave_alone() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        await at_once(store, bench.taking("long"))
        out = replace(bench.standing("out"), side=-1, limit=Decimal(110), reduces=True)
        await at_once(store, out, *five(bench)[:4], bench.stop("stop", 80))
        assert SEVERAL not in bench.front.writes
        assert bench.front.writes.count(ONE) == 6

    run(body)


@pytest.mark.parametrize(("trouble", "arrived"), [("lose_reply", True), ("lose_request", False)])
def test_without_an_answer_each_is_unknown_and_is_looked_up_for_itself(
    trouble: str, arrived: bool
) -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        tickets = five(bench)
        with bench.trouble(trouble):
            outcomes = await at_once(store, *tickets)
        assert [type(one) for one in outcomes] == [Unknown] * 5
        assert len([path for path in bench.front.arrived if path[1] == SEVERAL]) == 1
        for ticket in tickets:
            looked = await store.lookup(ticket.key, frozenset(), LONG_AGO)
            assert isinstance(looked, Found if arrived else NotSeen)

    run(body)


def test_without_a_connection_none_was_sent() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        with bench.trouble("venue_down"):
            outcomes = await at_once(store, *five(bench))
        assert [type(one) for one in outcomes] == [NotSent] * 5

    run(body)


def test_a_refusal_of_all_is_one_of_each_and_a_ban_is_kept_to() -> None:
    async def body(bench: UsdmBench) -> None:
        store = await bench.opened()
        with bench.trouble("rate_limited"):
            outcomes = await at_once(store, *five(bench))
        assert bench.front.arrived[-1][1] == SEVERAL
        assert {(type(one), getattr(one, "reason", None)) for one in outcomes} == {
            (Refused, Reason.RATE)
        }
        assert seen(bench) == []

    run(body)


def test_rows_that_stand_in_another_order_are_nobodys() -> None:
    asked = [{"newClientOrderId": name} for name in "ab"]
    rows = [{"orderId": 7, "clientOrderId": name} for name in "ab"]
    assert BATCH_OF_FUTURES.part(asked, rows) == rows
    for wrong in (rows[::-1], rows[:1], [*rows, rows[0]]):
        with pytest.raises(ValueError, match=r"another order|argument"):
            BATCH_OF_FUTURES.part(asked, wrong)


# ---- by itself -----------------------------------------------------------------------------
class Wire:
    """Notes what is sent, and answers what it was told to."""

    def __init__(self, answer: Any = None) -> None:
        self.sent: list[Call] = []
        self.goes_on = asyncio.Event()
        self._answer = answer

    async def call(self, call: Call) -> Any:
        self.sent.append(call)
        await self.goes_on.wait()
        return self._answer

    def clean(self, text: str) -> str:
        return text.replace("secret", "***")


def part(given: Any, reply: Any) -> list[Any]:
    return [reply[one["name"]] for one in given]


BATCH = Batch(method="several", size=2, join=lambda given: {"all": list(given)}, part=part)


def named(*names: str) -> list[Call]:
    return [Call(method="one", params={"name": name}, batch=BATCH) for name in names]


def test_who_gives_up_is_left_out_or_leaves_the_others_their_answer() -> None:
    async def body() -> None:
        wire, joined = Wire({"b": 2, "c": 3}), Joined()
        first, second, third = [
            asyncio.create_task(joined.call(wire, one)) for one in named("a", "b", "c")
        ]
        await asyncio.sleep(0)
        first.cancel()  # all three wait, and nothing has left
        await asyncio.sleep(0.01)
        assert [one["name"] for one in wire.sent[0].params["all"]] == ["b", "c"]
        second.cancel()
        wire.goes_on.set()
        assert await third == 3
        assert first.cancelled()
        assert len(wire.sent) == 1

    asyncio.run(body())


def test_an_answer_that_does_not_tell_of_each_is_one_of_none() -> None:
    async def body() -> None:
        wire, joined = Wire({"a": 1}), Joined()
        wire.goes_on.set()
        calls = [joined.call(wire, one) for one in named("a", "b")]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [str(one) for one in answers] == ["the answer cannot be read (KeyError)"] * 2
        assert all(isinstance(one, Lost) for one in answers)

    asyncio.run(body())


def test_a_refusal_among_several_repeats_no_secret() -> None:
    async def body() -> None:
        wire, joined = Wire({"a": 1, "b": Said(400, "-1", "you sent secret")}), Joined()
        wire.goes_on.set()
        calls = [joined.call(wire, one) for one in named("a", "b")]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert (answers[0], str(answers[1])) == (1, "-1: you sent ***")

    asyncio.run(body())
