"""Two orders of which one is to be, at a venue that does not see to it."""

from __future__ import annotations

import pytest

from atms.execution.core.core import Core
from atms.execution.core.events import Prepare, Ready, TellOrder, Wish, WishCancel, Wishes
from atms.execution.emulation.plan_records import Paired
from atms.stores.facts import BucketFact, State
from atms.stores.outcomes import Acked, Reason, Refused
from atms.stores.requests import Cancel, Kind, Place, Prepared
from tests.execution.core_world import BTC, World, dec, looks, manners, ticket
from tests.execution.emulated_world import records_of

UP = ticket(kind=Kind.STOP, trigger=dec(110))
DOWN = ticket(kind=Kind.LIMIT, limit=dec(90))


def backed(world: World) -> list[str]:
    found = [one for each in world.lately(Prepare) for one in each.requests]
    return [one.key for one in found if isinstance(one, Cancel)]


def pair(world: World) -> tuple[str, str]:
    """Have two orders acknowledged of which one is to be; return their keys."""
    world.wish(UP, DOWN, link="oco")
    (prepare,) = world.lately(Prepare)
    return answer(world, prepare)  # type: ignore[return-value]


def answer(world: World, prepare: Prepare) -> tuple[str, ...]:
    """Let places be prepared and acknowledged."""
    made = tuple((one, Prepared(request=one), "") for one in prepare.requests)
    world.feed(Ready(results=made))
    keys = []
    for one in prepare.requests:
        assert isinstance(one, Place)
        world.sent(Prepared(request=one), Acked(refs=()))
        keys += [each.key for each in one.tickets]
    return tuple(keys)


def test_both_go_by_themselves_and_that_they_are_a_pair_is_durable_with_them() -> None:
    world = World().open()
    world.wish(UP, DOWN, link="oco")
    (prepare,) = world.lately(Prepare)
    assert [one.link for one in prepare.requests] == ["single", "single"]  # type: ignore[union-attr]
    made = tuple((one, Prepared(request=one), "") for one in prepare.requests)
    world.feed(Ready(results=made))
    assert len(records_of(world, Paired)) == 1
    assert {one.how for one in world.every(TellOrder)} == {"emulated:cancel"}


def test_a_venue_that_holds_pairs_is_given_one() -> None:
    world = World(capabilities=manners(links=frozenset({"oco"}))).open()
    world.wish(UP, DOWN, link="oco")
    (place,) = world.lately(Prepare)[0].requests
    assert isinstance(place, Place)
    assert place.link == "oco"
    assert not world.core.state.pairs


def test_a_pair_that_the_store_has_no_words_for_goes_one_by_one() -> None:
    world = World(capabilities=manners(links=frozenset({"oco"}))).open()
    world.wish(UP, DOWN, link="oco")
    (place,) = world.lately(Prepare)[0].requests
    world.feed(Ready(results=((place, Refused(code="no", reason=Reason.FILTER), ""),)))
    assert not world.every(TellOrder)
    (prepare,) = world.lately(Prepare)
    one, two = answer(world, prepare)
    world.hear(world.filled(one, "e1", 1))
    assert backed(world) == [two]


def test_the_first_part_of_one_takes_the_other_back() -> None:
    world = World().open()
    up, down = pair(world)
    world.hear(world.filled(down, "e1", 1))
    assert backed(world) == [up]
    world.wait(1)
    assert backed(world) == []  # it is under way


@pytest.mark.parametrize("state", [State.CANCELED, State.EXPIRED, State.REFUSED])
def test_the_end_of_one_takes_the_other_back(state: State) -> None:
    world = World().open()
    up, down = pair(world)
    world.hear(world.stands(up, state, filled=dec(0)))
    assert backed(world) == [down]


def test_a_cancel_of_one_takes_the_other_back_when_it_is_over() -> None:
    world = World().open()
    up, down = pair(world)
    world.feed(WishCancel(key=up))
    assert backed(world) == [up]
    world.hear(world.stands(up, State.CANCELED, filled=dec(0)))
    assert backed(world) == [down]


def test_what_was_filled_in_doubt_takes_the_other_back_before_it_is_in_the_books() -> None:
    world = World().open()
    up, down = pair(world)
    world.hear(world.stands(down, State.FILLED, filled=dec(10)))
    assert up in backed(world)


def test_a_taking_back_that_a_kill_forgot_is_found_out_again() -> None:
    world = World().open()
    up, down = pair(world)
    world.hear(world.filled(down, "e1", 1))
    assert backed(world) == [up]
    world.begin()  # it was prepared, and nothing of it durable
    world.connect()
    asked = [one.requests[0] for one in world.every(Prepare)]
    assert [one.key for one in asked if isinstance(one, Cancel)] == [up]


