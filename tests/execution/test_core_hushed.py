"""Fills that may be undone: strategies hear of each once, with how things stand or when final."""

from __future__ import annotations

from datetime import timedelta

from atms.execution.core.events import TellBooks, TellFill, TellOpen
from atms.stores.facts import BucketFact, Fee, FillFact, FillFinal, FillVoid
from tests.execution.core_world import BTC, ETH, World, dec, manners

CHAIN = manners(finality=timedelta(minutes=1))


def final(world: World, exec_: str) -> FillFinal:
    """Return that an execution can no longer be undone."""
    return FillFinal(at=world.now, exec=exec_, version=1)


def undone(world: World, exec_: str) -> FillVoid:
    """Return that an execution is undone."""
    return FillVoid(at=world.now, exec=exec_, version=1, why="reorg")


def seen(world: World, key: str | None, exec_: str, qty: float, **others: object) -> FillFact:
    """Return an execution that may be undone."""
    return world.filled(key, exec_, qty, final=False, **others)


def restarted(*names: str) -> tuple[World, str]:
    """Return a process that begins with an order of which the log brings fills, and its key."""
    first = World(capabilities=CHAIN).open()
    key = first.placed()
    world = World(first.durable, capabilities=CHAIN)
    world.connect()
    world.page(*(seen(world, key, name, 4) for name in names))
    held = BucketFact(at=world.now, instrument=BTC, bucket="net", qty=dec(4), price=None)
    world.snapshot(*[held][: len(names)])
    world.page()
    assert world.core.ready
    return world, key


def told(world: World) -> list[tuple[str, int]]:
    """Return the executions that were told by themselves."""
    return [(one.row.exec, one.sign) for one in world.every(TellFill)]


def untold(world: World) -> dict[str, object]:
    """Return what the last word on the books says of fills that were not told."""
    return dict(world.every(TellBooks)[-1].untold)


# ---- at the start --------------------------------------------------------------------------------
def test_what_came_before_the_account_was_ready_is_told_with_how_things_stand_and_once() -> None:
    world, key = restarted("e1")
    (opened,) = world.every(TellOpen)
    assert [(one.key, one.status, one.booked) for one in opened.orders] == [
        (key, "partial", dec(4))
    ]
    assert world.every(TellBooks)[-1].positions[0].qty == dec(4)
    assert untold(world) == {}
    world.hear(final(world, "e1"))
    assert world.heard() == dec(0)
    world.hear(world.filled(key, "e2", 6))
    assert world.statuses(key) == ["completed"]
    assert world.heard() == dec(6)


def test_what_was_told_with_how_things_stand_is_taken_back_when_it_is_undone() -> None:
    world, _ = restarted("e1")
    world.hear(undone(world, "e1"))
    assert told(world) == [("e1", -1)]


def test_what_comes_after_it_waits_for_its_finality() -> None:
    world, key = restarted()
    world.hear(seen(world, key, "e1", 4))
    assert not told(world)
    world.hear(undone(world, "e1"))
    assert not told(world)


# ---- beside the books ----------------------------------------------------------------------------
def test_the_books_say_what_they_hold_of_fills_that_were_not_told() -> None:
    world = World(capabilities=CHAIN).open()
    key = world.placed()
    world.hear(seen(world, key, "e1", 4))
    assert untold(world) == {BTC: dec(4)}
    world.hear(world.filled(key, "e2", 3))
    assert untold(world) == {BTC: dec(4)}
    assert world.every(TellBooks)[-1].positions[0].qty == dec(7)


def test_fees_of_such_fills_count_in_the_units_that_they_took() -> None:
    world = World(capabilities=CHAIN).open()
    key = world.placed()
    fees = (Fee(asset="BTC", amount=dec("0.5")), Fee(asset="ETH", amount=dec("0.25")))
    world.hear(seen(world, key, "e1", 4, fees=fees))
    assert untold(world) == {BTC: dec("3.5"), ETH: dec("-0.25")}


def test_fills_that_close_what_was_told_are_said_though_nothing_is_held() -> None:
    world = World(capabilities=CHAIN).open()
    world.hear(world.filled(world.placed(), "e1", 4))
    world.hear(seen(world, world.placed(side=-1), "e2", 4, side=-1))
    assert not world.every(TellBooks)[-1].positions
    assert untold(world) == {BTC: dec(-4)}


def test_what_is_final_is_told_before_the_next_word_on_the_books_counts_it_so() -> None:
    world = World(capabilities=CHAIN).open()
    key = world.placed()
    world.hear(seen(world, key, "e1", 4))
    world.hear(final(world, "e1"))
    assert world.heard() == dec(4)
    assert untold(world) == {}
