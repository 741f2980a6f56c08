"""The log, snapshots, and start-up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.execution.core.events import (
    Connected,
    LogRead,
    Persist,
    ReadLog,
    ReadSnapshot,
    SnapshotRead,
    Tick,
    Wake,
)
from atms.execution.core.records import Booked, Opened, ReadTo
from atms.stores.facts import (
    BalanceFact,
    BucketFact,
    CashFact,
    HeadFact,
    LinkFact,
    Page,
    Part,
    State,
)
from tests.execution.core_world import BTC, ETH, World, dec, instrument, looks


def bucket(world: World, qty: float, name: str = BTC, price: float = 90) -> BucketFact:
    """Return what the venue says is held."""
    return BucketFact(at=world.now, instrument=name, bucket="net", qty=dec(qty), price=dec(price))


def balance(world: World, total: float, asset: str = "USD") -> BalanceFact:
    """Return what the venue says there is of an asset."""
    return BalanceFact(at=world.now, asset=asset, total=dec(total), free=None)


def held(world: World, name: str = BTC) -> Decimal:
    """Return the books' position."""
    return world.core.state.books.qty(name)


# ---- the log -----------------------------------------------------------------------------------
def test_a_page_and_its_place_are_durable_in_one_commit() -> None:
    world = World().open()
    world.wait(5)
    world.page(world.filled(None, "e1", 4), next="7")
    (persist,) = world.lately(Persist)
    assert [type(one) for one in persist.records] == [Booked, ReadTo]
    assert world.core.state.cursor == "7"


def test_the_log_is_read_on_from_where_the_last_page_ended() -> None:
    world = World().open()
    world.wait(5)
    world.page(next="7", more=True)
    assert [one.after for one in world.lately(ReadLog)] == ["7"]
    world.page(next="9")
    assert not world.lately(ReadLog)
    world.wait(5)
    assert [one.after for one in world.lately(ReadLog)] == ["9"]


def test_the_place_is_never_that_of_the_stream() -> None:
    world = World().open()
    world.hear(world.filled(None, "e99"))
    world.hear(HeadFact(at=world.now, head="99"))
    assert world.core.state.cursor == "0"


def test_a_head_that_the_log_has_not_reached_has_it_read_at_once() -> None:
    world = World().open()
    world.hear(HeadFact(at=world.now, head="0"))
    assert not world.lately(ReadLog)
    world.hear(HeadFact(at=world.now, head="5"))
    assert world.lately(ReadLog)


@pytest.mark.parametrize("lossless", [True, False])
def test_the_log_is_read_after_each_reconnect(lossless: bool) -> None:
    world = World().open()
    world.hear(LinkFact(at=world.now, up=False, lossless=lossless))
    assert not world.lately(ReadLog)
    world.hear(LinkFact(at=world.now, up=True, lossless=lossless))
    assert world.lately(ReadLog)
    world.page()
    assert bool(world.lately(ReadSnapshot)) is not lossless


def test_one_log_is_read_at_a_time_and_what_is_wanted_meanwhile_follows() -> None:
    world = World().open()
    world.wait(5)
    world.hear(HeadFact(at=world.now, head="5"))
    assert not world.lately(ReadLog)
    world.page()
    assert world.lately(ReadLog)


def test_the_log_is_polled_though_the_stream_is_well() -> None:
    world = World().open()
    for _ in range(3):
        world.wait(4)
        assert not world.lately(ReadLog)
        world.wait(1)
        assert world.lately(ReadLog)
        world.page()


def test_a_log_that_failed_is_read_again_after_a_pause_from_the_same_place() -> None:
    world = World().open()
    world.wait(5)
    world.page(next="7", more=True)
    world.no_page()
    assert not world.lately(ReadLog)
    assert [one.at for one in world.lately(Wake)] == [world.now + timedelta(seconds=1)]
    world.wait(1)
    assert [one.after for one in world.lately(ReadLog)] == ["7"]


def test_the_log_names_every_instrument_that_was_ever_traded_or_held() -> None:
    world = World().open()
    world.hear(world.filled(None, "e1", instrument="sim:OLD"))
    after = World(world.durable, instruments=(ETH,))
    listed = (instrument(ETH), instrument("sim:OLD"))
    after.feed(Connected(capabilities=after.capabilities, instruments=listed))
    (read,) = after.lately(ReadLog)
    assert read.instruments == (ETH, "sim:OLD")


def test_a_gap_is_told_and_has_a_snapshot_compared() -> None:
    world = World().open()
    world.wait(5)
    world.page(gap_until=world.now)
    assert world.notices("log_gap")
    assert world.lately(ReadSnapshot)


