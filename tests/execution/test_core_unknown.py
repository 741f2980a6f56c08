"""Orders of which nobody knows: looked up, never sent again, and told once it is known."""

from __future__ import annotations

from datetime import timedelta

from atms.execution.core.events import TellAccount, TellFill, TellOrder, Transmit
from atms.execution.core.records import Closed
from atms.stores.facts import State
from atms.stores.outcomes import Acked, Never, NotSeen, NotSent, Reason, Refused, Unknown
from atms.stores.requests import Prepared
from tests.execution.core_world import BOUND, BTC, LAG, World, dec, key_of, looks, manners


def unknown(**prepared: object) -> tuple[World, str]:
    """Return a world and an order whose outcome is unknown."""
    world = World().open()
    sent = world.place(**prepared)  # type: ignore[arg-type]
    world.sent(sent, Unknown(why="timeout"))
    assert looks(world.last) == [key_of(sent)]
    return world, key_of(sent)


def pass_(world: World, key: str, seconds: float) -> None:
    """Let time pass while the venue answers reads, and does not show the order."""
    end = world.now + timedelta(seconds=seconds)
    while world.now < end:
        world.wait(1)
        if world.core.asking.log is not None:
            world.page()
        if key in world.core.asking.running:
            world.unseen(key)


def test_an_unknown_outcome_is_looked_up_at_once_and_again_and_never_sent_again() -> None:
    world, key = unknown()
    world.unseen(key)
    pass_(world, key, 2 * BOUND)
    assert len(looks(world.done)) > 5
    assert len(world.every(Transmit)) == 1


def test_the_longer_an_order_is_not_shown_the_less_it_is_asked_for() -> None:
    world = World(capabilities=manners(outcome_bound=timedelta(seconds=80))).open()
    key = key_of(sent := world.place())
    world.sent(sent, Unknown(why="timeout"))
    began, asked = world.now, 0
    while world.order(key).closed is None and world.now < began + timedelta(seconds=90):
        asked += len(looks(world.last))
        if world.core.asking.log is not None:
            world.page()
        if key in world.core.asking.running:
            world.unseen(key)
        world.wait(0.5)
    assert 10 <= asked <= 25  # each second it would be 80
    assert world.now - began <= timedelta(seconds=88)  # once more when its bound is over


def test_a_look_up_that_could_not_be_asked_is_asked_again_and_says_nothing() -> None:
    world, key = unknown()
    for _ in range(40):
        world.look(key, None)
        world.wait(1)
        assert looks(world.last) == [key]
        if world.core.asking.log is not None:
            world.page()
    assert world.order(key).closed is None


def test_an_order_without_any_answer_is_looked_up_when_patience_ends() -> None:
    world = World().open()
    key = key_of(world.place())
    world.wait(1)
    assert not looks(world.last)
    world.wait(1)
    assert looks(world.last) == [key]


def test_one_look_up_of_an_order_runs_at_a_time() -> None:
    world, _ = unknown()
    world.wait(30)
    assert not looks(world.last)


def test_found_is_as_acknowledged_whatever_facts_come_with_it() -> None:
    world, key = unknown()
    world.found(key)
    assert world.statuses(key) == ["submitted", "accepted"]
    assert world.core.frozen(BTC) is None


def test_found_with_a_fill_books_it() -> None:
    world, key = unknown()
    world.found(key, world.filled(key, "e1"))
    assert world.statuses(key)[-1] == "completed"


def test_never_is_not_placed_at_once() -> None:
    world, key = unknown()
    world.look(key, Never(proof="another transaction took its place"))
    told = world.every(TellOrder)[-1]
    assert (told.status, told.code) == ("rejected", "NOT_PLACED")
    assert world.core.frozen(BTC) is None


def test_never_ends_an_acknowledged_order_of_which_nothing_else_was_seen() -> None:
    world = World().open()
    key = world.placed("tx:1")
    world.cancel(key)
    world.look(key, Never(proof="another transaction took its place"))
    assert world.order(key).closed is not None
    assert [one for one in world.statuses(key) if one in ("canceled", "rejected")]


def test_what_was_acknowledged_and_never_can_be_is_not_handed_over_as_an_order_that_stands() -> (
    None
):
    world = World().open()
    key = world.placed("tx:1")
    world.look(key, Never(proof="another transaction took its place"))
    assert world.statuses(key)[-1] == "rejected"
    assert world.core.open_keys() == ()


def test_not_seen_within_the_read_lag_is_no_evidence_even_after_the_bound() -> None:
    world, key = unknown()
    early = world.now + timedelta(seconds=LAG)
    world.look(key, NotSeen(at=early))
    for _ in range(3 * BOUND):
        world.wait(1)
        if world.core.asking.log is not None:
            world.page()
        if key in world.core.asking.running:
            world.look(key, NotSeen(at=early))
    assert world.order(key).closed is None


def test_not_seen_before_the_bound_is_no_evidence_though_its_answer_comes_later() -> None:
    world, key = unknown()
    seen_at = world.now + timedelta(seconds=LAG + 1)
    world.wait(BOUND + 1)
    world.page()
    world.look(key, NotSeen(at=seen_at))
    assert world.order(key).closed is None


def test_not_placed_only_after_the_bound() -> None:
    world, key = unknown()
    world.unseen(key)
    pass_(world, key, BOUND)
    assert world.order(key).closed is None
    pass_(world, key, 10)
    closed = world.order(key).closed
    assert closed is not None
    assert closed.how == "not_placed"
    assert world.statuses(key) == ["submitted", "rejected"]


