"""What a live account's journal says is in the ledger's tables, each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from atms.execution.core.records import (
    Answered,
    Booked,
    CancelAsked,
    CashBooked,
    FeeBooked,
    Linked,
    Named,
    Record,
    Reversed,
    Stood,
)
from atms.execution.emulation import plans
from atms.ledger import check_balances, list_runs
from atms.running.live_pump import Pump
from atms.stores.facts import Fee, State
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind
from tests.ledger.live_making import (
    BEGAN,
    BTC,
    adversity,
    append,
    at,
    booked,
    bought,
    claim,
    closed,
    dec,
    folder_of,
    held,
    intended,
    opening,
    run_row,
    started,
    state_of,
)
from tests.ledger.raw import rows, stored


def write(url: str, records: Sequence[Record], **claims: Any) -> None:
    """Append records, have the first epoch be a run's, and bring everything over."""
    folder = append(records)
    claim(run_row(), **claims)
    pump_all(url, folder)


def pump_all(url: str, folder: Any = None) -> int:
    """Bring over what there is; return how many batches it was."""
    batches = 0
    with closing(Pump(url, folder or folder_of())) as pump:
        while pump.step():
            batches += 1
        assert pump.lag() == 0
    return batches


def one(url: str, query: str) -> dict[str, Any]:
    (found,) = rows(url, query)
    return found


# ---- runs ----------------------------------------------------------------------------------------
def test_a_run_that_goes_on_is_a_row_that_the_list_of_runs_shows(url: str) -> None:
    write(url, [started()])
    (row,) = list_runs(url)
    assert (row["id"], row["mode"], row["status"]) == ("run-1", "paper", "running")
    assert (row["started"], row["ended"], row["strategy"]) == (BEGAN, None, "mine:Mine")
    assert row["metrics"]["trades"] is None
    assert stored(url, "SELECT count(*) FROM run_starts") == [(1,)]


def test_a_run_that_keeps_its_id_over_a_restart_is_one_row_with_two_starts(url: str) -> None:
    write(url, bought())
    append([started(2, 60)])
    claim(run_row(), epoch=2)
    pump_all(url)
    assert len(list_runs(url)) == 1
    starts = rows(url, "SELECT * FROM run_starts ORDER BY epoch")
    assert [(row["epoch"], row["started"]) for row in starts] == [(1, at(1)), (2, at(2))]
    assert one(url, "SELECT start, final FROM balances WHERE currency = 'USD'") == {
        "start": 1000, "final": Decimal("799.5"),
    }  # fmt: skip


# ---- orders --------------------------------------------------------------------------------------
ORDER = "SELECT status, filled, average_price, reason, updated_ts FROM orders"


@pytest.mark.parametrize(
    ("then", "status", "reason"),
    [
        ((), "submitted", None),
        ((Answered(key="j-1-1", outcome="acked", at=at(2)),), "accepted", None),
        ((Answered(key="j-1-1", outcome="unknown", at=at(2)),), "submitted", "no answer"),
        ((booked(qty=dec(1)),), "partial", None),
        ((booked(), closed()), "completed", None),
        ((booked(qty=dec(1)), closed(how="canceled")), "canceled", None),
        ((closed(how="expired"),), "expired", None),
        (
            (
                Answered(key="j-1-1", outcome="refused", at=at(2), reason=Reason.FUNDS, code="-1"),
                closed(how="refused", why="-1"),
            ),
            "margin", "FUNDS: -1",
        ),
        ((closed(how="not_placed", why="not found"),), "rejected", "not found"),
        (
            (closed(how="not_placed"), Stood(key="j-1-1", state=State.WORKING, at=at(9))),
            "accepted", None,
        ),
        (
            (closed(how="canceled"), booked(), Stood(key="j-1-1", state=State.FILLED, at=at(9))),
            "completed", None,
        ),
        (
            (closed(how="refused"), Stood(key="j-1-1", state=State.CANCELED, at=at(9))),
            "canceled", None,
        ),
    ],
)  # fmt: skip
def test_an_orders_row_stands_as_the_order_does(
    url: str, then: tuple[Record, ...], status: str, reason: str | None
) -> None:
    write(url, [started(), opening(), intended(), *then])
    found = one(url, ORDER)
    assert (found["status"], found["reason"]) == (status, reason)


