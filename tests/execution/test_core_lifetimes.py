"""Orders with a time to end at, at a venue that does not end them by itself."""

from __future__ import annotations

from datetime import timedelta

from atms.execution.core.events import Prepare, TellOpen, TellOrder, Wake, WishCancel
from atms.execution.core.records import Intended
from atms.stores.facts import State
from atms.stores.outcomes import Acked
from atms.stores.requests import Cancel, Kind, Place
from tests.execution.core_world import BEGAN, World, dec, key_of, manners, ticket
from tests.execution.emulated_world import LIMIT, STOP, Emulated, spot

UNTIL = BEGAN + timedelta(seconds=60)
WANTED = ticket(kind=Kind.LIMIT, limit=dec(90), tif="gtd", expires=UNTIL)


def backed(world: World) -> list[str]:
    found = [one for each in world.lately(Prepare) for one in each.requests]
    return [one.key for one in found if isinstance(one, Cancel)]


def placed(world: World) -> str:
    prepared = world.place(WANTED)
    world.sent(prepared, Acked(refs=()))
    return key_of(prepared)


def wait_until(world: World, seconds: float) -> None:
    """Let it be so many seconds after the time that the order has."""
    world.wait((UNTIL - world.now).total_seconds() + seconds)


def test_the_venue_has_it_without_an_end_and_the_journal_with_one() -> None:
    world = World().open()
    prepared = world.place(WANTED)
    assert isinstance(prepared.request, Place)
    assert prepared.request.tickets[0].tif == "gtc"
    assert prepared.request.tickets[0].expires is None
    (intended,) = [one for one in world.durable if isinstance(one, Intended)]
    assert intended.until == UNTIL
    assert world.every(TellOrder)[0].how == "emulated:process"


def test_a_venue_that_ends_orders_itself_is_told_the_time() -> None:
    world = World(capabilities=manners(tifs=frozenset({"gtc", "gtd"}))).open()
    prepared = world.place(WANTED)
    assert isinstance(prepared.request, Place)
    assert prepared.request.tickets[0].expires == UNTIL
    assert world.every(TellOrder)[0].how == "native"


def test_it_is_taken_back_at_its_time_and_not_before_and_told_as_expired() -> None:
    world = World().open()
    key = placed(world)
    wait_until(world, -0.001)
    assert not backed(world)
    world.page()
    assert min(one.at for one in world.lately(Wake)) <= UNTIL
    wait_until(world, 0)
    assert backed(world) == [key]
    world.ready(world.lately(Prepare)[0].requests[0])
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    assert world.statuses(key)[-1] == "expired"


def test_what_the_strategy_took_back_before_its_time_is_canceled() -> None:
    world = World().open()
    key = placed(world)
    world.cancel(key)
    wait_until(world, 1)
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    assert world.statuses(key)[-1] == "canceled"


def test_what_fills_as_its_time_is_over_is_completed() -> None:
    world = World().open()
    key = placed(world)
    wait_until(world, 0)
    world.hear(world.filled(key, "e1"))
    assert world.statuses(key)[-1] == "completed"


def test_what_outlived_its_time_while_nobody_was_there_is_taken_back_at_once() -> None:
    world = World().open()
    key = placed(world)
    world.begin()
    wait_until(world, 5)
    world.connect()
    assert backed(world) == [key]


def test_it_is_handed_over_with_its_time() -> None:
    world = World().open()
    key = placed(world)
    world.begin()
    world.open(world.stands(key, State.WORKING))
    (found,) = world.every(TellOpen)[0].orders
    assert (found.ticket.tif, found.ticket.expires) == ("gtd", UNTIL)


def test_a_leg_that_outlives_its_time_is_expired_and_the_other_canceled() -> None:
    world = Emulated(capabilities=spot())
    world.open()
    ends = {"tif": "gtd", "expires": UNTIL}
    entry = world.bracket(STOP, ticket(**{**vars(LIMIT), **ends}))
    world.fill(entry, "e1", 10)
    (place,) = world.prepared()
    assert {one.tif for one in place.tickets} == {"gtc"}
    keys = world.take(place)
    wait_until(world, 0)
    assert set(backed(world)) == set(keys)
    world.go_on()
    world.cancel_all(*keys)
    assert world.statuses(world.leg(Kind.LIMIT))[-1] == "expired"
    assert world.statuses(world.leg(Kind.STOP))[-1] == "canceled"


def test_an_entry_that_outlives_its_time_takes_its_legs_along() -> None:
    world = Emulated(capabilities=spot())
    world.open()
    entry = world.bracket(STOP, entry=WANTED)
    wait_until(world, 0)
    world.go_on()
    world.cancel_all(entry)
    assert world.statuses(entry)[-1] == "expired"
    assert world.statuses(world.leg(Kind.STOP))[-1] == "canceled"


def test_a_second_cancel_of_the_strategys_changes_nothing() -> None:
    world = World().open()
    key = placed(world)
    wait_until(world, 0)
    world.ready(world.lately(Prepare)[0].requests[0])
    world.feed(WishCancel(key=key))
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    assert world.statuses(key).count("expired") == 1


def test_a_cancel_of_the_strategys_that_is_sent_again_after_the_time_is_still_a_cancel() -> None:
    world = World().open()
    key = placed(world)
    request = world.cancel(key).request
    wait_until(world, 1)
    world.ready(request)
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    assert world.statuses(key)[-1] == "canceled"