def test_not_placed_only_after_a_log_that_was_begun_late_enough() -> None:
    world, key = unknown()
    world.wait(1)
    for _ in range(3 * BOUND):  # the log cannot be read
        world.wait(1)
        if world.core.asking.log is not None:
            world.no_page()
        if key in world.core.asking.running:
            world.unseen(key)
    assert world.order(key).closed is None
    assert world.core.frozen(BTC) is not None


def test_the_log_that_proves_must_be_begun_after_the_bound_too() -> None:
    world, key = unknown()
    world.unseen(key)
    world.wait(5)
    world.page()  # begun and ended between the read lag and the bound
    world.wait(BOUND)  # a second read is begun, and does not end
    world.unseen(key)
    assert world.order(key).closed is None
    world.page(world.filled(key, "e1"))
    assert world.statuses(key)[-1] == "completed"


def test_an_order_that_is_still_being_sent_is_not_told_as_not_placed() -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    pass_(world, key, 3 * BOUND)
    assert world.order(key).closed is None
    world.sent(prepared, Acked(refs=()))
    assert world.statuses(key) == ["submitted", "accepted"]


def test_the_bound_runs_from_when_sending_ended_and_not_from_when_it_was_wanted() -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    pass_(world, key, 2 * BOUND)
    world.sent(prepared, Unknown(why="timeout"))
    pass_(world, key, LAG)
    assert world.order(key).closed is None


# ---- late facts ----------------------------------------------------------------------------------
def not_placed() -> tuple[World, str, Prepared]:
    """Return a world and an order that was told as not placed."""
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    world.sent(prepared, Unknown(why="timeout"))
    world.look(key, Never(proof="wrong"))
    assert world.statuses(key) == ["submitted", "rejected"]
    return world, key, prepared


def test_a_late_fill_of_an_order_that_was_not_placed_is_booked_and_told() -> None:
    world, key, _ = not_placed()
    world.hear(world.filled(key, "e1", 4))
    (told,) = world.lately(TellFill)
    assert (told.sign, told.row.qty, told.row.key) == (1, dec(4), key)
    assert world.core.state.books.qty(BTC) == dec(4)
    assert world.statuses(key) == ["submitted", "rejected"]


def test_an_order_that_stands_though_it_was_told_as_not_placed_is_told_once() -> None:
    world, key, _ = not_placed()
    world.hear(world.stands(key, State.WORKING))
    assert [one.instrument for one in world.lately(TellAccount)] == [BTC]
    world.hear(world.stands(key, State.WORKING))
    assert not world.lately(TellAccount)


def test_an_order_that_stands_after_all_can_be_canceled() -> None:
    world, key, _ = not_placed()
    world.hear(world.stands(key, State.WORKING))
    prepared = world.cancel(key)
    world.sent(prepared, Acked(refs=(), facts=(world.stands(key, State.CANCELED, filled=dec(0)),)))
    assert world.statuses(key) == ["submitted", "rejected"]


def test_a_late_ack_of_an_order_that_was_not_placed_teaches_its_name_and_is_told() -> None:
    world, key, prepared = not_placed()
    world.sent(prepared, Acked(refs=((key, "id:5"),)))
    assert world.lately(TellAccount)
    world.hear(world.filled(None, "e1", 4, refs=frozenset({"id:5"})))
    (told,) = world.lately(TellFill)
    assert told.row.key == key


# ---- what may be sent again ----------------------------------------------------------------------
def test_repeatable_bytes_are_sent_again_unchanged_once_not_seen_beyond_the_lag() -> None:
    world, key = unknown(payload=b"signed", repeatable=True)
    world.unseen(key)
    assert len(world.every(Transmit)) == 1
    pass_(world, key, LAG + 2)
    first, *again = [one.prepared for one in world.every(Transmit)]
    assert again
    assert all(one == first for one in again)


def test_after_a_restart_repeatable_bytes_are_sent_again_from_the_journal() -> None:
    world, key = unknown(payload=b"signed", repeatable=True)
    first = world.every(Transmit)[0].prepared
    world.wait(LAG + 1)
    world.begin()
    world.connect()
    assert looks(world.last) == [key]
    world.unseen(key)
    pass_(world, key, LAG + 2)
    assert world.every(Transmit)[0].prepared == first


def test_a_repetition_that_was_not_sent_says_nothing_of_the_first_sending() -> None:
    world, key = unknown(payload=b"signed", repeatable=True)
    world.unseen(key)
    pass_(world, key, LAG + 2)
    world.sent(world.every(Transmit)[-1].prepared, NotSent(why="no connection"))
    assert world.order(key).closed is None
    assert world.statuses(key) == ["submitted"]


def test_a_repetition_that_was_refused_says_nothing_of_the_first_sending() -> None:
    world, key = unknown(payload=b"signed", repeatable=True)
    world.unseen(key)
    pass_(world, key, LAG + 2)
    world.sent(world.every(Transmit)[-1].prepared, Refused(code="low", reason=Reason.OTHER))
    assert world.order(key).closed is None
    world.found(key, world.filled(key, "e1"))
    assert world.statuses(key)[-1] == "completed"


def test_an_order_that_is_asked_back_is_not_sent_again() -> None:
    world, key = unknown(payload=b"signed", repeatable=True)
    world.unseen(key)
    world.cancel(key)
    before = len(world.every(Transmit))
    pass_(world, key, 2 * BOUND)
    assert len(world.every(Transmit)) == before


def test_what_was_not_placed_is_durable() -> None:
    world, key, _ = not_placed()
    assert [one.how for one in world.durable if isinstance(one, Closed)] == ["not_placed"]
    assert World(world.durable).order(key).closed == world.order(key).closed