def test_a_taking_back_is_followed_up_until_it_is_over() -> None:
    world = World().open()
    up, down = pair(world)
    world.hear(world.filled(down, "e1", 1))
    (request,) = world.lately(Prepare)[0].requests
    world.ready(request)
    world.sent(Prepared(request=request), Refused(code="-1", reason=Reason.OTHER))
    assert looks(world.last) == [up]


def test_one_that_cannot_be_prepared_keeps_the_other_from_being_sent() -> None:
    world = World().open()
    world.wish(UP, DOWN, link="oco")
    one, two = world.lately(Prepare)[0].requests
    answer_ = Refused(code="no", reason=Reason.FILTER)
    world.feed(Ready(results=((one, Prepared(request=one), ""), (two, answer_, ""))))
    assert [word.status for word in world.every(TellOrder)] == ["rejected", "rejected"]
    assert not world.core.state.orders


def test_both_are_bound_to_reducing_where_both_close_what_is_held() -> None:
    world = World(capabilities=manners(reduces="flag"), unknown_position="adopt")
    held = BucketFact(at=world.now, instrument=BTC, bucket="net", qty=dec(-10), price=None)
    world.open(held)
    world.wish(UP, DOWN, link="oco")
    places = [one for one in world.lately(Prepare)[0].requests if isinstance(one, Place)]
    assert [one.tickets[0].reduces for one in places] == [True, True]


def test_orders_that_open_are_not_bound_to_reducing() -> None:
    world = World(capabilities=manners(reduces="flag")).open()
    world.wish(UP, DOWN, link="oco")
    places = [one for one in world.lately(Prepare)[0].requests if isinstance(one, Place)]
    assert [one.tickets[0].reduces for one in places] == [False, False]


def test_nothing_is_bound_to_reducing_where_the_venue_does_not_hold_that() -> None:
    world = World(capabilities=manners(reduces="no"), unknown_position="adopt")
    held = BucketFact(at=world.now, instrument=BTC, bucket="net", qty=dec(-10), price=None)
    world.open(held)
    world.wish(UP, DOWN, link="oco")
    places = [one for one in world.lately(Prepare)[0].requests if isinstance(one, Place)]
    assert [one.tickets[0].reduces for one in places] == [False, False]


# ---- a sibling that comes later ------------------------------------------------------------------
def joined(world: World, sibling: int | str) -> tuple[str, ...]:
    """Have an order acknowledged that is to be one with another."""
    world.feed(Wishes(wishes=(Wish(tickets=(DOWN,), tags=(77,), link="oco", sibling=sibling),)))
    prepares = world.lately(Prepare)
    return answer(world, prepares[0]) if prepares else ()


@pytest.mark.parametrize("by_tag", [True, False])
def test_an_order_may_join_one_that_stands(by_tag: bool) -> None:
    world = World(capabilities=manners(links=frozenset({"oco"}))).open()
    first = world.placed()
    (second,) = joined(world, world.core.tags[first] if by_tag else first)
    assert world.core.state.pairs == {first: (first, second), second: (first, second)}
    world.hear(world.filled(first, "e1", 1))
    assert backed(world) == [second]


def test_a_third_joins_both_of_a_pair() -> None:
    world = World().open()
    up, down = pair(world)
    (third,) = joined(world, up)
    world.hear(world.filled(down, "e1", 1))
    assert set(backed(world)) == {up, third}


def test_an_order_that_joins_one_that_is_over_is_refused() -> None:
    world = World().open()
    first = world.placed()
    world.hear(world.filled(first, "e1"))
    assert joined(world, first) == ()
    assert world.every(TellOrder)[-1].code == "NO_SIBLING"


def test_an_order_that_joined_one_that_never_came_is_taken_back() -> None:
    world = World().open()
    world.wish(UP)
    (place,) = world.lately(Prepare)[0].requests
    assert isinstance(place, Place)
    world.feed(Wishes(wishes=(Wish(tickets=(DOWN,), tags=(77,), link="oco", sibling=1),)))
    (other,) = world.lately(Prepare)[0].requests
    world.feed(Ready(results=((place, Refused(code="no", reason=Reason.FILTER), ""),)))
    world.ready(other)
    assert len(backed(world)) == 1


def test_pairs_are_the_same_when_the_journal_is_read_again() -> None:
    world = World().open()
    up, _ = pair(world)
    joined(world, up)
    again = Core(world.terms, world.durable)
    assert again.state.pairs == world.core.state.pairs
    assert again.state.digest() == world.core.state.digest()