# ---- start-up ------------------------------------------------------------------------------------
def test_start_up_is_log_then_snapshot_then_log_then_ready() -> None:
    world = World()
    world.connect()
    assert [one.after for one in world.lately(ReadLog)] == [None]
    world.page()
    assert world.lately(ReadSnapshot)
    assert not world.core.ready
    world.snapshot()
    assert world.lately(ReadLog)
    assert not world.core.ready
    world.page()
    assert world.core.ready
    assert len(world.notices("ready")) == 1


def test_what_is_held_at_the_first_start_is_adopted_where_that_is_the_policy() -> None:
    world = World(unknown_position="adopt")
    world.open(bucket(world, 3), balance(world, 1000))
    assert held(world) == dec(3)
    assert world.core.state.books.positions()[BTC, "net"].price == dec(90)
    assert world.core.state.books.cash["USD"] == dec(1000)
    assert [one.why for one in world.durable if isinstance(one, Opened)] == ["adopted"]
    assert not world.core.halted


def test_a_fill_between_the_first_log_and_the_first_snapshot_is_in_the_opening_once() -> None:
    world = World(unknown_position="adopt")
    world.connect()
    world.page()
    world.hear(world.filled(None, "e1", 2))  # traded by somebody else
    world.snapshot(bucket(world, 5), balance(world, 1000))
    for _ in range(12):
        if world.core.ready:
            break
        if world.lately(ReadSnapshot):
            world.snapshot(bucket(world, 5), balance(world, 1000))
        elif world.core.asking.log is not None:
            world.page(world.filled(None, "e1", 2))
        else:
            world.wait(1)
    assert held(world) == dec(5)
    assert world.core.state.books.cash["USD"] == dec(1000)
    assert not world.core.halted


def test_cash_that_moved_before_the_first_snapshot_is_in_the_opening_once() -> None:
    world = World(unknown_position="adopt")
    world.connect()
    world.hear(
        CashFact(at=world.now, id="c1", asset="USD", amount=dec(5), instrument=None, kind="deposit")
    )
    world.page()
    world.snapshot(bucket(world, 3), balance(world, 1000))
    world.page()
    assert held(world) == dec(3)
    assert world.core.state.books.cash["USD"] == dec(1000)


def test_the_opening_is_taken_once_though_nothing_was_held_then() -> None:
    world = World().open()
    world.begin()
    world.connect()
    world.page()
    for _ in range(20):
        if world.lately(ReadSnapshot):
            world.snapshot(bucket(world, 3))
        elif world.core.asking.log is not None:
            world.page()
        else:
            world.wait(1)
    assert not [one for one in world.durable if isinstance(one, Opened)]
    assert BTC in world.core.halted


def test_a_snapshot_that_is_not_whole_does_not_end_start_up() -> None:
    world = World(unknown_position="adopt")
    world.connect()
    world.page()
    world.snapshot(parts=frozenset({Part.ORDERS, Part.BUCKETS}))
    world.page()
    assert not world.core.ready
    world.wait(5)
    for _ in range(6):
        if world.lately(ReadSnapshot):
            world.snapshot(bucket(world, 3))
        elif world.core.asking.log is not None:
            world.page()
        else:
            world.wait(1)
    assert world.core.ready
    assert held(world) == dec(3)


def test_a_snapshot_that_failed_is_asked_for_again_after_a_pause() -> None:
    world = World()
    world.connect()
    world.page()
    world.feed(SnapshotRead(asked=world.now, snapshot=None))
    assert not world.lately(ReadSnapshot)
    for _ in range(6):
        if world.lately(ReadSnapshot):
            world.snapshot()
        elif world.core.asking.log is not None:
            world.page()
        else:
            world.wait(1)
    assert world.core.ready


# ---- comparing -----------------------------------------------------------------------------------
def compare(world: World, *snapshot: Any, log: Any = ()) -> None:
    """Bring one comparison: a snapshot, and the log after it."""
    world.core.asking.snapshot_wanted = True
    for _ in range(10):
        if world.lately(ReadSnapshot):
            world.snapshot(*snapshot)
            break
        if world.core.asking.log is not None:
            world.page()
        else:
            world.wait(1)
    for _ in range(10):
        if world.core.asking.log is not None:
            world.page(*log)
            return
        world.wait(1)


def test_three_differing_comparisons_halt_and_fewer_do_not() -> None:
    world = World().open()
    for halted in (False, False, True):
        compare(world, bucket(world, 3))
        assert (BTC in world.core.halted) is halted
    assert [one.instrument for one in world.notices("halted")] == [BTC]
    assert ETH not in world.core.halted


def test_a_comparison_that_agrees_begins_the_count_anew() -> None:
    world = World().open()
    for qty in (3, 3, 0, 3, 3):
        compare(world, bucket(world, qty))
    assert not world.core.halted


