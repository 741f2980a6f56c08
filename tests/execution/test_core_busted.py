"""Executions that the venue takes back for good: their orders come to an end all the same."""

from __future__ import annotations

from decimal import Decimal

from atms.execution.core.events import TellFill, TellOrder
from atms.execution.core.records import decode, encode
from atms.stores.facts import FillVoid, State
from tests.execution.core_world import BOUND, LAG, World, dec


def busted(world: World, name: str, qty: float | None, key: str | None, **others: int) -> FillVoid:
    """Return that an execution was taken back."""
    told = dec(qty) if qty is not None else None
    version = others.get("version", 1)
    return FillVoid(at=world.now, exec=name, version=version, why="bust", key=key, qty=told)


def last(world: World, key: str) -> TellOrder:
    """Return what was told of an order last."""
    return [one for one in world.every(TellOrder) if one.key == key][-1]


def settled(world: World) -> None:
    """Let the log be read until long after every bound."""
    for _ in range(3):
        world.wait(LAG + BOUND)
        world.page()


def test_an_order_whose_execution_is_taken_back_before_it_was_told_ends_as_canceled() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.FILLED, filled=dec(10)))
    world.hear(busted(world, "e1", 10, key))
    told = last(world, key)
    assert (told.status, told.fills) == ("canceled", ())
    assert told.why == "it was filled, and the venue took 10 of it back"
    assert world.notices("halted") == []


def test_it_may_be_told_before_the_order_is() -> None:
    world = World().open()
    key = world.placed()
    world.hear(busted(world, "e1", 10, key))
    assert key not in world.core.waiting
    world.hear(world.stands(key, State.FILLED, filled=dec(10)))
    assert last(world, key).status == "canceled"


def test_a_part_that_is_taken_back_is_not_waited_for() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", 4))
    world.hear(busted(world, "e1", None, None))
    world.hear(world.stands(key, State.FILLED, filled=dec(10)))
    assert key in world.core.waiting  # six are on their way
    world.hear(world.filled(key, "e2", 6))
    told = last(world, key)
    assert told.status == "canceled"
    assert world.heard() == Decimal(6)


def test_the_next_process_knows_of_it() -> None:
    world = World().open()
    key = world.placed()
    world.hear(busted(world, "e1", 10, key))
    records = [decode(encode(record)) for record in world.durable]
    after = World(records)
    after.now = world.now
    after.open()
    after.hear(after.stands(key, State.FILLED, filled=dec(10)))
    assert last(after, key).status == "canceled"


def test_a_later_version_of_it_counts_again() -> None:
    world = World().open()
    key = world.placed()
    world.hear(busted(world, "e1", 10, key))
    world.hear(world.filled(key, "e1", 10, version=2))
    world.hear(world.stands(key, State.FILLED, filled=dec(10)))
    told = last(world, key)
    assert (told.status, [row.qty for row in told.fills]) == ("completed", [10])


def test_what_is_taken_back_of_an_order_that_is_over_is_told_as_a_fill_undone() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", 10))
    world.hear(world.stands(key, State.FILLED, filled=dec(10)))
    assert last(world, key).status == "completed"
    world.hear(busted(world, "e1", 10, key))
    assert [one.sign for one in world.every(TellFill)] == [-1]
    assert world.statuses(key).count("completed") == 1


def test_one_of_unknown_size_halts_its_instrument_once_the_bound_has_passed() -> None:
    world = World().open()
    key = world.placed()
    world.hear(busted(world, "e1", None, key))
    world.hear(world.stands(key, State.FILLED, filled=dec(10)))
    settled(world)
    assert "shows less fills than it told" in world.notices("halted")[0].text
