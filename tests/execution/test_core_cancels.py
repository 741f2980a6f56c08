"""Orders that are asked back: until the venue says that one is over, it is not."""

from __future__ import annotations

import pytest

from atms.execution.core.events import Persist, Prepare, Ready, Transmit, WishCancel
from atms.execution.core.records import CancelAsked
from atms.stores.facts import State
from atms.stores.outcomes import Acked, NotSent, Outcome, Reason, Refused, Unknown
from atms.stores.requests import Cancel, Prepared
from tests.execution.core_world import BOUND, LAG, World, dec, key_of, looks


def cancels(world: World) -> int:
    """Return how many cancellations were sent."""
    sent = world.every(Transmit)
    return sum(isinstance(one.prepared.request, Cancel) for one in sent)


def go_on(world: World, key: str, seconds: int) -> None:
    """Let time pass at a venue that shows the order working, and prepares what is wanted."""
    for _ in range(seconds):
        world.wait(1)
        if world.core.asking.log is not None:
            world.page()
        if key in world.core.asking.running:
            world.found(key, world.stands(key, State.WORKING))
        for prepare in world.lately(Prepare):
            world.ready(prepare.requests[0])


def test_a_cancel_is_durable_before_its_bytes_leave() -> None:
    world = World().open()
    key = world.placed("id:1")
    world.cancel(key)
    kinds = [type(one).__name__ for one in world.last]
    assert kinds.index("Persist") == 0 < kinds.index("Transmit")
    assert isinstance(world.lately(Persist)[0].records[0], CancelAsked)
    request = world.lately(Transmit)[0].prepared.request
    assert request == Cancel(key=key, refs=frozenset({"id:1"}))


def test_canceled_is_told_by_the_orders_own_state_and_not_by_the_answer() -> None:
    world = World().open()
    key = world.placed()
    world.sent(world.cancel(key), Acked(refs=()))
    assert world.statuses(key) == ["submitted", "accepted"]
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    assert world.statuses(key)[-1] == "canceled"


def never_lost(outcome: Outcome) -> None:
    """Check that a cancellation is followed up until the order is over."""
    world = World().open()
    key = world.placed()
    world.sent(world.cancel(key), outcome)
    assert world.order(key).closed is None
    go_on(world, key, 2 * LAG + 4)
    assert looks(world.done)
    assert cancels(world) > 1
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    assert world.statuses(key).count("canceled") == 1
    before = cancels(world), len(looks(world.done))
    go_on(world, key, 10)
    assert (cancels(world), len(looks(world.done))) == before


def test_a_cancel_without_an_answer_is_asked_for_and_sent_again() -> None:
    never_lost(Unknown(why="timeout"))


def test_a_cancel_that_was_refused_is_asked_for_and_sent_again() -> None:
    never_lost(Refused(code="-2011", reason=Reason.OTHER))


def test_a_cancel_that_was_not_sent_is_sent_again() -> None:
    never_lost(NotSent(why="no connection"))


@pytest.mark.parametrize(
    "outcome",
    [
        NotSent(why="no connection"),
        *(Refused(code="x", reason=r) for r in (Reason.CLOCK, Reason.RATE)),
    ],
)
def test_a_cancel_that_was_not_heard_goes_out_again_though_its_order_is_not_shown(
    outcome: Outcome,
) -> None:
    world = World().open()
    key, times = world.placed(), []
    prepared: Prepared | None = world.cancel(key)
    began = world.now
    while (world.now - began).total_seconds() < 60:
        if prepared is not None:
            world.sent(prepared, outcome)
            times.append((world.now - began).total_seconds())
        world.wait(0.5)
        prepared = None
        for prepare in world.lately(Prepare):
            world.ready(prepare.requests[0])
            prepared = world.lately(Transmit)[0].prepared
        if key in world.core.asking.running:
            world.unseen(key)
    assert times == [0, 1, 3, 7, 15, 31]  # a second later, then twice as long each time


def test_a_cancel_that_the_venue_took_and_forgot_is_sent_again() -> None:
    never_lost(Acked(refs=()))


def test_a_cancel_that_could_not_be_prepared_is_prepared_again() -> None:
    world = World().open()
    key = world.placed()
    world.feed(WishCancel(key=key))
    (request,) = world.lately(Prepare)[0].requests
    world.feed(Ready(results=((request, None, "unreachable"),)))
    go_on(world, key, 2 * LAG + 4)
    assert cancels(world) >= 1


def test_a_cancel_refused_since_the_order_is_filled_completes() -> None:
    world = World().open()
    key = world.placed()
    world.sent(world.cancel(key), Refused(code="-2011", reason=Reason.OTHER))
    assert looks(world.last) == [key]
    world.found(key, world.stands(key, State.FILLED, filled=dec(10)), world.filled(key, "e1"))
    assert world.statuses(key)[-1] == "completed"
    assert "canceled" not in world.statuses(key)


def test_a_cancel_of_an_order_of_which_nobody_knows_is_sent() -> None:
    world = World().open()
    prepared = world.place()
    world.sent(prepared, Unknown(why="timeout"))
    world.cancel(key_of(prepared))
    assert cancels(world) == 1


def test_a_cancel_of_what_is_over_or_unknown_does_nothing() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    assert not world.feed(WishCancel(key=key)) or not world.lately(Prepare)
    world.feed(WishCancel(key="j-9-9"))
    assert not world.lately(Prepare)


def test_an_order_that_ended_while_its_cancel_was_prepared_is_not_canceled() -> None:
    world = World().open()
    key = world.placed()
    world.feed(WishCancel(key=key))
    (request,) = world.lately(Prepare)[0].requests
    world.hear(world.filled(key, "e1"))
    world.ready(request)
    assert not world.lately(Transmit)
    assert not world.lately(Persist)


def test_a_cancel_that_was_sent_before_a_restart_is_followed_up_after_it() -> None:
    world = World().open()
    key = world.placed()
    world.cancel(key)
    world.wait(BOUND)
    world.begin()
    world.connect()
    assert key in looks(world.last)
    world.found(key, world.stands(key, State.WORKING))
    assert [one.requests[0] for one in world.lately(Prepare)] == [Cancel(key=key, refs=frozenset())]
