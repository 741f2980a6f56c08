"""What each fault of the simulated venues looks like from a store."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from atms.errors import VenueError
from atms.sandbox.simulation.venue import CounterStore, Faults
from atms.sandbox.simulation.venue.records import Received, Trespassed
from atms.stores.base import RateLimited, Unreachable
from atms.stores.facts import FillFact, State
from atms.stores.outcomes import Acked, Found, NotSeen, NotSent, Reason, Refused, Unknown
from atms.stores.requests import Amend, Place
from tests.stores.bench import LONG_AGO, Ear, canceled, placed, sent
from tests.stores.simulated import SimulatedBench, on


# ---- a write's way ------------------------------------------------------------------------------
@on("binance")
async def test_a_late_request_arrives_after_the_store_has_given_up(bench: SimulatedBench) -> None:
    store = await bench.opened()
    bench.venue.faults = Faults(late_request=1)
    assert isinstance(await sent(store, bench.standing("a-1")), Unknown)
    given_up = bench.venue.now()
    await asyncio.sleep(6)
    bench.venue.turn()
    (received,) = [one for one in bench.venue.history if isinstance(one, Received)]
    assert given_up <= received.at <= given_up + timedelta(seconds=5)


@on("binance")
async def test_a_venue_that_is_down_gets_nothing_until_it_is_up(bench: SimulatedBench) -> None:
    store = await bench.opened()
    bench.venue.down = True
    assert isinstance(await sent(store, bench.standing("a-1")), NotSent)
    with pytest.raises(Unreachable):
        await store.snapshot([bench.instrument])
    bench.venue.down = False
    assert isinstance(await sent(store, bench.standing("a-1")), Acked)


@on("binance")
async def test_a_request_in_a_ban_is_on_record_and_one_after_it_goes_through(
    bench: SimulatedBench,
) -> None:
    store = await bench.opened()
    bench.venue.faults = Faults(rate_limited=1)
    outcome = await sent(store, bench.standing("a-1"))
    assert isinstance(outcome, Refused)
    assert outcome.retry_after is not None
    bench.venue.faults = Faults()
    await asyncio.sleep(0.1)
    with pytest.raises(RateLimited) as raised:
        await store.snapshot([bench.instrument])
    assert [type(one) for one in bench.venue.history[-1:]] == [Trespassed]
    assert raised.value.after is not None
    await asyncio.sleep(raised.value.after.total_seconds() + 20)
    assert isinstance(await sent(store, bench.standing("a-1")), Acked)


@on("binance")
async def test_a_process_that_was_not_told_of_a_ban_does_not_trespass(
    bench: SimulatedBench,
) -> None:
    store = await bench.opened()
    bench.venue.faults = Faults(rate_limited=1)
    await sent(store, bench.standing("a-1"))
    bench.venue.faults = Faults()
    await asyncio.sleep(0.5)
    bench.venue.sever()
    assert isinstance(await sent(store, bench.standing("a-2")), Refused)
    assert not any(isinstance(one, Trespassed) for one in bench.venue.history)


# ---- what the venue shows and does --------------------------------------------------------------
@on("binance")
async def test_an_order_may_hide_longer_than_the_venue_promises_but_not_beyond_the_bound(
    bench: SimulatedBench,
) -> None:
    store = await bench.opened()
    bench.venue.faults = Faults(read_lag=1)
    await placed(store, bench.standing("a-1"))
    await asyncio.sleep(bench.can.read_lag.total_seconds() - 1)
    assert isinstance(await store.lookup("a-1", frozenset(), LONG_AGO), NotSeen)
    await asyncio.sleep((bench.can.outcome_bound - bench.can.read_lag).total_seconds())
    assert isinstance(await store.lookup("a-1", frozenset(), LONG_AGO), Found)


@on("binance")
async def test_an_order_fills_as_its_cancellation_arrives(bench: SimulatedBench) -> None:
    store = await bench.opened()
    names = await placed(store, bench.standing("a-1"))
    bench.venue.faults = Faults(fill_at_cancel=1)
    outcome = await canceled(store, "a-1", names["a-1"])
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.NOT_OPEN
    assert bench.venue.holdings.qty(bench.instrument) == bench.standing("a-1").qty


@on("binance")
async def test_a_change_may_leave_two_orders_and_a_cancellation_takes_both(
    bench: SimulatedBench,
) -> None:
    store = await bench.opened()
    names = await placed(store, bench.standing("a-1"))
    bench.venue.faults = Faults(amend_doubles=1)
    amend = Amend(key="a-1", refs=names["a-1"], ticket=bench.standing("a-1", larger=True))
    assert isinstance(await store.transmit(await store.prepare(amend)), Acked)
    assert [one.key for one in bench.venue.open_orders()] == ["a-1", "a-1"]
    assert isinstance(await canceled(store, "a-1", names["a-1"]), Acked)
    assert bench.venue.open_orders() == []


@on("binance")
async def test_a_triggered_stop_goes_on_under_another_name(bench: SimulatedBench) -> None:
    store = await bench.opened()
    await placed(store, bench.taking("a-0"))
    ear = Ear(store)
    _, stop = bench.legs("a-1", "a-2")
    names = await placed(store, stop)
    bench.venue.faults = Faults(stop_renamed=1)
    bench.venue.trade(bench.instrument, Decimal(80), Decimal(1))
    await bench.settle()
    last = ear.orders("a-2")[-1]
    assert last.state is State.FILLED
    assert names["a-2"] <= last.replaces
    assert State.CANCELED not in {fact.state for fact in ear.orders("a-2")}


@on("binance")
async def test_an_accepted_order_is_rejected_later(bench: SimulatedBench) -> None:
    store = await bench.opened()
    ear = Ear(store)
    bench.venue.faults = Faults(reject_after_accept=1)
    assert isinstance(await sent(store, bench.taking("a-1")), Acked)
    await bench.settle()
    assert ear.orders("a-1")[-1].state is State.REFUSED
    assert ear.of(FillFact) == []


@on("oanda")
async def test_one_leg_is_refused_and_the_entry_stands(bench: SimulatedBench) -> None:
    store = await bench.opened()
    bench.venue.faults = Faults(refuse_stop=1)
    tickets = (bench.standing("a-1"), *bench.legs("a-2", "a-3"))
    await placed(store, *tickets, link="bracket")
    await bench.fill("a-1")
    states = {order.key: order.state for order in bench.venue.orders.values()}
    assert states == {"a-1": State.FILLED, "a-2": State.WORKING, "a-3": State.REFUSED}


@on("binance")
async def test_a_broken_oco_leaves_both(bench: SimulatedBench) -> None:
    store = await bench.opened()
    bench.venue.faults = Faults(oco_breaks=1)
    await placed(store, bench.standing("a-1"), bench.standing("a-2"), link="oco")
    await bench.fill("a-1")
    assert [one.key for one in bench.venue.open_orders()] == ["a-2"]


@on("ibkr")
async def test_a_counter_that_went_back_is_no_danger_to_who_knows_its_names(
    bench: SimulatedBench,
) -> None:
    first = await bench.opened()
    names = [await placed(first, bench.standing(f"a-{number}")) for number in range(3)]
    bench.venue.faults = Faults(counter_rolls_back=1)
    careless, careful = CounterStore(bench.venue), CounterStore(bench.venue)
    await careless.connect()
    await careful.connect()
    careful.used(name for one in names for refs in one.values() for name in refs)
    outcome = await sent(careless, bench.standing("b-1"))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.DUPLICATE_KEY
    await bench.settle()
    taken = frozenset({"id:3"})  # another key's: what bears it is not this order
    assert isinstance(await careless.lookup("b-1", taken, LONG_AGO), NotSeen)
    assert isinstance(await careless.lookup("a-2", taken, LONG_AGO), Found)
    assert isinstance(await sent(careful, bench.standing("b-2")), Acked)


@on("chain")
async def test_a_transaction_that_the_pool_forgot_is_carried_out_when_it_is_sent_again(
    bench: SimulatedBench,
) -> None:
    store = await bench.opened()
    prepared = await store.prepare(Place(tickets=(bench.taking("a-1"),)))
    bench.venue.faults = Faults(drop_transaction=1)
    assert isinstance(await store.transmit(prepared), Acked)
    bench.venue.faults = Faults()
    await bench.fill("a-1")
    assert bench.venue.executions == {}
    await store.transmit(prepared)
    await bench.fill("a-1")
    assert len(bench.venue.executions) == 1


@on("ibkr")
async def test_a_switch_that_the_venue_does_not_have_cannot_be_set(bench: SimulatedBench) -> None:
    store = await bench.opened()
    with pytest.raises(VenueError, match="no dead man's switch"):
        await store.arm(timedelta(seconds=30))
