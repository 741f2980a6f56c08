"""What belongs together is handed over together when a process begins: groups and parents."""

from __future__ import annotations

import pytest

from atms.execution.core.events import OpenOrder, Prepare, TellOpen, Wish, Wishes
from atms.stores.outcomes import Acked
from atms.stores.requests import Kind, Place, Prepared, Ticket
from tests.execution.core_world import World, dec, manners, ticket
from tests.execution.emulated_world import LIMIT, STOP, Emulated, spot

BID, LOWER = ticket(kind=Kind.LIMIT, limit=dec(95)), ticket(kind=Kind.LIMIT, limit=dec(94))
BREAKOUT = ticket(kind=Kind.STOP, trigger=dec(105))


def native(*tickets: Ticket, link: str) -> World:
    able = manners(links=frozenset({"oco", "bracket"}), protection_scales=True)
    world = World(capabilities=able).open()
    world.sent(world.place(*tickets, link=link), Acked(refs=()))
    return world


def again(world: World) -> TellOpen:
    """Let the next process begin; return what it hands over."""
    world.begin()
    world.open()
    (told,) = world.every(TellOpen)
    return told


def shape(orders: tuple[OpenOrder, ...]) -> list[tuple[int, int | None]]:
    """Return which order begins each one's group, and which is its parent, by their places."""
    places = {order.key: place for place, order in enumerate(orders)}
    return [(places[order.group], places.get(order.parent)) for order in orders]


def test_a_bracket_of_the_venues() -> None:
    told = again(native(ticket(), STOP, LIMIT, link="bracket"))
    assert shape(told.orders) == [(0, None), (0, 0), (0, 0)]
    assert told.entries == ()


def test_a_bracket_that_is_held_here() -> None:
    world = Emulated(capabilities=spot())
    world.open()
    world.bracket()
    assert shape(again(world).orders) == [(0, None), (0, 0), (0, 0)]


@pytest.mark.parametrize("how", ["native", "emulated"])
def test_the_entry_is_told_with_its_legs_when_it_is_over(how: str) -> None:
    if how == "native":
        world = native(ticket(), STOP, LIMIT, link="bracket")
        entry = world.core.open_keys()[0]
    else:
        world = Emulated(capabilities=spot())
        world.open()
        entry = world.bracket()
    world.hear(world.filled(entry, "e1", 10))
    world.begin()
    world.connect()
    while not world.core.ready:
        world.page()
        world.snapshot()
    (told,) = world.every(TellOpen)
    assert entry not in {one.key for one in told.orders}
    (over,) = told.entries
    assert (over.key, over.status, over.booked, over.average) == (entry, "completed", 10, 100)
    assert {one.parent for one in told.orders} == {entry}
    assert world.statuses(entry) == []


def test_an_oco_group_of_the_venues() -> None:
    assert shape(again(native(BID, LOWER, link="oco")).orders) == [(0, None), (0, None)]


@pytest.mark.parametrize("second", [LOWER, BREAKOUT])
def test_an_oco_group_that_is_held_here(second: Ticket) -> None:
    kinds = frozenset({Kind.MARKET, Kind.LIMIT})
    world = World(capabilities=manners(kinds=kinds), emulated_protection=True).open()
    world.wish(BID, second, link="oco")
    for place in places(world):
        world.ready(place)
        world.sent(Prepared(request=place), Acked(refs=()))
    assert shape(again(world).orders) == [(0, None), (0, None)]


def test_one_that_joined_an_order_that_stood() -> None:
    world = World().open()
    first = world.placed(kind=Kind.LIMIT, limit=dec(95))
    world.feed(Wishes(wishes=(Wish(tickets=(LOWER,), tags=(9,), link="oco", sibling=first),)))
    for place in places(world):
        world.ready(place)
        world.sent(Prepared(request=place), Acked(refs=()))
    assert shape(again(world).orders) == [(0, None), (0, None)]


def test_an_order_that_stands_alone_is_a_group_of_its_own() -> None:
    world = World().open()
    world.placed(kind=Kind.LIMIT, limit=dec(95))
    world.placed(kind=Kind.LIMIT, limit=dec(94))
    assert shape(again(world).orders) == [(0, None), (1, None)]


def places(world: World) -> list[Place]:
    found = [one for each in world.lately(Prepare) for one in each.requests]
    return [one for one in found if isinstance(one, Place)]