def test_the_operator_may_have_a_difference_adopted() -> None:
    world = World(unknown_position="adopt").open()
    for _ in range(3):
        compare(world, bucket(world, 3))
    assert held(world) == dec(3)
    assert [one.why for one in world.durable if isinstance(one, Opened)] == ["adopted"]
    compare(world, bucket(world, 3))
    assert held(world) == dec(3)
    assert not world.core.halted


def test_nothing_is_compared_when_the_log_after_the_snapshot_brought_a_fill() -> None:
    world = World().open()
    for number in range(5):
        compare(world, bucket(world, number), log=(world.filled(None, f"e{number}", 1),))
    assert not world.core.asking.differed
    assert not world.core.halted


def test_a_fill_of_another_instrument_does_not_keep_one_from_being_compared() -> None:
    world = World().open()
    for number in range(3):
        busy = world.filled(None, f"e{number}", 1, instrument=ETH)
        compare(world, bucket(world, 3), log=(busy,))
    assert BTC in world.core.halted
    assert ETH not in world.core.halted


def test_a_fill_that_the_stream_brought_after_the_snapshot_was_asked_for_keeps_it_unused() -> None:
    world = World().open()
    for number in range(4):
        world.core.asking.snapshot_wanted = True
        while not world.lately(ReadSnapshot):
            if world.core.asking.log is not None:
                world.page()
            else:
                world.wait(1)
        before = bucket(world, number)  # as the venue stood before the fill
        fill = world.filled(None, f"e{number}", 1)
        world.hear(fill)
        world.snapshot(before)
        while world.core.asking.log is None:
            world.wait(1)
        world.page(fill)
    assert not world.core.asking.differed
    assert not world.core.halted


def test_a_log_that_was_begun_before_the_snapshot_came_does_not_prove() -> None:
    world = World().open()
    world.core.asking.snapshot_wanted = True
    world.wait(5)
    world.page()
    assert world.lately(ReadSnapshot)
    world.wait(5)  # the next read of the log is begun while the snapshot is on its way
    assert world.lately(ReadLog)
    asked = world.now
    world.snapshot(bucket(world, 4))  # it saw a fill that the running read does not
    world.feed(LogRead(asked=asked, page=Page(facts=(), next="0", more=False)))
    assert not world.core.asking.differed
    world.page(world.filled(None, "e1", 4))
    assert not world.core.asking.differed


def test_a_log_that_failed_half_way_does_not_hide_what_it_brought() -> None:
    world = World().open()
    world.core.asking.snapshot_wanted = True
    world.wait(5)
    world.page()
    world.snapshot()
    world.page(world.filled(None, "e1", 4), next="7", more=True)
    world.no_page()
    world.wait(1)
    world.page(next="7")
    assert not world.core.asking.differed


def test_an_order_that_the_snapshot_does_not_show_is_looked_up() -> None:
    world = World().open()
    key = world.placed("id:1")
    compare(world)
    assert looks(world.done) == [key]
    world.found(key, world.stands(key, State.EXPIRED, filled=dec(0)))
    assert world.statuses(key)[-1] == "expired"


def test_an_order_whose_end_the_stream_dropped_is_found_by_a_check_now_and_then() -> None:
    world = World().open()
    key = world.placed("id:1")
    for _ in range(60):
        world.wait(1)
        if world.core.asking.log is not None:
            world.page()
        if world.lately(ReadSnapshot):
            world.snapshot()
        if key in world.core.asking.running:
            world.found(key, world.stands(key, State.EXPIRED, filled=dec(0)))
    assert world.statuses(key)[-1] == "expired"


def test_absence_outside_the_parts_says_nothing() -> None:
    world = World().open()
    key = world.placed("id:1")
    world.hear(world.filled(key, "e1", 4))
    for _ in range(4):
        world.core.asking.snapshot_wanted = True
        world.wait(5)
        world.page()
        world.snapshot(parts=frozenset({Part.BALANCES}))
        world.page()
    assert not world.core.halted
    assert not looks(world.done)


def test_an_order_that_a_snapshot_shows_is_told() -> None:
    world = World().open()
    key = world.placed()
    compare(world, world.stands(key, State.CANCELED, filled=dec(0), via="snapshot"))
    assert world.statuses(key)[-1] == "canceled"


def test_there_is_always_something_that_wakes_the_core_or_is_being_asked() -> None:
    world = World().open()
    for _ in range(50):
        world.feed(Tick())
        reading = world.core.asking.log is not None or world.core.asking.snapshot is not None
        assert reading or world.lately(Wake)
        world.wait(1)
        if world.core.asking.log is not None:
            world.page()
