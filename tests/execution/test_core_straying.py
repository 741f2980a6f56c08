"""What a bracket's entry opens when its legs are over: nobody would protect it, so it is closed."""

from __future__ import annotations

from decimal import Decimal

from atms.execution.core.core import Core
from atms.execution.core.events import TellFill, TellOpen, WishCancel
from atms.stores.facts import FillVoid, OrderFact, State
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Place
from tests.execution.core_world import BOUND, BTC, dec
from tests.execution.emulated_world import LIMIT, Emulated, refused, spot


def opened() -> Emulated:
    world = Emulated(capabilities=spot())
    world.open()
    return world


def canceled() -> tuple[Emulated, str]:
    """Return a world in which a bracket was told to be over, with its entry's key."""
    world = opened()
    entry = world.bracket(owner="trend")
    world.hear(world.stands(entry, State.CANCELED, filled=dec(0)))
    assert not world.core.state.open_plans()
    return world, entry


def sold(place: Place) -> list[tuple[Kind, Decimal, int]]:
    return [(one.kind, one.qty, one.side) for one in place.tickets]


def closed_at_market(world: Emulated) -> str:
    """Let the one order that is wanted fill; return its key."""
    (place,) = world.prepared()
    (key,) = world.take(place)
    units = place.tickets[0].qty
    world.fill(key, f"x{key}", float(units), side=-1)
    return key


def test_a_fill_that_crossed_the_cancellation_is_closed_at_the_market_and_told() -> None:
    world, entry = canceled()
    world.fill(entry, "e1", 3)
    (place,) = world.prepared()
    assert sold(place) == [(Kind.MARKET, dec(3), -1)]
    assert place.tickets[0].reduces
    (word,) = world.notices("unprotected")
    assert "closed at the market" in word.text


def test_the_strategy_is_given_the_closing_order_after_the_fill_and_hears_how_it_ends() -> None:
    world, entry = canceled()
    world.fill(entry, "e1", 3)
    names = [type(one) for one in world.last if isinstance(one, TellFill | TellOpen)]
    assert names == [TellFill, TellOpen]
    (given,) = world.lately(TellOpen)[0].orders
    assert (given.owner, given.ticket.qty, given.ticket.side) == ("trend", dec(3), -1)
    assert given.parent == given.group == entry
    closed_at_market(world)
    assert world.statuses(given.key) == ["completed"]
    assert world.heard() == 0
    assert not world.core.state.open_plans()


def test_what_is_closed_is_closed_once() -> None:
    world, entry = canceled()
    world.fill(entry, "e1", 3)
    closed_at_market(world)
    world.wait(30)
    assert not world.prepared()
    world.fill(entry, "e2", 2)
    (place,) = world.prepared()
    assert sold(place) == [(Kind.MARKET, dec(2), -1)]


def test_parts_that_come_while_it_is_closed_are_closed_too() -> None:
    world, entry = canceled()
    world.fill(entry, "e1", 3)
    (place,) = world.prepared()
    world.fill(entry, "e2", 2)
    (first,) = world.take(place)
    world.fill(first, "x1", 3, side=-1)
    assert sold(world.gather()) == [(Kind.MARKET, dec(2), -1)]
    given = [one.key for told in world.every(TellOpen) for one in told.orders]
    assert world.statuses(given[0]) == ["completed"]
    closed_at_market(world)
    assert world.statuses(given[1]) == ["completed"]
    assert [world.told(key) for key in given] == [dec(3), dec(2)]


def test_a_close_that_nobody_sees_is_not_made_anew_from_what_came_later() -> None:
    world, entry = canceled()
    world.fill(entry, "e1", 3)
    (place,) = world.prepared()
    world.ready(place)
    world.fill(entry, "e2", 5)  # which the first would be taken from, too
    for _ in range(8):
        world.wait(0.5)
        world.unseen(place.tickets[0].key)
        assert not world.prepared()


def test_an_entry_that_vanished_and_comes_back_is_taken_back_and_what_it_filled_closed() -> None:
    world = opened()
    entry = world.bracket()
    world.hear(world.stands(entry, State.WORKING))
    world.snapshot()
    while world.statuses(entry)[-1] != "canceled":
        world.unseen(entry)
        world.read_log()
        world.wait(BOUND / 2)
    assert not world.core.state.open_plans()
    back: OrderFact = world.stands(entry, State.WORKING, via="poll")
    world.hear(back)
    assert world.backed() == [entry]
    world.fill(entry, "e1", 4)
    assert sold(world.gather()) == [(Kind.MARKET, dec(4), -1)]


