"""A run that goes on is in the ledger soon, and whole, whatever becomes of writer and database."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from atms.errors import JournalError, LedgerError
from atms.execution.core.records import FeeBooked, Record, encode
from atms.execution.disk.journal import Journal
from atms.execution.disk.lease import Lease
from atms.ledger import check_balances, list_runs
from atms.ledger.connection import writing
from atms.ledger.live import AccountRows
from atms.ledger.live_runs import Session, open_run
from atms.running import live_notes
from atms.running.live_ledger import LedgerWriter
from atms.running.live_notes import Notes
from atms.running.live_pump import Pump
from atms.running.live_sessions import NAME, Sessions
from atms.running.live_sync import sync_live
from atms.running.live_tail import JournalTail
from tests.ledger.live_making import (
    ACCOUNT,
    STATE,
    append,
    at,
    booked,
    bought,
    claim,
    closed,
    dec,
    folder_of,
    intended,
    opening,
    run_row,
    started,
)
from tests.ledger.processes import processes
from tests.ledger.raw import contents, execute, rows, tables
from tests.postgres import CrashableServer
from tests.runner.live.ledger_work import ACCOUNT as LOTS
from tests.runner.live.ledger_work import history, trade_and_write, until

SQLITE = "sqlite:///atms.db"
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A database that nobody has used."""
    if request.param == "sqlite":
        return SQLITE
    empty: str = request.getfixturevalue("postgres_url")
    return empty


def writer_of(url: str, run_id: str = "run-1", **others: Any) -> LedgerWriter:
    return LedgerWriter(url, run_row(run_id), began=NOW, every=0.01, longest=0.2, **others)


def begin(folder: Path | None = None) -> Journal:
    """Return the account's journal, made if it was not there; nothing has begun."""
    return Journal.open(folder or folder_of(), ACCOUNT)


@contextmanager
def trading(writer: LedgerWriter) -> Iterator[Journal]:
    """Yield the journal of an account that has bought, when the first rows are there."""
    with begin() as journal:
        writer.take(folder_of(), "sim")
        journal.begin(at(0))
        journal.append([encode(record) for record in bought()])
        writer.start()
        until(lambda: writer.state.written is not None)
        yield journal


def snapshot(url: str) -> dict[str, list[str]]:
    """Return all rows, but for what counts tries: ids and times of writing."""
    names = [name for name in tables(url) if name not in ("alembic_version", "users")]
    left_out = {"fills": (0,), "fill_fees": (0,), "cash_flows": (0,), "journal_marks": (1, 3)}
    left_out |= {"live_sessions": (1,), "fill_trades": (0,)}
    found: dict[str, list[str]] = {}
    for name, all_of in contents(url, names).items():
        kept = [
            tuple(v for place, v in enumerate(row) if place not in left_out.get(name, ()))
            for row in all_of
        ]
        found[name] = sorted(map(repr, kept))
    return found


def written(url: str) -> int:
    """Return the number of the last entry whose rows are there."""
    (mark,) = rows(url, "SELECT number FROM journal_marks")
    return int(mark["number"])


# ---- while a run goes on -------------------------------------------------------------------------
def test_what_a_journal_gets_is_in_the_ledger_while_the_run_goes_on(url: str) -> None:
    writer = writer_of(url)
    writer.start()
    with begin() as journal:
        writer.take(folder_of(), "sim")
        until(lambda: list_runs(url))  # before anything is in the journal
        journal.begin(at(0))
        journal.append([encode(record) for record in bought()])
        until(lambda: writer.state.lag == 0 and writer.state.written is not None)
        assert rows(url, "SELECT status FROM runs") == [{"status": "running"}]
        assert rows(url, "SELECT status FROM orders") == [{"status": "completed"}]
        assert rows(url, "SELECT run_id, trade_id FROM fills") == [
            {"run_id": "run-1", "trade_id": "t1"}
        ]
    assert writer.close(20, status="finished", at=at(99))
    (run,) = list_runs(url)
    assert (run["status"], run["ended"]) == ("finished", at(99))
    assert run["metrics"]["open_trades"] == 1
    (trade,) = rows(url, "SELECT status, side, entry_price FROM trades")
    assert trade == {"status": "open", "side": "long", "entry_price": 100}
    assert rows(url, "SELECT ended FROM run_starts") == [{"ended": at(99)}]


def fee(number: int) -> str:
    """Return an entry that costs a row."""
    return encode(
        FeeBooked(id=f"f{number}", exec=None, key=None, asset="BNB", amount=dec(1), at=at(9))
    )


