"""How things stand, as the strategy's side is told: positions, balances, open orders, owners."""

from __future__ import annotations

from atms.execution.core.events import (
    Held,
    Instruction,
    TellAccount,
    TellBooks,
    TellFill,
    TellOpen,
    TellOrder,
    Wake,
)
from atms.stores.facts import BalanceFact, BucketFact, CashFact, State
from atms.stores.outcomes import Unknown
from tests.execution.core_world import BEGAN, BTC, ETH, World, dec, key_of, ticket


def cash(world: World, amount: float, id_: str = "c1") -> CashFact:
    """Return cash that came in."""
    return CashFact(
        at=world.now, id=id_, asset="USD", amount=dec(amount), instrument=None, kind="deposit"
    )


def kinds(instructions: list[Instruction]) -> list[str]:
    """Return what was wanted, but for the waking."""
    return [type(one).__name__ for one in instructions if not isinstance(one, Wake)]


def began(world: World) -> list[Instruction]:
    """Return what the step that made the account ready has told."""
    for index, one in enumerate(world.done):
        if isinstance(one, TellAccount) and one.what == "ready":
            return world.done[index - 2 : index + 1]
    raise AssertionError("it was never ready")


def test_books_are_told_last_in_a_step_that_changed_them_and_in_no_other() -> None:
    world = World().open(BalanceFact(at=BEGAN, asset="USD", total=dec(1000), free=None))
    key = world.placed()
    assert not world.lately(TellBooks)
    world.hear(world.filled(key, "e1", 4))
    assert kinds(world.last)[-2:] == ["TellOrder", "TellBooks"]
    (told,) = world.lately(TellBooks)
    assert told.positions == (Held(instrument=BTC, bucket="net", qty=dec(4), price=dec(100)),)
    assert dict(told.balances) == {"BTC": dec(4), "USD": dec(600)}
    world.hear(world.filled(key, "e1", 4))
    assert not world.lately(TellBooks)
    world.hear(cash(world, 5))
    assert dict(world.lately(TellBooks)[0].balances)["USD"] == dec(605)
    world.hear(cash(world, 5))
    assert not world.lately(TellBooks)


def test_a_position_that_was_closed_is_told_no_more() -> None:
    world = World().open()
    world.hear(world.filled(None, "e1", 4))
    world.hear(world.filled(None, "e2", 4, side=-1))
    assert world.lately(TellBooks)[0].positions == ()


def test_before_the_account_was_compared_once_there_is_nothing_to_tell() -> None:
    world = World()
    world.connect()
    world.hear(world.filled(None, "e1", 4))
    assert world.lately(TellFill)
    assert not world.every(TellBooks)


def test_books_and_open_orders_are_told_just_before_the_account_is_ready() -> None:
    world = World().open()
    assert kinds(began(world)) == ["TellBooks", "TellOpen", "TellAccount"]
    assert len(world.every(TellOpen)) == len(world.notices("ready")) == 1


def test_what_is_open_in_the_journal_is_told_with_its_owner_and_what_it_has_filled() -> None:
    first = World().open()
    for name, owner in ((BTC, "trend"), (BTC, "pairs"), (ETH, "trend")):
        first.wish(ticket(instrument=name), owner=owner)
        (prepare,) = [one for one in first.last if type(one).__name__ == "Prepare"]
        first.ready(prepare.requests[0])
    one, two, three = first.core.open_keys()
    first.hear(first.stands(one, State.WORKING))
    first.hear(first.stands(two, State.WORKING))
    first.hear(first.filled(two, "e1", 2, price=dec(90)))
    first.hear(first.filled(two, "e2", 2, price=dec(100)))
    world = World(first.durable).open(*held_btc(first, 4))
    (told,) = world.every(TellOpen)
    assert [(o.key, o.owner, o.status, o.booked, o.average) for o in told.orders] == [
        (one, "trend", "accepted", dec(0), None),
        (two, "pairs", "partial", dec(4), dec(95)),
        (three, "trend", "submitted", dec(0), None),
    ]
    assert [o.ticket.qty for o in told.orders] == [dec(10)] * 3


def held_btc(world: World, qty: float) -> tuple[BucketFact, ...]:
    """Return what the venue says of BTC."""
    return (BucketFact(at=world.now, instrument=BTC, bucket="net", qty=dec(qty), price=None),)


def test_an_order_that_was_told_as_submitted_is_told_as_accepted_when_it_is_known() -> None:
    first = World().open()
    prepared = first.place()
    first.sent(prepared, Unknown(why="timeout"))
    world = World(first.durable).open()
    world.found(key_of(prepared), world.stands(key_of(prepared), State.WORKING))
    assert world.statuses(key_of(prepared)) == ["accepted"]


def test_every_word_of_an_order_has_its_owner_after_a_restart_too() -> None:
    first = World().open()
    first.wish(ticket(), owner="trend")
    (prepare,) = [one for one in first.last if type(one).__name__ == "Prepare"]
    first.ready(prepare.requests[0])
    (key,) = first.core.open_keys()
    world = World(first.durable).open()
    world.hear(world.filled(key, "e1"))
    every = (*first.every(TellOrder), *world.every(TellOrder))
    assert [(one.status, one.owner) for one in every] == [
        ("submitted", "trend"), ("accepted", "trend"), ("completed", "trend")
    ]  # fmt: skip
    assert world.core.open_keys() == ()


def test_a_refusal_of_our_own_has_the_owner_too() -> None:
    world = World()
    world.connect()
    world.wish(ticket(), owner="trend")
    assert [(one.code, one.owner) for one in world.every(TellOrder)] == [("NOT_READY", "trend")]
