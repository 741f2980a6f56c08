"""A run in the ledger: equal to the run itself, whole or not at all, and found again."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

import atms
from atms.errors import LedgerError, StrategyError
from atms.ledger import file_run, list_runs, schema
from atms.ledger.connection import writing
from atms.result import Result

URL = "sqlite:///atms.db"
EPOCH = pd.Timestamp(0, tz="UTC")


class Busy(bt.Strategy):
    """Makes every kind of row: reversals, limits, a bracket, refusals, an open trade."""

    params = dict(raise_at=0)

    def next(self) -> None:
        step, close = len(self), self.data.close[0]
        if step == self.p.raise_at:
            raise RuntimeError("enough")
        if step == 2:
            self.buy(size=0.1 + 0.2)
        elif step == 5:
            self.sell(size=1.7)  # reverses
        elif step == 8:
            self.buy(size=1e9)  # no such cash
        elif step == 10:
            self.buy(size=1, exectype=bt.Order.Limit, price=close * 0.5)
        elif step == 12:
            self.buy_bracket(size=3, exectype=bt.Order.Market,
                             stopprice=close * 0.99, limitprice=close * 1.01)  # fmt: skip
        elif step == 30:
            self.buy(size=1, exectype=bt.Order.StopLimit, price=close * 0.9, plimit=close)
        elif step > 40 and step % 7 == 0:
            self.buy(size=1 / 3) if self.position.size < 0 else self.sell(size=2 / 3)


_made: dict[str, Result] = {}


@pytest.fixture
def make(frame: Callable[..., pd.DataFrame]) -> Callable[..., Result]:
    """Run Busy on five days of bars; nothing is saved yet.

    A run is made once and handed out again: nothing changes a Result. Another name is another run.
    """

    def run(**overrides: Any) -> Result:
        key = repr(sorted(overrides.items()))
        if key not in _made:
            bars = frame(120, start="2024-01-01 12:00:00.123457")
            settings = {"cash": 100_000, "commission": 0.001, "report__picture": False, **overrides}
            _made[key] = atms.backtest(Busy, data=bars, **settings)
        return _made[key]

    return run


@pytest.fixture
def result(make: Callable[..., Result]) -> Result:
    made = make()
    assert len(made.trades) > 5
    assert set(made.orders["status"]) >= {"completed", "margin", "accepted", "canceled"}
    assert made.fill_trades["fill_id"].duplicated().any()  # a reversal is there
    assert "open" in set(made.trades["status"])
    return made


def raw(query: str, *values: Any) -> list[dict[str, Any]]:
    """Read the database without the code that wrote it."""
    connection = sqlite3.connect("atms.db")
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute(query, values)]
    finally:
        connection.close()


def count(table: str) -> int:
    return int(raw(f"SELECT count(*) AS n FROM {table}")[0]["n"])


def micros(moment: Any) -> int:
    return (moment - EPOCH) // pd.Timedelta(microseconds=1)


def kept(value: Any) -> Any:
    """Return *value* as the ledger should hold it: a number for text, microseconds for a time."""
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    return micros(value) if isinstance(value, pd.Timestamp) else value


# ---- what is in it ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("table", "key", "least"),
    [
        ("orders", "order_id", {
            "order_id", "symbol", "venue", "side", "type", "size", "price", "limit_price",
            "parent_id", "status", "created_ts", "updated_ts", "filled", "average_price", "fee",
        }),
        ("fills", "id", {
            "run_id", "account", "venue", "symbol", "order_id", "trade_id", "ts", "side", "size",
            "price", "fee", "fee_currency", "reference_price",
        }),
        ("trades", "trade_id", {
            "trade_id", "symbol", "side", "status", "entry_ts", "exit_ts", "size", "entry_price",
            "exit_price", "pnl", "fee", "net_pnl", "bars", "mae", "mfe",
        }),
        ("fill_trades", "fill_id, trade_id", {"fill_id", "trade_id", "size", "fee"}),
    ],
)  # fmt: skip
def test_every_row_of_a_run_is_in_the_ledger_exactly(
    result: Result, table: str, key: str, least: set[str]
) -> None:
    result.save()
    rows = raw(f"SELECT * FROM {table} ORDER BY {key}")
    expected = getattr(result, table).assign(run_id=result.id).astype(object)
    shared = [name for name in expected if name in rows[0]]
    assert set(shared) >= least
    for name in shared:
        want = [kept(value) for value in expected[name]]
        numbers = any(isinstance(value, float) for value in want) or name in ("order_id",)
        have = [row[name] for row in rows]
        if numbers or name == "trade_id":
            have = [None if value is None else float(value) for value in have]
        assert have == want, name


def test_the_ledger_keeps_the_last_equity_of_each_day(result: Result) -> None:
    result.save()
    # 120 hours from noon on: the evening of the first day, four whole days, noon of the last.
    days = result.equity.index.strftime("%Y-%m-%d")
    last = [days.tolist().index(day) + (days == day).sum() - 1 for day in dict.fromkeys(days)]
    want = result.equity.iloc[last]
    rows = raw("SELECT * FROM equity ORDER BY ts")
    assert len(rows) == 6
    assert [row["ts"] for row in rows] == [micros(moment) for moment in want.index]
    assert [float(row["value"]) for row in rows] == want["value"].tolist()
    assert [float(row["cash"]) for row in rows] == want["cash"].tolist()


def test_the_run_itself_is_in_the_ledger(result: Result) -> None:
    folder = result.save()
    (row,) = raw("SELECT runs.*, name FROM runs JOIN strategies ON strategies.id = strategy_id")
    assert row["id"] == result.id
    assert row["account"] == f"backtest:{result.id}"
    assert (row["status"], row["mode"], row["symbols"]) == ("finished", "backtest", "data")
    assert row["name"].endswith(":Busy")
    assert row["first_bar"] == micros(result.bars["datetime"].iloc[0])
    assert row["last_bar"] == micros(result.bars["datetime"].iloc[-1])
    assert float(row["start_value"]) == 100_000
    assert float(row["final_value"]) == result.metrics["final_value"]
    assert json.loads(row["metrics"]) == json.loads((folder / "metrics.json").read_text())
    assert Path(row["folder"]) == folder.resolve()


def test_the_ledger_knows_the_files_by_the_hash_of_their_manifest(result: Result) -> None:
    folder = result.save()
    (row,) = raw("SELECT manifest_hash FROM runs")
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert row["manifest_hash"] == digest


def test_two_runs_of_one_strategy_share_its_row(make: Callable[..., Result]) -> None:
    make(name="one").save()
    make(name="other").save()
    assert (count("runs"), count("strategies")) == (2, 1)


def test_runs_are_listed_from_the_newest_on_and_without_their_config(
    make: Callable[..., Result],
) -> None:
    made = [make(name=name) for name in ("one", "other", "third")]
    for result in made[::-1]:
        result.save()  # the order of filing is not that of the runs
    rows = list_runs(URL)
    made.sort(key=lambda result: result.started)
    assert [row["id"] for row in rows] == [result.id for result in made[::-1]]
    assert all("config" not in row for row in rows)


def test_a_ledger_that_is_not_there_lists_nothing_and_is_not_made() -> None:
    assert list_runs("sqlite:///absent.db") == []
    assert not Path("absent.db").exists()


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_broken_run_is_filed_with_its_status(
    make: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    if status == "interrupted":
        usual = Busy.next

        def stop(self: Busy) -> None:
            usual(self)
            if len(self) == 60:
                raise KeyboardInterrupt

        monkeypatch.setattr(Busy, "next", stop)
        with pytest.raises(KeyboardInterrupt) as caught:
            make(name="interrupted")
    else:
        with pytest.raises(StrategyError) as caught:
            make(params={"raise_at": 60})
    partial = caught.value.result
    partial.save()
    (row,) = list_runs(URL)
    assert (row["id"], row["status"]) == (partial.id, status)
    assert row["last_bar"] == partial.equity.index[-1]
    assert len(partial.equity) in (59, 60)


# ---- whole or not at all ------------------------------------------------------------------------
def test_a_row_that_hangs_on_no_run_is_refused(result: Result) -> None:
    result.save()
    lost = {"run_id": "nobody", "ts": datetime(2024, 1, 1, tzinfo=UTC), "cash": 1, "value": 1}
    with pytest.raises(LedgerError, match="FOREIGN KEY"), writing(URL) as connection:
        connection.execute(schema.equity.insert(), lost)


@pytest.mark.parametrize("table", ["orders", "fills", "trades", "fill_trades", "equity"])
def test_a_run_takes_its_rows_with_it_when_it_is_deleted(
    make: Callable[..., Result], table: str
) -> None:
    gone, stays = make(name="one"), make(name="other")
    gone.save()
    stays.save()
    before = count(table)
    with writing(URL) as connection:
        connection.execute(schema.runs.delete().where(schema.runs.c.id == gone.id))
    left = {row["run_id"] for row in raw(f"SELECT run_id FROM {table}")}
    assert left == {stays.id}
    assert 0 < count(table) < before


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({}, True),
        ({"order_id": "77", "price": "1", "ts": datetime(2000, 1, 1, tzinfo=UTC)}, True),
        ({"version": 1}, False),
        ({"row": "reversal"}, False),
        ({"trade_id": "x"}, False),
        ({"symbol": "OTHER"}, False),
        ({"venue": "other"}, False),
        ({"account": "other"}, False),
    ],
    ids=lambda value: " ".join(value) or "the same" if isinstance(value, dict) else None,
)
def test_a_fill_is_known_by_account_venue_symbol_trade_version_and_row(
    result: Result, changed: dict[str, Any], refused: bool
) -> None:
    result.save()
    before = count("fills")
    with writing(URL) as connection:
        first = dict(connection.execute(schema.fills.select()).mappings().first() or {})
    first.pop("id")
    again = {**first, **changed}
    if refused:
        with pytest.raises(LedgerError, match="UNIQUE"), writing(URL) as connection:
            connection.execute(schema.fills.insert(), again)
        assert count("fills") == before
    else:
        with writing(URL) as connection:
            connection.execute(schema.fills.insert(), again)
        assert count("fills") == before + 1


def test_a_run_that_cannot_be_filed_whole_is_not_filed_at_all(make: Callable[..., Result]) -> None:
    first, second = make(name="one"), make(name="other")
    first.save()
    # A fill of the second run's account is there already: its own comes too late.
    with writing(URL) as connection:
        fill = dict(connection.execute(schema.fills.select()).mappings().first() or {})
        fill.pop("id")
        connection.execute(schema.fills.insert(), {**fill, "account": second.account})
    tables = ("runs", "strategies", "orders", "fills", "trades", "fill_trades", "equity")
    before = {table: count(table) for table in tables}
    with pytest.raises(LedgerError, match="UNIQUE") as caught:
        second.save()
    assert {table: count(table) for table in tables} == before
    assert "files are kept in" in str(caught.value)
    assert (Path("runs") / second.id / "metrics.json").exists()


def test_a_figure_that_is_no_number_is_refused_and_nothing_is_filed(result: Result) -> None:
    broken = replace(result, fills=result.fills.assign(price=float("inf")))
    with pytest.raises(LedgerError):
        file_run(broken, Path("somewhere"), "0" * 64)
    # The tables themselves belong to the same transaction.
    assert raw("SELECT name FROM sqlite_master") == []


def test_a_run_saved_twice_has_two_folders_and_one_place_in_the_ledger(result: Result) -> None:
    first = result.save()
    second = result.save("elsewhere")
    assert (first / "manifest.json").exists()
    assert (second / "manifest.json").exists()
    assert [row["id"] for row in list_runs(URL)] == [result.id]


def test_a_ledger_that_is_no_database_is_an_error_that_names_it(result: Result) -> None:
    Path("atms.db").write_text("this is no database, whatever its name says\n" * 50)
    with pytest.raises(LedgerError, match=r"atms\.db.*not a database"):
        result.save()
    with pytest.raises(LedgerError, match=r"atms\.db.*not a database"):
        list_runs(URL)


def test_a_server_is_refused_with_the_way_out(make: Callable[..., Result]) -> None:
    made = make(ledger__url="postgresql://me:secret@localhost/atms")
    with pytest.raises(LedgerError, match=r"sqlite:///atms\.db") as caught:
        made.save()
    assert "secret" not in str(caught.value)


# ---- two at once --------------------------------------------------------------------------------
FILER = """
import sys
from pathlib import Path
import atms
from atms.ledger import file_run

results = [atms.load_run(folder) for folder in sys.argv[1:]]
print("ready", flush=True)
sys.stdin.readline()
for result in results:
    file_run(result, result.folder, "0" * 64)
"""


def test_processes_that_file_at_once_all_succeed(make: Callable[..., Result]) -> None:
    # The second writer of SQLite waits; it is not told that the database is locked.
    folders = [str(make(ledger__enabled=False, name=f"n{n}").save()) for n in range(6)]
    filers = [
        subprocess.Popen(
            [sys.executable, "-c", FILER, *folders[first::2]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for first in (0, 1)
    ]
    for filer in filers:
        assert filer.stdout is not None
        assert filer.stdout.readline() == "ready\n"
    for filer in filers:
        assert filer.stdin is not None
        filer.stdin.write("go\n")
        filer.stdin.flush()
    for filer in filers:
        filer.communicate(timeout=60)
    assert [filer.returncode for filer in filers] == [0, 0]
    assert {row["id"] for row in list_runs(URL)} == {Path(folder).name for folder in folders}
    assert count("strategies") == 1