def test_rows_wait_while_journals_grow_so_that_orders_have_the_interpreter() -> None:
    writer = writer_of(SQLITE, quiet=0.5, patience=60.0)
    with trading(writer) as journal:
        for number in range(10):
            journal.append([fee(number)])
            time.sleep(0.05)
        assert written(SQLITE) <= len(bought()) + 1
        until(lambda: writer.state.lag == 0)
        journal.append([fee(number) for number in range(10, 20)])
        assert writer.close(20, status="finished", at=at(99))
        assert written(SQLITE) == journal.last


def test_what_is_being_taken_in_waits_for_orders_that_come_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, take = threading.Event(), AccountRows.take

    def seen(rows: AccountRows, number: int, record: Record) -> None:
        if isinstance(record, FeeBooked):
            begun.set()
        take(rows, number, record)

    monkeypatch.setattr(AccountRows, "take", seen)
    writer = writer_of(SQLITE, quiet=0.5, patience=60.0)
    with trading(writer) as journal:
        before = written(SQLITE)
        journal.append([fee(number) for number in range(60)])
        assert begun.wait(20)
        for number in range(60, 70):
            journal.append([fee(number)])
            time.sleep(0.05)
        assert written(SQLITE) == before
        assert writer.close(20, status="finished", at=at(99))  # else it writes into the next test's


def test_a_journal_that_never_stops_growing_is_written_all_the_same() -> None:
    writer = writer_of(SQLITE, quiet=0.1, patience=0.2)
    with trading(writer) as journal:
        until_then = time.monotonic() + 20
        while written(SQLITE) <= len(bought()) + 1:
            assert time.monotonic() < until_then
            journal.append([fee(journal.last)])
            time.sleep(0.01)
        assert writer.close(20, status="finished", at=at(99))


def test_rows_that_are_far_behind_a_journal_that_grows_wait_less() -> None:
    writer = writer_of(SQLITE, quiet=0.5, patience=30.0)
    with trading(writer) as journal:
        journal.append([fee(number) for number in range(2100)])
        until_then = time.monotonic() + 20
        while written(SQLITE) < 100:
            assert time.monotonic() < until_then
            journal.append([fee(journal.last)])
            time.sleep(0.01)
        assert writer.close(20, status="finished", at=at(99))


def test_a_runs_first_value_that_comes_while_states_are_written_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notes, write = Notes("run-1", "paper"), live_notes.note_state

    def seen(*given: Any) -> None:
        notes.equity(NOW, 500.0, 1000.0)
        write(*given)

    with writing(SQLITE) as connection:
        open_run(connection, run_row("run-1"), NOW)
    notes.states(NOW, {"Mine#0": 1})
    with monkeypatch.context() as patched:
        patched.setattr(live_notes, "note_state", seen)
        notes.write(SQLITE)
    notes.equity(NOW + timedelta(hours=1), 500.0, 1010.0)
    notes.write(SQLITE)
    (run,) = rows(SQLITE, "SELECT start_value FROM runs")
    assert float(run["start_value"]) == 1000.0


def test_equity_is_a_row_a_day_and_the_runs_values_are_the_first_and_the_last(url: str) -> None:
    writer = writer_of(url)
    for hours, value in ((0, 1000.0), (1, 1001.5), (25, 990.0), (26, 995.25)):
        writer.equity(NOW + timedelta(hours=hours), value / 2, value)
    writer.strategy_state(NOW, {"Mine#0": {"days": 3}})
    writer.start()
    assert writer.close(20, status="finished", at=at(1))
    found = rows(url, "SELECT ts, value FROM equity ORDER BY ts")
    assert [(row["ts"], float(row["value"])) for row in found] == [
        (NOW + timedelta(hours=1), 1001.5), (NOW + timedelta(hours=26), 995.25),
    ]  # fmt: skip
    (run,) = list_runs(url)
    assert (float(run["start_value"]), float(run["final_value"])) == (1000.0, 995.25)
    assert run["metrics"]["total_return"] == pytest.approx(-0.00475)
    (state,) = rows(url, "SELECT key, value AS state FROM strategy_state")
    value = state["state"]
    assert (json.loads(value) if isinstance(value, str) else value) == {"days": 3}


