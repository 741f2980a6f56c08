"""One write is one request: counted at the other end of the wire, with the real ccxt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.sandbox.binance.config import Limits
from atms.stores.base import RateLimited, Unreachable
from atms.stores.ccxt.store import CCXTStore
from atms.stores.outcomes import Acked, NotSent, Reason, Refused, Unknown
from atms.stores.requests import Kind
from tests.stores.bench import canceled, placed, sent
from tests.stores.ccxt.bench import CONFIG, SandboxBench, run

Body = Callable[[SandboxBench, CCXTStore], Coroutine[Any, Any, None]]


def on_the_wire(body: Body, *, timeout: float = 0.6, limits: Limits | None = None) -> None:
    """Run a body with a store that is connected, and impatient."""

    async def played(bench: SandboxBench) -> None:
        store = CCXTStore(
            "binance", key=bench.sandbox.key, secret=bench.sandbox.secret, url=bench.front.url,
            timeout=timeout,
        )  # fmt: skip
        bench.stores.append(store)
        await store.connect()
        await body(bench, store)

    run(played, replace(CONFIG, limits=limits) if limits else CONFIG)


@pytest.mark.parametrize(
    "trouble", ["silent", "server_error", "lose_request", "lose_reply", "moved"]
)
def test_an_order_leaves_once_and_nobody_knows_what_became_of_it(trouble: str) -> None:
    async def body(bench: SandboxBench, store: CCXTStore) -> None:
        with bench.front.trouble(trouble):
            outcome = await sent(store, bench.standing("a-1"))
            await asyncio.sleep(0.3)
        assert isinstance(outcome, Unknown)
        assert [method for method, _ in bench.front.arrived if method != "GET"] == ["POST"]

    on_the_wire(body)


@pytest.mark.parametrize(
    "trouble", ["silent", "server_error", "lose_request", "lose_reply", "moved"]
)
def test_a_cancellation_leaves_once_too(trouble: str) -> None:
    async def body(bench: SandboxBench, store: CCXTStore) -> None:
        names = await placed(store, bench.standing("a-1"))
        with bench.front.trouble(trouble):
            outcome = await canceled(store, "a-1", names["a-1"])
            await asyncio.sleep(0.3)
        assert isinstance(outcome, Unknown)
        assert [method for method, _ in bench.front.arrived if method != "GET"] == [
            "POST",
            "DELETE",
        ]

    on_the_wire(body)


def test_where_nobody_listens_it_is_proved_that_nothing_left() -> None:
    async def body(bench: SandboxBench, store: CCXTStore) -> None:
        bench.front.go_down()
        outcome = await sent(store, bench.standing("a-1"))
        assert isinstance(outcome, NotSent)
        assert "no connection" in outcome.why

    on_the_wire(body)


def test_a_read_is_not_repeated_either() -> None:
    async def body(bench: SandboxBench, store: CCXTStore) -> None:
        before = len(bench.front.arrived)
        with bench.front.trouble("lose_request"), pytest.raises(Unreachable):
            await store.log(None, [bench.instrument])
        assert len(bench.front.arrived) == before + 1

    on_the_wire(body)


def test_nothing_is_sent_within_a_ban() -> None:
    async def body(bench: SandboxBench, store: CCXTStore) -> None:
        with bench.front.trouble("rate_limited"):
            outcome = await sent(store, bench.standing("a-1"))
        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.retry_after) == (Reason.RATE, timedelta(seconds=3))
        arrived = len(bench.front.arrived)
        second = await sent(store, bench.standing("a-2"))
        assert isinstance(second, NotSent)
        third = await canceled(store, "a-1", frozenset({"client:BTCUSDT:a-1"}))
        assert isinstance(third, NotSent)
        with pytest.raises(RateLimited) as caught:
            await store.snapshot([bench.instrument])
        assert caught.value.after is not None
        assert timedelta(0) < caught.value.after <= timedelta(seconds=3)
        assert len(bench.front.arrived) == arrived

    on_the_wire(body)


def test_orders_past_the_budget_are_not_sent_and_cancels_and_protection_still_are() -> None:
    async def body(bench: SandboxBench, store: CCXTStore) -> None:
        await store.instruments(["BTC/USDT"])  # the venue's own limits, and with them ours
        small = replace(bench.standing("b"), qty=Decimal(1))
        tickets = [replace(small, key=f"b-{number}") for number in range(8)]
        outcomes = [await sent(store, ticket) for ticket in tickets]
        assert [type(one) for one in outcomes] == [Acked] * 8
        began = time.monotonic()
        last = await sent(store, replace(small, key="c-1"))
        assert isinstance(last, NotSent)
        assert "rate budget" in last.why
        assert time.monotonic() - began < 1  # it would have to wait for longer than it may
        protects = replace(small, key="c-2", side=-1, limit=Decimal(110), reduces=True)
        assert isinstance(await sent(store, protects), Acked)
        names = frozenset({"client:BTCUSDT:b-1"})
        assert isinstance(await canceled(store, "b-1", names), Acked)
        assert len(bench.sandbox.truth.of("reject")) == 0

    on_the_wire(body, limits=Limits(orders_10s=10))


def test_a_clock_that_went_wrong_is_measured_again() -> None:
    async def body(bench: SandboxBench, store: CCXTStore) -> None:
        bench.sandbox.clock.offset = -3000  # what is signed now is of the venue's future
        outcome = await sent(store, bench.standing("a-1"))
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.CLOCK
        await asyncio.sleep(0.3)
        assert isinstance(await sent(store, bench.standing("a-2")), Acked)

    on_the_wire(body)


def test_many_answers_in_flight_are_not_mixed_up() -> None:
    async def body(bench: SandboxBench, store: CCXTStore) -> None:
        fine, poor = bench.standing("a"), bench.too_large("b")
        odd = replace(fine, qty=Decimal("8.00001"))
        tickets = []
        for number in range(8):
            tickets.append(replace(fine, key=f"a-{number}", qty=Decimal(1)))
            tickets.append(replace(poor, key=f"b-{number}"))
            tickets.append(replace(odd, key=f"c-{number}", kind=Kind.LIMIT))
        outcomes = await asyncio.gather(*(sent(store, ticket) for ticket in tickets))
        told = [one.reason if isinstance(one, Refused) else type(one) for one in outcomes]
        assert told == [Acked, Reason.FUNDS, Reason.FILTER] * 8
        for ticket, outcome in zip(tickets, outcomes, strict=True):
            if isinstance(outcome, Acked):
                assert {key for key, _ in outcome.refs} == {ticket.key}

    on_the_wire(body, timeout=5)
