"""Lies of a whole run: what strategies saw, heard and were shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from atms.sandbox.simulation import clock_truths, limit_truths, run_truths
from atms.sandbox.simulation.diary import FINAL
from atms.sandbox.simulation.runs import World
from atms.sandbox.simulation.venue.orders import STOPS
from atms.sandbox.simulation.venue.records import Executed, Ordered
from tests.sandbox.simulation.planting import (
    IBKR,
    OANDA,
    ONE,
    Patch,
    noted_of,
    place_of,
    plant,
    venue_of,
)


@plant(run_truths, "_told_legally", "was told Submitted Submitted")
def a_status_was_told_twice(world: World, patch: Patch) -> None:
    noted = noted_of(world, *FINAL)
    patch.setattr(noted, "told", [noted.told[0], *noted.told])


@plant(run_truths, "_whole", "was told as completed with")
def a_part_was_told_as_all_of_it(world: World, patch: Patch) -> None:
    created = noted_of(world, "Completed").order.created
    patch.setattr(created, "size", created.size * 2)


@plant(run_truths, "_executed", "and has filled", IBKR)
def a_strategy_heard_of_more_than_there_was(world: World, patch: Patch) -> None:
    noted = noted_of(world, "Canceled", "Accepted")
    status, size = noted.told[-1]
    patch.setattr(noted, "told", [*noted.told[:-1], (status, size + 1)])


@plant(run_truths, "_charged", "cost", IBKR)
def a_fee_that_came_late_was_lost(world: World, patch: Patch) -> None:
    executed = noted_of(world, "Completed").order.executed
    patch.setattr(executed, "comm", executed.comm + 1)


@plant(run_truths, "_taken_back", "was taken back, and stands")
def what_was_taken_back_stands(world: World, patch: Patch) -> None:
    orders = world.ran[-1].diary.orders.values()
    patch.setattr(next(one for one in orders if one.order.alive()), "dropped", True)


# ---- what strategies see ------------------------------------------------------------------------
def _bars(world: World) -> list[Any]:
    return next(iter(world.ran[-1].diary.bars.values()))


@plant(run_truths, "_bars_in_order", "bars twice or out of order")
def a_bar_was_seen_twice(world: World, patch: Patch) -> None:
    seen = _bars(world)
    patch.setitem(world.ran[-1].diary.bars, *_bars_of(world, [*seen[:4], *seen[3:]]))


@plant(clock_truths, "clock_violations", "UTC is")
def a_bar_was_read_on_another_clock(world: World, patch: Patch) -> None:
    one = _bars(world)[3]
    assert one.local is not None
    patch.setattr(one, "local", one.local + timedelta(hours=1))


@plant(run_truths, "_bars_in_order", "not seen")
def a_bar_was_left_out(world: World, patch: Patch) -> None:
    seen = _bars(world)
    patch.setitem(world.ran[-1].diary.bars, *_bars_of(world, [*seen[:3], *seen[4:]]))


@plant(run_truths, "_bars_in_order", "the bar of")
def a_bar_had_other_prices(world: World, patch: Patch) -> None:
    patch.setattr(_bars(world)[3], "values", (1.0, 2.0, 0.5, 1.5))


@plant(run_truths, "_bars_in_order", "was live, and is of the past")
def a_bar_of_the_past_counted_as_live(world: World, patch: Patch) -> None:
    patch.setattr(next(one for one in _bars(world) if not one.live), "live", True)


@plant(run_truths, "_only_live", "was made on a bar of the past, and sent")
def an_order_went_out_on_a_bar_of_the_past(world: World, patch: Patch) -> None:
    patch.setattr(noted_of(world, *FINAL), "live", False)


def _bars_of(world: World, seen: list[Any]) -> tuple[Any, list[Any]]:
    return next(iter(world.ran[-1].diary.bars)), seen


# ---- what Backtrader shows ----------------------------------------------------------------------
@plant(run_truths, "_positions", "I7:", OANDA)
def another_position_is_shown(world: World, patch: Patch) -> None:
    real = place_of(world).qty
    patch.setattr(place_of(world), "qty", lambda name: real(name) + ONE)


@plant(run_truths, "_value", "I7: cash")
def another_cash_is_shown(world: World, patch: Patch) -> None:
    broker = world.ran[-1].cerebro.broker
    cash = broker.getcash()
    patch.setattr(broker, "getcash", lambda: cash * 1.01)


@plant(run_truths, "_value", "I7: value")
def another_value_is_shown(world: World, patch: Patch) -> None:
    broker = world.ran[-1].cerebro.broker
    value = broker.getvalue()
    patch.setattr(broker, "getvalue", lambda: value * 1.01)


@plant(run_truths, "_trades", "and a position of")
def trades_do_not_add_up(world: World, patch: Patch) -> None:
    (strategy,) = world.ran[-1].strategies
    by_id = next(iter(strategy._trades.values()))
    name, trades = next(iter(by_id.items()))
    patch.setitem(by_id, name, [*trades, SimpleNamespace(size=trades[-1].size + 1)])


@plant(run_truths, "_orders_of_the_venue", "is open in Backtrader, and not at the venue")
def an_order_that_is_over_is_shown_as_open(world: World, patch: Patch) -> None:
    order = noted_of(world, "Completed").order
    broker = world.ran[-1].cerebro.broker
    shown = broker.get_orders_open()
    patch.setattr(broker, "get_orders_open", lambda: [*shown, order])


@plant(run_truths, "_orders_of_the_venue", "is open at the venue, and not in Backtrader")
def an_order_that_stands_is_not_shown(world: World, patch: Patch) -> None:
    patch.setattr(world.ran[-1].cerebro.broker, "get_orders_open", list)


@plant(run_truths, "_orders_of_the_venue", "is alive, and not at the venue")
def an_order_that_is_over_is_alive(world: World, patch: Patch) -> None:
    order = noted_of(world, "Completed").order
    patch.setattr(order, "alive", lambda: True)


# ---- what the venue's history tells -------------------------------------------------------------
@plant(run_truths, "_within_limits", "and the limit is")
def a_limit_was_passed(world: World, patch: Patch) -> None:
    row = next(one for one in venue_of(world).history if isinstance(one, Executed))
    much = replace(row, exec="much", key="much", order=None, qty=Decimal(1000), bucket="other")
    patch.setattr(venue_of(world), "history", [*venue_of(world).history, much])


@plant(limit_truths, "_nothing_more_after_refusals", "refusals in a row")
def orders_went_out_after_many_refusals(world: World, patch: Patch) -> None:
    diary = world.ran[-1].diary
    patch.setattr(diary, "lines", ["0 order 1 Rejected 0.0"] * 27 + diary.lines)


@plant(run_truths, "_protected", "was naked for", OANDA)
def a_stop_never_stood(world: World, patch: Patch) -> None:
    stops = {one.id for one in venue_of(world).orders.values() if one.ticket.kind in STOPS}
    true = venue_of(world).history
    history = [one for one in true if not (isinstance(one, Ordered) and one.order in stops)]
    patch.setattr(venue_of(world), "history", history)
