"""From a wish to an answer: what is durable before what, and what the strategy is told."""

from __future__ import annotations

from string import ascii_letters, digits

import pytest

from atms.execution.core.events import (
    Look,
    Persist,
    Prepare,
    Ready,
    TellOrder,
    Transmit,
    Wish,
    Wishes,
)
from atms.execution.core.records import Intended
from atms.stores.capabilities import KeyRule
from atms.stores.facts import Fee, FeeFact, State
from atms.stores.outcomes import Acked, NotSent, Reason, Refused, Unknown
from atms.stores.requests import Kind
from tests.execution.core_world import BTC, ETH, World, dec, key_of, looks, manners, ticket


def test_a_wish_is_prepared_and_nothing_is_sent_yet() -> None:
    world = World().open()
    world.wish(ticket())
    assert world.lately(Prepare)
    assert not world.lately(Transmit)
    assert not world.lately(Persist)


def test_the_intent_is_durable_before_its_bytes_leave() -> None:
    world = World().open()
    prepared = world.place(refs=(), payload=b"signed")
    kinds = [type(one).__name__ for one in world.last]
    assert kinds.index("Persist") == 0 < kinds.index("Transmit")
    (persist,) = world.lately(Persist)
    (intended,) = persist.records
    assert isinstance(intended, Intended)
    assert (intended.ticket.key, intended.payload) == (key_of(prepared), b"signed")


def test_all_wishes_of_one_next_are_durable_in_one_commit() -> None:
    world = World().open()
    wishes = tuple(Wish(tickets=(ticket(),), tags=(tag,)) for tag in (1, 2, 3))
    world.feed(Wishes(wishes=wishes))
    (prepare,) = world.lately(Prepare)
    from atms.stores.requests import Prepared

    results = tuple((request, Prepared(request=request), "") for request in prepare.requests)
    world.feed(Ready(results=results))
    assert len(world.lately(Persist)) == 1
    assert len(world.lately(Transmit)) == 3


def test_names_that_are_known_before_sending_are_durable_with_the_intent() -> None:
    world = World().open()
    world.wish(ticket())
    (request,) = world.lately(Prepare)[0].requests
    key = request.tickets[0].key  # type: ignore[union-attr]
    world.ready(request, refs=((key, "id:7"),))
    assert world.order(key).names == {"id:7"}
    assert World(world.durable).order(key).names == {"id:7"}


def test_the_owner_of_a_wish_is_durable_with_its_intent() -> None:
    world = World().open()
    world.wish(ticket(), owner="trend")
    world.ready(world.lately(Prepare)[0].requests[0])
    (intended,) = [one for one in world.durable if isinstance(one, Intended)]
    assert intended.owner == "trend"


def test_keys_never_repeat_over_restarts() -> None:
    world = World().open()
    first = key_of(world.place())
    world.begin()
    world.connect()
    world.core.ready = True
    second = key_of(world.place(ticket(instrument=ETH)))
    assert first != second


def test_submitted_is_told_once_the_intent_is_durable_and_accepted_by_an_ack() -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    assert world.statuses(key) == ["submitted"]
    world.sent(prepared, Acked(refs=((key, "id:1"),)))
    assert world.statuses(key) == ["submitted", "accepted"]


@pytest.mark.parametrize("state", [State.WORKING, State.HELD])
def test_accepted_is_told_by_a_standing_order_before_its_ack_and_once(state: State) -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    world.hear(world.stands(key, state))
    world.hear(world.stands(key, state))
    world.sent(prepared, Acked(refs=()))
    world.hear(world.stands(key, State.WORKING))
    assert world.statuses(key) == ["submitted", "accepted"]


def test_an_order_that_the_venue_has_not_taken_yet_is_not_accepted() -> None:
    world = World().open()
    key = key_of(world.place())
    world.hear(world.stands(key, State.PENDING))
    assert world.statuses(key) == ["submitted"]


