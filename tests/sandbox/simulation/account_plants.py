"""Lies of an account: its orders, fills, cash, manners, and its rows in the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from sqlalchemy import update

from atms.execution.core.events import TellOrder
from atms.execution.core.records import Intended
from atms.execution.core.state import AccountState
from atms.ledger import schema
from atms.ledger.connection import writing
from atms.ledger.live import AccountRows
from atms.sandbox.simulation import ledger_truths, order_truths, truths
from atms.sandbox.simulation.places import Place
from atms.sandbox.simulation.runs import World
from atms.sandbox.simulation.venue.records import Executed, Trespassed
from atms.stores.facts import State
from tests.sandbox.simulation.planting import (
    OANDA,
    ONE,
    Patch,
    core_of,
    place_of,
    plant,
    venue_of,
)


# ---- orders and fills ---------------------------------------------------------------------------
@plant(truths, "_one_order_a_key", "I1: 2 orders of one key")
def an_order_went_out_twice(world: World, patch: Patch) -> None:
    key, (order, *_) = next(iter(venue_of(world).by_key.items()))
    patch.setitem(venue_of(world).by_key, key, [order, order])


@plant(truths, "_one_order_a_key", "is at the venue and not in the journal")
def an_order_went_out_without_a_record(world: World, patch: Patch) -> None:
    order = next(iter(venue_of(world).by_key.values()))[0]
    patch.setitem(venue_of(world).by_key, "nobodys", [order])


@plant(truths, "_every_fill_once", "is not in the books")
def a_fill_was_missed(world: World, patch: Patch) -> None:
    row = next(iter(venue_of(world).executions.values()))
    patch.setitem(venue_of(world).executions, "missed", replace(row, key=None))


@plant(truths, "_every_fill_once", "I3: execution")
def a_fill_was_booked_under_another_number(world: World, patch: Patch) -> None:
    executions = venue_of(world).executions
    name, row = next(iter(executions.items()))
    patch.delitem(executions, name)
    patch.setitem(executions, "another", row)


@plant(truths, "_every_fill_once", "is booked as")
def a_correction_was_not_booked(world: World, patch: Patch) -> None:
    name, row = next(iter(venue_of(world).executions.items()))
    patch.setitem(venue_of(world).executions, name, replace(row, price=row.price + ONE))


@plant(truths, "_statuses", "at the venue")
def a_cancellation_was_taken_for_granted(world: World, patch: Patch) -> None:
    order = next(one for one in venue_of(world).orders.values() if one.state is State.FILLED)
    patch.setattr(order, "state", State.CANCELED)


@plant(truths, "_statuses", "and the venue never had it")
def an_order_was_made_up(world: World, patch: Patch) -> None:
    key = next(k for k, (one, *_) in venue_of(world).by_key.items() if one.state is State.FILLED)
    patch.delitem(venue_of(world).by_key, key)


@plant(truths, "_same_position", "I4:")
def a_position_of_another_instrument_is_made_up(world: World, patch: Patch) -> None:
    books, other = core_of(world).state.books, [*venue_of(world).instruments][1]
    real = books.qty
    patch.setattr(books, "qty", lambda name, *rest: real(name, *rest) + (name == other))


@plant(truths, "_same_cash", "I8:")
def cash_is_made_up(world: World, patch: Patch) -> None:
    books = core_of(world).state.books
    held = books.balances()
    patch.setattr(books, "balances", lambda: {**held, "USD": held["USD"] + ONE})


@plant(truths, "_the_same_again", "I12:")
def what_is_held_is_not_in_the_journal(world: World, patch: Patch) -> None:
    state, real = core_of(world).state, AccountState.digest
    patch.setattr(AccountState, "digest", lambda one: real(one) + "!" * (one is state))


# ---- left in doubt ------------------------------------------------------------------------------
@plant(truths, "_resolved", "I11: the account is not ready")
def an_account_never_gets_ready(world: World, patch: Patch) -> None:
    patch.setattr(core_of(world), "ready", False)


@plant(truths, "_resolved", "nobody knows whether order")
def an_order_stays_in_doubt(world: World, patch: Patch) -> None:
    order = SimpleNamespace(key="doubtful", unresolved=True, intended=SimpleNamespace(until=None))
    patch.setattr(core_of(world).state, "open_orders", lambda: [order])


@plant(truths, "_resolved", "waits for its fills")
def an_order_waits_for_fills_for_ever(world: World, patch: Patch) -> None:
    patch.setattr(core_of(world), "waiting", dict.fromkeys(["hungry"]))


@plant(truths, "_resolved", "is halted")
def an_instrument_stays_halted(world: World, patch: Patch) -> None:
    patch.setitem(core_of(world).halted, "AAA", "nobody knows why")


# ---- manners ------------------------------------------------------------------------------------
@plant(truths, "_no_request_in_a_ban", "within a ban")
def a_ban_was_not_minded(world: World, patch: Patch) -> None:
    last = venue_of(world).history[-1]
    more = Trespassed(seq=last.seq + 1, at=last.at, what="read", until=last.at)
    patch.setattr(venue_of(world), "history", [*venue_of(world).history, more])


@plant(truths, "_no_storm", "reads in the minute")
def a_venue_that_was_down_was_asked_all_the_time(world: World, patch: Patch) -> None:
    began = venue_of(world).now()
    knocks = [began + timedelta(seconds=number / 2) for number in range(truths.MOST_A_MINUTE + 1)]
    patch.setattr(venue_of(world), "knocks", knocks)


@plant(truths, "_not_before_ready", "I10: order")
def an_order_went_out_before_the_account_was_ready(world: World, patch: Patch) -> None:
    life = place_of(world).lives[-1]
    sent = [one for one in place_of(world).journal.records() if isinstance(one, Intended)]
    patch.setattr(life, "ready_at", sent[0].at + timedelta(microseconds=1))


# ---- what was told ------------------------------------------------------------------------------
@plant(truths, "_told_once", "told the end of")
def an_end_was_told_twice(world: World, patch: Patch) -> None:
    life = place_of(world).lives[-1]
    key, ends = next(iter(life.ends.items()))
    patch.setitem(life.ends, key, ends * 2)


@plant(truths, "_told_whole", "was told completed with")
def an_end_was_told_before_its_fills(world: World, patch: Patch) -> None:
    life = place_of(world).lives[-1]
    told = [replace(word, fills=()) if isinstance(word, TellOrder) else word for word in life.told]
    patch.setattr(life, "told", told)


# ---- the ledger ---------------------------------------------------------------------------------
@plant(ledger_truths, "_sums", "I8: ledger:")
def the_ledger_begins_with_other_cash(_: World, patch: Patch) -> None:
    real = ledger_truths._write

    def write(url: str, place: Place, began: datetime) -> str:
        run, table = real(url, place, began), schema.balances
        with writing(url) as connection:
            connection.execute(update(table).values(start=table.c.start + 1))
        return run

    patch.setattr(ledger_truths, "_write", write)


@plant(ledger_truths, "_finals", "I8: ledger:")
def the_ledger_leaves_an_execution_out(_: World, patch: Patch) -> None:
    real, left = AccountRows.take, []

    def take(self: AccountRows, number: int, record: Any) -> None:
        if type(record).__name__ == "Booked" and not left:
            left.append(record)
        else:
            real(self, number, record)

    patch.setattr(AccountRows, "take", lambda *given: take(*given))


# ---- orders that hang on something else ---------------------------------------------------------
def _journal_says_the_same(patch: Patch) -> None:
    patch.setattr(AccountState, "digest", lambda _: "")  # which would see what is planted, too


def _one_stands_and_one_has_filled(world: World) -> tuple[Any, Any]:
    orders = core_of(world).state.orders.items()
    stands = next(one.key for one in venue_of(world).orders.values() if one.open)
    return stands, next(k for k, one in orders if one.closed and one.closed.how == "filled")


@plant(order_truths, "_pairs_are_over", "its pair, has filled")
def the_other_of_a_pair_was_left(world: World, patch: Patch) -> None:
    _journal_says_the_same(patch)
    state = core_of(world).state
    stands, filled = _one_stands_and_one_has_filled(world)
    patch.setattr(state, "pairs", {stands: (stands, filled)})


@plant(order_truths, "_groups_are_over", "of its group, has filled")
def the_other_of_a_group_was_left(world: World, patch: Patch) -> None:
    _journal_says_the_same(patch)
    state = core_of(world).state
    stands, filled = _one_stands_and_one_has_filled(world)
    order = state.orders[stands or ""]
    patch.setattr(order, "intended", replace(order.intended, link="oco", group="both"))
    patch.setitem(state.groups, "both", (stands, filled))


@plant(order_truths, "_lifetimes_are_over", "was to end at")
def an_order_outlived_its_time(world: World, patch: Patch) -> None:
    order = core_of(world).state.open_orders()[0]
    patch.setattr(order, "intended", replace(order.intended, until=order.intended.at))


@plant(order_truths, "_what_reduces_turns_nothing", "reduces, and turned", OANDA)
def a_close_turned_the_position(world: World, patch: Patch) -> None:
    history, orders = venue_of(world).history, core_of(world).state.orders
    row = next(one for one in history if isinstance(one, Executed) and one.key in orders)
    order = orders[row.key or ""]
    ticket = replace(order.intended.ticket, reduces=True)
    patch.setattr(order, "intended", replace(order.intended, ticket=ticket))
    before = replace(row, exec="bought", key=None, side=1, qty=Decimal(50), bucket="net")
    close = replace(row, exec="closed", side=-1, qty=Decimal(99), bucket="net")
    patch.setattr(venue_of(world), "history", [*history, before, close])
