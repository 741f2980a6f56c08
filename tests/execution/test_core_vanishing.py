"""Orders that stood and are shown no more, and signed ones, whose place others wait for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from atms.execution.core.events import (
    Look,
    Prepare,
    Ready,
    TellOrder,
    Transmit,
    Wish,
    WishCancel,
    Wishes,
)
from atms.execution.core.records import CancelAsked, Intended
from atms.stores.facts import FillFinal, OrderFact, State
from atms.stores.outcomes import Acked, Never, NotSent, Outcome, Reason, Refused
from atms.stores.requests import Cancel, Place, Prepared
from tests.execution.core_world import (
    BOUND,
    BTC,
    LAG,
    World,
    dec,
    key_of,
    manners,
    ticket,
)

FINAL = timedelta(seconds=30)


def go_on(world: World, key: str, seconds: float) -> None:
    """Let time pass at a venue that does not show an order, and whose log is quiet."""
    for _ in range(int(seconds)):
        world.wait(1)
        if world.core.asking.log is not None:
            world.page()
        if world.core.asking.snapshot is not None:
            world.snapshot()
        if key in world.core.asking.running:
            world.unseen(key)
        for prepare in world.lately(Prepare):
            world.ready(prepare.requests[0], refs=((key, f"tx:{world.now:%M%S}"),), **SIGNED)


SIGNED: dict[str, Any] = {"payload": b"signed", "repeatable": True}


def vanished() -> tuple[World, str]:
    """Return a world with an order that was told as canceled because nobody shows it."""
    world = World().open()
    key = world.placed("id:1")
    world.core.asking.snapshot_wanted = True
    go_on(world, key, 3 * BOUND)
    return world, key


# ---- shown no more -----------------------------------------------------------------------------
def test_an_order_that_stood_and_is_never_shown_again_is_told_as_canceled() -> None:
    world, key = vanished()
    (last,) = [one for one in world.every(TellOrder) if one.status == "canceled"]
    assert (last.key, last.code) == (key, "VANISHED")
    assert [one.instrument for one in world.notices("vanished")] == [BTC]
    assert world.core.open_keys() == ()


def test_not_before_the_bound_is_over_with_a_log_after_it() -> None:
    world = World().open()
    key = world.placed("id:1")
    world.core.asking.snapshot_wanted = True
    go_on(world, key, BOUND)
    assert world.order(key).closed is None
    for _ in range(3 * BOUND):  # and no log
        world.wait(1)
        if key in world.core.asking.running:
            world.unseen(key)
    assert world.order(key).closed is None


def test_one_that_is_shown_in_between_begins_anew() -> None:
    world = World().open()
    key = world.placed("id:1")
    for _ in range(6):
        world.core.asking.snapshot_wanted = True
        go_on(world, key, BOUND - LAG)
        for _ in range(3):
            world.wait(0 if key in world.core.asking.running else 1)
        assert key in world.core.asking.running
        world.found(key)
    assert world.order(key).closed is None


def test_one_that_comes_back_is_told_and_its_fills_are_booked() -> None:
    world, key = vanished()
    back = world.stands(key, State.WORKING, via="snapshot", at=world.order(key).intended.at)
    world.hear(back)
    assert len(world.notices("revived")) == 1
    assert "canceled" in world.notices("revived")[0].text
    assert world.core.open_keys() == (key,)
    world.hear(world.filled(key, "e1", 4))
    world.hear(world.stands(key, State.CANCELED, filled=dec(4)))
    assert world.core.state.books.qty(BTC) == world.heard() == dec(4)
    assert world.core.open_keys() == ()


def test_an_old_word_of_the_stream_has_it_looked_up_and_proves_nothing() -> None:
    world, key = vanished()
    world.hear(world.stands(key, State.WORKING))
    assert not world.notices("revived")
    assert [one.key for one in world.lately(Look)] == [key]
    world.found(key, world.stands(key, State.WORKING, via="poll"))
    assert world.notices("revived")


def test_a_restart_knows_what_has_vanished() -> None:
    world, key = vanished()
    again = World(world.durable)
    assert again.core.open_keys() == ()
    assert again.order(key).lost


# ---- signed bytes ------------------------------------------------------------------------------
def chain(policy: str = "halt") -> World:
    """Return a world of signed orders whose fills may be undone."""
    return World(capabilities=manners(finality=FINAL), unknown_position=policy).open()


def signed(world: World) -> str:
    """Place an order that was signed, and have it acknowledged."""
    made = world.place(refs=(("j-1-1", "tx:1"), ("j-1-1", "nonce:7")), **SIGNED)
    world.sent(made, Acked(refs=()))
    return key_of(made)


def sendings(world: World) -> list[Prepared]:
    """Return what was sent of orders."""
    sent = [one.prepared for one in world.every(Transmit)]
    return [one for one in sent if isinstance(one.request, Place)]


def test_an_acked_order_that_the_pool_forgot_is_sent_again() -> None:
    world = chain()
    key = signed(world)
    world.core.asking.snapshot_wanted = True
    go_on(world, key, 4 * LAG + 2)
    first, *again = sendings(world)
    assert again
    assert all(one == first for one in again)
    go_on(world, key, 5 * BOUND)
    assert world.order(key).closed is None  # never given up: it can still be carried out


def test_a_cancels_names_and_bytes_are_durable_before_it_is_sent() -> None:
    world = chain()
    key = signed(world)
    world.feed(WishCancel(key=key))
    (request,) = world.lately(Prepare)[0].requests
    world.ready(request, refs=((key, "tx:2"),), payload=b"undo", repeatable=True)
    (asked,) = [one for one in world.durable if isinstance(one, CancelAsked)]
    assert (asked.names, asked.payload, asked.repeatable) == (("tx:2",), b"undo", True)
    assert World(world.durable).core.state.by_name["tx:2"] == key


def test_a_fill_that_only_the_stream_told_and_that_was_undone_is_taken_out() -> None:
    world = chain()
    key = signed(world)
    world.hear(world.filled(key, "e1", final=False))
    go_on(world, key, FINAL.total_seconds() - 5)
    assert world.core.state.books.qty(BTC) == dec(10)
    go_on(world, key, 20)
    assert world.core.state.books.qty(BTC) == 0
    assert len(sendings(world)) > 1  # and it is sent again
    assert "completed" not in world.statuses(key)


def test_a_fill_that_the_venue_still_tells_stays() -> None:
    world = chain()
    key = signed(world)
    fill = world.filled(key, "e1", final=False)
    world.hear(fill)
    for _ in range(60):
        world.wait(1)
        if world.core.asking.log is not None:
            world.page()
        if key in world.core.asking.running:
            world.found(key, world.stands(key, State.WORKING), fill)
    assert world.core.state.books.qty(BTC) == dec(10)
    world.hear(FillFinal(at=world.now, exec="e1", version=1))
    assert world.statuses(key)[-1] == "completed"


def test_what_can_never_be_carried_out_is_closed_though_a_fill_of_it_was_seen() -> None:
    world = chain()
    key = signed(world)
    world.hear(world.filled(key, "e1", final=False))
    world.look(key, Never(proof="nonce 7 was used by another"))
    assert world.core.state.books.qty(BTC) == 0
    assert world.statuses(key)[-1] == "rejected"


@pytest.mark.parametrize(
    "outcome",
    [NotSent(why="no connection"), Refused(code="429", reason=Reason.RATE)],
    ids=["not sent", "refused"],
)
def test_a_signed_order_that_was_rejected_gives_its_place_free(outcome: Outcome) -> None:
    world = chain()
    made = world.place(refs=(("j-1-1", "nonce:7"),), **SIGNED)
    key = key_of(made)
    world.sent(made, outcome)
    assert world.statuses(key) == ["submitted", "rejected"]
    assert world.lately(Prepare)[0].requests == (Cancel(key=key, refs=frozenset({"nonce:7"})),)
    assert world.core.open_keys() == ()
    cancels = [one for one in world.every(Transmit) if isinstance(one.prepared.request, Cancel)]
    assert cancels == []
    go_on(world, key, 20)  # the first one was lost: until the place is gone
    assert [one for one in world.every(Transmit) if isinstance(one.prepared.request, Cancel)]
    world.look(key, Never(proof="nonce 7 was used by another"))
    before = len(world.every(Look))
    go_on(world, key, 20)
    assert len(world.every(Look)) == before
    assert world.statuses(key) == ["submitted", "rejected"]


def test_a_signed_order_that_is_refused_before_it_is_sent_gives_its_place_free() -> None:
    world = chain()
    first = world.place(refs=(("j-1-1", "nonce:7"),), **SIGNED)
    world.sent(first, Acked(refs=()))
    world.feed(Wishes(wishes=(Wish(tickets=(ticket(),), tags=(9,)),)))
    (request,) = world.lately(Prepare)[0].requests
    world.core.halted[BTC] = "meanwhile"
    made = Prepared(request=request, refs=(("j-1-2", "nonce:8"),), **SIGNED)
    world.feed(Ready(results=((request, made, ""),)))
    assert [one.code for one in world.lately(TellOrder)] == ["HALTED"]
    assert world.lately(Prepare)[0].requests == (Cancel(key="j-1-2", refs=frozenset({"nonce:8"})),)
    assert len(sendings(world)) == 1
    assert any(isinstance(one, Intended) and one.ticket.key == "j-1-2" for one in world.durable)
    again = World(world.durable, manners(finality=FINAL))
    assert [order.key for order in again.core.state.pursued()] == ["j-1-1", "j-1-2"]


# ---- refused when it was prepared ----------------------------------------------------------------
@pytest.mark.parametrize(
    ("reason", "status"), [(Reason.FILTER, "rejected"), (Reason.FUNDS, "margin")]
)
def test_what_a_store_refuses_to_prepare_is_rejected_with_its_code(
    reason: Reason, status: str
) -> None:
    world = World().open()
    world.wish(ticket(), owner="trend")
    (request,) = world.lately(Prepare)[0].requests
    world.feed(Ready(results=((request, Refused(code="-1013", reason=reason), ""),)))
    (told,) = world.lately(TellOrder)
    assert (told.status, told.code, told.why, told.owner) == (
        status, reason.name, "-1013", "trend"
    )  # fmt: skip
    assert not world.lately(Transmit)
    assert not [one for one in world.durable if isinstance(one, Intended)]


def test_a_cancellation_that_a_store_refuses_to_prepare_is_followed_up() -> None:
    world = World().open()
    key = world.placed("id:1")
    world.feed(WishCancel(key=key))
    (request,) = world.lately(Prepare)[0].requests
    refused = Refused(code="-2011", reason=Reason.NOT_OPEN)
    world.feed(Ready(results=((request, refused, ""),)))
    assert world.order(key).closed is None
    for _ in range(5):
        world.wait(1)
    assert key in world.core.asking.running
    gone: OrderFact = world.stands(key, State.CANCELED, filled=dec(0))
    world.found(key, gone)
    assert world.statuses(key)[-1] == "canceled"


def test_the_instruments_of_old_orders_are_still_asked_for() -> None:
    world = World().open()
    world.hear(world.filled(None, "e1", instrument="sim:DOGE"))
    assert world.core.traded() == (*world.terms.instruments, "sim:DOGE")