def test_facts_of_an_answer_are_booked() -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    world.sent(prepared, Acked(refs=(), facts=(world.filled(key, "e1"),)))
    assert world.statuses(key) == ["submitted", "accepted", "completed"]
    assert world.heard() == dec(10)


@pytest.mark.parametrize(
    ("reason", "status"),
    [(Reason.FUNDS, "margin"), (Reason.FILTER, "rejected"), (Reason.RATE, "rejected")],
)
def test_a_refusal_is_told_once_with_its_reason(reason: Reason, status: str) -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    world.sent(prepared, Refused(code="-1", reason=reason))
    world.hear(world.stands(key, State.REFUSED, reason=reason))
    told = [one for one in world.every(TellOrder) if one.key == key]
    assert [one.status for one in told] == ["submitted", status]
    assert told[-1].code == reason.name


def test_a_fee_of_a_refused_order_is_booked() -> None:
    world = World().open()
    prepared = world.place()
    fee = FeeFact(
        at=world.now, id="f1", exec=None, key=key_of(prepared), fee=Fee(asset="ETH", amount=dec(2))
    )
    world.sent(prepared, Refused(code="revert", reason=Reason.SLIPPAGE, facts=(fee,)))
    assert world.core.state.books.cash["ETH"] == dec(-2)


@pytest.mark.parametrize(
    ("reason", "status"), [(Reason.FUNDS, "margin"), (Reason.SLIPPAGE, "rejected")]
)
def test_a_refusal_by_a_fact_keeps_its_reason_though_it_tells_no_sum(
    reason: Reason, status: str
) -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.REFUSED, reason=reason))
    world.read_log()
    world.read_log()
    (told,) = [one for one in world.every(TellOrder) if one.status in ("margin", "rejected")]
    assert (told.status, told.code) == (status, reason.name)


def test_a_proved_not_sent_is_rejected_and_never_sent_again() -> None:
    world = World().open()
    prepared = world.place()
    world.sent(prepared, NotSent(why="no connection"))
    world.wait(60)
    assert world.statuses(key_of(prepared)) == ["submitted", "rejected"]
    assert len(world.every(Transmit)) == 1


def test_what_cannot_be_prepared_is_rejected_without_a_record() -> None:
    world = World().open()
    before = len(world.durable)
    world.wish(ticket())
    request = world.lately(Prepare)[0].requests[0]
    world.feed(Ready(results=((request, None, "no gas"),)))
    (told,) = world.lately(TellOrder)
    assert (told.status, told.code, told.tag) == ("rejected", "NOT_SENT", 1)
    assert len(world.durable) == before


def test_a_refused_order_that_was_seen_working_is_not_over_but_asked_for() -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    world.hear(world.stands(key, State.WORKING))
    world.sent(prepared, Refused(code="-1", reason=Reason.OTHER))
    assert world.order(key).closed is None
    assert looks(world.done) == [key]
    world.found(key, world.stands(key, State.CANCELED, filled=dec(0)))
    assert world.statuses(key) == ["submitted", "accepted", "canceled"]


def test_a_refused_order_that_was_only_pending_is_refused() -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    world.hear(world.stands(key, State.PENDING))
    world.sent(prepared, Refused(code="-1", reason=Reason.FUNDS))
    assert world.statuses(key)[-1] == "margin"


def test_a_refusal_that_came_by_stream_first_is_told_once() -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    world.hear(world.stands(key, State.REFUSED, reason=Reason.FUNDS))
    world.sent(prepared, Refused(code="-1", reason=Reason.FUNDS))
    world.read_log()
    world.read_log()
    assert [status for status in world.statuses(key) if status != "submitted"] == ["margin"]


def test_a_duplicate_key_is_an_unknown_outcome() -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    world.sent(prepared, Refused(code="dup", reason=Reason.DUPLICATE_KEY))
    assert world.order(key).closed is None
    assert looks(world.last) == [key]
    assert world.core.frozen(BTC) is world.order(key)


