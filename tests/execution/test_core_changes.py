"""Fills that change or disappear: a reversing row and a new row, each told once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from atms.execution.core.events import TellFill, TellOrder
from atms.execution.core.records import Booked, Finalised, Reversed
from atms.stores.facts import FillFinal, FillVoid, State
from atms.stores.outcomes import Acked
from tests.execution.core_world import BTC, World, dec, key_of, manners


def void(world: World, exec_: str, version: int = 1, **others: Any) -> FillVoid:
    """Return the undoing of an execution."""
    return FillVoid(at=world.now, exec=exec_, version=version, why="bust", **others)


def final(world: World, exec_: str, version: int = 1) -> FillFinal:
    """Return that an execution can no longer be undone."""
    return FillFinal(at=world.now, exec=exec_, version=version)


def chain() -> World:
    """Return a world whose fills may be undone for a minute."""
    return World(capabilities=manners(finality=timedelta(minutes=1), corrections=True)).open()


def sums_are_right(world: World, qty: float) -> None:
    """Check books, orders and what the strategy heard against a position."""
    assert world.core.state.books.qty(BTC) == dec(qty)
    assert world.heard() == dec(qty)
    assert world.core.state.books.cash["USD"] == dec(-100 * qty)


# ---- corrections ---------------------------------------------------------------------------------
def test_a_correction_is_a_reversing_row_and_a_new_row() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", 4))
    world.hear(world.filled(key, "e1", 3, version=2))
    rows = [one for one in world.durable if isinstance(one, Booked | Reversed)]
    assert [(type(one), one.version) for one in rows] == [(Booked, 1), (Reversed, 1), (Booked, 2)]
    assert world.order(key).booked == dec(3)
    sums_are_right(world, 3)


def test_a_version_that_comes_late_does_not_replace_a_later_one() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", 3, version=2))
    world.hear(world.filled(key, "e1", 4, version=1))
    sums_are_right(world, 3)


def test_a_correction_of_a_completed_order_is_told_beside_it() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1"))
    world.hear(world.filled(key, "e1", 8, version=2))
    assert [(one.sign, one.row.qty) for one in world.lately(TellFill)] == [
        (-1, dec(10)),
        (1, dec(8)),
    ]
    assert world.statuses(key).count("completed") == 1
    sums_are_right(world, 8)


def test_a_correction_that_names_no_order_stays_with_the_order_of_what_it_corrects() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", 4))
    world.hear(world.filled(None, "e1", 10, version=2))
    assert world.order(key).booked == dec(10)
    assert world.statuses(key)[-1] == "completed"
    sums_are_right(world, 10)


def test_a_correction_may_complete_an_order() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.FILLED, filled=dec(10)))
    world.hear(world.filled(key, "e1", 9))
    world.hear(world.filled(key, "e1", 10, version=2))
    assert world.statuses(key)[-1] == "completed"
    sums_are_right(world, 10)


def test_a_correction_that_comes_weeks_later_keeps_its_place_among_the_others() -> None:
    world = World().open()
    world.hear(world.filled(None, "e1", 10))
    world.wait(1)
    world.hear(world.filled(None, "e2", 10, side=-1, price=dec(120)))  # flat again
    world.wait(1)
    world.hear(world.filled(None, "e3", 4, price=dec(50)))
    world.wait(14 * 86_400)
    world.hear(world.filled(None, "e1", 10, version=2, price=dec(101)))
    (held,) = world.core.state.books.positions().values()
    assert (held.qty, held.price) == (4, 50)  # what e1 cost has been over since e2


# ---- voids ---------------------------------------------------------------------------------------
def test_a_fill_that_was_undone_before_it_was_seen_is_never_booked() -> None:
    world = World().open()
    key = world.placed()
    world.hear(void(world, "e1"))
    world.hear(world.filled(key, "e1", 4))
    assert not world.core.state.books.rows
    assert World(world.durable).core.state.books.gone == {"e1": 1}
    sums_are_right(world, 0)


def test_a_version_that_was_undone_before_it_was_seen_is_never_booked() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", 4, version=1))
    world.hear(void(world, "e1", version=2))
    world.hear(world.filled(key, "e1", 3, version=2))
    sums_are_right(world, 0)


def test_a_void_of_an_earlier_version_leaves_a_later_one() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", 3, version=2))
    world.hear(void(world, "e1", version=1))
    sums_are_right(world, 3)


def test_a_void_that_was_told_is_told_once() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1"))
    world.hear(void(world, "e1"))
    assert [one.sign for one in world.lately(TellFill)] == [-1]
    world.hear(void(world, "e1"))
    world.hear(world.filled(key, "e1"))
    assert not world.lately(TellFill)
    sums_are_right(world, 0)


def test_a_fill_that_was_undone_and_made_again_is_booked_with_its_next_version() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", witness="block a"))
    world.hear(void(world, "e1"))
    world.hear(world.filled(key, "e1", version=2, witness="block b"))
    assert world.statuses(key).count("completed") == 1
    assert [one.sign for one in world.every(TellFill)] == [-1, 1]
    sums_are_right(world, 10)


def test_an_order_whose_fill_was_undone_is_not_completed_by_the_sum_it_had() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", 6))
    world.hear(void(world, "e1"))
    world.hear(world.filled(key, "e2", 4))
    assert world.order(key).booked == dec(4)
    assert world.order(key).closed is None
    sums_are_right(world, 4)


# ---- final or not yet ----------------------------------------------------------------------------
def test_a_fill_that_may_be_undone_is_booked_and_not_told_as_completed() -> None:
    world = chain()
    key = world.placed()
    world.hear(world.filled(key, "e1", final=False))
    assert world.core.state.books.qty(BTC) == dec(10)
    assert "completed" not in world.statuses(key)
    assert world.heard() == dec(0)


def test_it_is_told_when_it_is_final_and_once() -> None:
    world = chain()
    key = world.placed()
    world.hear(world.filled(key, "e1", final=False))
    world.hear(final(world, "e1"))
    world.hear(final(world, "e1"))
    world.hear(world.filled(key, "e1", final=True))
    assert world.statuses(key) == ["submitted", "accepted", "completed"]
    assert sum(isinstance(one, Finalised) for one in world.durable) == 1
    sums_are_right(world, 10)


def test_the_same_fill_said_to_be_final_makes_it_final() -> None:
    world = chain()
    key = world.placed()
    world.hear(world.filled(key, "e1", final=False))
    world.hear(world.filled(key, "e1", final=True))
    assert world.core.state.books.rows["e1"].final
    assert world.statuses(key)[-1] == "completed"


def test_a_part_that_may_be_undone_is_told_when_it_is_final() -> None:
    world = chain()
    key = world.placed()
    world.hear(world.filled(key, "e1", 4, final=False))
    assert "partial" not in world.statuses(key)
    world.hear(final(world, "e1"))
    assert world.statuses(key) == ["submitted", "accepted", "partial"]
    sums_are_right(world, 4)


def test_a_void_of_what_was_not_told_is_not_told() -> None:
    world = chain()
    key = world.placed()
    world.hear(world.filled(key, "e1", final=False))
    world.hear(void(world, "e1"))
    assert not world.every(TellFill)
    sums_are_right(world, 0)
    world.hear(world.filled(key, "e1", version=2, final=False))
    world.hear(final(world, "e1", version=2))
    assert world.statuses(key)[-1] == "completed"
    sums_are_right(world, 10)


def test_finality_that_comes_before_its_fill_counts() -> None:
    world = chain()
    key = world.placed()
    world.hear(final(world, "e1"))
    world.hear(world.filled(key, "e1", final=False))
    assert world.core.state.books.rows["e1"].final
    assert world.statuses(key)[-1] == "completed"
    assert World(world.durable).core.state.digest() == world.core.state.digest()


def test_finality_of_an_earlier_version_says_nothing() -> None:
    world = chain()
    key = world.placed()
    world.hear(world.filled(key, "e1", version=2, final=False))
    world.hear(final(world, "e1", version=1))
    assert not world.core.state.books.rows["e1"].final
    assert "completed" not in world.statuses(key)


def test_a_canceled_order_is_not_over_while_its_fills_may_be_undone() -> None:
    world = chain()
    key = world.placed()
    world.hear(world.filled(key, "e1", 4, final=False))
    world.hear(world.stands(key, State.CANCELED, filled=dec(4)))
    assert "canceled" not in world.statuses(key)
    world.hear(final(world, "e1"))
    assert world.statuses(key)[-1] == "canceled"
    sums_are_right(world, 4)


def test_a_fill_of_an_order_that_is_over_waits_for_its_finality_too() -> None:
    world = chain()
    key = world.placed()
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    world.hear(world.filled(key, "e1", 4, final=False))
    assert not world.every(TellFill)
    world.hear(final(world, "e1"))
    assert [one.sign for one in world.lately(TellFill)] == [1]


def test_a_fill_with_names_only_that_joins_before_it_is_final_counts_once() -> None:
    world = chain()
    prepared = world.place()
    key = key_of(prepared)
    world.hear(world.filled(None, "e1", final=False, refs=frozenset({"tx:1"})))
    world.sent(prepared, Acked(refs=((key, "tx:1"),)))
    world.hear(final(world, "e1"))
    assert world.statuses(key) == ["submitted", "accepted", "completed"]
    sums_are_right(world, 10)


def test_where_fills_are_final_when_seen_they_are_told_at_once() -> None:
    world = World(capabilities=manners(finality=None)).open()
    key = world.placed()
    world.hear(world.filled(key, "e1", final=False))
    assert world.statuses(key)[-1] == "completed"


def test_every_telling_of_an_order_has_each_fill_once() -> None:
    world = World().open()
    key = world.placed()
    for name in ("e1", "e2"):
        world.hear(world.filled(key, name, 5))
    fills = [row.exec for one in world.every(TellOrder) for row in one.fills]
    assert fills == ["e1", "e2"]
