"""What the tables themselves refuse, whoever writes into them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import psycopg2
import pytest

from atms.result import Result
from tests.ledger.making import file
from tests.ledger.raw import attempt, count, is_sqlite

TWICE = "UNIQUE|duplicate key"
REFUSED = (sqlite3.IntegrityError, psycopg2.IntegrityError)
OF_A_RUN = (
    "run_starts", "balances", "orders", "fills", "fill_trades", "trades", "positions",
    "cash_flows", "equity",
)  # fmt: skip
FILL = (
    "run_id", "account", "venue", "symbol", "trade_id", "version", "row", "order_id", "ts", "side",
    "size", "price", "currency", "multiplier", "settlement", "reference_price", "fees_known",
)  # fmt: skip
FLOW = (
    "run_id", "account", "venue", "external_id", "ts", "kind", "symbol", "amount", "currency",
)  # fmt: skip
NEW = {
    "version": "version + 1", "row": "'reversal'", "trade_id": "'new'", "symbol": "'new'",
    "venue": "'new'", "external_id": "'new'", "order_id": "'77'", "price": "price",
    "side": "'sell'", "ts": "ts", "kind": "'new'",
}  # fmt: skip


@pytest.fixture
def url(shared_url: str, result: Result, make: Callable[..., Result]) -> str:
    """A ledger with two runs in it; nothing that is tried there stays."""
    file(make(name="another"), shared_url)
    file(result, shared_url)
    return shared_url


def copy(table: str, columns: tuple[str, ...], changed: str) -> str:
    """Return a statement that writes all rows of a table again, a column changed."""
    names = ", ".join(columns)
    values = ", ".join(NEW[name] if name == changed else name for name in columns)
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}"


@pytest.mark.parametrize("changed", ["venue", "symbol", "trade_id", "version", "row"])
def test_a_fill_may_differ_from_another_in_one_of_its_names(url: str, changed: str) -> None:
    statement = copy("fills", FILL, changed)
    if changed in ("venue", "symbol", "trade_id"):
        statement += " WHERE id IN (SELECT max(id) FROM fills GROUP BY account)"
    assert attempt(url, statement) > 0


@pytest.mark.parametrize("changed", ["", "order_id", "price", "side", "ts"])
def test_a_fill_of_the_same_names_is_refused_whatever_else_it_says(url: str, changed: str) -> None:
    with pytest.raises(REFUSED, match=TWICE):
        attempt(url, copy("fills", FILL, changed))


def test_two_accounts_may_have_fills_of_the_same_names(url: str) -> None:
    # The two runs are the same trades on accounts of their own.
    assert count(url, "fills") > count(url, "(SELECT DISTINCT trade_id FROM fills) AS ids")


# Nobody knows the price before costs of a fill at a venue, nor the order of one that is not ours.
MAY_BE_MISSING = ("order_id", "reference_price")


@pytest.mark.parametrize("column", [name for name in FILL if name not in MAY_BE_MISSING])
def test_nothing_of_a_fill_may_be_missing(url: str, column: str) -> None:
    with pytest.raises(REFUSED, match=r"(?i)not.null"):
        attempt(url, f"UPDATE fills SET {column} = NULL")


@pytest.mark.parametrize("column", ["row", "settlement"])
def test_a_fill_with_a_word_that_is_not_known_is_refused(url: str, column: str) -> None:
    with pytest.raises(REFUSED, match=r"(?i)check constraint"):
        attempt(url, f"UPDATE fills SET {column} = 'other'")


@pytest.mark.parametrize("changed", ["", "ts", "kind", "symbol"])
def test_a_cash_flow_of_the_same_names_is_refused(url: str, changed: str) -> None:
    with pytest.raises(REFUSED, match=TWICE):
        attempt(url, copy("cash_flows", FLOW, changed))


@pytest.mark.parametrize("changed", ["venue", "external_id"])
def test_a_cash_flow_may_differ_in_one_of_its_names(url: str, changed: str) -> None:
    statement = copy("cash_flows", FLOW, changed)
    statement += " WHERE id IN (SELECT max(id) FROM cash_flows GROUP BY account)"
    assert attempt(url, statement) == 2


@pytest.mark.parametrize("table", OF_A_RUN)
def test_a_row_hangs_on_a_run_that_is_there(url: str, result: Result, table: str) -> None:
    mine = f"UPDATE {table} SET run_id = 'nobody' WHERE run_id = '{result.id}'"
    with pytest.raises(REFUSED, match=r"(?i)foreign key"):
        attempt(url, mine)


@pytest.mark.parametrize("table", ["runs", "accounts"])
def test_every_run_and_account_has_an_owner(url: str, table: str) -> None:
    with pytest.raises(REFUSED, match=r"(?i)not.null"):
        attempt(url, f"UPDATE {table} SET owner_id = NULL")
    assert count(url, f"{table} JOIN users ON users.id = owner_id") == count(url, table) > 0


def test_one_fill_may_have_fees_in_several_assets_each_once(url: str) -> None:
    add = "INSERT INTO fill_fees (fill_id, asset, amount) SELECT max(id), 'BNB', '0.1' FROM fills"
    if not is_sqlite(url):
        add = add.replace("'0.1'", "0.1")
    assert attempt(url, add) == 1
    with pytest.raises(REFUSED, match=TWICE):
        attempt(url, add.replace("BNB", "USD"))
