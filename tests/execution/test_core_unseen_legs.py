"""A protective order of which nobody knows whether it stands: the position is not left bare."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from atms.execution.core.events import Queued, Ready, Sent
from atms.execution.core.records import Intended
from atms.execution.emulation.plan_records import Triggered
from atms.stores.facts import State
from atms.stores.outcomes import Reason, Unknown
from atms.stores.requests import Kind, Place, Prepared
from tests.execution.core_world import BOUND, BTC, dec, looks, manners
from tests.execution.emulated_world import Emulated, records_of, refused, spot


def sent(world: Emulated, place: Place) -> tuple[str, ...]:
    """Let a place be on its way, without an answer; return its keys."""
    world.feed(Ready(results=((place, Prepared(request=place), ""),)))
    return tuple(one.key for one in place.tickets)


def unseen(world: Emulated, *keys: str) -> None:
    for key in keys:
        world.unseen(key)


def on_its_way(world: Emulated | None = None) -> tuple[Emulated, Place, tuple[str, ...]]:
    """Return a world with ten units open whose pair was sent and not answered."""
    if world is None:
        world = Emulated(capabilities=spot())
        world.open()
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    places = world.prepared()
    return world, places[0], tuple(key for place in places for key in sent(world, place))


def margin(others: float = 0) -> Emulated:
    """Return a world in which what reduces does no more than that; *others* is held already."""
    world = Emulated(capabilities=manners(reduces="flag"))
    world.open()
    found = world.core.instruments[BTC]
    world.core.instruments[BTC] = replace(found, cash="margin")
    if others:
        world.fill(world.placed(qty=dec(others)), "o1", others)
    return world


def units(place: Place) -> set[Decimal]:
    return {one.qty for one in place.tickets}


def test_it_is_asked_for_before_its_answer_is_overdue() -> None:
    world, _, keys = on_its_way()
    world.wait(0.5)
    assert set(looks(world.last)) == set(keys)


def test_where_its_units_can_be_sold_once_it_is_sent_anew_as_soon_as_it_is_not_seen() -> None:
    world, _, keys = on_its_way()
    world.wait(0.5)
    unseen(world, *keys)
    (again,) = world.prepared()
    assert again.link == "oco"
    assert units(again) == {dec(10)}
    assert not {one.key for one in again.tickets} & {*keys}


def test_while_it_waits_for_our_own_budget_no_other_is_put_behind_it() -> None:
    world, _, keys = on_its_way()
    world.feed(Queued(keys=keys, waits=True))
    for _ in range(20):
        world.wait(0.5)
        unseen(world, *set(looks(world.last)))  # it has not left: nobody can have seen it
        assert not world.prepared()
    world.feed(Queued(keys=keys, waits=False))
    world.wait(0.75)
    assert not world.prepared()  # it may just have come
    world.wait(0.25)
    (again,) = world.prepared()
    assert units(again) == {dec(10)}


def test_it_is_not_sent_anew_before_the_venue_was_asked_or_had_the_time_to_answer() -> None:
    world, place, _ = on_its_way()
    world.feed(Sent(prepared=Prepared(request=place), outcome=Unknown(why="no answer")))
    world.wait(0.9)
    assert not world.prepared()
    world.wait(0.1)
    assert units(world.prepared()[0]) == {dec(10)}


def test_the_end_of_one_of_an_unseen_pair_leaves_what_was_made_in_its_place() -> None:
    world, place, (stop, limit) = on_its_way()
    world.feed(Sent(prepared=Prepared(request=place), outcome=Unknown(why="no answer")))
    unseen(world, stop, limit)
    world.take(world.gather())
    while world.order(limit).closed is None:
        world.wait(1)
        if world.core.asking.log is not None:
            world.page()
        world.unseen(limit)
        assert not world.backed()
    assert world.order(stop).closed is None


def test_both_of_a_pair_have_to_be_unseen() -> None:
    world, _, (stop, _) = on_its_way()
    world.wait(0.5)
    unseen(world, stop)
    assert not world.prepared()


def test_where_others_units_could_be_sold_for_it_it_is_waited_for() -> None:
    world = Emulated(capabilities=spot())
    world.open()
    world.fill(world.placed(qty=dec(10)), "o1", 10)
    _, _, keys = on_its_way(world)
    world.wait(0.5)
    unseen(world, *keys)
    for _ in range(8):
        world.wait(1)
        assert not world.prepared()


def test_a_few_units_of_others_are_not_enough_for_a_second_one() -> None:
    world = Emulated(capabilities=spot())
    world.open()
    world.fill(world.placed(qty=dec(9)), "o1", 9)
    _, _, keys = on_its_way(world)
    world.wait(0.5)
    unseen(world, *keys)
    assert units(world.prepared()[0]) == {dec(10)}


def test_units_that_are_no_position_count_as_others() -> None:
    world = Emulated(capabilities=spot(), unknown_position="ignore")
    world.open(world.balance("BTC", 10))
    _, _, keys = on_its_way(world)
    world.wait(0.5)
    unseen(world, *keys)
    world.wait(1)
    assert not world.prepared()


def test_a_second_one_that_is_refused_for_its_units_says_that_the_first_stands() -> None:
    world, _, keys = on_its_way()
    world.wait(0.5)
    unseen(world, *keys)
    began = world.now
    while (world.now - began).total_seconds() < 6:
        for place in world.prepared():
            assert {one.kind for one in place.tickets} == {Kind.STOP, Kind.LIMIT}
            world.take(place, refused(Reason.FUNDS))
        world.wait(0.25)
    assert not [one for one in world.durable if isinstance(one, Triggered)]
    for key in keys:
        world.found(key, world.stands(key, State.WORKING, via="poll"))
    for _ in range(20):
        world.wait(0.5)
        assert not world.prepared()


def test_a_first_one_that_is_seen_after_all_has_the_second_taken_back() -> None:
    world, _, keys = on_its_way()
    world.wait(0.5)
    unseen(world, *keys)
    second = world.take(world.prepared()[0])
    for key in keys:
        world.found(key, world.stands(key, State.WORKING, via="poll"))
    assert set(world.backed()) <= set(second)
    world.wait(0.1)
    assert not world.prepared()


def test_a_first_one_that_never_came_leaves_the_second_standing() -> None:
    world, place, keys = on_its_way()
    world.feed(Sent(prepared=Prepared(request=place), outcome=Unknown(why="no answer")))
    unseen(world, *keys)
    second = world.take(world.gather())
    for _ in range(2 * BOUND):
        world.wait(1)
        assert not world.prepared()
        assert not world.backed()
        if world.core.asking.log is not None:
            world.page()
        unseen(world, *(key for key in keys if world.order(key).closed is None))
    assert {world.order(key).closed is not None for key in keys} == {True}
    assert {world.order(key).closed for key in second} == {None}


def test_so_many_are_sent_at_most_and_each_later_than_the_one_before() -> None:
    world, _, keys = on_its_way()
    waiting, times = {*keys}, [world.now]
    while (world.now - times[0]).total_seconds() < BOUND - 1:
        world.wait(0.1)
        for key in sorted({*looks(world.last)} & waiting):
            world.unseen(key)
            for place in world.prepared():
                times.append(world.now)
                waiting |= {*sent(world, place)}
    gaps = [(b - a).total_seconds() for a, b in pairwise(times)]
    assert gaps[0] <= 1
    assert gaps == sorted(gaps)
    assert len(times) <= 6


def test_once_the_venue_has_taken_one_those_before_it_put_nothing_off() -> None:
    world = Emulated(capabilities=spot())
    world.open()
    entry = world.bracket()
    world.fill(entry, "e1", 6)
    for _ in range(3):
        keys = sent(world, world.gather())
        world.wait(0.5)
        unseen(world, *keys)
    world.take(world.gather())
    world.fill(entry, "e2", 4)
    keys = sent(world, world.gather())
    world.wait(0.5)  # as after the first that is not seen; the fourth of a row is followed in 4 s
    unseen(world, *keys)
    assert units(world.prepared()[0]) == {dec(4)}


def test_what_only_reduces_may_stand_twice_where_nothing_else_is_held() -> None:
    world, place, keys = on_its_way(margin())
    assert place.tickets[0].kind is Kind.STOP
    world.wait(0.5)
    for key, kind in zip(keys, (Kind.STOP, Kind.LIMIT), strict=True):
        world.unseen(key)
        (again,) = world.prepared()
        assert [(one.kind, one.qty) for one in again.tickets] == [(kind, dec(10))]


def test_what_only_reduces_may_not_stand_twice_where_others_hold_some_too() -> None:
    world, _, keys = on_its_way(margin(others=3))
    world.wait(0.5)
    unseen(world, *keys)
    world.wait(1)
    assert Kind.STOP not in {one.tickets[0].kind for one in world.prepared()}


def test_a_close_of_which_nothing_is_heard_is_made_anew() -> None:
    world = Emulated(capabilities=spot())
    world.open()
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    world.take(world.gather(), refused(Reason.WOULD_TRIGGER))
    assert records_of(world, Triggered)
    (close,) = world.prepared()
    (key,) = sent(world, close)
    world.wait(0.5)
    unseen(world, key)
    again = world.gather()
    assert [(one.kind, one.qty) for one in again.tickets] == [(Kind.MARKET, dec(10))]


def test_a_close_does_not_wait_for_a_stop_that_nobody_sees() -> None:
    world, _, keys = on_its_way()
    world.wait(0.5)
    unseen(world, *keys)
    world.take(world.prepared()[0], refused(Reason.WOULD_TRIGGER))
    assert set(world.backed()) == {*keys}
    assert [one.tickets[0].kind for one in world.prepared()] == [Kind.MARKET]


def test_what_one_process_has_sent_and_the_next_does_not_see_is_sent_anew() -> None:
    world, _, keys = on_its_way()
    world.begin()
    world.open(world.balance("BTC", 10))
    assert not world.prepared()
    unseen(world, *keys)
    assert units(world.gather()) == {dec(10)}
    made = [one for one in world.durable if isinstance(one, Intended) and one.serves]
    assert len(made) == 2