def test_every_leg_of_a_group_is_told_and_durable_and_the_group_is_sent_once() -> None:
    able = manners(links=frozenset({"bracket"}), protection_scales=True)
    world = World(capabilities=able).open()
    legs = (
        ticket(),
        ticket(side=-1, reduces=True, limit=dec(120)),
        ticket(side=-1, reduces=True, trigger=dec(80)),
    )
    prepared = world.place(*legs, link="bracket")
    keys = [one.key for one in prepared.request.tickets]  # type: ignore[union-attr]
    assert len(world.lately(Transmit)) == 1
    assert {one.group for one in world.durable if isinstance(one, Intended)} == {keys[0]}
    world.sent(prepared, Acked(refs=tuple((key, f"id:{key}") for key in keys)))
    assert [world.statuses(key) for key in keys] == [["submitted", "accepted"]] * 3
    assert [world.order(key).names for key in keys] == [{f"id:{key}"} for key in keys]


@pytest.mark.parametrize("alphabet", [ascii_letters + digits, ascii_letters + digits + "-_"])
def test_keys_are_of_the_letters_that_the_venue_takes(alphabet: str) -> None:
    rule = KeyRule(max_len=32, alphabet=alphabet, unique="open", kinds=frozenset(Kind), lookup=True)
    world = World(capabilities=manners(keys=rule)).open()
    keys = [key_of(world.place()) for _ in range(2)]
    assert len(set(keys)) == 2
    assert all(set(key) <= set(alphabet) for key in keys)
    assert all(key.startswith(world.core.key_start) for key in keys)


# ---- what is refused before it is sent -----------------------------------------------------------
def refusal(world: World) -> str:
    """Return the code with which the last wish was refused."""
    (told,) = world.lately(TellOrder)
    assert told.status == "rejected"
    return told.code


def test_nothing_is_sent_before_start_up_is_over() -> None:
    world = World()
    world.connect()
    world.wish(ticket())
    assert refusal(world) == "NOT_READY"


def test_an_instrument_that_the_venue_does_not_trade_is_refused() -> None:
    world = World().open()
    world.wish(ticket(instrument="sim:XYZ"))
    assert refusal(world) == "UNKNOWN_INSTRUMENT"


def test_an_unknown_outcome_freezes_entries_of_its_instrument_alone() -> None:
    world = World().open()
    world.sent(world.place(), Unknown(why="timeout"))
    world.wish(ticket())
    assert refusal(world) == "FROZEN"
    world.wish(ticket(instrument=ETH))
    assert world.lately(Prepare)
    assert [one.instrument for one in world.notices("frozen")] == [BTC]


def test_reducing_is_allowed_while_frozen_and_while_halted() -> None:
    world = World().open()
    world.sent(world.place(), Unknown(why="timeout"))
    world.wish(ticket(side=-1, reduces=True))
    assert world.lately(Prepare)
    world.core.halted[BTC] = "differs"
    world.wish(ticket(side=-1, reduces=True))
    assert world.lately(Prepare)
    world.wish(ticket())
    assert refusal(world) == "HALTED"


def test_a_wish_that_was_being_prepared_when_its_instrument_froze_is_not_sent() -> None:
    world = World().open()
    prepared = world.place()
    world.wish(ticket())
    request = world.lately(Prepare)[0].requests[0]
    world.sent(prepared, Unknown(why="timeout"))
    world.ready(request)
    assert not world.lately(Transmit)
    assert refusal(world) == "FROZEN"


def test_an_unknown_outcome_is_thawed_by_anything_that_shows_the_order() -> None:
    world = World().open()
    prepared = world.place()
    world.sent(prepared, Unknown(why="timeout"))
    world.hear(world.stands(key_of(prepared), State.WORKING))
    assert world.core.frozen(BTC) is None
    assert not world.lately(Look)
