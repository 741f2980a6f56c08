"""Legs that the venue makes as large as what they protect: done with less than was ordered."""

from __future__ import annotations

from atms.execution.core.orders import OrderState
from atms.stores.facts import State
from atms.stores.outcomes import Acked
from atms.stores.requests import Kind
from tests.execution.core_world import BOUND, LAG, World, dec, manners, ticket

SELLS = {"side": -1, "price": dec(110)}


def bracketed() -> tuple[World, str, str]:
    """Return a world with a bracket of the venue's, its entry and its profit target."""
    world = World(capabilities=manners(links=frozenset({"bracket"}), protection_scales=True))
    world.open()
    prepared = world.place(
        ticket(),
        ticket(side=-1, kind=Kind.STOP, trigger=dec(90), reduces=True),
        ticket(side=-1, kind=Kind.LIMIT, limit=dec(110), reduces=True),
        link="bracket",
    )
    world.sent(prepared, Acked(refs=()))
    entry, _, target = world.core.state.orders
    return world, entry, target


def opened(world: World, entry: str) -> None:
    """Let the entry fill four units, and be taken back."""
    world.hear(world.filled(entry, "e1", 4))
    world.hear(world.stands(entry, State.CANCELED, filled=dec(4)))


def is_settled(world: World, order: OrderState) -> bool:
    """Return whether an order is over, and nothing is waited for."""
    return order.closed is not None and not world.core.waiting and not world.core.halted


def pass_the_bound(world: World) -> None:
    """Let the log be read until nothing can be on its way any more."""
    for _ in range(4):
        world.read_log()
        world.wait(BOUND / 2 + LAG)


def test_a_leg_is_done_with_as_much_as_the_venue_let_it_do() -> None:
    world, entry, target = bracketed()
    opened(world, entry)
    world.hear(world.filled(target, "e2", 4, **SELLS))
    had = ticket(key=target, side=-1, qty=dec(4), kind=Kind.LIMIT, limit=dec(110))
    world.hear(world.stands(target, State.FILLED, filled=dec(4), ticket=had))
    assert world.statuses(target)[-1] == "completed"
    assert is_settled(world, world.order(target))


def test_a_leg_waits_for_the_fills_that_are_on_their_way() -> None:
    world, entry, target = bracketed()
    opened(world, entry)
    world.hear(world.filled(target, "e2", 1, **SELLS))
    had = ticket(key=target, side=-1, qty=dec(4), kind=Kind.LIMIT, limit=dec(110))
    world.hear(world.stands(target, State.FILLED, filled=dec(1), ticket=had))
    assert world.order(target).closed is None
    world.hear(world.filled(target, "e3", 3, **SELLS))
    assert world.statuses(target)[-1] == "completed"


def test_a_leg_of_which_the_venue_tells_the_sum_alone_is_done_with_that() -> None:
    world, entry, target = bracketed()
    opened(world, entry)
    world.hear(world.stands(target, State.FILLED, filled=dec(4)))
    assert world.order(target).closed is None
    world.hear(world.filled(target, "e2", 4, **SELLS))
    assert world.statuses(target)[-1] == "completed"


def test_a_venue_that_tells_the_size_of_old_is_waited_for_and_then_believed() -> None:
    world, entry, target = bracketed()
    opened(world, entry)
    world.hear(world.filled(target, "e2", 4, **SELLS))
    had = ticket(key=target, side=-1, kind=Kind.LIMIT, limit=dec(110))
    world.hear(world.stands(target, State.FILLED, filled=dec(4), ticket=had))
    assert world.order(target).closed is None
    pass_the_bound(world)
    assert is_settled(world, world.order(target))


def test_the_entry_is_waited_for_as_a_single_order_is() -> None:
    world, entry, _ = bracketed()
    world.hear(world.filled(entry, "e1", 4))
    world.hear(world.stands(entry, State.FILLED, filled=dec(4)))
    assert world.order(entry).closed is None
    pass_the_bound(world)
    assert world.order(entry).closed is None
    assert world.core.halted


def test_what_the_venue_had_a_leg_do_is_known_after_a_restart() -> None:
    world, entry, target = bracketed()
    opened(world, entry)
    had = ticket(key=target, side=-1, qty=dec(4), kind=Kind.LIMIT, limit=dec(110))
    world.hear(world.stands(target, State.FILLED, filled=dec(4), ticket=had))
    world.begin()
    world.open()
    world.hear(world.filled(target, "e2", 4, **SELLS))
    assert is_settled(world, world.order(target))


def test_what_the_venue_made_of_an_order_is_learned_after_its_end_was_told_without() -> None:
    world, entry, target = bracketed()
    opened(world, entry)
    world.hear(world.filled(target, "e2", 4, **SELLS))
    world.hear(world.stands(target, State.FILLED))
    assert world.order(target).closed is None
    had = ticket(key=target, side=-1, qty=dec(4), kind=Kind.LIMIT, limit=dec(110))
    world.found(target, world.stands(target, State.FILLED, ticket=had, via="poll"))
    assert is_settled(world, world.order(target))
