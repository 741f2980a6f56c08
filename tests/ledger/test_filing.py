"""Runs are filed whole or not at all, once, listed, and taken out with all that is theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atms.errors import LedgerError
from atms.ledger import delete_runs, list_runs, schema
from atms.ledger.connection import writing
from atms.result import Result
from atms.stored import read_result
from tests.ledger.making import file, on
from tests.ledger.raw import count, counts, execute, is_sqlite, rows, stored, tables

OF_A_RUN = (
    "runs", "run_starts", "accounts", "balances", "orders", "fills", "fill_fees", "trades",
    "fill_trades", "positions", "cash_flows", "equity",
)  # fmt: skip
TWICE = "UNIQUE|duplicate key"


# ---- saved --------------------------------------------------------------------------------------
def test_a_saved_run_is_known_by_its_folder_and_the_hash_of_its_manifest(
    url: str, result: Result
) -> None:
    folder = on(result, url).save()
    (row,) = rows(url, "SELECT folder, manifest_hash FROM runs")
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert row == {"folder": str(folder.resolve()), "manifest_hash": digest}


def test_a_run_saved_twice_has_two_folders_and_one_place_in_the_ledger(
    url: str, result: Result
) -> None:
    run = on(result, url)
    first = run.save()
    before = counts(url)
    second = run.save("elsewhere")
    assert (first / "manifest.json").exists()
    assert (second / "manifest.json").exists()
    assert counts(url) == before
    assert stored(url, "SELECT folder FROM runs") == [(str(second.resolve()),)]


def test_filing_says_whether_the_run_was_new(url: str, result: Result) -> None:
    assert file(result, url)
    assert not file(result, url)


def test_a_run_read_from_its_folder_makes_the_same_rows(url: str, result: Result) -> None:
    folder = result_folder(result)
    file(result, url, folder)
    before = everything(url)
    delete_runs(url, [result.id])
    file(read_result(folder), url, folder)
    after = everything(url)
    assert after.keys() == before.keys()
    for table, found in before.items():
        assert after[table] == found, table


def result_folder(result: Result) -> Path:
    """Return a folder with the run's files; no ledger hears of it."""
    section = result.config.ledger.model_copy(update={"enabled": False})
    config = result.config.model_copy(update={"ledger": section})
    return replace(result, config=config).save()


def everything(url: str) -> dict[str, list[Any]]:
    """Return the rows of each table; a fill's or flow's id as its place among them."""
    found = {}
    for table in OF_A_RUN:
        found[table] = rows(url, f"SELECT * FROM {table}")
    places = {row["id"]: place for place, row in enumerate(sorted(found["fills"], key=by_id))}
    for table in ("fill_fees", "fill_trades"):
        for row in found[table]:
            row["fill_id"] = places[row["fill_id"]]
    for table in ("fills", "cash_flows"):
        found[table].sort(key=by_id)
        for place, row in enumerate(found[table]):
            row["id"] = place
    for (row,) in (found["runs"],):  # the config says where the ledger is and whether it is
        row["config"].pop("ledger")
        row.pop("manifest_hash")
    return {
        table: sorted((sorted(row.items()) for row in kept), key=repr)
        for table, kept in found.items()
    }


def by_id(row: dict[str, Any]) -> int:
    return int(row["id"])


@pytest.mark.parametrize(
    ("params", "status", "bars"),
    [
        ({"raise_at": 60}, "failed", 60),
        ({"stop_at": 60}, "interrupted", 60),
        ({"raise_on_order": 13}, "failed", 13),
    ],
    ids=str,
)
def test_a_broken_run_is_filed_with_its_status(
    make: Callable[..., Result], url: str, params: dict[str, int], status: str, bars: int
) -> None:
    partial = make(params=params)
    file(partial, url)
    (row,) = list_runs(url)
    assert (row["id"], row["status"]) == (partial.id, status)
    assert row["last_bar"] == partial.equity.index[-1]
    assert len(partial.equity) in (bars - 1, bars)
    assert count(url, "orders") == len(partial.orders) > 0
    assert count(url, "fills") == len(partial.fills) > 0


def test_a_run_without_any_order_is_filed(make: Callable[..., Result], url: str) -> None:
    still = make(timerange="2024-01-01..2024-01-01", name="still", params={"raise_at": 2})
    assert not len(still.orders)
    file(still, url)
    assert [row["id"] for row in list_runs(url)] == [still.id]
    assert count(url, "equity") == 1


def test_a_parameter_that_is_no_finite_number_can_be_filed(
    make: Callable[..., Result], url: str
) -> None:
    odd = make(params={"raise_at": float("nan"), "stop_at": float("inf")})
    file(odd, url)
    assert [row["id"] for row in list_runs(url)] == [odd.id]