def test_an_account_that_another_run_had_before_has_that_runs_end_told(url: str) -> None:
    append(bought())
    claim(run_row("run-0"))  # and killed: it never said how it ended
    with begin() as journal:
        writer = writer_of(url)
        writer.take(folder_of(), "sim")
        assert journal.begin(at(60)) == 2
        journal.append([encode(started(2, 60))])
        writer.start()
        until(lambda: rows_if_any(url, "SELECT id FROM runs WHERE status = 'interrupted'"))
    assert writer.close(20, status="finished", at=at(99))
    found = {row["id"]: row for row in list_runs(url)}
    assert found["run-0"]["status"] == "interrupted"
    assert found["run-0"]["ended"] == at(3)  # its last sign
    assert [row["run_id"] for row in rows(url, "SELECT run_id FROM fills")] == ["run-0"]


def test_two_that_died_before_their_epoch_began_are_over_when_the_next_has_it(url: str) -> None:
    append(bought())
    for run_id in ("run-a", "run-b"):  # both of epoch 2, which neither began
        died = writer_of(url, run_id)
        died.start()
        died.take(folder_of(), "sim")
        until(lambda run_id=run_id: run_id in {row["id"] for row in list_runs(url)})
        died._complete = True  # its thread ends, and nothing is said of how
        died._wake.set()
        died._thread.join()
    with begin() as journal:
        writer = writer_of(url)
        writer.take(folder_of(), "sim")
        journal.begin(at(60))
        writer.start()
        over = "SELECT id FROM runs WHERE status = 'interrupted'"
        until(lambda: {row["id"] for row in rows_if_any(url, over)} == {"run-a", "run-b"})
    assert writer.close(20, status="finished", at=at(99))


def test_one_that_died_before_its_epoch_began_and_has_no_row_keeps_nothing_back(url: str) -> None:
    append(bought())
    claim(run_row("run-0"))  # of epoch 1, which run-1 began
    claim(run_row("run-1"))
    done = sync_live(STATE, url)
    assert (done.written, done.settled) == ({ACCOUNT: 5}, ["run-1"])
    assert [row["id"] for row in list_runs(url)] == ["run-1"]
    assert sync_live(STATE, url).written == {}


def test_a_run_that_never_had_an_account_is_a_row_when_it_has_ended(url: str) -> None:
    writer = writer_of(url)
    writer.start()
    writer._wake.set()
    time.sleep(0.2)  # in which the row was written, when it was too early
    assert list_runs(url) == []
    assert writer.close(20, status="failed", at=at(1))
    assert [row["status"] for row in list_runs(url)] == ["failed"]


def rows_if_any(url: str, query: str) -> list[dict[str, Any]]:
    return rows(url, query) if list_runs(url) else []


# ---- a database that is away ---------------------------------------------------------------------
def test_a_postgresql_that_stops_for_a_while_delays_rows_and_nothing_else(
    postgres_crashable: CrashableServer,
) -> None:
    server = postgres_crashable
    writer = writer_of(server.url)
    writer.start()
    with begin() as journal:
        writer.take(folder_of(), "sim")
        journal.begin(at(0))
        journal.append([encode(record) for record in bought()])
        until(lambda: writer.state.lag == 0 and writer.state.written is not None)
        server.stop()
        more = [intended("j-1-2"), booked("t2", key="j-1-2"), closed("j-1-2")]
        before = time.monotonic()
        journal.append([encode(record) for record in more])
        writer.equity(NOW, 1.0, 2.0)
        assert time.monotonic() - before < 1.0
        until(lambda: writer.state.last_error and writer.state.lag == 3)
        assert writer.state.failing_since is not None
        password = server.url.partition("@")[0].rpartition(":")[2]
        assert password not in writer.state.last_error
        server.start()
        until(lambda: writer.state.lag == 0 and not writer.state.last_error)
    assert writer.close(20, status="finished", at=at(99))
    found = rows(server.url, "SELECT trade_id FROM fills ORDER BY id")
    assert [row["trade_id"] for row in found] == ["t1", "t2"]
    assert check_balances(server.url) == []


def test_a_run_ends_in_bounded_time_though_the_database_stays_away(tmp_path: Path) -> None:
    away = "postgresql+psycopg2://me:secret@127.0.0.1:9/atms"
    writer = writer_of(away)
    writer.start()
    with begin() as journal:
        writer.take(folder_of(), "sim")
        journal.begin(at(0))
        journal.append([encode(record) for record in bought()])
        until(lambda: writer.state.last_error)
    before = time.monotonic()
    assert not writer.close(0.3, status="failed", at=at(99))
    assert time.monotonic() - before < 5
    assert "secret" not in writer.state.last_error
    done = sync_live(STATE, SQLITE)  # into another one, which knows nothing
    assert (done.written, done.settled) == ({ACCOUNT: 5}, ["run-1"])
    (run,) = list_runs(SQLITE)
    assert (run["status"], run["ended"]) == ("failed", at(99))