def test_a_fill_that_crosses_the_strategys_cancellation_of_a_leg_is_closed() -> None:
    world = opened()
    entry = world.bracket()
    world.feed(WishCancel(key=world.leg(Kind.STOP)))
    assert world.backed() == [entry]
    assert world.statuses(world.leg(Kind.STOP))[-1] == "canceled"
    world.fill(entry, "e1", 10)
    assert sold(world.gather()) == [(Kind.MARKET, dec(10), -1)]


def test_what_was_open_when_the_strategy_took_its_protection_back_stays_its_own() -> None:
    world = opened()
    entry, stop, limit = world.protected(4)
    world.feed(WishCancel(key=world.leg(Kind.LIMIT)))
    world.go_on()
    world.cancel_all(stop, limit)
    assert not world.core.state.open_plans()
    world.wait(10)
    assert not world.prepared()
    world.fill(entry, "e2", 2)
    assert sold(world.gather()) == [(Kind.MARKET, dec(2), -1)]
    closed_at_market(world)
    world.wait(10)
    assert not world.prepared()


def test_a_late_exit_of_what_was_left_does_not_hide_what_is_opened_later() -> None:
    world = opened()
    entry, stop, limit = world.protected(4)
    world.feed(WishCancel(key=world.leg(Kind.LIMIT)))
    world.go_on()
    world.cancel_all(stop, limit)
    world.fill(stop, "s1", 4, side=-1)  # it crossed its cancellation
    world.fill(entry, "e2", 2)
    assert sold(world.gather()) == [(Kind.MARKET, dec(2), -1)]


def test_an_exit_that_is_undone_when_its_bracket_is_over_leaves_nothing_unprotected() -> None:
    world = opened()
    _, stop, limit = world.protected()
    world.fill(stop, "s1", 10, side=-1)
    world.cancel_all(limit)
    assert not world.core.state.open_plans()
    world.read_log(FillVoid(at=world.now, exec="s1", version=1, why="bust"))
    assert sold(world.gather()) == [(Kind.MARKET, dec(10), -1)]


def test_a_bracket_without_a_stop_asked_for_no_protection_and_its_fill_is_told_alone() -> None:
    world = opened()
    entry = world.bracket(LIMIT)
    world.hear(world.stands(entry, State.CANCELED, filled=dec(0)))
    world.fill(entry, "e1", 3)
    world.wait(5)
    assert not world.prepared()
    assert len(world.notices("unprotected")) == 1


def test_too_few_units_for_an_order_are_told() -> None:
    world, entry = canceled()
    found = world.core.instruments[BTC]
    world.core.instruments[BTC] = type(found)(**{**vars(found), "min_notional": dec(200)})
    world.fill(entry, "e1", 1)
    assert not world.prepared()
    assert len(world.notices("unprotected")) == 1
    world.fill(entry, "e2", 1)
    assert sold(world.gather()) == [(Kind.MARKET, dec(2), -1)]


def test_what_the_strategy_has_sold_itself_is_not_sold_again() -> None:
    world, entry = canceled()
    world.fill(entry, "e1", 3)
    (place,) = world.prepared()
    own = world.placed(side=-1, qty=dec(3))
    world.fill(own, "o1", 3, side=-1)
    world.take(place, refused(Reason.FUNDS))
    world.wait(10)
    assert not world.prepared()
    assert not world.core.state.open_plans()
    world.placed(qty=dec(5))
    world.fill(world.core.open_keys()[-1], "o2", 5)
    world.wait(10)
    assert not world.prepared()


def test_the_next_process_closes_what_was_opened_while_nobody_was_there() -> None:
    world, entry = canceled()
    world.begin()
    world.connect()
    world.page(world.filled(entry, "e1", 3))
    assert not world.prepared()
    while not world.core.ready:
        world.snapshot(world.balance("BTC", 3)) if world.asks() else world.page()
    (place,) = world.prepared()
    assert sold(place) == [(Kind.MARKET, dec(3), -1)]
    (told,) = world.every(TellOpen)
    assert [one.ticket.kind for one in told.orders] == [Kind.MARKET]


def test_a_process_that_ends_before_it_has_closed_leaves_that_to_the_next() -> None:
    world, entry = canceled()
    world.fill(entry, "e1", 3)
    world.begin()
    world.open(world.balance("BTC", 3))
    assert sold(world.gather()) == [(Kind.MARKET, dec(3), -1)]
    again = Core(world.terms, world.durable)
    assert again.state.digest() == world.core.state.digest()


def test_a_bracket_that_goes_well_leaves_nothing_to_close() -> None:
    world = opened()
    entry, stop, limit = world.protected()
    world.fill(limit, "l1", 10, side=-1)
    world.cancel_all(stop)
    world.hear(world.stands(entry, State.FILLED, filled=dec(10)))
    world.wait(10)
    assert not world.prepared()
    assert not world.notices("unprotected")