def test_two_runs_of_one_strategy_share_its_row(make: Callable[..., Result], url: str) -> None:
    file(make(name="one"), url)
    file(make(name="other"), url)
    assert (count(url, "runs"), count(url, "strategies")) == (2, 1)


# ---- listed -------------------------------------------------------------------------------------
def test_runs_are_listed_from_the_newest_on_and_without_their_config(
    make: Callable[..., Result], url: str
) -> None:
    made = [make(name=name) for name in ("one", "other", "third")]
    for result in made[::-1]:
        file(result, url)  # the order of filing is not that of the runs
    found = list_runs(url)
    made.sort(key=lambda result: result.started)
    assert [row["id"] for row in found] == [result.id for result in made[::-1]]
    assert all({"config", "audit"}.isdisjoint(row) for row in found)
    assert found[0]["started"] == made[-1].started
    assert found[0]["final_value"] == Decimal(repr(float(made[-1].metrics["final_value"])))
    assert found[0]["strategy"] == "tests.ledger.strategies:Busy"
    assert found[0]["label"] == "third"


def test_a_database_without_tables_lists_nothing_and_gets_none(bare_url: str) -> None:
    assert list_runs(bare_url) == []
    if is_sqlite(bare_url):
        assert not Path("atms.db").exists()
    else:
        assert tables(bare_url) == []


# ---- taken out ----------------------------------------------------------------------------------
def test_a_deleted_run_takes_its_rows_and_its_account_with_it(
    make: Callable[..., Result], url: str
) -> None:
    stays, gone, also = make(name="one"), make(name="other"), make(name="third")
    file(stays, url)
    alone = counts(url)
    file(gone, url)
    file(also, url)
    both = counts(url)
    assert all(both[table] > alone[table] for table in OF_A_RUN)
    delete_runs(url, [gone.id, also.id, "nobody"])
    assert counts(url) == alone
    assert stored(url, "SELECT id FROM runs") == [(stays.id,)]
    assert stored(url, "SELECT id FROM accounts") == [(stays.account,)]


def test_a_deleted_run_can_be_filed_again(url: str, result: Result) -> None:
    file(result, url)
    before = counts(url)
    delete_runs(url, [result.id])
    assert file(result, url)
    assert counts(url) == before


def test_deleting_nothing_deletes_nothing(url: str, result: Result) -> None:
    file(result, url)
    before = counts(url)
    delete_runs(url, [])
    assert counts(url) == before


# ---- whole or not at all ------------------------------------------------------------------------
def test_a_row_that_hangs_on_no_run_is_refused(url: str, result: Result) -> None:
    file(result, url)
    lost = {"run_id": "nobody", "ts": datetime(2024, 1, 1, tzinfo=UTC), "cash": 1, "value": 1}
    with pytest.raises(LedgerError, match=r"(?i)foreign key"), writing(url) as connection:
        connection.execute(schema.equity.insert(), lost)


def test_a_run_that_cannot_be_filed_whole_is_not_filed_at_all(
    make: Callable[..., Result], url: str
) -> None:
    first, second = make(name="one"), make(name="other")
    file(first, url)
    # A flow of the second run's account is there already: its own comes too late.
    execute(
        url,
        "INSERT INTO accounts (id, owner_id, mode) "
        f"SELECT '{second.account}', owner_id, mode FROM accounts",
        "INSERT INTO cash_flows (run_id, account, venue, external_id, ts, kind, symbol, amount, "
        f"currency) SELECT run_id, '{second.account}', venue, external_id, ts, kind, symbol, "
        "amount, currency FROM cash_flows",
    )
    before = counts(url)
    with pytest.raises(LedgerError, match=TWICE) as caught:
        on(second, url).save()
    assert counts(url) == before
    assert f"the run's files are kept in runs/{second.id}" in str(caught.value)
    assert (Path("runs") / second.id / "metrics.json").exists()


@pytest.mark.parametrize(
    ("frame", "column"),
    [("fills", "price"), ("trades", "mae"), ("equity", "value"), ("cash_flows", "amount")],
)
def test_an_infinite_figure_is_refused_and_nothing_is_filed(
    bare_url: str, result: Result, frame: str, column: str
) -> None:
    broken = getattr(result, frame).assign(**{column: float("inf")})
    with pytest.raises(LedgerError, match=result.id):
        file(replace(result, **{frame: broken}), bare_url)
    assert tables(bare_url) == []  # the tables themselves belong to the same transaction


def test_a_missing_figure_that_must_be_there_is_refused_and_nothing_is_filed(
    url: str, result: Result
) -> None:
    before = counts(url)
    prices = result.fills["price"].where(result.fills.index > 3, float("nan"))
    with pytest.raises(LedgerError, match=r"(?i)not.null"):
        file(replace(result, fills=result.fills.assign(price=prices)), url)
    assert counts(url) == before
