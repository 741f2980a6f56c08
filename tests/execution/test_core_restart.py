"""A new process: the records alone give the same state, and what is open is asked for."""

from __future__ import annotations

from atms.execution.core.events import Prepare, TellFill, TellOrder, Transmit
from atms.execution.core.records import decode, encode
from atms.stores.facts import FillFinal, FillVoid, State
from atms.stores.outcomes import Acked, Unknown
from tests.execution.core_world import (
    BOUND,
    BTC,
    ETH,
    TERMINAL,
    World,
    dec,
    key_of,
    looks,
    ticket,
)


def busy() -> World:
    """Return a world in which much has happened."""
    world = World().open()
    first = world.placed("id:1")
    world.hear(world.filled(first, "e1", 4))
    world.hear(world.filled(first, "e1", 3, version=2))
    world.hear(world.filled(None, "e2", 1, refs=frozenset({"perm:5"}), final=False))
    world.hear(FillFinal(at=world.now, exec="e2", version=1))
    world.hear(world.stands(first, State.WORKING, refs=frozenset({"perm:5"})))
    world.hear(FillVoid(at=world.now, exec="e2", version=1, why="bust"))
    world.hear(FillVoid(at=world.now, exec="e3", version=2, why="bust"))
    world.cancel(first)
    world.sent(world.place(ticket(instrument=ETH)), Unknown(why="timeout"))
    world.wait(5)
    world.page(next="17")
    return world


def test_the_records_alone_give_the_same_state() -> None:
    world = busy()
    again = World(world.durable)
    again.core.state.epoch = world.epoch
    assert again.core.state.digest() == world.core.state.digest()


def test_the_records_as_lines_give_the_same_state() -> None:
    world = busy()
    again = World([decode(encode(record)) for record in world.durable])
    assert again.core.state.digest() == world.core.state.digest()


def test_the_digest_tells_states_apart_that_book_differently_later() -> None:
    world = World().open()
    before = world.core.state.digest()
    world.hear(FillVoid(at=world.now, exec="e9", version=1, why="bust"))
    assert world.core.state.digest() != before


def test_every_unresolved_order_is_asked_for_at_once() -> None:
    world = World().open()
    keys = [key_of(world.place(ticket(instrument=name))) for name in (BTC, ETH)]
    world.begin()
    world.connect()
    assert looks(world.last) == keys


def test_an_intent_without_an_answer_freezes_its_instrument_until_it_is_known() -> None:
    world = World().open()
    prepared = world.place()
    world.begin()
    world.open()
    world.wish(ticket())
    assert [one.code for one in world.lately(TellOrder)] == ["FROZEN"]
    world.wish(ticket(side=-1, reduces=True))
    assert world.lately(Prepare)
    world.wish(ticket(instrument=ETH))
    assert world.lately(Prepare)
    world.found(key_of(prepared), world.stands(key_of(prepared), State.WORKING))
    world.wish(ticket())
    assert world.lately(Prepare)


def test_nothing_is_sent_again_after_a_restart() -> None:
    world = World().open()
    key = key_of(world.place())
    world.begin()
    world.connect()
    for _ in range(3 * BOUND):
        if key in world.core.asking.running:
            world.unseen(key)
        if world.core.asking.log is not None:
            world.page()
        world.wait(1)
    assert not world.every(Transmit)
    closed = world.order(key).closed
    assert closed is not None
    assert closed.how == "not_placed"


def test_after_a_restart_the_bound_runs_from_the_new_process() -> None:
    world = World().open()
    key = key_of(world.place())
    world.wait(2 * BOUND)
    world.begin()  # the process before may have sent it a moment ago
    world.connect()
    world.unseen(key)
    world.page()
    world.wait(1)
    world.unseen(key)
    assert world.order(key).closed is None


def test_an_order_that_settled_when_the_process_died_settles_on() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.CANCELED, filled=None))
    world.begin()
    world.open()
    for _ in range(3):
        world.read_log()
    assert [status for status in world.statuses(key) if status in TERMINAL] == ["canceled"]


def test_what_was_told_before_the_restart_is_not_told_again() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1"))
    fact = world.filled(key, "e1")
    world.begin()
    world.open()
    world.read_log(fact)
    world.hear(world.stands(key, State.FILLED, filled=dec(10)))
    assert not world.every(TellOrder)
    assert not world.every(TellFill)


def test_what_happened_while_nobody_looked_is_read_from_the_log() -> None:
    world = World().open()
    key = world.placed("id:1")
    world.begin()
    world.connect()
    world.page(world.filled(None, "e1", refs=frozenset({"id:1"})))
    assert [one.status for one in world.lately(TellOrder)][-1] == "completed"
    assert world.order(key).closed is not None


def test_an_answer_after_the_restart_of_its_process_is_not_needed() -> None:
    world = World().open()
    prepared = world.place()
    world.begin()
    world.open()
    world.sent(prepared, Acked(refs=((key_of(prepared), "id:1"),)))
    assert world.order(key_of(prepared)).names == {"id:1"}
