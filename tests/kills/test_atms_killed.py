"""atms itself killed with -9 while it writes: nothing lost, nothing doubled, on both databases."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kills import truth
from tests.kills.making import BACKTEST, BARS, CHUNK, import_of
from tests.kills.rounds import FILING, IMPORTING, MIGRATING, Kills
from tests.kills.truth import Bars
from tests.kills.victims import Starter, Victim
from tests.ledger import raw

IMPORTS, BACKTESTS, MIGRATIONS = 20, 10, 14


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database of each kind, that the command line works with."""
    kind: str = request.param
    file = f"sqlite:///{workdir}/atms.db"
    found: str = file if kind == "sqlite" else request.getfixturevalue("postgres_url")
    monkeypatch.setenv("DATABASE_URL", found)
    return found


def assert_sound(url: str) -> None:
    """A SQLite file is whole, by its own judgement; a server has let go of who was killed."""
    if raw.is_sqlite(url):
        assert raw.stored(url, "PRAGMA integrity_check") == [("ok",)]
        assert raw.stored(url, "PRAGMA foreign_key_check") == []
        return
    ours = "application_name = 'atms' AND datname = current_database()"
    deadline = time.monotonic() + 20
    while raw.stored(url, f"SELECT 1 FROM pg_stat_activity WHERE {ours}"):
        assert time.monotonic() < deadline


def test_an_import_that_is_killed_goes_on_and_has_every_bar_once(
    url: str, starter: Starter, timed: Callable[..., float], files: dict[str, Bars]
) -> None:
    before = [import_of(number) for number in (-1, -2)]
    seconds = timed(*(args for _, _, args in before), rows=CHUNK)
    done = [symbol for _, symbol, _ in before]
    went_on = 0

    def start(number: int) -> Victim:
        return starter.start(*import_of(number)[2], rows=CHUNK)

    kills = Kills(IMPORTING, IMPORTS, seconds)
    for number, ended in kills.rounds(start, Victim.kill):
        assert ended.code in (0, -9), ended.err
        assert_sound(url)
        name, symbol, args = import_of(number)
        again = starter.run(*args, rows=CHUNK)
        assert again.code == 0, again.err
        went_on += "going on after row" in again.err
        truth.assert_bars_are(url, symbol, files[name])
        done.append(symbol)
    assert went_on
    truth.assert_each_has(url, done, BARS)


def test_a_backtest_that_is_killed_leaves_a_whole_folder_or_none_and_is_filed_once(
    url: str, starter: Starter, timed: Callable[..., float], a_run: None
) -> None:
    seconds = timed(BACKTEST, BACKTEST)
    known = set(Path("runs").iterdir())

    def start(number: int) -> Victim:
        return starter.start(*BACKTEST)

    kills = Kills(FILING, BACKTESTS, seconds)
    for _, ended in kills.rounds(start, Victim.kill):
        assert ended.code in (0, -9), ended.err
        assert_sound(url)
        for left in Path("runs").glob(".*"):
            shutil.rmtree(left)  # half a folder: tests/cli/test_upkeep.py
        new = set(Path("runs").iterdir()) - known
        assert len(new) <= 1
        for folder in new:
            truth.assert_whole(folder)
        synced = starter.run("runs", "sync")
        assert synced.code == 0, synced.err
        for folder in new:
            truth.assert_filed_once(url, folder)
        known |= new
        assert raw.count(url, "runs") == len(known)
    truth.assert_nothing_else(url, known)


def test_a_migration_that_is_killed_has_happened_or_not_and_loses_nothing(
    url: str, starter: Starter, timed: Callable[..., float], files: dict[str, Bars], a_run: None
) -> None:
    timed(BACKTEST, import_of(0)[2], import_of(1)[2], rows=CHUNK)
    before = rows_by_table(url)
    seconds = max(timed(("db", "downgrade", "--to", "base")), timed(("db", "upgrade")))
    assert rows_by_table(url) == before
    parked = {f"parked_{table}" for table in before if table != "alembic_version"}
    steps = [set(before)]  # each schema is reached by a transaction of its own
    while not parked <= steps[-1]:
        assert starter.run("db", "downgrade").code == 0
        steps.append(set(raw.tables(url)))

    def start(number: int) -> Victim:
        whole = set(raw.tables(url)) == set(before)
        return starter.start("db", *(("downgrade", "--to", "base") if whole else ("upgrade",)))

    kills = Kills(MIGRATING, MIGRATIONS, seconds, least=3)
    for _, ended in kills.rounds(start, Victim.kill):
        assert ended.code in (0, -9), ended.err
        assert_sound(url)
        assert set(raw.tables(url)) in steps
    assert starter.run("db", "upgrade").code == 0
    assert rows_by_table(url) == before


def rows_by_table(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    return {
        table: sorted(raw.stored(url, f"SELECT * FROM {table}"), key=repr)
        for table in raw.tables(url)
    }
