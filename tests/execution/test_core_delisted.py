"""What the venue lists no more: it keeps nothing else from being traded."""

from __future__ import annotations

from atms.execution.core.events import Connected, ReadLog, ReadSnapshot
from atms.execution.core.records import Opened
from atms.stores.facts import BucketFact, Part, State
from tests.execution.core_world import BOUND, BTC, ETH, LAG, World, dec, instrument, looks


def again(world: World, **terms: object) -> World:
    """Return the next process of an account whose venue lists ETH alone."""
    after = World(world.durable, instruments=(ETH,), **terms)
    after.now = world.now
    after.feed(Connected(capabilities=after.capabilities, instruments=(instrument(ETH),)))
    return after


def test_what_was_traded_is_flat_and_delisted_is_neither_asked_for_nor_told() -> None:
    world = World().open()
    world.hear(world.filled(world.placed(), "e1"))
    world.hear(world.filled(world.placed(side=-1), "e2", side=-1))
    after = again(world)
    (read,) = after.lately(ReadLog)
    assert read.instruments == (ETH,)
    after.page()
    (shot,) = after.lately(ReadSnapshot)
    assert shot.instruments == (ETH,)
    assert after.notices("halted") == []


def test_what_is_held_of_a_delisted_instrument_is_halted_and_told_with_its_name() -> None:
    world = World().open()
    world.hear(world.filled(world.placed(), "e1", qty=10))
    after = again(world)
    (told,) = after.notices("halted")
    assert told.instrument == BTC
    assert "10 held" in told.text
    assert BTC in after.core.halted
    for _ in range(3):
        after.page()
        if after.lately(ReadSnapshot):
            after.snapshot()
    assert after.core.ready  # the others are traded


def test_an_order_on_a_delisted_instrument_is_told_and_over_when_its_bound_has_passed() -> None:
    world = World().open()
    key = world.placed("n:1")
    world.hear(world.stands(key, State.WORKING, filled=dec(0)))
    after = again(world)
    assert f"order {key} open" in after.notices("halted")[0].text
    assert after.core.is_delisted(key)
    after.page()
    after.snapshot()
    after.page()
    assert looks(after.done) == [key]  # the driver answers for a venue that cannot be asked
    for _ in range(3 * (LAG + BOUND)):
        after.unseen(key)
        after.wait(1)
        if after.core.asking.log is not None:
            after.page()
    assert after.statuses(key) == ["canceled"]
    assert after.notices("vanished")


def test_a_delisted_contract_that_was_settled_leaves_the_books_where_positions_are_adopted() -> (
    None
):
    world = World().open()
    world.hear(world.filled(world.placed(), "e1", qty=10, fees=()))
    after = again(world, unknown_position="adopt")
    shown = BucketFact(at=after.now, instrument=ETH, bucket="net", qty=dec(0), price=None)
    for _ in range(100):
        if after.lately(ReadSnapshot):
            after.snapshot(shown, parts=frozenset(Part))
        elif after.core.asking.log is not None:
            after.page()
        else:
            after.wait(1)
    taken = [one for one in after.durable if isinstance(one, Opened) and one.instrument == BTC]
    assert [(one.qty, one.why) for one in taken] == [(dec(-10), "adopted")]
