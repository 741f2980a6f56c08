"""Orders that are asked back while they are being prepared: they never stand unasked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from atms.execution.core.events import Persist, Prepare, Ready, TellOrder, Transmit, WishCancel
from atms.execution.core.records import CancelAsked, Intended
from atms.stores.facts import State
from atms.stores.outcomes import Never, Reason, Refused
from atms.stores.requests import Cancel, Kind, Place, Prepared
from tests.execution.core_world import LAG, World, dec, manners, ticket
from tests.execution.emulated_world import LIMIT, STOP, spot

LEGS = (
    ticket(side=-1, kind=Kind.STOP, trigger=dec(90), reduces=True),
    ticket(side=-1, kind=Kind.LIMIT, limit=dec(110), reduces=True),
)
SIGNED = {"payload": b"signed", "repeatable": True}


def preparing(world: World, link: str = "single") -> tuple[Place, list[str]]:
    """Return what is being prepared of one wish, and the keys of its orders."""
    group = () if link == "single" else LEGS
    world.wish(*((ticket(),) if link != "oco" else ()), *group, link=link)
    (request,) = world.lately(Prepare)[0].requests
    assert isinstance(request, Place)
    return request, list(world.core.tags)


def sent(world: World) -> list[object]:
    """Return every request that was sent."""
    return [one.prepared.request for one in world.every(Transmit)]


def canceled(world: World) -> list[str]:
    """Return the orders that the last event told as canceled."""
    return [one.key for one in world.lately(TellOrder) if one.status == "canceled"]


def test_an_order_that_is_asked_back_while_it_is_prepared_is_not_sent() -> None:
    world = World().open()
    request, (key,) = preparing(world)
    world.feed(WishCancel(key=key))
    assert not world.lately(Prepare)
    world.ready(request)
    assert canceled(world) == [key]
    assert world.statuses(key) == ["canceled"]
    assert not world.lately(Persist)
    assert not sent(world)
    assert not world.core.dropped


def test_one_that_is_asked_back_and_could_not_be_prepared_is_told_as_canceled() -> None:
    world = World().open()
    request, (key,) = preparing(world)
    world.feed(WishCancel(key=key))
    world.feed(Ready(results=((request, Refused(code="x", reason=Reason.FUNDS), ""),)))
    assert canceled(world) == [key]


def test_the_next_order_is_sent_as_ever() -> None:
    world = World().open()
    request, (key,) = preparing(world)
    world.feed(WishCancel(key=key))
    world.ready(request)
    assert world.placed() != key


def test_an_entry_that_is_asked_back_takes_its_legs_along() -> None:
    world = World(capabilities=manners(links=frozenset({"bracket"}), protection_scales=True)).open()
    request, keys = preparing(world, "bracket")
    world.feed(WishCancel(key=keys[0]))
    world.ready(request)
    assert canceled(world) == keys
    assert not sent(world)


def test_an_entry_takes_the_legs_along_that_no_venue_holds() -> None:
    world = World(capabilities=spot()).open()
    world.wish(ticket(), STOP, LIMIT, link="bracket")
    (request,) = world.lately(Prepare)[0].requests
    keys = list(world.core.tags)
    world.feed(WishCancel(key=keys[0]))
    world.ready(request)
    assert canceled(world) == keys
    assert not world.core.state.open_plans()


def test_a_leg_that_no_venue_holds_takes_its_bracket_along_as_it_does_when_that_stands() -> None:
    world = World(capabilities=spot()).open()
    world.wish(ticket(), STOP, LIMIT, link="bracket")
    (request,) = world.lately(Prepare)[0].requests
    keys = list(world.core.tags)
    world.feed(WishCancel(key=keys[1]))
    world.ready(request)
    assert canceled(world) == keys
    assert not sent(world)


def test_a_leg_of_the_venues_is_taken_back_at_once_after_it_was_sent() -> None:
    world = World(capabilities=manners(links=frozenset({"bracket"}), protection_scales=True)).open()
    request, keys = preparing(world, "bracket")
    world.feed(WishCancel(key=keys[2]))
    world.ready(request)
    assert sent(world) == [request]
    asked = [one.requests for one in world.lately(Prepare)]
    assert asked == [(Cancel(key=keys[2], refs=frozenset()),)]
    kinds = [type(one) for one in world.last]
    assert kinds.index(Transmit) < kinds.index(Prepare)


def test_a_pair_is_not_sent_if_both_are_asked_back() -> None:
    world = World(capabilities=manners(links=frozenset({"oco"}))).open()
    request, keys = preparing(world, "oco")
    for key in keys:
        world.feed(WishCancel(key=key))
    world.ready(request)
    assert canceled(world) == keys
    assert not sent(world)


@pytest.mark.parametrize("restarts", [False, True])
def test_signed_bytes_are_not_sent_and_their_place_is_given_free(restarts: bool) -> None:
    """What was signed later waits for the place of what is not sent."""
    world = World(capabilities=manners(finality=timedelta(minutes=1))).open()
    request, (key,) = preparing(world)
    world.feed(WishCancel(key=key))
    world.ready(request, refs=((key, "nonce:7"),), **SIGNED)
    (durable,) = world.lately(Persist)
    kinds = [type(one) for one in durable.records]
    assert kinds[0] is Intended
    assert CancelAsked in kinds
    assert not sent(world)
    if restarts:
        world.begin()
        world.open()
    _until_asked_back(world, key)
    assert not [one for one in sent(world) if isinstance(one, Place)]
    world.look(key, Never(proof="nonce 7 was used by another"))
    assert world.statuses(key)[-1] == "canceled"
    assert not world.core.open_keys()


def _until_asked_back(world: World, key: str) -> None:
    """Let time pass, and the first cancellation be lost, until one is sent."""
    for _ in range(6 * LAG):
        for prepare in world.lately(Prepare):
            for request in prepare.requests:
                made = Prepared(request=request, refs=((key, "tx:9"),), **SIGNED)
                world.feed(Ready(results=((request, made, ""),)))
        world.wait(1)
        if world.core.asking.log is not None:
            world.page()
        if key in world.core.asking.running:
            world.unseen(key)
        if sum(isinstance(one, Cancel) for one in sent(world)) > 1:
            return
    raise AssertionError("it was not asked back again")


def test_what_is_asked_back_when_it_is_over_is_not_remembered() -> None:
    world = World().open()
    request, (key,) = preparing(world)
    world.feed(Ready(results=((request, None, "unreachable"),)))
    assert world.statuses(key) == ["rejected"]
    world.feed(WishCancel(key=key))
    assert not world.core.dropped
    assert not world.lately(Prepare)


def test_what_is_asked_back_after_it_was_sent_is_as_ever() -> None:
    world = World().open()
    key = world.placed()
    world.cancel(key)
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    assert world.statuses(key) == ["submitted", "accepted", "canceled"]
