"""atms itself killed with -9 while it writes: nothing lost, nothing doubled, on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kills import truth
from tests.kills.making import BACKTEST, BARS, CHUNK, import_of
from tests.kills.rounds import FILING, IMPORTING, Kills
from tests.kills.truth import Bars
from tests.kills.victims import Starter, Victim
from tests.ledger import raw

IMPORTS, BACKTESTS = 20, 10


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database of each kind, that the command line works with."""
    kind: str = request.param
    file = f"sqlite:///{workdir}/atms.db"
    found: str = file if kind == "sqlite" else request.getfixturevalue("postgres_url")
    monkeypatch.setenv("DATABASE_URL", found)
    return found


def assert_sound(url: str) -> None:
    """A SQLite file is whole, by its own judgement."""
    if raw.is_sqlite(url):
        assert raw.stored(url, "PRAGMA integrity_check") == [("ok",)]
        assert raw.stored(url, "PRAGMA foreign_key_check") == []


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
        name, symbol, args = import_of(number)
        again = starter.run(*args, rows=CHUNK)
        assert again.code == 0, again.err
        went_on += "going on after row" in again.err
        truth.assert_bars_are(url, symbol, files[name])
        assert_sound(url)
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
        assert_sound(url)
    truth.assert_nothing_else(url, known)
