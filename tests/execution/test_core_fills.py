"""Executions in any order and repetition; an order is over once its fills are in the books."""

from __future__ import annotations

import pytest

from atms.execution.core.events import ReadLog, TellFill, TellOrder
from atms.stores.facts import CashFact, Fee, FeeFact, State
from atms.stores.outcomes import Acked
from tests.execution.core_world import (
    BOUND,
    BTC,
    LAG,
    TERMINAL,
    World,
    dec,
    key_of,
    looks,
    manners,
    ticket,
)


def ends(world: World, key: str) -> list[str]:
    """Return the final statuses that were told of an order."""
    return [status for status in world.statuses(key) if status in TERMINAL]


def test_a_fill_before_the_ack_is_booked_and_accepts_the_order() -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    world.hear(world.filled(key, "e1", 4))
    world.sent(prepared, Acked(refs=((key, "id:1"),)))
    assert world.statuses(key) == ["submitted", "accepted", "partial"]
    assert world.heard() == dec(4)


def test_a_fill_with_names_only_finds_an_order_that_has_the_name() -> None:
    world = World().open()
    key = world.placed("id:1", "perm:2")
    world.hear(world.filled(None, "e1", 4, refs=frozenset({"perm:2"})))
    assert world.statuses(key)[-1] == "partial"


def test_a_fill_with_names_only_before_the_ack_joins_its_order_and_counts_once() -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    world.hear(world.filled(None, "e1", 4, refs=frozenset({"id:1"})))
    assert world.core.state.books.qty(BTC) == dec(4)
    world.sent(prepared, Acked(refs=((key, "id:1"),)))
    assert world.order(key).booked == dec(4)
    assert world.statuses(key) == ["submitted", "accepted", "partial"]
    assert world.heard() == world.core.state.books.qty(BTC) == dec(4)


def test_a_whole_fill_with_names_only_before_the_ack_completes_and_counts_once() -> None:
    world = World().open()
    prepared = world.place()
    key = key_of(prepared)
    world.hear(world.filled(None, "e1", 10, refs=frozenset({"id:1"})))
    world.sent(prepared, Acked(refs=((key, "id:1"),)))
    assert world.statuses(key) == ["submitted", "accepted", "completed"]
    assert world.heard() == dec(10)


def test_a_name_that_a_fill_teaches_joins_the_fills_that_came_before_it() -> None:
    world = World().open()
    key = key_of(world.place())
    world.hear(world.filled(None, "e1", 4, refs=frozenset({"id:1"})))
    world.hear(world.filled(key, "e2", 6, refs=frozenset({"id:1"})))
    assert world.statuses(key)[-1] == "completed"
    assert world.heard() == dec(10)


def test_a_name_learned_after_the_end_joins_its_fill_and_counts_once() -> None:
    world = World().open()
    key = world.placed("id:1")
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    world.hear(world.filled(None, "e1", 4, refs=frozenset({"perm:9"})))
    world.hear(world.stands(key, State.CANCELED, filled=dec(4), refs=frozenset({"perm:9"})))
    assert world.order(key).booked == dec(4)
    assert world.heard() == dec(4)


def test_an_order_that_continues_another_is_the_same_order() -> None:
    world = World().open()
    key = world.placed("algo:1")
    world.hear(
        world.stands(
            None, State.WORKING, refs=frozenset({"order:2"}), replaces=frozenset({"algo:1"})
        )
    )
    world.hear(world.filled(None, "e1", refs=frozenset({"order:2"})))
    assert world.statuses(key)[-1] == "completed"


def test_a_repeated_fill_is_booked_once_whatever_its_source() -> None:
    world = World().open()
    key = world.placed()
    fill = world.filled(key, "e1", 4)
    world.hear(fill)
    world.hear(fill)
    world.read_log(fill)
    world.found(key, fill)
    assert world.core.state.books.qty(BTC) == world.heard() == dec(4)
    assert world.statuses(key).count("partial") == 1


def test_every_part_is_told_and_the_last_completes() -> None:
    world = World().open()
    key = world.placed()
    for name, qty in (("e1", 3), ("e2", 3), ("e3", 4)):
        world.hear(world.filled(key, name, qty))
    assert world.statuses(key) == ["submitted", "accepted", "partial", "partial", "completed"]
    assert [len(one.fills) for one in world.every(TellOrder)] == [0, 0, 1, 1, 1]


def test_filled_before_its_last_fill_settles_and_asks_the_log_and_the_venue() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", 4))
    world.hear(world.stands(key, State.FILLED, filled=dec(10)))
    assert not ends(world, key)
    assert world.lately(ReadLog)
    world.wait(LAG)
    assert key in looks(world.done)
    world.page(world.filled(key, "e2", 6))
    assert ends(world, key) == ["completed"]


def test_filled_whose_fills_never_come_halts_after_the_bound_and_is_not_completed() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.FILLED, filled=dec(10)))
    for _ in range(BOUND):
        world.read_log()
    assert not ends(world, key)
    assert BTC in world.core.halted
    world.read_log(world.filled(key, "e1"))
    assert ends(world, key) == ["completed"]


def test_canceled_with_a_sum_that_is_booked_is_over_at_once() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", 4))
    world.hear(world.stands(key, State.CANCELED, filled=dec(4)))
    assert ends(world, key) == ["canceled"]


def test_canceled_with_a_larger_sum_waits_for_the_fill() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.CANCELED, filled=dec(4)))
    for _ in range(3):
        world.read_log()
    assert not ends(world, key)
    world.read_log(world.filled(key, "e1", 4))
    assert ends(world, key) == ["canceled"]
    assert world.every(TellOrder)[-1].status == "canceled"
    assert world.heard() == dec(4)


