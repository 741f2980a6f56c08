"""A server killed in the middle of a COPY, a disk without room: nothing half, and then again."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from atms.errors import LedgerError
from atms.ledger import check_balances, list_runs, read_bars, upgrade, write_bars
from atms.ledger.bars import Mark, Written
from atms.result import Result
from atms.syncing import sync
from tests.ledger.barrows import bars_of, in_rows
from tests.ledger.filling import fill, snapshot
from tests.ledger.making import SERIES, bars, file, on
from tests.ledger.processes import at_once
from tests.ledger.raw import connect, counts, stored
from tests.ledger.work import file_with_little_room, limit_files
from tests.postgres import CrashableServer


# ---- a server killed ----------------------------------------------------------------------------
@contextmanager
def in_the_way(url: str, statement: str) -> Iterator[None]:
    """Have a row written that a COPY will wait for, in a transaction that is open."""
    with closing(connect(url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SET session_replication_role = replica")  # whatever it hangs on
        cursor.execute(statement)
        yield


def killed_while_it_copies(server: CrashableServer, obstacle: str, work: Callable[[], Any]) -> str:
    """Kill the server when *work* is in the middle of its COPY; return what was raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except LedgerError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    with in_the_way(server.url, obstacle):
        thread.start()
        deadline = time.monotonic() + 30
        waits = (
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY%'"
        )
        while not stored(server.url, waits):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server.kill()
        thread.join(30)
    (error,) = raised
    assert str(make_url(server.url).password) not in str(error)
    return str(error)


def test_a_run_whose_server_is_killed_in_a_copy_is_not_there_and_can_be_filed_again(
    postgres_crashable: CrashableServer, result: Result, make: Callable[..., Result]
) -> None:
    server = postgres_crashable
    file(make(name="before"), server.url)
    before = counts(server.url)
    middle = result.fills.iloc[len(result.fills) // 2]
    # The fill in the middle of the COPY is another's, who has not yet said whether it stays.
    names = "run_id, account, venue, symbol, trade_id, version, row, order_id, ts, side, size, "
    names += "price, currency, multiplier, settlement, reference_price, fees_known"
    mine = {"run_id": result.id, "account": result.account, "trade_id": middle["trade_id"]}
    values = ", ".join(f"'{mine[name]}'" if name in mine else name for name in names.split(", "))
    obstacle = f"INSERT INTO fills ({names}) SELECT {values} FROM fills LIMIT 1"
    said = killed_while_it_copies(server, obstacle, on(result, server.url).save)
    assert "the run's files are kept in runs/" in said
    server.start()
    assert counts(server.url) == before
    assert [folder.name for folder in sync(Path("runs"), server.url).filed] == [result.id]
    assert len(list_runs(server.url)) == 2
    assert check_balances(server.url) == []
    assert counts(server.url)["fills"] == 2 * before["fills"]


def test_bars_whose_server_is_killed_in_a_copy_are_not_there_and_can_be_written_again(
    postgres_crashable: CrashableServer,
) -> None:
    server, whole, mark = postgres_crashable, bars(5000), Mark("file", 5000)
    write_bars(server.url, SERIES, whole.take(range(1000)))  # type: ignore[arg-type]
    before = counts(server.url)
    obstacle = (
        "INSERT INTO bars (series_id, ts, open, high, low, close) "
        f"SELECT series_id, to_timestamp({whole.stamps[3000] // 10**6}), 1, 1, 1, 1 "
        "FROM bars LIMIT 1"
    )
    said = killed_while_it_copies(
        server, obstacle, lambda: write_bars(server.url, SERIES, whole, mark=mark)
    )
    assert said.startswith("ledger postgresql+psycopg2://")
    server.start()
    assert counts(server.url) == before
    assert bars_of(read_bars(server.url, SERIES)) == in_rows(server.url, SERIES)
    assert write_bars(server.url, SERIES, whole, mark=mark) == Written(added=4000, known=1000)
    assert in_rows(server.url, SERIES) == bars_of(whole)


# ---- no room ------------------------------------------------------------------------------------
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux's prlimit")
def test_a_server_without_room_for_bars_keeps_none_of_them(
    postgres_crashable: CrashableServer,
) -> None:
    # No file of the server may grow beyond 16 MB, the size of a file of its log: not quite a full
    # disk, for which one would be needed, and refused to the server at the same place.
    server, few, many = postgres_crashable, bars(1000), bars(250_000, start=1000)
    write_bars(server.url, SERIES, few)
    before = counts(server.url)
    at_once((limit_files, server.server.pid, 16 << 20))
    with pytest.raises(LedgerError, match="could not extend file"):
        write_bars(server.url, SERIES, many, mark=Mark("file", 1))
    at_once((limit_files, server.server.pid, resource.RLIM_INFINITY))
    assert counts(server.url) == before
    assert write_bars(server.url, SERIES, many) == Written(added=250_000)


@contextmanager
def pages_at_most(number: int) -> Iterator[None]:
    """Let SQLite find its disk full after so many pages."""

    def limit(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {number}")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.99])
def test_a_disk_that_is_full_keeps_the_files_and_none_of_the_rows(
    result: Result, share: float
) -> None:
    file(result, "sqlite:///whole.db")
    room = int(Path("whole.db").stat().st_size // 4096 * share)
    url = "sqlite:///atms.db"
    full = r"database or disk is full; free some space.*\n.*run's files are kept in runs/"
    with pages_at_most(max(1, room)), pytest.raises(LedgerError, match=full):
        on(result, url).save()
    assert list_runs(url) == []
    assert [folder.name for folder in sync(Path("runs"), url).filed] == [result.id]
    assert check_balances(url) == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_disk_that_fills_up_while_bars_are_written_keeps_those_before(
    url: str, result: Result
) -> None:
    fill(url, result)
    rows = snapshot(url)
    pages = Path("atms.db").stat().st_size // 4096
    with pages_at_most(pages + 20), pytest.raises(LedgerError, match="full; free some space"):
        write_bars(url, SERIES, bars(20_000, start=50), mark=Mark("more", 1))
    assert snapshot(url) == rows
    assert write_bars(url, SERIES, bars(20_000, start=50)).added == 20_000


@pytest.mark.parametrize("limit", [5_000, 50_000])
def test_a_file_that_may_not_grow_is_an_error_and_a_ledger_afterwards(
    result: Result, make: Callable[..., Result], limit: int
) -> None:
    folder = make(ledger__enabled=False).save().resolve()
    url = f"sqlite:///{folder.parent}/atms.db"
    upgrade(url)
    (said,) = at_once((file_with_little_room, url, str(folder), limit))
    assert said.startswith(f"ledger {url}: ")
    assert "disk" in said or "full" in said
    assert list_runs(url) == []
    assert file(result, url)
    assert stored(url, "PRAGMA integrity_check") == [("ok",)]
