"""Ways to break broker, feeds, desks and journal, each of which a trial must find out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from atms.execution.broker import booking, desk, gating
from atms.execution.broker.booking import Booking
from atms.execution.broker.desk import Desk
from atms.execution.broker.gating import LiveWatch
from atms.execution.broker.late_fees import LateFees
from atms.execution.broker.news import News
from atms.execution.broker.portfolio import Portfolio
from atms.execution.core import filling, resolving, wishing
from atms.execution.core.core import Core
from atms.execution.core.orders import OrderState
from atms.execution.emulation import pairing
from atms.feeds.seam import Deliver, Seam
from atms.risk import Gate, Limits
from atms.running.trading import Trading
from atms.sandbox.simulation.mortal import MortalJournal
from atms.sandbox.simulation.strategies import Guarded, Restless
from atms.sandbox.simulation.venue.faults import Faults

Patch = Callable[[pytest.MonkeyPatch], Any]


def fills_are_told_twice(patch: pytest.MonkeyPatch) -> None:
    real = Booking._execute

    def execute(self: Booking, standing: Any, row: Any) -> None:
        real(self, standing, row)
        real(self, standing, row)

    patch.setattr(Booking, "_execute", execute)
    patch.setattr(Booking, "_books", _take_alone)


def what_is_held_at_the_start_counts_twice(patch: pytest.MonkeyPatch) -> None:
    real = Booking.open

    def open_(*given: Any) -> None:
        real(*given)
        real(*given)

    patch.setattr(Booking, "open", open_)
    patch.setattr(Booking, "_books", _take_alone)


def adopted_orders_begin_anew(patch: pytest.MonkeyPatch) -> None:
    real = Booking._adopt

    def adopt(self: Booking, its: Desk, one: Any) -> Any:
        return real(self, its, replace(one, booked=booking._NOTHING, average=None))

    patch.setattr(Booking, "_adopt", adopt)


def a_cancellation_is_lost_while_its_order_is_prepared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wishing, "_is_coming", lambda *_: False)


def legs_are_waited_for_as_they_were_ordered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OrderState, "whole", property(lambda self: self.ticket.qty))
    patch.setattr(OrderState, "follows", property(lambda self: False))


def what_is_told_at_the_start_is_told_again(patch: pytest.MonkeyPatch) -> None:
    real = Core.__init__

    class Kept(set[str]):
        def clear(self) -> None:
            """Keep everything."""

    def init(self: Core, *given: Any) -> None:
        real(self, *given)
        self.hushed = Kept()

    patch.setattr(Core, "__init__", init)


def late_fees_are_cash_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LateFees, "take", lambda *_: None)


def bars_are_given_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Seam, "_again", lambda self, bar, fetched: [Deliver(bar=bar, live=not fetched)])


def holes_between_bars_are_left(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Seam, "_known_to", property(lambda _: datetime.max.replace(tzinfo=UTC)))


def bars_of_the_past_count_as_live(patch: pytest.MonkeyPatch) -> None:
    real = Trading._route

    def route(self: Trading, data: Any) -> Any:
        found = real(self, data)
        return found and replace(found, live=lambda: True)

    patch.setattr(Trading, "_route", route)


def adopted_orders_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Booking, "_adopt", lambda *_: None)


def a_restart_takes_protection_back(patch: pytest.MonkeyPatch) -> None:
    real = Booking._adopt

    def adopt(self: Booking, desk: Desk, one: Any) -> Any:
        if one.ticket.reduces:
            desk.cancel(None, one.key)
        return real(self, desk, one)

    patch.setattr(Booking, "_adopt", adopt)


def fees_in_units_are_ignored(patch: pytest.MonkeyPatch) -> None:
    real = Portfolio.fee
    patch.setattr(Portfolio, "fee", lambda *a: (booking._NOTHING, real(*a)[1]))
    patch.setattr(Booking, "_books", _take_alone)


def what_is_no_fill_moves_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Booking, "_books", _take_alone)


def the_journal_is_synced_after_sending(patch: pytest.MonkeyPatch) -> None:
    def append(self: MortalJournal, bodies: Any) -> int:
        def sync() -> None:
            if not self._mortality.dead:
                self._journal.append(bodies)

        asyncio.get_running_loop().call_later(3.0, sync)
        return 0

    patch.setattr(MortalJournal, "append", append)


def wishes_go_down_again(patch: pytest.MonkeyPatch) -> None:
    real = Desk._send_down

    def send_down(self: Desk) -> None:
        wishes = list(self._wishes)
        real(self)
        if wishes and self._account is not None and self._account.core.asking.failed:
            self._account.feed(desk.Wishes(wishes=tuple(wishes)))

    patch.setattr(Desk, "_send_down", send_down)


def ends_are_told_twice(patch: pytest.MonkeyPatch) -> None:
    real = News.put

    def put(self: News, order: Any, *, first: bool = False) -> None:
        real(self, order, first=first)
        if order.getstatusname() == "Canceled":
            real(self, order)

    patch.setattr(News, "put", put)


def what_was_taken_back_stays_alive(patch: pytest.MonkeyPatch) -> None:
    real = Booking._turn

    def turn(self: Booking, order: Any, status: str) -> None:
        if status != "canceled":
            real(self, order, status)

    patch.setattr(Booking, "_turn", turn)


def the_gate_is_not_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LiveWatch, "refusal_of", lambda *_: None)


def the_gate_forgets_refusals(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gate, "refused", lambda *_: None)


def the_gate_forgets_open_orders(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gating, "_working", lambda *_: ())


def splits_move_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(filling, "_spread", lambda *_: ())


def a_cancellation_goes_out_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(resolving, "_cancel_again", lambda *_: None)


def the_other_of_a_pair_is_left(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pairing, "look", lambda *_: None)


def positions_are_worth_what_they_cost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Portfolio, "worth", lambda self, chosen=None: 0.0)


def _take_alone(self: Booking, its: Desk, word: Any) -> None:
    self.portfolio.take(its.store.account, word)


_GUARDED: dict[str, Any] = {"strategies": (Guarded,), "on_stop": "leave", "kills": 0.004}
_BOUND: dict[str, Any] = {"strategies": (Restless,), "limits": Limits(max_position=Decimal(4))}
_REFUSED: dict[str, Any] = {
    "profiles": ("binance",), "strategies": (Restless,), "limits": Limits(max_rejects=3),
    "faults": Faults(refuse_order=1.0), "step": timedelta(seconds=5), "kills": 0.0, "deaths": None,
}  # fmt: skip
_LOST: dict[str, Any] = {"strategies": (Restless,), "faults": Faults(lose_request=0.3)}
_UNDONE: dict[str, Any] = {
    "strategies": (Restless,), "kills": 0.004, "faults": Faults(reorg=0.3),
}  # fmt: skip
_PAIRED: dict[str, Any] = {"strategies": (Restless,), "faults": Faults()}
# name -> profile, what of the plan is given, and how.
MUTANTS: dict[str, tuple[str, dict[str, Any], Patch]] = {
    patch.__name__: (profile, changed, patch)
    for profile, changed, patch in (
        ("binance", {}, fills_are_told_twice),
        ("binance", {}, what_is_held_at_the_start_counts_twice),
        ("chain", {}, adopted_orders_begin_anew),
        ("ibkr", {}, a_cancellation_is_lost_while_its_order_is_prepared),
        (
            "oanda",
            {"strategies": (Restless,), "symbols": 1},
            legs_are_waited_for_as_they_were_ordered,
        ),
        ("chain", _UNDONE, what_is_told_at_the_start_is_told_again),
        ("ibkr", {}, late_fees_are_cash_alone),
        ("binance", {}, bars_are_given_again),
        ("binance", {}, holes_between_bars_are_left),
        ("binance", {}, bars_of_the_past_count_as_live),
        ("oanda", {}, adopted_orders_are_forgotten),
        ("oanda", _GUARDED, a_restart_takes_protection_back),
        ("binance", {}, fees_in_units_are_ignored),
        ("binance", {}, what_is_no_fill_moves_nothing),
        ("chain", {}, the_journal_is_synced_after_sending),
        ("binance", {}, wishes_go_down_again),
        ("oanda", {}, ends_are_told_twice),
        ("binance", {}, what_was_taken_back_stays_alive),
        ("ibkr", _BOUND, the_gate_is_not_asked),
        ("binance", _REFUSED, the_gate_forgets_refusals),
        ("ibkr", _BOUND, the_gate_forgets_open_orders),
        ("binance", {"limits": None}, splits_move_nothing),
        ("binance", _LOST, a_cancellation_goes_out_once),
        ("oanda", _PAIRED, the_other_of_a_pair_is_left),
        ("oanda", {}, positions_are_worth_what_they_cost),
    )
}