def test_canceled_without_a_sum_waits_for_a_log_begun_beyond_the_lag() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.CANCELED, filled=None))
    assert not ends(world, key)
    world.page()
    assert not ends(world, key)
    world.wait(LAG + 3)
    assert not ends(world, key)
    world.page(world.filled(key, "e1", 4))
    assert ends(world, key) == ["canceled"]


def test_a_sum_that_was_told_while_working_is_not_the_sum_of_a_canceled_order() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.WORKING, filled=dec(0)))
    world.hear(world.stands(key, State.CANCELED, filled=None))
    assert not ends(world, key)
    world.hear(world.filled(key, "e1", 4))
    assert not world.every(TellFill)


def test_a_sum_of_nothing_that_comes_after_no_sum_ends_the_order() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.CANCELED, filled=None))
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    assert ends(world, key) == ["canceled"]


def test_a_fill_after_canceled_is_booked_and_told_beside_the_order() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    world.hear(world.filled(key, "e1", 4))
    (told,) = world.lately(TellFill)
    assert (told.sign, told.row.key) == (1, key)
    assert ends(world, key) == ["canceled"]
    assert world.heard() == world.core.state.books.qty(BTC) == dec(4)


def test_a_fill_that_crosses_the_cancel_completes_an_order_that_is_not_told_yet() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.CANCELED, filled=None))
    world.hear(world.filled(key, "e1", 10))
    assert ends(world, key) == ["completed"]


@pytest.mark.parametrize("state", [State.CANCELED, State.EXPIRED, State.REFUSED, State.FILLED])
def test_each_final_status_is_told_once_though_it_comes_many_times(state: State) -> None:
    world = World().open()
    key = world.placed()
    filled = dec(10 if state is State.FILLED else 0)
    if state is State.FILLED:
        world.hear(world.filled(key, "e1"))
    fact = world.stands(key, state, filled=filled)
    for _ in range(3):
        world.hear(fact)
        world.read_log(fact)
        world.found(key, fact)
    assert len(ends(world, key)) == 1


def test_old_news_after_the_end_changes_nothing() -> None:
    world = World().open()
    key = world.placed()
    working = world.stands(key, State.WORKING, filled=dec(0))
    world.wait(1)
    world.hear(world.stands(key, State.CANCELED, filled=dec(0)))
    world.hear(working)
    assert world.order(key).over
    assert world.statuses(key) == ["submitted", "accepted", "canceled"]


def test_working_that_comes_late_while_a_refusal_settles_is_old_news() -> None:
    world = World().open()
    key = world.placed()
    working = world.stands(key, State.WORKING)
    world.wait(1)
    world.hear(world.stands(key, State.REFUSED))
    world.hear(working)
    for _ in range(3):
        world.read_log()
    assert ends(world, key) == ["rejected"]


def test_working_after_a_refusal_that_settles_means_that_it_stands() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.stands(key, State.REFUSED))
    world.wait(1)
    world.hear(world.stands(key, State.WORKING))
    world.read_log()
    world.read_log()
    assert not ends(world, key)


def test_a_fill_of_no_order_of_ours_is_booked_and_told() -> None:
    world = World().open()
    world.hear(world.filled(None, "e1", 4, refs=frozenset({"id:77"}), cause="liquidation"))
    (told,) = world.lately(TellFill)
    assert (told.sign, told.row.key) == (1, None)
    assert world.core.state.books.qty(BTC) == dec(4)


def test_a_foreign_order_is_noticed_once_though_it_gathers_names() -> None:
    world = World().open()
    world.hear(world.stands(None, State.WORKING, refs=frozenset({"id:7"})))
    world.hear(world.stands(None, State.WORKING, refs=frozenset({"id:7", "perm:8"})))
    world.hear(world.stands(None, State.CANCELED, refs=frozenset({"perm:8"})))
    assert len(world.notices("foreign_order")) == 1
    assert not world.core.state.orders


def test_cash_follows_fills_and_their_fees() -> None:
    world = World().open()
    key = world.placed()
    world.hear(world.filled(key, "e1", 4, fees=(Fee(asset="BNB", amount=dec("0.5")),)))
    cash = world.core.state.books.cash
    assert (cash["BTC"], cash["USD"], cash["BNB"]) == (dec(4), dec(-400), dec("-0.5"))


def test_late_fees_and_other_cash_are_booked_once_each_though_their_ids_are_equal() -> None:
    world = World().open()
    fee = FeeFact(at=world.now, id="9", exec="e1", key=None, fee=Fee(asset="USD", amount=dec(2)))
    cash = CashFact(
        at=world.now, id="9", asset="USD", amount=dec(50), instrument=None, kind="dividend"
    )
    for fact in (fee, cash, fee, cash):
        world.hear(fact)
    assert world.core.state.books.cash["USD"] == dec(48)


def test_a_fill_of_one_leg_leaves_the_others_of_its_group() -> None:
    able = manners(links=frozenset({"bracket"}), protection_scales=True)
    world = World(capabilities=able).open()
    legs = (ticket(), ticket(side=-1, reduces=True))
    prepared = world.place(*legs, link="bracket")
    entry, stop = (one.key for one in prepared.request.tickets)  # type: ignore[union-attr]
    world.sent(prepared, Acked(refs=()))
    world.hear(world.filled(entry, "e1"))
    assert ends(world, entry) == ["completed"]
    assert not ends(world, stop)
