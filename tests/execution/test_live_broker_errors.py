"""Accounts that cannot be had, or are lost in the middle: the run ends with the error, whole."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from atms.errors import JournalError, RunError, VenueError
from atms.execution.disk.files import AccountFiles, account_folder
from atms.execution.disk.lease import Lease, LeaseHeld
from atms.execution.driver.host import ThreadHost
from atms.execution.driver.inline import InlineHost
from atms.sandbox.simulation.venue.faults import Faults
from atms.stores.base import AuthFailed
from tests.execution.live_bench import SPOT, START, Bench, Told, does, nothing
from tests.execution.wall_bench import wall_run

STATE = Path("state")


def on_disk(account: str) -> AccountFiles:
    return AccountFiles.open(STATE, account)


def closed(host: InlineHost) -> bool:
    return host._closed


def test_a_key_that_is_not_taken_ends_the_run_with_that_error() -> None:
    bench = Bench([100, 100], SPOT, faults=Faults(auth_failed=1))
    host = InlineHost(bench.loop, shared=True)
    with pytest.raises(AuthFailed):
        bench.run(does(nothing), host=host, closes=False)
    assert closed(host)


def test_a_venue_that_is_not_reached_in_time_ends_the_run_and_says_why() -> None:
    bench = Bench([100, 100], SPOT, faults=Faults(venue_down=1))
    host = InlineHost(bench.loop, shared=True)
    with pytest.raises(VenueError, match=r"sim-binance: not ready after 20 s: .*; try again"):
        bench.run(does(nothing), host=host, patience=20, closes=False)
    assert closed(host)


def test_a_venue_that_comes_back_in_time_is_waited_for() -> None:
    bench = Bench([100] * 4, SPOT, faults=Faults(venue_down=1))
    bench.loop.call_later(30, lambda: setattr(bench.venue.chance, "faults", Faults()))
    strategy = bench.run(does(lambda one: one.buy(size=1)), patience=120).strategy
    assert strategy.position.size == 1


def test_a_run_that_is_ended_while_it_waits_for_its_accounts_ends() -> None:
    bench = Bench([100, 100], SPOT, faults=Faults(venue_down=1))

    def end_soon(trading: Any) -> None:
        bench.loop.call_later(5, trading.end)

    with pytest.raises(RunError, match="ended before its accounts were ready"):
        bench.run(does(nothing), watch=end_soon)
    assert bench.loop.now() - START < timedelta(seconds=10)


def test_an_account_that_another_process_has_ends_the_run_with_its_name() -> None:
    bench = Bench([100, 100], SPOT)
    host = InlineHost(bench.loop, shared=True)
    with (
        Lease.take(account_folder(STATE, "sim-binance"), "sim-binance"),
        pytest.raises(LeaseHeld, match="sim-binance"),
    ):
        bench.run(does(nothing), host=host, files=on_disk, closes=False)
    assert closed(host)


def test_an_account_is_free_again_after_a_run_that_could_not_begin() -> None:
    bench = Bench([100] * 4, SPOT, faults=Faults(venue_down=1), keeps=True)
    with pytest.raises(VenueError):
        bench.run(does(nothing), patience=10, bars=2, files=on_disk)
    bench.venue.chance.faults = Faults()
    bench.done = 2
    bench.run(does(nothing), patience=600, files=on_disk)
    AccountFiles.open(STATE, "sim-binance").close()


def test_a_damaged_journal_ends_the_run_and_is_kept() -> None:
    bench = Bench([100] * 4, SPOT, keeps=True)
    bench.run(does(lambda one: one.buy(size=1)), bars=2, files=on_disk)
    path = account_folder(STATE, "sim-binance") / "journal.db"
    with sqlite3.connect(path) as file:
        named = "select name from sqlite_master where sql like '%body%'"
        (table,) = file.execute(named).fetchone()
        file.execute(f"update {table} set body = '{{}}' where rowid = 3")
    file.close()
    with pytest.raises(JournalError, match="is damaged"):
        bench.run(does(nothing), files=on_disk)
    assert path.exists()
    bench.loop.close()


class Full:
    """A journal whose disk is full after so many appends."""

    def __init__(self, journal: Any, room: int) -> None:
        self.lines = journal.lines
        self._journal = journal
        self._room = room

    def begin(self, at: datetime) -> int:
        epoch: int = self._journal.begin(at)
        return epoch

    def append(self, bodies: Sequence[str]) -> int:
        self._room -= 1
        if self._room < 0:
            raise JournalError("no space left on the device")
        number: int = self._journal.append(bodies)
        return number

    def check(self) -> None:
        pass


def test_a_journal_whose_disk_is_full_ends_the_run_and_nothing_is_sent_after() -> None:
    bench = Bench([100] * 9, SPOT)
    host = InlineHost(bench.loop, shared=True)
    bench.places[0].journal = Full(bench.places[0].journal, room=12)
    kept: list[Any] = []

    class Keeps(Told):
        def start(self) -> None:
            kept.append(self)

    buys = [lambda one: one.buy(size=1)] * 9
    with pytest.raises(JournalError, match="no space left"):
        bench.run(does(*buys, base=Keeps), host=host, closes=False)
    assert closed(host)
    (strategy,) = kept
    sent = bench.venue.orders
    durable = [line for line in bench.places[0].journal.lines if '"Intended"' in line]
    assert 0 < len(sent) == len(durable) < len([one for one in strategy.made if one is not None])


def test_orders_stay_and_nothing_hangs_when_the_journal_fails_under_flatten() -> None:
    bench = Bench([100] * 9, SPOT)
    bench.places[0].journal = Full(bench.places[0].journal, room=8)
    with pytest.raises(JournalError):
        bench.run(does(*[lambda one: one.buy(size=1)] * 9), on_stop="flatten")


def test_no_thread_stays_when_a_run_on_wall_time_cannot_begin() -> None:
    before = threading.active_count()
    host = ThreadHost()
    with pytest.raises(AuthFailed):
        wall_run(
            does(nothing), host=host, faults=Faults(auth_failed=1), closes=[100], closing=False
        )
    assert threading.active_count() == before