def test_an_order_that_fills_in_parts_has_their_sum_and_average(url: str) -> None:
    parts = [booked("t1", qty=dec(1)), booked("t2", qty=dec("0.5"), price=dec(103), at=at(5))]
    write(url, [started(), opening(), intended(), *parts])
    found = one(url, ORDER)
    assert (found["filled"], found["average_price"]) == (dec("1.5"), 101)
    assert found["updated_ts"] == at(5)


@pytest.mark.parametrize(
    ("ticket", "expected"),
    [
        ({"kind": Kind.LIMIT, "limit": dec(99)}, ("limit", dec(99), None)),
        ({"kind": Kind.STOP, "trigger": dec(98)}, ("stop", dec(98), None)),
        (
            {"kind": Kind.STOP_LIMIT, "trigger": dec(98), "limit": dec(97)},
            ("stoplimit", dec(98), dec(97)),
        ),
    ],
)
def test_an_orders_kind_and_prices_are_called_as_in_a_backtest(
    url: str, ticket: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    write(url, [started(), intended(**ticket)])
    found = one(url, "SELECT type, price, limit_price FROM orders")
    assert tuple(found.values()) == expected


def test_the_venues_names_of_an_order_are_in_its_row(url: str) -> None:
    names = Named(key="j-1-1", names=("order:9", "client:7"))
    write(url, [started(), intended(), CancelAsked(key="j-1-1", at=at(4)), names])
    assert one(url, "SELECT names FROM orders") == {"names": "client:7 order:9"}


# ---- fills ---------------------------------------------------------------------------------------
FILLS = "SELECT run_id, trade_id, version, row, side, size, price, order_id FROM fills ORDER BY id"


def test_a_fill_is_a_row_with_its_fees_and_what_it_swapped(url: str) -> None:
    fees = (Fee(asset="BNB", amount=dec("0.01")), Fee(asset="BNB", amount=dec("0.02")))
    write(url, [started(), opening(), intended(), booked(fees=fees)])
    found = one(url, "SELECT * FROM fills")
    told = {"side": "buy", "size": 2, "price": 100, "order_id": "j-1-1", "settlement": "cash"}
    assert told.items() <= found.items()
    assert (found["currency"], found["base"], found["reference_price"]) == ("USD", "BTC", None)
    assert rows(url, "SELECT asset, amount FROM fill_fees") == [
        {"asset": "BNB", "amount": dec("0.03")}
    ]


def test_a_correction_is_a_reversing_row_and_a_new_one(url: str) -> None:
    undone = Reversed(exec="t1", version=0, at=at(9), why="corrected")
    again = booked(version=1, price=dec(101))
    write(url, [*bought(), undone, again])
    found = [(row["version"], row["row"], row["price"]) for row in rows(url, FILLS)]
    assert found == [(0, "fill", 100), (0, "reversal", 100), (1, "fill", 101)]
    assert one(url, "SELECT final FROM balances WHERE currency = 'USD'") == {"final": dec("797.5")}
    assert one(url, "SELECT size, average_price FROM positions") == {
        "size": 2, "average_price": 101,
    }  # fmt: skip
    assert check_balances(url) == []


def test_a_fill_of_no_order_that_is_known_gets_its_order_later(url: str) -> None:
    records = [started(), opening(), intended(), booked(key=None, names=("order:9",))]
    write(url, records)
    assert one(url, FILLS)["order_id"] is None
    append([Linked(exec="t1", key="j-1-1")])
    pump_all(url)
    assert one(url, FILLS)["order_id"] == "j-1-1"
    assert one(url, ORDER)["filled"] == 2


def test_late_fees_belong_to_their_fill(url: str) -> None:
    records = [started(), opening(), intended(), booked(fees=None)]
    write(url, records)
    assert one(url, "SELECT fees_known FROM fills") == {"fees_known": False}
    late = [
        FeeBooked(id=name, exec="t1", key=None, asset="USD", amount=dec("0.25"), at=at(5))
        for name in ("f1", "f2")
    ]
    append(late)
    pump_all(url)
    assert one(url, "SELECT fees_known FROM fills") == {"fees_known": True}
    assert one(url, "SELECT amount FROM fill_fees") == {"amount": dec("0.5")}
    assert check_balances(url) == []


def test_cash_that_is_no_fill_and_fees_of_none_are_cash_flows(url: str) -> None:
    cash = CashBooked(
        id="c1", asset="USD", amount=dec(-3), instrument=BTC, kind="funding", at=at(6)
    )
    gas = FeeBooked(id="g1", exec=None, key="j-1-1", asset="USD", amount=dec(1), at=at(7))
    write(url, [*bought(), cash, gas])
    found = rows(url, "SELECT kind, external_id, symbol, amount FROM cash_flows ORDER BY ts")
    assert [tuple(row.values()) for row in found] == [
        ("funding", "c1", "BTC", -3), ("fee", "fee:g1", "BTC", -1),
    ]  # fmt: skip
    assert check_balances(url) == []


# ---- what was there before -----------------------------------------------------------------------
def test_what_was_held_when_the_journal_began_is_an_opening_and_no_flow(url: str) -> None:
    write(url, [started(), opening(), held(3)])
    found = one(url, "SELECT why, size, average_price FROM openings")
    assert found == {"why": "opening", "size": 3, "average_price": 90}
    assert one(url, "SELECT start, final FROM balances WHERE currency = 'BTC'") == {
        "start": 3, "final": 3,
    }  # fmt: skip
    assert rows(url, "SELECT * FROM cash_flows") == []
    assert one(url, "SELECT size FROM positions") == {"size": 3}


def test_what_is_adopted_later_moves_a_balance_and_says_so(url: str) -> None:
    write(url, [*bought(), held(1, "adopted", price=None, at=at(50))])
    assert one(url, "SELECT why, average_price FROM openings") == {
        "why": "adopted", "average_price": None,
    }  # fmt: skip
    assert one(url, "SELECT kind, amount FROM cash_flows") == {"kind": "adopted", "amount": 1}
    assert one(url, "SELECT size, average_price FROM positions") == {
        "size": 3, "average_price": None,
    }  # fmt: skip
    assert check_balances(url) == []


# ---- several runs --------------------------------------------------------------------------------
def test_rows_belong_to_the_run_whose_epoch_made_them(url: str) -> None:
    sold = booked("t2", key="j-2-1", side=-1, price=dec(110), at=at(70))
    second = [started(2, 60), intended("j-2-1", side=-1, seconds=65), sold]
    append([*bought(), *second])
    claim(run_row())
    claim(run_row("run-2"), epoch=2)
    pump_all(url)
    assert [(row["run_id"], row["trade_id"]) for row in rows(url, FILLS)] == [
        ("run-1", "t1"), ("run-2", "t2"),
    ]  # fmt: skip
    orders = rows(url, "SELECT run_id, order_id FROM orders ORDER BY order_id")
    assert [row["run_id"] for row in orders] == ["run-1", "run-2"]
    found = one(url, "SELECT * FROM openings")
    assert (found["run_id"], found["why"], found["size"]) == ("run-2", "held", 2)
    funds = rows(url, "SELECT run_id, start, final FROM balances WHERE currency = 'USD' ORDER BY 1")
    assert [tuple(row.values()) for row in funds] == [
        ("run-1", 1000, dec("799.5")), ("run-2", dec("799.5"), 1019),
    ]  # fmt: skip
    left = rows(url, "SELECT run_id, size FROM positions")
    assert left == [{"run_id": "run-1", "size": 2}]  # as it left it; the second holds nothing
    sessions = rows(url, "SELECT epoch, run_id FROM live_sessions ORDER BY epoch")
    assert [tuple(row.values()) for row in sessions] == [(1, "run-1"), (2, "run-2")]
    assert check_balances(url) == []


def test_a_late_word_on_an_earlier_runs_fill_moves_the_cash_of_the_run_that_heard_it(
    url: str,
) -> None:
    fee = FeeBooked(id="f1", exec="t1", key=None, asset="USD", amount=dec("0.25"), at=at(62))
    undone = Reversed(exec="t1", version=0, at=at(63), why="bust")
    append([*bought(), started(2, 60), fee, undone])
    claim(run_row())
    claim(run_row("run-2"), epoch=2)
    pump_all(url)
    found = [(row["run_id"], row["row"]) for row in rows(url, FILLS)]
    assert found == [("run-1", "fill"), ("run-2", "reversal")]
    assert one(url, "SELECT run_id, kind FROM cash_flows") == {"run_id": "run-2", "kind": "fee"}
    assert check_balances(url) == []


def test_an_epoch_that_nobody_claimed_belongs_to_the_run_before_it(url: str) -> None:
    # So is that of `flatten`, a process of its own.
    write(url, [*bought(), started(2, 60), intended("j-2-1", side=-1)])
    found = rows(url, "SELECT run_id FROM orders")
    assert found == [{"run_id": "run-1"}, {"run_id": "run-1"}]


def test_entries_from_before_the_first_run_that_is_kept_are_left_out(url: str) -> None:
    append([*bought(), started(2, 60)])
    claim(None)
    claim(run_row("run-2"), epoch=2)
    pump_all(url)
    assert rows(url, FILLS) == []
    assert one(url, "SELECT size FROM openings") == {"size": 2}
    assert one(url, "SELECT start FROM balances WHERE currency = 'USD'") == {"start": dec("799.5")}
    assert check_balances(url) == []


# ---- everything at once --------------------------------------------------------------------------
def signed(rows_: list[dict[str, Any]]) -> Decimal:
    undone = {"fill": 1, "reversal": -1}
    way = {"buy": 1, "sell": -1}
    return sum((undone[r["row"]] * way[r["side"]] * r["size"] for r in rows_), Decimal(0))


@pytest.mark.parametrize("profile", ["binance", "oanda", "ibkr", "chain"])
@pytest.mark.parametrize("seed", [1, 2])
def test_after_faults_and_kills_the_ledger_says_what_the_order_path_does(
    url: str, profile: str, seed: int
) -> None:
    records = adversity(seed, profile)
    account = next(r.instrument for r in records if isinstance(r, Booked)).partition(":")[0]
    folder = append(records, account)
    claim(run_row(), account=account)
    claim(run_row("run-2"), epoch=2, account=account)
    pump_all(url, folder)
    state = state_of(records)
    last = "run-2" if state.epoch > 1 else "run-1"
    funds = rows(url, f"SELECT currency, final FROM balances WHERE run_id = '{last}'")
    assert {row["currency"]: row["final"] for row in funds} == dict(state.books.balances())
    standing: dict[str, Decimal] = {}
    for (name, _), position in state.books.positions().items():
        symbol = name.partition(":")[2]
        standing[symbol] = standing.get(symbol, Decimal(0)) + position.qty
    places = rows(url, f"SELECT symbol, size FROM positions WHERE run_id = '{last}'")
    assert {r["symbol"]: r["size"] for r in places} == {s: q for s, q in standing.items() if q}
    fills = rows(url, FILLS)
    expected = sum((r.side * r.qty for r in state.books.rows.values()), Decimal(0))
    assert signed(fills) == expected
    assert len({(r["trade_id"], r["version"], r["row"]) for r in fills}) == len(fills)
    filled = {row["order_id"]: row["filled"] for row in rows(url, "SELECT * FROM orders")}
    own = {key: order.booked for key, order in state.orders.items()}
    others = {key: plans.booked(state, plan) for key, plan in state.plans.items()}
    assert filled == own | others
    assert check_balances(url) == []
