"""Fees that come apart from their fills: booked once, and told with what they belong to."""

from __future__ import annotations

from datetime import timedelta

from atms.execution.core.events import TellBooks, TellFee, TellFill, TellOrder
from atms.stores.facts import Fee, FeeFact, FillFinal, FillVoid
from atms.stores.requests import Kind
from tests.execution.core_world import World, dec, manners
from tests.execution.emulated_world import Emulated, spot


def fee(world: World, exec_: str | None, key: str | None = None, **others: object) -> FeeFact:
    """Return a fee of two dollars."""
    values = {"id": f"fee:{exec_}", "fee": Fee(asset="USD", amount=dec(2)), **others}
    return FeeFact(at=world.now, exec=exec_, key=key, **values)  # type: ignore[arg-type]


def told(world: World) -> list[tuple[object, ...]]:
    """Return what the last event told of fees."""
    return [(one.key, one.exec, one.asset, one.amount) for one in world.lately(TellFee)]


def kinds(world: World) -> list[type]:
    """Return what the last event told, in its order."""
    return [
        type(one)
        for one in world.last
        if isinstance(one, TellOrder | TellFee | TellFill | TellBooks)
    ]


def test_a_fee_that_comes_after_its_fill_is_told_once_before_the_books() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", fees=None))
    world.hear(fee(world, "e1"))
    assert told(world) == [(key, "e1", "USD", dec(2))]
    assert kinds(world) == [TellFee, TellBooks]
    world.hear(fee(world, "e1"))
    assert not told(world)


def test_a_fee_that_comes_before_its_fill_is_told_after_it() -> None:
    world = World().open()
    key = world.placed()
    world.hear(fee(world, "e1"))
    assert not told(world)
    world.hear(world.filled(key, "e1", fees=None))
    assert told(world) == [(key, "e1", "USD", dec(2))]
    assert kinds(world) == [TellOrder, TellFee, TellBooks]


def test_a_fee_of_a_fill_that_may_be_undone_is_told_after_it() -> None:
    world = World(capabilities=manners(finality=timedelta(minutes=1))).open()
    key = world.placed()
    world.hear(world.filled(key, "e1", fees=None, final=False))
    world.hear(fee(world, "e1"))
    assert not told(world)
    world.hear(FillFinal(at=world.now, exec="e1", version=1))
    assert kinds(world)[:2] == [TellOrder, TellFee]


def test_a_fee_of_an_order_alone_is_told_with_its_key() -> None:
    world = World().open()
    key = world.placed()
    world.hear(fee(world, None, key))
    assert told(world) == [(key, None, "USD", dec(2))]


def test_a_fee_of_nothing_that_is_known_is_told_with_nothing() -> None:
    world = World().open()
    world.hear(fee(world, None))
    assert told(world) == [(None, None, "USD", dec(2))]


def test_what_is_given_back_of_a_fill_that_was_undone_is_told() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", fees=None))
    world.hear(fee(world, "e1"))
    world.hear(FillVoid(at=world.now, exec="e1", version=1, why="bust"))
    world.hear(fee(world, "e1", id="back", fee=Fee(asset="USD", amount=dec(-2))))
    assert told(world) == [(None, "e1", "USD", dec(-2))]


def test_a_fee_before_the_account_is_ready_is_told_with_how_things_stand() -> None:
    first = World().open()
    key = first.placed()
    first.hear(first.filled(key, "e1", fees=None))
    world = World(first.durable)
    world.connect()
    world.page(fee(world, "e1"))
    assert not world.every(TellFee)


def test_a_fee_of_an_order_that_works_for_another_is_told_of_that_one() -> None:
    world = Emulated(capabilities=spot())
    world.open()
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    place = world.gather()
    world.take(place)
    servant = next(one.key for one in place.tickets if one.kind is Kind.STOP)
    world.hear(world.filled(servant, "e2", 10, side=-1, price=dec(90), fees=None))
    world.hear(fee(world, "e2"))
    assert told(world) == [(world.leg(Kind.STOP), "e2", "USD", dec(2))]
