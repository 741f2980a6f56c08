"""Brackets that the venue does not hold: the legs follow what the entry opened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from atms.execution.core.core import Core
from atms.execution.core.events import Ready, TellFill, TellOpen, TellOrder, Transmit, WishCancel
from atms.execution.core.records import Intended
from atms.execution.emulation.plan_records import Planned, Triggered
from atms.stores.facts import FillVoid, State
from atms.stores.outcomes import NotSent, Reason, Unknown
from atms.stores.requests import Kind, Place
from tests.execution.core_world import BTC, World, dec, looks, manners, ticket
from tests.execution.emulated_world import (
    LIMIT,
    STOP,
    Emulated,
    paid_in,
    records_of,
    refused,
    spot,
)


def opened() -> Emulated:
    world = Emulated(capabilities=spot())
    world.open()
    return world


def ends(world: World, key: str) -> str:
    return world.statuses(key)[-1]


def kinds(place: Place) -> list[tuple[Kind, object]]:
    return [(one.kind, one.qty) for one in place.tickets]


# ---- taken in ------------------------------------------------------------------------------------
def test_the_entry_goes_alone_and_its_legs_are_durable_with_it() -> None:
    world = opened()
    world.wish(ticket(), STOP, LIMIT, link="bracket", owner="trend")
    (place,) = world.prepared()
    assert place.link == "single"
    world.ready(place)
    assert [type(one).__name__ for one in world.lately(type(world.last[0]))[0].records] == [
        "Intended", "Planned", "Planned",
    ]  # fmt: skip
    (transmit,) = world.lately(Transmit)
    assert transmit.prepared.request == place
    assert {one.planned.owner for one in world.core.state.open_plans()} == {"trend"}


def test_legs_are_accepted_with_their_entry_and_say_how_they_are_done() -> None:
    world = opened()
    entry = world.bracket()
    stop, limit = world.leg(Kind.STOP), world.leg(Kind.LIMIT)
    for key in (entry, stop, limit):
        assert world.statuses(key) == ["submitted", "accepted"]
    hows = {one.key: one.how for one in world.every(TellOrder)}
    assert hows == {entry: "native", stop: "emulated:legs", limit: "emulated:legs"}


def test_nothing_is_placed_before_the_entry_fills() -> None:
    world = opened()
    world.bracket()
    world.wait(5)
    assert not world.prepared()


def test_a_filled_entry_is_protected_at_once_by_one_pair_of_the_venues() -> None:
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    (place,) = world.prepared()
    assert place.link == "oco"
    assert kinds(place) == [(Kind.STOP, dec(10)), (Kind.LIMIT, dec(10))]
    assert all(one.reduces and one.side == -1 for one in place.tickets)


def test_what_is_protected_is_less_the_fee_that_was_paid_in_it_and_on_its_step() -> None:
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 10, **paid_in("BTC", 0.0123))
    (place,) = world.prepared()
    assert {one.qty for one in place.tickets} == {dec("9.987")}


def test_the_fees_of_parts_leave_together_what_can_be_sold() -> None:
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 4, **paid_in("BTC", 0.0004))
    first = world.gather()
    world.take(first)
    world.fill(entry, "e2", 6, **paid_in("BTC", 0.0006))
    second = world.gather()
    assert [place.tickets[0].qty for place in (first, second)] == [dec("3.999"), dec("6")]


def test_a_part_does_not_wait_for_the_rest_and_each_part_is_covered_once() -> None:
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 3)
    assert not world.prepared()
    world.wait(0.5)
    (place,) = world.prepared()
    assert {one.qty for one in place.tickets} == {dec(3)}
    world.wait(0.5)
    assert not world.prepared()  # it is on its way
    world.take(place)
    world.fill(entry, "e2", 2)
    world.fill(entry, "e3", 5)
    (place,) = world.prepared()
    assert {one.qty for one in place.tickets} == {dec(7)}
    world.take(place)
    world.wait(5)
    assert not world.prepared()


def test_many_parts_are_put_together_since_a_venue_holds_only_so_many_stops() -> None:
    world = opened()
    entry = world.bracket()
    for number in range(3):
        world.fill(entry, f"e{number}", 1)
        last = world.take(world.gather())
    world.fill(entry, "e3", 1)
    world.wait(0.5)
    assert world.backed() == list(last)
    world.go_on()
    world.cancel_all(*last)
    place = world.gather()
    assert {one.qty for one in place.tickets} == {dec(2)}


def test_a_last_part_too_small_for_an_order_is_covered_together_with_the_one_before() -> None:
    world = opened()
    found = world.core.instruments[BTC]
    world.core.instruments[BTC] = type(found)(**{**vars(found), "min_notional": dec(200)})
    entry = world.bracket()
    world.fill(entry, "e1", 9)
    last = world.take(world.gather())
    world.fill(entry, "e2", 1)
    assert world.backed() == list(last)
    world.go_on()
    world.cancel_all(*last)
    assert {one.qty for one in world.gather().tickets} == {dec(10)}


# ---- how it ends ---------------------------------------------------------------------------------
def test_the_leg_that_fills_completes_and_the_other_is_canceled() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.fill(stop, "s1", 10, side=-1, price=dec(80))
    world.cancel_all(limit)
    assert ends(world, world.leg(Kind.STOP)) == "completed"
    assert ends(world, world.leg(Kind.LIMIT)) == "canceled"
    assert world.told(world.leg(Kind.STOP)) == dec(10)
    assert not world.core.state.open_plans()


def test_the_strategy_hears_nothing_of_the_venues_orders_behind_a_leg() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.fill(stop, "s1", 10, side=-1)
    world.cancel_all(limit)
    assert not {stop, limit} & {one.key for one in world.every(TellOrder)}
    rows = [row for one in world.every(TellOrder) for row in one.fills]
    assert [row.key for row in rows][-1] == world.leg(Kind.STOP)


def test_a_leg_that_fills_in_parts_over_several_orders_is_one_order_to_the_strategy() -> None:
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 4)
    first, one = world.take(world.gather())
    world.fill(entry, "e2", 6)
    second, two = world.take(world.gather())
    world.fill(first, "s1", 4, side=-1)
    world.fill(second, "s2", 5, side=-1)
    world.fill(second, "s3", 1, side=-1)
    world.cancel_all(one, two)
    stop = world.leg(Kind.STOP)
    assert world.statuses(stop) == [
        "submitted", "accepted", "partial", "partial", "completed",
    ]  # fmt: skip
    assert world.told(stop) == dec(10)
    assert world.heard() == dec(0)


def test_a_leg_is_completed_by_its_fill_and_does_not_wait_for_the_end_of_the_other() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.fill(stop, "s1", 10, side=-1, price=dec(80))
    assert world.statuses(world.leg(Kind.STOP))[2:] == ["completed"]
    assert ends(world, world.leg(Kind.LIMIT)) == "accepted"
    world.cancel_all(limit)
    assert ends(world, world.leg(Kind.LIMIT)) == "canceled"


def test_a_pair_of_which_the_venue_forgot_one_has_it_taken_back() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.fill(stop, "s1", 10, side=-1)
    assert not world.backed()
    world.wait(2)
    assert world.backed() == [limit]


def test_an_entry_that_ends_unfilled_takes_its_legs_along() -> None:
    for state in (State.CANCELED, State.EXPIRED, State.REFUSED):
        world = opened()
        entry = world.bracket()
        world.hear(world.stands(entry, state, filled=dec(0)))
        assert ends(world, world.leg(Kind.STOP)) == ends(world, world.leg(Kind.LIMIT)) == "canceled"
        assert not world.core.state.open_plans()


def test_an_entry_that_is_canceled_in_the_middle_keeps_its_protection() -> None:
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 4)
    world.hear(world.stands(entry, State.CANCELED, filled=dec(4)))
    (place,) = world.prepared()
    assert {one.qty for one in place.tickets} == {dec(4)}
    stop, limit = world.take(place)
    world.fill(limit, "l1", 4, side=-1)
    world.cancel_all(stop)
    assert ends(world, world.leg(Kind.LIMIT)) == "completed"
    assert ends(world, world.leg(Kind.STOP)) == "canceled"


def test_a_leg_that_the_strategy_takes_back_takes_the_bracket_along() -> None:
    world = opened()
    entry, stop, limit = world.protected(4)
    world.feed(WishCancel(key=world.leg(Kind.LIMIT)))
    assert set(world.backed()) == {entry, stop, limit}
    world.go_on()
    world.cancel_all(entry, stop, limit)
    assert ends(world, world.leg(Kind.STOP)) == ends(world, world.leg(Kind.LIMIT)) == "canceled"
    world.wait(10)
    assert not world.prepared()


def test_a_cancel_of_the_venues_order_behind_a_leg_is_one_of_the_leg() -> None:
    world = opened()
    _, stop, _ = world.protected()
    world.feed(WishCancel(key=stop))
    assert stop in world.backed()
    assert world.core.state.plans[world.leg(Kind.STOP)].withdrawn is not None


def test_a_leg_that_fills_while_it_is_taken_back_is_completed() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.feed(WishCancel(key=world.leg(Kind.LIMIT)))
    world.fill(stop, "s1", 10, side=-1)
    world.cancel_all(limit)
    assert ends(world, world.leg(Kind.STOP)) == "completed"
    assert ends(world, world.leg(Kind.LIMIT)) == "canceled"


def test_an_exit_ends_what_the_entry_would_still_open() -> None:
    world = opened()
    entry, stop, _ = world.protected(4)
    world.fill(stop, "s1", 4, side=-1)
    assert entry in world.backed()


# ---- what goes wrong -----------------------------------------------------------------------------
def test_a_pair_that_is_gone_is_placed_again() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.cancel_all(stop, limit)
    place = world.gather()
    assert kinds(place) == [(Kind.STOP, dec(10)), (Kind.LIMIT, dec(10))]


def test_a_stop_that_the_venue_takes_back_again_and_again_is_missing_for_a_second_at_most() -> None:
    world = opened()
    _, stop, limit = world.protected()
    for _ in range(6):
        world.cancel_all(stop, limit)
        gone = world.now
        while not (places := world.prepared()):
            world.wait(0.25)
            assert (world.now - gone).total_seconds() <= 1
        stop, limit = world.take(places[0])


def test_a_refusal_waits_no_longer_for_stops_that_the_venue_had_taken_and_ended() -> None:
    world = opened()
    _, stop, limit = world.protected()
    for _ in range(6):
        world.cancel_all(stop, limit)
        stop, limit = world.take(world.gather())
    world.cancel_all(stop, limit)
    place = world.gather()
    world.take(place, refused(Reason.RATE))
    gone = world.now
    while not world.prepared():
        world.wait(0.25)
        assert (world.now - gone).total_seconds() <= 0.5


def test_a_stop_waits_no_longer_for_limit_orders_that_the_venue_refused_beside_it() -> None:
    world = opened()
    entry, *_ = world.protected(3)
    world.fill(entry, "e2", 7)
    stop, limit = world.take(world.gather())
    for _ in range(5):
        world.hear(world.stands(limit, State.REFUSED, reason=Reason.OTHER, filled=dec(0)))
        while not world.backed():
            world.wait(0.25)  # longer each time; the stop stands
        world.go_on()
        world.cancel_all(stop)
        stop, limit = world.take(world.gather())
    world.hear(world.stands(limit, State.REFUSED, reason=Reason.OTHER, filled=dec(0)))
    world.cancel_all(stop)
    world.take(world.gather(), refused(Reason.CLOCK))
    gone = world.now
    while not world.prepared():
        world.wait(0.25)
        assert (world.now - gone).total_seconds() <= 0.5


def test_a_limit_that_fills_in_part_and_ended_its_stop_is_placed_anew_with_one() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.fill(limit, "l1", 4, side=-1)
    world.cancel_all(stop)
    assert world.backed() == [limit]
    world.go_on()
    world.cancel_all(limit)
    place = world.gather()
    assert kinds(place) == [(Kind.STOP, dec(6)), (Kind.LIMIT, dec(6))]


def close_of(reason: Reason) -> Emulated:
    """Have the legs refused, and the position closed."""
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    world.take(world.gather(), refused(reason))
    return world


@pytest.mark.parametrize("reason", [Reason.WOULD_TRIGGER, Reason.FILTER, Reason.WOULD_TAKE])
def test_legs_that_the_venue_refuses_have_the_position_closed_at_the_market(
    reason: Reason,
) -> None:
    world = close_of(reason)
    (place,) = world.prepared()
    assert kinds(place) == [(Kind.MARKET, dec(10))]
    assert place.tickets[0].reduces
    assert records_of(world, Triggered)
    assert len(world.notices("unprotected")) == 1
    (market,) = world.take(place)
    world.fill(market, "m1", 10, side=-1)
    assert ends(world, world.leg(Kind.STOP)) == "completed"
    assert ends(world, world.leg(Kind.LIMIT)) == "canceled"
    assert world.heard() == dec(0)


@pytest.mark.parametrize("reason", [Reason.FUNDS, Reason.OTHER])
def test_a_refusal_that_may_pass_is_tried_again_for_two_seconds_and_then_closed(
    reason: Reason,
) -> None:
    world = close_of(reason)
    began = world.now
    while not records_of(world, Triggered):
        assert (world.now - began).total_seconds() <= 2
        for place in world.prepared():
            assert place.link == "oco"
            world.take(place, refused(reason))
        world.wait(0.25)
    assert (world.now - began).total_seconds() == 2
    assert kinds(world.prepared()[0]) == [(Kind.MARKET, dec(10))]


def test_a_refusal_for_the_rate_is_tried_again_for_good() -> None:
    world = close_of(Reason.RATE)
    for _ in range(40):
        for place in world.prepared():
            world.take(place, refused(Reason.RATE))
        world.wait(0.5)
    assert not world.notices("unprotected")
    assert 8 <= sum(isinstance(one, Intended) and bool(one.serves) for one in world.durable) <= 40


@pytest.mark.parametrize("reason", [Reason.CLOSED_MARKET, Reason.NO_PERMISSION])
def test_where_nothing_is_taken_legs_are_tried_again_and_what_stands_is_kept(
    reason: Reason,
) -> None:
    world = close_of(reason)
    for _ in range(80):
        for asked in looks(world.last):
            world.look(asked, None)
        if world.core.asking.log is not None:
            world.no_page()  # the key is not taken for reads either
        for place in world.prepared():
            assert place.link == "oco"
            world.take(place, refused(reason))
        world.wait(0.5)
    assert not records_of(world, Triggered)
    assert len(world.notices("unprotected")) == 1


def test_a_stop_that_a_good_key_may_not_place_has_the_position_closed() -> None:
    world = close_of(Reason.NO_PERMISSION)
    began = world.now
    while not records_of(world, Triggered):
        assert (world.now - began).total_seconds() <= 15
        if world.core.asking.log is not None:
            world.page()
        for place in world.prepared():
            world.take(place, refused(Reason.NO_PERMISSION))
        world.wait(0.25)
    assert kinds(world.prepared()[0]) == [(Kind.MARKET, dec(10))]


def test_what_was_not_sent_is_sent_again() -> None:
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    world.take(world.gather(), NotSent(why="no line"))
    assert {one.qty for one in world.gather().tickets} == {dec(10)}


def test_what_may_stand_is_not_sent_again_where_it_could_sell_others_units() -> None:
    world = opened()
    world.fill(world.placed(qty=dec(10)), "o1", 10)
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    world.take(world.gather(), Unknown(why="timeout"))
    for _ in range(8):
        world.wait(1)
        assert not world.prepared()


def test_a_close_that_is_refused_is_tried_again() -> None:
    world = close_of(Reason.FILTER)
    world.take(world.gather(), refused(Reason.FUNDS))
    assert not world.prepared()
    place = world.gather()
    assert kinds(place) == [(Kind.MARKET, dec(10))]


def test_a_close_that_the_venue_takes_back_each_time_is_missing_for_a_second_at_most() -> None:
    world = close_of(Reason.FILTER)
    place = world.gather()
    for _ in range(6):
        world.cancel_all(*world.take(place))
        gone = world.now
        while not (places := world.prepared()):
            world.wait(0.25)
            assert (world.now - gone).total_seconds() <= 1
        (place,) = places
        assert kinds(place) == [(Kind.MARKET, dec(10))]


def test_a_close_waits_for_what_stands_since_that_could_fill_too() -> None:
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 4)
    standing = world.take(world.gather())
    world.fill(entry, "e2", 6)
    world.take(world.gather(), refused(Reason.LIMITS))
    assert not world.prepared()
    assert set(world.backed()) == set(standing)
    world.go_on()
    world.fill(standing[0], "s1", 1, side=-1)
    world.cancel_all(*standing)
    (place,) = world.prepared()
    assert kinds(place) == [(Kind.MARKET, dec(9))]


def test_a_close_waits_for_no_execution_of_what_is_over_and_has_told_its_sum() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.hear(world.stands(limit, State.CANCELED, filled=dec(0)))
    world.hear(world.stands(stop, State.CANCELED, filled=dec(1)))
    world.take(world.gather(), refused(Reason.WOULD_TRIGGER))
    (place,) = world.prepared()
    assert kinds(place) == [(Kind.MARKET, dec(9))]
    world.take(place)
    world.fill(stop, "s1", 1, side=-1)
    world.wait(5)
    assert not world.prepared()  # it is counted once


def test_a_close_waits_for_what_is_over_and_has_not_told_its_sum() -> None:
    world = close_of(Reason.FILTER)
    (close,) = world.take(world.gather())
    world.hear(world.stands(close, State.CANCELED))
    for _ in range(8):
        world.wait(1)
        assert not world.prepared()


def test_a_pair_that_the_store_has_no_words_for_goes_one_by_one() -> None:
    world = Emulated(capabilities=spot(reduces="flag"))
    world.open()
    found = world.core.instruments[BTC]
    world.core.instruments[BTC] = type(found)(**{**vars(found), "cash": "margin"})
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    (place,) = world.prepared()
    world.feed_refused(place, Reason.FILTER)
    places = world.prepared()
    assert [kinds(one) for one in places] == [[(Kind.STOP, dec(10))], [(Kind.LIMIT, dec(10))]]


def test_where_units_are_locked_the_stop_stands_and_the_limit_is_refused() -> None:
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    (place,) = world.prepared()
    world.feed_refused(place, Reason.FILTER)
    assert [kinds(one) for one in world.prepared()] == [[(Kind.STOP, dec(10))]]
    assert ends(world, world.leg(Kind.LIMIT)) == "rejected"
    world.take(world.prepared()[0])
    assert not world.notices("unprotected")


def test_an_entry_that_fills_after_its_legs_were_over_is_told() -> None:
    world = opened()
    entry = world.bracket()
    world.hear(world.stands(entry, State.CANCELED, filled=dec(0)))
    assert not world.notices("unprotected")
    world.fill(entry, "e1", 3)
    assert len(world.notices("unprotected")) == 1


def test_two_legs_that_filled_are_told_as_a_position_that_was_closed_twice() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.fill(stop, "s1", 10, side=-1)
    world.fill(limit, "l1", 2, side=-1)
    world.cancel_all(limit)
    assert [one.text.split()[-5] for one in world.notices("closed_twice")] == ["2"]
    assert world.heard() == dec(-2)


def margin() -> Emulated:
    """Return a world in which two orders may stand for the same units."""
    world = Emulated(capabilities=spot(links=frozenset()))
    world.open()
    found = world.core.instruments[BTC]
    world.core.instruments[BTC] = type(found)(**{**vars(found), "cash": "margin"})
    return world


def test_where_nothing_is_locked_each_leg_stands_by_itself_and_shrinks_with_the_other() -> None:
    world = margin()
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    stops, limits = world.prepared()
    (stop,), (limit,) = world.take(stops), world.take(limits)
    world.fill(limit, "l1", 4, side=-1)
    assert world.backed() == [stop]
    world.go_on()
    world.cancel_all(stop)
    assert [kinds(one) for one in world.prepared()] == [[(Kind.STOP, dec(6))]]


def test_a_leg_that_was_tried_again_and_may_stand_is_not_given_up() -> None:
    world = close_of(Reason.FUNDS)
    world.take(world.gather(), Unknown(why="timeout"))
    world.wait(2.5)
    assert not records_of(world, Triggered)
    assert all(one.kind is not Kind.MARKET for place in world.prepared() for one in place.tickets)


def test_no_stop_is_placed_alone_beside_a_limit_that_locks_its_units() -> None:
    world = opened()
    _, stop, _ = world.protected()
    world.hear(world.stands(stop, State.CANCELED, filled=dec(4)))  # its fill comes later
    assert not world.prepared()
    world.wait(1)
    assert not world.prepared()


def test_what_cannot_be_taken_back_in_time_does_not_keep_the_rest_bare() -> None:
    world = opened()
    entry, stop, limit = world.protected(2)
    world.fill(limit, "l1", 2, side=-1)
    world.fill(entry, "e2", 8)  # before it could be taken back
    assert stop in world.backed()
    world.wait(0.9)
    assert not world.prepared()
    world.wait(0.1)
    assert kinds(world.prepared()[0]) == [(Kind.STOP, dec(6)), (Kind.LIMIT, dec(6))]


def test_a_venue_that_cannot_be_asked_is_asked_less_and_less_often() -> None:
    world = opened()
    entry = world.bracket()
    world.fill(entry, "e1", 10)
    asked = 0
    for _ in range(600):
        for place in world.prepared():
            asked += 1
            world.feed(Ready(results=((place, None, "no connection"),)))
        world.wait(0.1)
    assert 20 <= asked <= 30


def test_what_is_over_and_does_not_say_what_it_filled_is_asked_for_at_once() -> None:
    world = opened()
    _, stop, _ = world.protected()
    world.hear(world.stands(stop, State.CANCELED))
    assert looks(world.last) == [stop]


def test_a_fill_that_comes_after_a_leg_is_over_is_told_as_one_of_the_leg() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.fill(stop, "s1", 10, side=-1)
    world.cancel_all(limit)
    world.fill(limit, "l1", 1, side=-1)
    (told,) = world.lately(TellFill)
    assert told.row.key == world.leg(Kind.LIMIT)


def test_a_fill_that_is_undone_before_it_was_told_is_not_told_at_all() -> None:
    world = opened()
    _, stop, _ = world.protected()
    fill = world.filled(stop, "s1", 2, side=-1)
    world.read_log(fill, FillVoid(at=world.now, exec="s1", version=1, why="bust"))
    assert not world.every(TellFill)
    assert world.told(world.leg(Kind.STOP)) == dec(0)


# ---- an end of the process -----------------------------------------------------------------------
def again(world: Emulated) -> Emulated:
    """Let the next process take the account over."""
    world.begin()
    world.open()
    return world


def test_a_clock_that_is_set_back_between_two_processes_keeps_no_position_bare() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.cancel_all(stop, limit)
    world.now -= timedelta(hours=1)
    again(world)
    world.wait(2)
    (place,) = world.prepared()
    assert kinds(place) == [(Kind.STOP, dec(10)), (Kind.LIMIT, dec(10))]


def test_an_entry_that_filled_while_nobody_was_there_is_protected_when_the_next_is_ready() -> None:
    world = opened()
    entry = world.bracket()
    world.begin()
    world.connect()
    world.page(world.filled(entry, "e1", 10))
    assert not world.prepared()
    while not world.core.ready:
        world.snapshot(world.balance("BTC", 10)) if world.asks() else world.page()
    (place,) = world.prepared()
    assert place.link == "oco"


def test_legs_are_handed_over_as_the_orders_that_the_strategy_made() -> None:
    world = opened()
    world.bracket(owner="trend")
    stop = world.leg(Kind.STOP)
    again(world)
    (told,) = world.every(TellOpen)
    found = {one.key: one for one in told.orders}
    assert (found[stop].status, found[stop].how) == ("accepted", "emulated:legs")
    assert found[stop].owner == "trend"
    assert len(found) == 3


def test_the_venues_orders_behind_legs_are_not_handed_over() -> None:
    world = opened()
    world.protected(4)
    world.begin()
    world.open(world.balance("BTC", 4))
    assert len(world.every(TellOpen)[0].orders) == 3


def test_the_journal_read_again_gives_the_same_state_at_every_record() -> None:
    world = opened()
    entry, stop, limit = world.protected(4)
    world.feed(WishCancel(key=entry))
    world.go_on()
    world.cancel_all(entry)
    world.fill(stop, "s1", 4, side=-1)
    world.cancel_all(limit)
    assert any(isinstance(one, Planned) for one in world.durable)
    assert Core(world.terms, world.durable).state.digest() == world.core.state.digest()


def test_a_venue_that_holds_brackets_is_given_them() -> None:
    able = manners(links=frozenset({"bracket"}), protection_scales=True)
    world = World(capabilities=able).open()
    prepared = world.place(ticket(), STOP, LIMIT, link="bracket")
    assert isinstance(prepared.request, Place)
    assert prepared.request.link == "bracket"
    assert {one.how for one in world.every(TellOrder)} == {"native"}


@pytest.mark.parametrize(
    ("manner", "whole"),
    [
        ({}, False),
        ({"protection_scales": True}, True),
        ({"partial_fills": False}, True),
        ({"as_backtest": True}, True),
    ],
)
def test_a_bracket_goes_whole_only_where_its_legs_fit_what_its_entry_opened(
    manner: dict[str, bool], whole: bool
) -> None:
    world = Emulated(capabilities=spot(links=frozenset({"oco", "bracket"}), **manner))
    world.open()
    world.wish(ticket(), STOP, LIMIT, link="bracket")
    (place,) = world.prepared()
    assert len(place.tickets) == (3 if whole else 1)


def test_a_part_of_an_entry_is_covered_where_the_venues_own_legs_would_not_follow_it() -> None:
    world = Emulated(capabilities=spot(links=frozenset({"oco", "bracket"})))
    world.open()
    entry = world.bracket()
    world.fill(entry, "e1", 4)
    assert kinds(world.gather()) == [(Kind.STOP, dec(4)), (Kind.LIMIT, dec(4))]