def test_a_url_that_is_no_ledgers_is_refused_before_anything_is_traded() -> None:
    with pytest.raises(LedgerError, match="write sqlite"):
        writer_of("nonsense")


# ---- later ---------------------------------------------------------------------------------------
def test_syncing_twice_adds_nothing(url: str) -> None:
    append(bought())
    claim(run_row())
    first = sync_live(STATE, url)
    assert (first.written, first.settled, first.running) == ({ACCOUNT: 5}, ["run-1"], [])
    before = snapshot(url)
    second = sync_live(STATE, url)
    assert (second.written, second.settled) == ({}, [])
    assert snapshot(url) == before
    assert list_runs(url)[0]["status"] == "interrupted"


def test_a_run_whose_process_goes_on_is_not_called_interrupted(url: str) -> None:
    folder = append(bought())
    claim(run_row())
    with Lease.take(folder, ACCOUNT):
        done = sync_live(STATE, url)
    assert done.running == [ACCOUNT]
    assert list_runs(url)[0]["status"] == "running"
    assert len(rows(url, "SELECT * FROM fills")) == 1


def test_rows_that_come_after_a_runs_end_are_in_its_trades(url: str) -> None:
    append(bought())
    claim(run_row()).end("run-1", "finished", at(50))
    sync_live(STATE, url)
    sold = booked("t2", key="j-2-1", side=-1, price=booked().price + 10, at=at(61))
    append([started(2, 60), intended("j-2-1", side=-1), sold, closed("j-2-1")])  # by `flatten`
    sync_live(STATE, url)
    (trade,) = rows(url, "SELECT status, pnl FROM trades")
    assert (trade["status"], float(trade["pnl"])) == ("closed", 20.0)
    assert list_runs(url)[0]["status"] == "finished"


def test_a_new_ledger_gets_everything_from_the_journals(url: str) -> None:
    append(history(), LOTS)
    claim(run_row(), account=LOTS)
    sync_live(STATE, url)
    sync_live(STATE, "sqlite:///another.db")
    assert counted("sqlite:///another.db") == counted(url)


def counted(url: str) -> dict[str, int]:
    return {name: len(found) for name, found in snapshot(url).items()}


def test_a_journal_that_is_damaged_leaves_the_others_their_rows() -> None:
    append(bought())
    claim(run_row())
    folder = append([started()], "other")
    with closing(sqlite3.connect(folder / "journal.db")) as file:
        file.execute("UPDATE entry SET body = 'x'")
        file.commit()
    done = sync_live(STATE, SQLITE)
    assert done.written == {ACCOUNT: 5}
    assert "entry 1 is lost or altered" in done.left[folder]


def test_a_journal_that_is_damaged_keeps_no_other_back_while_a_run_goes_on() -> None:
    bad = append([started()], "bad")
    with closing(sqlite3.connect(bad / "journal.db")) as file:
        file.execute("UPDATE entry SET body = 'x'")
        file.commit()
    good = append([started()])
    writer = writer_of(SQLITE)
    writer.take(bad, "sim")
    writer.take(good, "sim")
    writer.start()
    append([started(2), opening(), intended("j-2-1")])
    until(lambda: rows_if_any(SQLITE, "SELECT * FROM orders"))
    until(lambda: "entry 1 is lost or altered" in writer.state.last_error)
    assert not writer.close(0.2, status="failed", at=at(9))


def test_a_ledger_that_is_ahead_of_a_journal_says_so() -> None:
    folder = append(bought())
    claim(run_row())
    sync_live(STATE, SQLITE)
    with closing(sqlite3.connect(folder / "journal.db")) as file:
        file.execute("DELETE FROM entry WHERE number > 3")
        file.commit()
    with (
        closing(Pump(SQLITE, folder)) as pump,
        pytest.raises(LedgerError, match="up to 5, and that ends at 3"),
    ):
        pump.step()


# ---- two at once, and kills ----------------------------------------------------------------------
def test_two_writers_of_one_journal_double_nothing(url: str) -> None:
    append(history(), LOTS)
    claim(run_row(), account=LOTS)
    folder = folder_of(LOTS)
    failures: list[BaseException] = []

    def work() -> None:
        with closing(Pump(url, folder)) as pump:
            try:
                while pump.step():
                    pass
            except LedgerError as error:  # both made the first row at once: one tries again
                failures.append(error)
                while pump.step():
                    pass

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sync_live(STATE, "sqlite:///alone.db")
    assert check_balances(url) == []
    assert counted_rows(url) == counted_rows("sqlite:///alone.db")


