"""A run in the ledger is the run itself: every row and every column of every table, exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from atms.report.decisions import DECISION_COLUMNS, GATE_COLUMNS
from atms.report.flows import difference
from atms.report.summary import json_safe
from atms.result import Result
from tests.ledger.making import file
from tests.ledger.raw import is_sqlite, rows, stored

Rows = list[dict[str, Any]]


@pytest.fixture
def url(shared_url: str, result: Result, make: Callable[..., Result]) -> str:
    """A ledger with two runs in it, the second of which is looked at."""
    file(make(name="another"), shared_url)  # so that the ledger's ids are not the run's
    file(result, shared_url)
    return shared_url


def plain(value: Any) -> Any:
    """Return a frame's value as the ledger should hold it."""
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return Decimal(repr(value)) if isinstance(value, float) else value


def expected(frame: pd.DataFrame, *texts: str, **same: Any) -> Rows:
    """Return a frame's rows as the ledger should hold them; columns *texts* as text."""
    frame = frame.assign(**same).astype(object)
    found = [
        {name: plain(value) for name, value in row.items()} for row in frame.to_dict("records")
    ]
    for row in found:
        for name in texts:
            row[name] = None if row[name] is None else str(row[name])
    return found


def without(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.drop(columns=[*columns])


def in_any_order(found: Rows) -> list[list[tuple[str, Any]]]:
    return sorted((sorted(row.items()) for row in found), key=repr)


def test_orders_are_those_of_the_run(url: str, result: Result) -> None:
    found = rows(url, f"SELECT * FROM orders WHERE run_id = '{result.id}'")
    frame = without(result.orders, "fee")  # of its fills
    mine = {"run_id": result.id, "account": result.account, "names": None, "bar_ts": None}
    assert in_any_order(found) == in_any_order(expected(frame, "order_id", "parent_id", **mine))


def test_an_orders_parent_is_found_by_its_id(url: str, result: Result) -> None:
    children = rows(
        url,
        "SELECT child.order_id FROM orders child JOIN orders parent "
        "ON parent.run_id = child.run_id AND parent.order_id = child.parent_id "
        f"WHERE child.run_id = '{result.id}'",
    )
    assert len(children) == result.orders["parent_id"].notna().sum() > 0


def test_fills_are_those_of_the_run(url: str, result: Result) -> None:
    found = rows(url, f"SELECT * FROM fills WHERE run_id = '{result.id}' ORDER BY id")
    ids = [row.pop("id") for row in found]
    assert len(set(ids)) == len(ids)
    frame = without(result.fills, "fee", "fee_currency")
    same = {"version": 0, "row": "fill", "fees_known": True, "base": None}
    # In the order of booking.
    assert found == expected(frame, "order_id", "trade_id", **same)


def test_a_fills_fee_is_a_row_of_its_own(url: str, result: Result) -> None:
    found = rows(
        url,
        "SELECT trade_id, asset, amount FROM fill_fees JOIN fills ON fills.id = fill_id "
        f"WHERE run_id = '{result.id}'",
    )
    names = {"fee_currency": "asset", "fee": "amount"}
    frame = result.fills[["trade_id", *names]].rename(columns=names)
    assert (frame["amount"] > 0).all()
    assert in_any_order(found) == in_any_order(expected(frame, "trade_id"))


def test_trades_are_those_of_the_run(url: str, result: Result) -> None:
    found = rows(url, f"SELECT * FROM trades WHERE run_id = '{result.id}' ORDER BY trade_id")
    columns = [name for name in result.trades if name in found[0]]
    assert set(found[0]) == set(columns)
    assert found == expected(result.trades[columns])


def test_each_trade_has_the_fills_of_the_run(url: str, result: Result) -> None:
    found = rows(
        url,
        "SELECT fills.trade_id AS fill_id, link.trade_id, link.size, link.fee "
        "FROM fill_trades link JOIN fills ON fills.id = fill_id AND fills.run_id = link.run_id "
        f"WHERE link.run_id = '{result.id}'",
    )
    frame = result.fill_trades[["fill_id", "trade_id", "size", "fee"]]
    assert in_any_order(found) == in_any_order(expected(frame, "fill_id"))


def test_positions_are_those_at_the_end_of_the_run(url: str, result: Result) -> None:
    found = rows(url, f"SELECT * FROM positions WHERE run_id = '{result.id}'")
    mine = {"run_id": result.id, "account": result.account}
    assert found == expected(result.positions, **mine)


def test_cash_flows_are_those_of_the_run(url: str, result: Result) -> None:
    found = rows(url, f"SELECT * FROM cash_flows WHERE run_id = '{result.id}'")
    assert len({row.pop("id") for row in found}) == len(found)
    assert in_any_order(found) == in_any_order(expected(result.cash_flows))


def test_a_balance_holds_the_start_the_end_and_by_how_much_the_rows_miss_it(
    url: str, result: Result
) -> None:
    (found,) = rows(url, f"SELECT * FROM balances WHERE run_id = '{result.id}'")
    (balance,) = result.balances.itertuples()
    missed = difference(result.fills, result.cash_flows, balance)
    assert found == {
        "run_id": result.id,
        "account": result.account,
        "currency": "USD",
        "start": 100_000,
        "final": Decimal(repr(float(result.strategy.broker.getcash()))),
        "difference": Decimal(repr(missed)),
    }


def test_equity_is_the_last_of_each_day(url: str, result: Result) -> None:
    found = rows(url, f"SELECT * FROM equity WHERE run_id = '{result.id}' ORDER BY ts")
    # 120 hours from noon on: the evening of the first day, four whole days, noon of the last.
    days = result.equity.index.strftime("%Y-%m-%d").tolist()
    last = [at for at, day in enumerate(days) if day not in days[at + 1 :]]
    assert len(last) == 6
    frame = result.equity.iloc[last].rename_axis("ts").reset_index()[["ts", "cash", "value"]]
    assert found == expected(frame, run_id=result.id)


def test_a_run_has_one_start(url: str, result: Result) -> None:
    found = rows(url, f"SELECT * FROM run_starts WHERE run_id = '{result.id}'")
    times = {"started": result.started, "ended": result.ended}
    assert found == [{"run_id": result.id, "epoch": 1, **times}]


def test_the_run_itself_is_a_row(url: str, result: Result) -> None:
    (found,) = rows(url, f"SELECT * FROM runs WHERE id = '{result.id}'")
    config = found.pop("config")
    assert config["broker"].items() >= {"cash": 100_000, "commission": 0.001}.items()
    (owner,) = rows(url, "SELECT id FROM users WHERE name = 'local'")
    query = f"SELECT id FROM strategies WHERE code_hash = '{result.provenance.hashes['code']}'"
    (strategy,) = rows(url, query)
    assert found == {
        "id": result.id,
        "owner_id": owner["id"],
        "strategy_id": strategy["id"],
        "label": None,
        "mode": "backtest",
        "status": "finished",
        "symbols": "data",
        "started": result.started,
        "ended": result.ended,
        "first_bar": result.equity.index[0],
        "last_bar": result.equity.index[-1],
        "start_value": 100_000,
        "final_value": Decimal(repr(float(result.equity["value"].iloc[-1]))),
        "currency": "USD",
        "seed": 1,
        "metrics": json.loads(json.dumps(json_safe(result.metrics))),
        "audit": json.loads(json.dumps([audit.as_dict() for audit in result.audit])),
        **{f"{name}_hash": result.provenance.hashes[name] for name in ("config", "data", "code")},
        "manifest_hash": "0" * 64,
        "folder": str(Path("somewhere").resolve()),
    }


def test_what_stands_around_a_run_is_there_once(url: str, result: Result) -> None:
    (account,) = rows(url, f"SELECT * FROM accounts WHERE id = '{result.account}'")
    (owner,) = rows(url, "SELECT id FROM users")
    assert account == {"id": f"backtest:{result.id}", "owner_id": owner["id"], "mode": "backtest"}
    (strategy,) = rows(url, "SELECT name FROM strategies")
    assert strategy["name"] == "tests.ledger.strategies:Busy"
    (instrument,) = rows(url, "SELECT * FROM instruments")
    unknown = dict.fromkeys(("tick", "step", "min_size", "min_notional"))
    assert instrument == {
        "venue": "sim", "symbol": "data", "currency": "USD", "multiplier": 1, **unknown
    }  # fmt: skip


def test_the_local_owner_was_made_with_the_tables(url: str) -> None:
    (owner,) = rows(url, "SELECT name, created FROM users")
    assert owner["name"] == "local"
    assert isinstance(owner["created"], datetime)


def test_decimals_and_times_have_the_databases_own_types(url: str) -> None:
    if is_sqlite(url):
        kinds = stored(url, "SELECT DISTINCT typeof(price), typeof(ts) FROM fills")
        assert kinds == [("text", "integer")]
    else:
        kinds = stored(
            url, "SELECT DISTINCT pg_typeof(price)::text, pg_typeof(ts)::text FROM fills"
        )
        assert kinds == [("numeric", "timestamp with time zone")]
        bounds = stored(
            url,
            "SELECT DISTINCT numeric_precision, numeric_scale FROM information_schema.columns "
            "WHERE data_type = 'numeric' AND table_schema = 'public'",
        )
        assert bounds == [(None, None)]


def test_what_the_strategy_said_is_there_with_its_gates(url: str, result: Result) -> None:
    mine = f"WHERE run_id = '{result.id}' ORDER BY number"
    found = stored(url, f"SELECT number, feed, symbol, signal, confidence FROM decisions {mine}")
    said = result.decisions.astype(object).where(result.decisions.notna(), None)
    assert found == list(said[list(DECISION_COLUMNS[:1] + DECISION_COLUMNS[2:6])].itertuples(
        index=False, name=None
    ))  # fmt: skip
    assert [row["ts"] for row in rows(url, f"SELECT ts FROM decisions {mine}")] == [
        ts.to_pydatetime() for ts in result.decisions["ts"]
    ]
    numbers = [value for (value,) in stored(url, f"SELECT numbers FROM decisions {mine}")]
    assert [json.loads(v) if isinstance(v, str) else v for v in numbers] == [
        json.loads(text) for text in result.decisions["numbers"]
    ]
    gates = stored(url, f"SELECT {', '.join(GATE_COLUMNS)} FROM gates {mine}, place")
    met = result.gates.astype(object).where(result.gates.notna(), None)
    assert gates == list(met.itertuples(index=False, name=None))
    assert {name for _, _, name, *_ in gates} == {"trend", "a\tgate\\", "cooldown"}
