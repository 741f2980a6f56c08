"""A simulated venue's groups of orders, its own time, its second thoughts and its chain."""

from __future__ import annotations

from datetime import timedelta

from atms.sandbox.simulation.venue import bust, correct, move
from atms.sandbox.simulation.venue.records import Charged, Moved
from atms.stores.facts import State
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind
from tests.stores.desk import START, D, Desk


# ---- groups -------------------------------------------------------------------------------------
def test_a_part_fill_of_one_cancels_or_reduces_the_other_by_the_venues_rule() -> None:
    for name, state, left in (("binance", State.CANCELED, 10), ("ibkr", State.WORKING, 6)):
        desk = Desk(name)
        desk.place(1, 10)
        out = desk.ticket(-1, 10, Kind.LIMIT, limit=110)
        stop = desk.ticket(-1, 10, Kind.STOP, trigger=90)
        _, other = desk.many(out, stop, link="oco")
        desk.trade(110, 4)
        assert (other.state, other.left) == (state, left)


def test_legs_of_a_lot_are_as_large_as_it_is_and_end_with_it() -> None:
    desk = Desk("oanda")
    entry = desk.ticket(1, 10, Kind.LIMIT, limit=95)
    out = desk.ticket(-1, 10, Kind.LIMIT, limit=110)
    stop = desk.ticket(-1, 10, Kind.STOP, trigger=90)
    first, target, guard = desk.many(entry, out, stop, link="bracket")
    assert {target.state, guard.state} == {State.HELD}
    desk.trade(95, 4)
    assert [(one.state, one.left) for one in (target, guard)] == [(State.WORKING, 4)] * 2
    desk.trade(95, 6)
    desk.trade(110, 3)
    assert [(one.state, one.left) for one in (target, guard)] == [(State.WORKING, 7)] * 2
    desk.trade(90)
    assert (guard.state, target.state, first.state) == (
        State.FILLED, State.CANCELED, State.FILLED,
    )  # fmt: skip
    assert (guard.filled, desk.held) == (7, 0)


def test_legs_that_do_not_scale_wait_for_the_whole_entry_and_go_with_it() -> None:
    desk = Desk("ibkr")
    tickets = [
        desk.ticket(1, 10, Kind.LIMIT, limit=95),
        desk.ticket(-1, 10, Kind.LIMIT, limit=110),
        desk.ticket(-1, 10, Kind.STOP, trigger=90),
    ]
    first, target, guard = desk.many(*tickets, link="bracket")
    desk.trade(95, 4)
    assert {target.state, guard.state} == {State.HELD}
    desk.venue.cancel(first.id)
    assert {target.state, guard.state} == {State.CANCELED}


# ---- what happens by itself ---------------------------------------------------------------------
def test_an_order_until_a_time_expires_at_it() -> None:
    desk = Desk("ibkr")
    until = START + timedelta(seconds=10)
    order = desk.place(1, 10, Kind.LIMIT, limit=90, tif="gtd", expires=until)
    desk.wait(9)
    assert order.state is State.WORKING
    desk.wait(5)
    assert order.state is State.EXPIRED
    assert desk.venue.newest[order.id].at == until  # not when somebody looked


def test_the_switch_takes_everything_back_unless_it_is_set_again_in_time() -> None:
    desk = Desk("binance")
    order = desk.place(1, 10, Kind.LIMIT, limit=90)
    desk.venue.arm(timedelta(seconds=10))
    desk.wait(9)
    desk.venue.arm(timedelta(seconds=10))
    desk.wait(9)
    assert order.open
    desk.wait(2)
    assert order.state is State.CANCELED


def test_a_disarmed_switch_does_nothing() -> None:
    desk = Desk("binance")
    order = desk.place(1, 10, Kind.LIMIT, limit=90)
    desk.venue.arm(timedelta(seconds=10))
    desk.venue.arm(None)
    desk.wait(60)
    assert order.open


def test_a_request_arrives_though_its_sender_is_gone() -> None:
    desk = Desk("binance")
    ticket = desk.ticket(1, 10)
    desk.venue.post(START + timedelta(seconds=3), lambda: desk.venue.place([ticket]))
    desk.venue.sever()
    desk.wait(2)
    assert desk.held == 0
    desk.wait(2)
    assert desk.held == 10
    assert [one.at for one in desk.venue.history][-1] == START + timedelta(seconds=3)