def test_a_writer_whose_rows_another_wrote_meanwhile_writes_them_no_more(url: str) -> None:
    append([started(), opening(), intended(), booked(fees=None)])
    claim(run_row())
    slow, fast = Pump(url, folder_of()), Pump(url, folder_of())
    assert slow.step()
    late = FeeBooked(id="f1", exec="t1", key=None, asset="USD", amount=dec("0.25"), at=at(5))
    append([late])
    while fast.step():
        pass
    while slow.step():
        pass
    assert rows(url, "SELECT amount FROM fill_fees") == [{"amount": dec("0.25")}]
    append([closed()])
    assert slow.step()
    assert rows(url, "SELECT status FROM orders") == [{"status": "completed"}]
    slow.close()
    fast.close()


def counted_rows(url: str) -> dict[str, int]:
    names = ("orders", "fills", "fill_fees", "cash_flows", "positions", "balances", "openings")
    return {name: len(found) for name, found in contents(url, names).items()}


def test_a_writer_that_is_killed_again_and_again_loses_and_doubles_nothing(url: str) -> None:
    chance, total, kills = random.Random(7), len(history()), 6
    # Each is killed at an entry of its own, so that no machine is too fast to be caught.
    for entry in sorted(chance.sample(range(1, total), kills)):
        with processes((trade_and_write, url)) as (process,):
            process.say()
            assert process.hear() == "writing"
            with closing(JournalTail(folder_of(LOTS))) as tail:
                until(lambda tail=tail, entry=entry: tail.last() >= entry)
            time.sleep(chance.uniform(0.0, 0.01))
            process.kill()
    with processes((trade_and_write, url)) as (process,):
        process.say()
        assert process.hear() == "writing"
        assert process.finish() is True
    alone = "sqlite:///alone.db"
    sync_live(STATE, alone)
    assert counted_rows(url) == counted_rows(alone)
    for query in (
        "SELECT trade_id, version, row, run_id FROM fills ORDER BY 1, 2, 3",
        "SELECT order_id, status, filled FROM orders ORDER BY 1",
        "SELECT currency, start, final FROM balances ORDER BY 1",
        "SELECT symbol, size, average_price FROM positions ORDER BY 1",
    ):
        assert rows(url, query) == rows(alone, query)
    assert check_balances(url) == []


# ---- beside the journal --------------------------------------------------------------------------
def test_who_reads_a_journal_changes_nothing_of_it() -> None:
    with begin() as journal:
        journal.begin(at(0))
        tail = JournalTail(folder_of())
        for number in range(50):
            journal.append([f"entry {number}"])
            assert tail.after(number, 10) == [(number + 1, f"entry {number}")]
        journal.begin(at(1))  # it empties the file beside it, and finds nobody in its way
        assert journal.append(["more"]) == 51
    assert tail.last() == 51
    tail.close()
    with begin() as again:
        assert again.last == 51


def test_a_folder_without_a_journal_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        JournalTail(tmp_path)


def test_a_torn_line_on_who_had_an_account_costs_that_line_alone() -> None:
    append([started()])
    claim(run_row())
    path = folder_of() / NAME
    path.write_bytes(path.read_bytes() + b'{"epoch": 2, "jou')
    with begin() as journal:
        sessions = Sessions(folder_of(), journal.id)
    sessions.end("run-1", "finished", at(9))
    again = Sessions(folder_of(), sessions.journal)
    assert set(again.by_epoch) == {1}
    assert again.ended["run-1"].status == "finished"
    assert again.by_epoch[1].run == run_row()


def test_a_claim_that_the_disk_does_not_take_counts_in_this_process() -> None:
    with begin() as journal:
        sessions = Sessions(folder_of(), journal.id)
    (folder_of() / NAME).mkdir()
    with pytest.raises(JournalError, match="the ledger may miss this run"):
        sessions.claim(Session(epoch=1, venue="sim", at=NOW, run=run_row()))
    found = sessions.of(1)
    assert found is not None
    assert found.run == run_row()


def test_rows_that_no_column_can_hold_are_told_and_stay_to_be_written() -> None:
    append(bought())
    claim(run_row())
    sync_live(STATE, SQLITE)
    execute(SQLITE, "DROP TABLE orders")
    append([intended("j-1-2")])
    pump = Pump(SQLITE, folder_of())
    with pytest.raises(LedgerError, match="orders"):
        pump.step()
    assert pump.lag() == 1
    pump.close()
