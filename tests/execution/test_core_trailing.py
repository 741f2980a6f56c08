"""Trailing stops at a venue that holds plain ones: a stop of the venue's is moved."""

from __future__ import annotations

from decimal import Decimal

from atms.execution.core.events import Quoted, TellOrder, WishCancel
from atms.stores.facts import State
from atms.stores.market import Quote
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Place
from tests.execution.core_world import BTC, World, dec, ticket
from tests.execution.emulated_world import LIMIT, Emulated, refused, spot

TRAIL = ticket(side=-1, kind=Kind.TRAIL, trigger=dec(90), trail=dec(10), reduces=True)
PLAIN = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT})


def opened(*, margin: bool = False) -> Emulated:
    reduces = "flag" if margin else "no"
    world = Emulated(capabilities=spot(kinds=PLAIN, reduces=reduces))
    world.open()
    if margin:
        found = world.core.instruments[BTC]
        world.core.instruments[BTC] = type(found)(**{**vars(found), "cash": "margin"})
    return world


def quote(world: World, price: float) -> None:
    found = Quote(at=world.now, instrument=BTC, bid=dec(price), ask=dec(price), qty=None)
    world.feed(Quoted(instrument=BTC, quote=found))


def stops(world: Emulated) -> list[tuple[Kind, Decimal, Decimal | None]]:
    return [(one.kind, one.qty, one.trigger) for one in _tickets(world.prepared())]


def _tickets(places: list[Place]) -> list:  # type: ignore[type-arg]
    return [one for place in places for one in place.tickets]


def alone(world: Emulated) -> tuple[str, str]:
    """Have one trailing order stand; return its key, and that of the venue's stop."""
    world.wish(TRAIL)
    key = world.every(TellOrder)[-1].key
    (stop,) = world.take(world.prepared()[0])
    return key, stop


def test_it_stands_at_the_venue_as_a_stop_and_needs_no_consent() -> None:
    world = opened()
    world.wish(TRAIL)
    assert stops(world) == [(Kind.STOP, dec(10), dec(90))]
    assert {one.how for one in world.every(TellOrder)} == {"emulated:amend"}


def test_it_is_moved_by_one_that_is_taken_back_and_another() -> None:
    world = opened()
    _, stop = alone(world)
    quote(world, 110)
    assert (world.backed(), stops(world)) == ([stop], [])
    world.go_on()
    world.cancel_all(stop)
    assert stops(world) == [(Kind.STOP, dec(10), dec(100))]


def test_the_limit_of_one_that_has_one_moves_at_its_distance() -> None:
    world = opened()
    world.wish(ticket(**{**vars(TRAIL), "kind": Kind.TRAIL_LIMIT, "limit": dec(89)}))
    (stop,) = world.take(world.prepared()[0])
    quote(world, 110)
    world.go_on()
    world.cancel_all(stop)
    (place,) = world.prepared()
    assert [(one.kind, one.trigger, one.limit) for one in place.tickets] == [
        (Kind.STOP_LIMIT, dec(100), dec(99))
    ]


def test_a_little_does_not_move_it() -> None:
    world = opened()
    alone(world)
    quote(world, 100.4)
    assert not world.backed()


def test_a_stop_that_fills_as_it_is_moved_is_the_strategys_order() -> None:
    world = opened()
    key, stop = alone(world)
    quote(world, 110)
    world.fill(stop, "e1", 10, side=-1)
    assert world.statuses(key)[-1] == "completed"
    assert not world.prepared()


def test_a_market_that_has_come_back_meanwhile_is_met_at_the_market() -> None:
    world = opened()
    key, stop = alone(world)
    quote(world, 110)
    world.go_on()
    world.cancel_all(stop)
    world.take(world.prepared()[0], refused(Reason.WOULD_TRIGGER))
    (place,) = [world.gather()]
    assert place.tickets[0].kind is Kind.MARKET
    (market,) = world.take(place)
    world.fill(market, "e1", 10, side=-1)
    assert world.statuses(key)[-1] == "completed"


def test_it_may_be_taken_back() -> None:
    world = opened()
    key, stop = alone(world)
    world.feed(WishCancel(key=key))
    assert world.backed() == [stop]
    world.cancel_all(stop)
    assert world.statuses(key)[-1] == "canceled"


def test_one_that_the_venue_took_away_ends_the_order() -> None:
    world = opened()
    key, stop = alone(world)
    world.hear(world.stands(stop, State.EXPIRED, filled=dec(0)))
    assert world.statuses(key)[-1] == "expired"


def test_a_pair_is_moved_whole_where_it_locks_what_is_held() -> None:
    world = opened()
    entry = world.bracket(TRAIL, LIMIT)
    world.fill(entry, "e1", 10)
    pair = world.take(world.gather())
    quote(world, 110)
    assert world.backed() == list(pair)
    world.go_on()
    world.cancel_all(*pair)
    assert stops(world) == [(Kind.STOP, dec(10), dec(100)), (Kind.LIMIT, dec(10), None)]


def test_the_new_stop_stands_before_the_old_is_taken_back_where_both_only_reduce() -> None:
    world = opened(margin=True)
    entry = world.bracket(TRAIL)
    world.fill(entry, "e1", 10)
    (old,) = world.take(world.gather())
    quote(world, 110)
    assert world.backed() == []
    place = world.gather()
    assert [one.trigger for one in place.tickets] == [dec(100)]
    world.ready(place)
    assert world.backed() == []  # it does not stand for sure yet
    world.hear(world.stands(place.tickets[0].key, State.WORKING))
    assert world.backed() == [old]
