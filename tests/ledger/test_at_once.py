"""Two at once: writers take turns or do not meet, and readers wait for nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text

from atms.ledger import list_runs, read_bars, schema, write_bars
from atms.ledger.bulk import insert_bars
from atms.ledger.connection import reading, writing
from atms.result import Result
from tests.ledger.making import SERIES, bars, file
from tests.ledger.processes import at_once, processes
from tests.ledger.raw import count, is_sqlite, stored
from tests.ledger.work import file_folders, make_tables

Folders = Callable[[int], list[str]]
HELD = 0.6  # seconds; three times as long as SQLite's own patience


@pytest.fixture
def folders(make: Callable[..., Result]) -> Folders:
    """Save so many runs, of which no ledger knows; return their folders."""

    def save(number: int) -> list[str]:
        made = [make(ledger__enabled=False, name=f"n{place}") for place in range(number)]
        return [str(result.save().resolve()) for result in made]

    return save


def test_processes_that_file_at_once_all_succeed(url: str, folders: Folders) -> None:
    saved = folders(4)
    assert (
        at_once((file_folders, url, saved[::2]), (file_folders, url, saved[1::2]))
        == [[True] * 2] * 2
    )
    assert {row["id"] for row in list_runs(url)} == {Path(folder).name for folder in saved}
    assert count(url, "strategies") == count(url, "instruments") == count(url, "users") == 1
    assert (
        stored(url, "SELECT count(*) FROM fills GROUP BY run_id")
        == [(count(url, "fills") // 4,)] * 4
    )


def test_the_same_run_filed_by_two_processes_is_there_once(url: str, folders: Folders) -> None:
    saved = folders(1)
    new = at_once((file_folders, url, saved), (file_folders, url, saved))
    assert sorted(new) == [[False], [True]]
    assert count(url, "runs") == 1


def test_processes_that_use_a_database_first_at_once_make_its_tables_once(
    bare_url: str, folders: Folders
) -> None:
    saved = folders(2)
    works = [(file_folders, bare_url, [folder]) for folder in saved]
    assert at_once(*works, (make_tables, bare_url))[:2] == [[True], [True]]
    assert {row["id"] for row in list_runs(bare_url)} == {Path(folder).name for folder in saved}
    assert count(bare_url, "users") == count(bare_url, "alembic_version") == 1


@contextmanager
def a_writer_at_work(url: str) -> Iterator[None]:
    """Have fills written in a transaction that is still open."""
    copied = "run_id, account, symbol, trade_id, version, row, order_id, ts, side, size, price, "
    copied += "currency, multiplier, settlement, reference_price, fees_known"
    copy = f"INSERT INTO fills (venue, {copied}) SELECT 'copied', {copied} FROM fills"
    with writing(url) as connection:
        connection.execute(text(copy))
        yield


def test_a_writer_waits_for_another_on_sqlite_and_does_not_on_postgresql(
    url: str, make: Callable[..., Result], folders: Folders
) -> None:
    file(make(name="first"), url)
    saved = folders(1)
    with processes((file_folders, url, saved)) as (second,):
        with a_writer_at_work(url):
            second.say()
            if is_sqlite(url):
                assert second.is_silent(HELD)
            else:
                assert second.finish() == [True]
        if is_sqlite(url):
            assert second.finish() == [True]
    assert count(url, "runs") == 2
    assert count(url, "fills WHERE venue = 'copied'") == count(url, "fills") // 3


def test_a_reader_sees_what_was_there_before_an_unfinished_write(url: str, result: Result) -> None:
    file(result, url)
    with a_writer_at_work(url):
        assert [row["id"] for row in list_runs(url)] == [result.id]
        with reading(url) as connection:
            assert connection is not None
            found = connection.execute(select(schema.fills.c.id)).all()
    assert 2 * len(found) == count(url, "fills")


def test_a_reader_does_not_wait_for_a_large_write(url: str, result: Result) -> None:
    file(result, url)
    write_bars(url, SERIES, bars(10))
    many = bars(60_000, start=100)  # more than SQLite keeps in memory
    with writing(url) as connection:
        number = connection.execute(select(schema.series.c.id)).scalar_one()
        insert_bars(connection, number, many.stamps, many.columns)
        assert [row["id"] for row in list_runs(url)] == [result.id]
        assert len(read_bars(url, SERIES)) == 10


def test_a_writer_is_not_put_off_by_a_reader_that_takes_its_time(url: str, result: Result) -> None:
    file(result, url)
    reads, done = threading.Event(), threading.Event()

    def read() -> None:
        with reading(url) as connection:
            assert connection is not None
            connection.execute(select(schema.fills)).all()
            reads.set()
            done.wait(HELD)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert reads.wait(10)
        assert write_bars(url, SERIES, bars(10)).added == 10
    finally:
        done.set()
        reader.join()
