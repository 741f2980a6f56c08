"""Fills as a venue tells them: each once, corrected by a reversal and a new version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, select

from atms.errors import LedgerError
from atms.ledger import check_balances, schema
from atms.ledger.connection import writing
from atms.ledger.fills import book, correct
from atms.ledger.owners import local_owner

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
FILL: dict[str, Any] = {
    "run_id": "live-1", "account": "kraken:main", "venue": "kraken", "symbol": "BTC/USD",
    "trade_id": "T-7", "order_id": "O-1", "ts": NOW, "side": "buy", "size": Decimal("0.5"),
    "price": Decimal("20000.1"), "currency": "USD", "multiplier": Decimal(1),
    "settlement": "cash", "reference_price": Decimal("20000.1"),
}  # fmt: skip
KEY = {name: FILL[name] for name in ("account", "venue", "symbol", "trade_id")}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A ledger with a live run of one account, 100,000 USD at the start."""
    sqlite = request.param == "sqlite"
    url = "sqlite:///atms.db" if sqlite else request.getfixturevalue("postgres_url")
    with writing(url) as connection:
        owner = local_owner(connection)
        insert(connection, schema.accounts, id="kraken:main", owner_id=owner, mode="live")
        insert(connection, schema.strategies, id=7, name="a:B", code_hash="c")
        texts = ("currency", "config_hash", "data_hash", "code_hash", "manifest_hash", "folder")
        insert(
            connection, schema.runs, id="live-1", owner_id=owner, strategy_id=7, mode="live",
            status="running", symbols="BTC/USD", started=NOW, ended=NOW, start_value=Decimal(1),
            seed=1, config={}, metrics={}, audit=[], **dict.fromkeys(texts, "x"),
        )  # fmt: skip
    yield url


def insert(connection: Connection, table: Any, **row: Any) -> None:
    connection.execute(table.insert(), row)


def rows(url: str) -> list[tuple[int, str, Decimal, bool, dict[str, Decimal]]]:
    """Return version, row, size, fees_known and fees of each fill, in the order of writing."""
    f = schema.fills.c
    with writing(url) as connection:
        fees: dict[int, dict[str, Decimal]] = {}
        for fill_id, asset, amount in connection.execute(select(schema.fill_fees)):
            fees.setdefault(fill_id, {})[asset] = amount
        found = select(f.id, f.version, f.row, f.size, f.fees_known).order_by(f.id)
        return [(*row[1:], fees.get(row[0], {})) for row in connection.execute(found)]


def test_a_fill_that_is_met_again_is_one_row(database: str) -> None:
    for again in range(3):
        with writing(database) as connection:
            assert book(connection, FILL, {"USD": Decimal("1.5")}) == (again == 0)
    assert rows(database) == [(0, "fill", Decimal("0.5"), True, {"USD": Decimal("1.5")})]


def test_fees_that_are_told_later_are_added_once(database: str) -> None:
    fees = {"BNB": Decimal("0.001"), "USD": Decimal("-0.25")}  # a rebate
    with writing(database) as connection:
        book(connection, FILL, None)
    assert rows(database)[0][3:] == (False, {})
    for _ in range(2):
        with writing(database) as connection:
            book(connection, FILL, fees)
    assert rows(database)[0][3:] == (True, fees)


def test_a_corrected_fill_is_reversed_and_written_anew(database: str) -> None:
    fee, other = {"USD": Decimal("1.5")}, {"USD": Decimal("1.2")}
    with writing(database) as connection:
        book(connection, FILL, fee)
        correct(connection, KEY, {"size": Decimal("0.4")}, other)
    half, less = Decimal("0.5"), Decimal("0.4")
    assert rows(database) == [
        (0, "fill", half, True, fee),
        (0, "reversal", half, True, fee),
        (1, "fill", less, True, other),
    ]
    with writing(database) as connection:
        assert not book(connection, FILL, fee)  # the venue tells the old one again


def test_an_undone_fill_is_reversed_and_cannot_be_undone_twice(database: str) -> None:
    with writing(database) as connection:
        book(connection, FILL, None)
        correct(connection, KEY, None)
    assert [row[:2] for row in rows(database)] == [(0, "fill"), (0, "reversal")]
    with pytest.raises(LedgerError, match="no fill"), writing(database) as connection:
        correct(connection, KEY, None)
    with pytest.raises(LedgerError, match="no fill"), writing(database) as connection:
        correct(connection, {**KEY, "trade_id": "T-8"}, None)


@pytest.mark.parametrize(("final", "adds_up"), [("91998.76", True), ("89998.45", False)])
def test_corrections_and_fees_are_in_the_balance(database: str, final: str, adds_up: bool) -> None:
    # 100,000 - 0.4 * 20,000.1 - 1.2 = 91,998.76; the fill as it was first told would leave
    # 100,000 - 0.5 * 20,000.1 - 1.5 = 89,998.45.
    with writing(database) as connection:
        book(connection, FILL, {"USD": Decimal("1.5")})
        correct(connection, KEY, {"size": Decimal("0.4")}, {"USD": Decimal("1.2")})
        insert(
            connection, schema.balances, run_id="live-1", account="kraken:main", currency="USD",
            start=Decimal(100_000), final=Decimal(final), difference=Decimal(0),
        )  # fmt: skip
    found = check_balances(database)
    assert (found == []) == adds_up
    if found:
        assert found[0].expected == Decimal("91998.76")