def test_late_fees_come_later_and_each_once() -> None:
    desk = Desk("ibkr")
    desk.place(1, 100)
    assert desk.cash() == 90_000
    desk.wait(4)
    assert desk.cash() == 89_995  # 0.05 % of 10,000
    charged = [one for one in desk.venue.history if isinstance(one, Charged)]
    assert {one.exec for one in charged} == set(desk.venue.executions)


def test_a_correction_replaces_an_execution_and_what_it_did_to_cash() -> None:
    desk = Desk("ibkr")
    desk.place(1, 1)
    desk.wait(4)  # 100 and a fee of 0.05 are paid
    ((name, row),) = desk.venue.executions.items()
    correct(desk.venue, name, row.qty, D(98))
    assert desk.cash() == D("99901.95")  # 100,000 - 98 - 0.05
    assert desk.venue.executions[name].version == 2


def test_a_bust_takes_an_execution_and_its_fee_back() -> None:
    desk = Desk("ibkr")
    order = desk.place(1, 1)
    desk.wait(4)
    bust(desk.venue, next(iter(desk.venue.executions)))
    assert (desk.cash(), desk.held, order.filled) == (100_000, 0, 0)


def test_cash_comes_and_goes_and_is_in_the_log() -> None:
    desk = Desk("oanda")
    move(desk.venue, "USD", D("-2.5"), "financing", desk.instrument)
    assert desk.cash() == D("99997.5")
    (row,) = [one for one in desk.venue.log if isinstance(one, Moved)]
    assert (row.kind, row.instrument) == ("financing", desk.instrument)


# ---- a chain ------------------------------------------------------------------------------------
def test_a_block_undone_leaves_no_trace_in_the_sums() -> None:
    desk = Desk("chain")
    desk.submit(0, qty=10, worst="105")
    desk.chain.mine()
    assert (desk.held, desk.cash(), desk.cash("GAS")) == (10, 99_000, D("9.99"))
    desk.chain.reorg(1)
    assert (desk.held, desk.cash(), desk.cash("GAS")) == (0, 100_000, 10)
    desk.trade(106)  # beyond the worst price: it fails, and costs its gas all the same
    desk.chain.mine()
    (order,) = desk.venue.orders.values()
    assert (order.state, order.reason) == (State.REFUSED, Reason.SLIPPAGE)
    assert (desk.held, desk.cash(), desk.cash("GAS")) == (0, 100_000, D("9.99"))


def test_a_final_block_cannot_be_undone() -> None:
    desk = Desk("chain")
    for _ in range(10):
        desk.chain.mine()
    desk.chain.reorg(100)
    assert desk.chain.head.number == 10 - (desk.chain.deep - 1)


def test_a_missing_nonce_holds_up_all_that_follow() -> None:
    desk = Desk("chain")
    desk.submit(1)
    desk.chain.mine()
    assert desk.held == 0
    desk.submit(0)
    desk.chain.mine()
    assert desk.held == 2
    assert {row.witness for row in desk.venue.executions.values()} == {desk.chain.head.hash}


def test_a_rival_of_one_nonce_needs_a_higher_tip() -> None:
    desk = Desk("chain")
    desk.submit(0, qty=1, tip=2)
    desk.submit(0, qty=2, tip=2)
    desk.submit(0, qty=3, tip=3)
    desk.chain.mine()
    assert desk.held == 3


def test_a_nonce_that_was_lost_elsewhere_keeps_later_ones_waiting_until_it_is_sent_again() -> None:
    desk = Desk("chain")
    desk.chain.spend_elsewhere()
    desk.submit(1, qty=2)
    desk.chain.forget_pool()
    desk.submit(1, qty=2)
    desk.chain.mine()
    assert desk.held == 0
    desk.chain.send_elsewhere_again()
    desk.chain.mine()
    assert desk.held == 2


def test_an_order_whose_nonce_is_used_elsewhere_ends_when_that_is_final() -> None:
    desk = Desk("chain")
    desk.submit(0)
    desk.chain.spend_elsewhere()
    desk.chain.mine()
    (order,) = desk.venue.orders.values()
    assert order.open
    for _ in range(desk.chain.deep + 1):
        desk.chain.mine()
    assert (order.state, desk.held) == (State.REFUSED, 0)
