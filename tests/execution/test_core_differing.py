"""What the venue holds and the books do not explain: positions by policy, cash as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.execution.core.events import Prepare, ReadSnapshot, TellBooks, TellOrder
from atms.execution.core.records import CashBooked, Opened
from atms.stores.facts import BalanceFact, BucketFact, CashFact, Fact, Fee, FeeFact, Part
from tests.execution.core_world import BOUND, BTC, ETH, World, dec, manners, ticket

SPOT = frozenset({Part.ORDERS, Part.BALANCES})  # a venue that knows no positions
NET = (BTC, "net")


def balances(world: World, **totals: float | str) -> tuple[Fact, ...]:
    """Return what the venue says there is of each asset."""
    return tuple(
        BalanceFact(at=world.now, asset=asset, total=dec(total), free=None)
        for asset, total in totals.items()
    )


def compare(world: World, *, parts: frozenset[Part] = SPOT, **totals: float | str) -> None:
    """Bring one comparison: a snapshot, and the quiet log after it."""
    world.core.asking.snapshot_wanted = True
    for _ in range(10):
        if world.lately(ReadSnapshot):
            world.snapshot(*balances(world, **totals), parts=parts)
            break
        if world.core.asking.log is not None:
            world.page()
        else:
            world.wait(1)
    for _ in range(10):
        if world.core.asking.log is not None:
            world.page()
            return
        world.wait(1)


def spot(policy: str = "halt", records: Any = (), **totals: float | str) -> World:
    """Return a world that began at a venue that knows balances alone."""
    world = World(records, unknown_position=policy)
    world.connect()
    world.page()
    compare(world, **{"USD": 1000, **totals})
    assert world.core.ready
    return world


def held(world: World) -> dict[Any, Decimal]:
    """Return the positions."""
    return {place: one.qty for place, one in world.core.state.books.positions().items()}


# ---- the first start ---------------------------------------------------------------------------
def test_what_nothing_explains_halts_its_instrument_alone_and_the_account_is_ready() -> None:
    world = spot(BTC="0.5")
    assert held(world) == {}
    (told,) = world.notices("halted")
    assert told.instrument == BTC
    assert told.text == (
        "the venue holds what the journal does not explain (net +0.5); set unknown_position to "
        "adopt (it is a position then) or to ignore (it is left alone), or trade it away there"
    )
    world.wish(ticket())
    assert [one.code for one in world.lately(TellOrder)] == ["HALTED"]
    world.wish(ticket(instrument=ETH))
    assert world.lately(Prepare)


def test_what_is_adopted_is_a_position_of_an_unknown_price() -> None:
    world = spot("adopt", BTC="0.5")
    assert held(world) == {NET: dec("0.5")}
    (told,) = world.lately(TellBooks)
    assert [(one.qty, one.price) for one in told.positions] == [(dec("0.5"), None)]
    assert dict(told.balances) == {"USD": dec(1000), "BTC": dec("0.5")}
    (opened,) = [one for one in world.durable if isinstance(one, Opened)]
    assert opened.why == "adopted"


def test_what_is_ignored_is_no_position_and_counts_when_it_is_compared() -> None:
    world = spot("ignore", BTC="0.5")
    assert held(world) == {}
    assert world.core.state.books.balances()["BTC"] == dec("0.5")
    for _ in range(4):
        compare(world, USD=1000, BTC="0.5")
    assert not world.core.halted
    world.hear(world.filled(world.placed(), "e1", 2))
    for _ in range(4):
        compare(world, USD=800, BTC="2.5")
    assert held(world) == {NET: dec(2)}
    assert len([one for one in world.durable if isinstance(one, Opened)]) == 1
    assert not world.notices("cash_differs")


def test_where_positions_are_told_the_ignored_counts_too() -> None:
    world = World(unknown_position="ignore")
    three = BucketFact(at=world.now, instrument=BTC, bucket="net", qty=dec(3), price=dec(90))
    world.open(three)
    for _ in range(4):
        world.core.asking.snapshot_wanted = True
        while not world.lately(ReadSnapshot):
            world.page() if world.core.asking.log is not None else world.wait(1)
        world.snapshot(three)
        world.page()
    assert len(world.notices("ignored")) == 1
    assert held(world) == {}
    assert world.core.state.books.ignored == {NET: dec(3)}


def test_dust_that_cannot_be_traded_halts_nothing() -> None:
    world = spot(BTC="0.0004")
    assert not world.core.halted
    assert held(world) == {}


def test_a_later_start_with_another_policy_takes_over_what_was_halted() -> None:
    first = spot(BTC="0.5")
    world = World(first.durable, unknown_position="adopt")
    world.connect()
    world.page()
    compare(world, USD=1000, BTC="0.5")
    assert world.core.ready
    world.wish(ticket())
    assert [one.code for one in world.lately(TellOrder)] == ["FROZEN"]  # it is being compared
    for _ in range(2):
        compare(world, USD=1000, BTC="0.5")
    assert held(world) == {NET: dec("0.5")}
    world.wish(ticket())
    assert world.lately(Prepare)


def test_what_was_traded_away_by_hand_lets_the_instrument_go_on() -> None:
    world = spot(BTC="0.5")
    compare(world, USD=1000)
    assert not world.core.halted
    assert [one.instrument for one in world.notices("resumed")] == [BTC]


def test_a_base_asset_that_is_two_instruments_is_a_position_of_the_first() -> None:
    world = World(unknown_position="adopt")
    world.connect()
    world.core.instruments[ETH] = replace(world.core.instruments[BTC], id=ETH)
    world.page()
    compare(world, USD=1000, BTC="0.5")
    assert held(world) == {NET: dec("0.5")}


# ---- fees in the base asset --------------------------------------------------------------------
def test_a_position_is_what_fills_brought_less_the_fees_that_were_paid_in_it() -> None:
    world = spot()
    fee = Fee(asset="BTC", amount=dec("0.01"))
    world.hear(world.filled(world.placed(), "e1", 10, fees=(fee,)))
    position = world.core.state.books.positions()[NET]
    assert (position.qty, position.price) == (dec("9.99"), dec(100))
    assert world.core.state.books.balances()["BTC"] == dec("9.99")
    for _ in range(4):
        compare(world, USD=0, BTC="9.99")
    assert not world.core.halted
    assert not world.notices("cash_differs")


def twins() -> World:
    """Return a world of two instruments of one base asset."""
    world = spot()
    listed = world.core.instruments
    listed[ETH] = replace(listed[BTC], id=ETH)
    return world


@pytest.mark.parametrize("name", [BTC, ETH])
def test_of_two_instruments_of_one_base_asset_that_of_the_fill_pays(name: str) -> None:
    world = twins()
    fee = Fee(asset="BTC", amount=dec("0.01"))
    world.hear(world.filled(world.placed(instrument=name), "e1", instrument=name, fees=(fee,)))
    assert held(world) == {(name, "net"): dec("9.99")}


def test_a_base_asset_is_never_booked_as_cash() -> None:
    world = spot()
    fee = Fee(asset="BTC", amount=dec("0.01"))
    world.hear(world.filled(world.placed(), "e1", 10, fees=(fee,)))
    for _ in range(12):
        compare(world, USD=0, BTC=12)
    assert BTC in world.core.halted
    assert not world.notices("cash_differs")


def test_a_fee_that_comes_later_shrinks_the_position_too() -> None:
    world = spot()
    world.hear(world.filled(world.placed(), "e1", 10, fees=None))
    late = Fee(asset="BTC", amount=dec("0.01"))
    world.hear(FeeFact(at=world.now, id="f1", exec="e1", key=None, fee=late))
    world.hear(FeeFact(at=world.now, id="f1", exec="e1", key=None, fee=late))
    assert held(world) == {NET: dec("9.99")}


def test_a_fee_of_another_instruments_fill_shrinks_the_position_that_pays_it() -> None:
    world = spot()
    world.hear(world.filled(world.placed(), "e1", 10))
    fee = Fee(asset="BTC", amount=dec("0.5"))
    key = world.placed(instrument=ETH)
    world.hear(world.filled(key, "e2", 10, instrument=ETH, fees=(fee,)))
    assert held(world) == {NET: dec("9.5"), (ETH, "net"): dec(10)}


def test_a_fill_that_is_undone_gives_its_fee_back() -> None:
    world = spot()
    key = world.placed()
    fee = Fee(asset="BTC", amount=dec("0.01"))
    world.hear(world.filled(key, "e1", 10, fees=(fee,)))
    world.hear(world.filled(key, "e1", 5, version=2, fees=()))
    assert held(world) == {NET: dec(5)}


# ---- splits ------------------------------------------------------------------------------------
@pytest.mark.parametrize("cash", ["exchange", "margin"])
def test_a_split_changes_units_and_leaves_what_they_cost(cash: str) -> None:
    world = World().open()
    if cash == "margin":
        listed = world.core.instruments
        listed[BTC] = replace(listed[BTC], cash="margin")
    world.hear(world.filled(world.placed(), "e1", 10))
    world.hear(
        CashFact(
            at=world.now + timedelta(seconds=1), id="s1", asset="BTC", amount=dec(30),
            instrument=BTC, kind="split",
        )
    )  # fmt: skip
    position = world.core.state.books.positions()[NET]
    assert (position.qty, position.price) == (dec(40), dec(25))
    assert world.core.state.books.balances().get("BTC", 0) == (40 if cash == "exchange" else 0)


# ---- cash --------------------------------------------------------------------------------------
def test_cash_that_stays_other_by_the_same_is_booked_as_it_is_and_halts_nothing() -> None:
    world = spot()
    began = world.now
    while not world.notices("cash_differs"):
        compare(world, USD=1007)
        assert world.now - began < timedelta(seconds=20 * BOUND)
    assert world.now - began >= timedelta(seconds=BOUND)
    assert world.core.state.books.balances()["USD"] == dec(1007)
    assert [one.kind for one in world.durable if isinstance(one, CashBooked)] == ["other"]
    assert not world.core.halted
    for _ in range(10):
        compare(world, USD=1007)
    assert len(world.notices("cash_differs")) == 1


def test_cash_that_differs_by_something_else_each_time_is_still_on_its_way() -> None:
    world = spot()
    for number in range(20):
        compare(world, USD=1001 + number % 3)
    assert not world.notices("cash_differs")


def test_cash_is_not_compared_where_the_snapshot_does_not_tell_it() -> None:
    world = spot()
    for _ in range(12):
        compare(world, parts=frozenset({Part.ORDERS}))
    assert not world.notices("cash_differs")


def test_an_asset_that_nothing_is_paid_in_does_not_matter() -> None:
    world = spot(DOGE=7)
    for _ in range(12):
        compare(world, USD=1000, DOGE=9)
    assert not world.notices("cash_differs")


def test_a_snapshot_without_positions_of_a_venue_that_has_them_is_not_whole() -> None:
    world = World().open()  # it told positions
    world.hear(world.filled(world.placed(), "e1", 10))
    for _ in range(5):
        compare(world, USD=0)  # and no balance of BTC
    assert not world.core.halted
    assert not world.core.asking.differed


def test_a_fee_that_the_venue_tells_only_when_it_is_final_is_not_booked_twice() -> None:
    world = World(capabilities=manners(finality=timedelta(seconds=60)))
    world.open(*balances(world, USD=1000))
    began = world.now
    while world.now - began < timedelta(seconds=60):
        compare(world, parts=frozenset(Part), USD=999)
    assert not world.notices("cash_differs")
