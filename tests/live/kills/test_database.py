"""The database beside a live run: away, locked, cut off, full. Orders wait for none of it."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from atms import localdb
from tests.kills.proxy import AFTER, BEFORE, Proxy
from tests.live.checking import differences, impossible
from tests.live.kills.episodes import START, STATE, Episode, looked_at
from tests.live.kills.outages import behind, outage
from tests.live.ledger_told import running
from tests.live.making import write_run
from tests.live.processes import Process, Starter, until
from tests.live.venue import Venue, read_log
from tests.postgres import CrashableServer

LIVE = ("live", "-c", "live.yaml", "--yes")
Serve = Callable[..., Venue]
Make = Callable[..., Episode]


def trading(starter: Starter, venue: Venue, url: str) -> Process:
    """Start a run; return it when it trades and the ledger has what it did."""
    write_run("Busy", ledger={"url": url})
    process = starter.start(*LIVE)
    process.until(lambda: venue.count("fill") > 2, "it does not trade")
    return process


def trades_on(process: Process, venue: Venue, fills: int = 5) -> None:
    """Wait until so many more fills have come."""
    before = venue.count("fill")
    process.until(lambda: venue.count("fill") >= before + fills, "it does not trade on")


def test_a_database_that_is_away_for_a_while_loses_and_doubles_no_row(
    starter: Starter, serve: Serve, episode: Make, postgres_crashable: CrashableServer
) -> None:
    server, venue = postgres_crashable, serve()
    process = trading(starter, venue, server.url)
    until(lambda: behind(server.url) == 0, lambda: "the ledger has nothing")
    outage(server, process, venue, 2.0, crash=True)
    assert looked_at(process, server.url) == []
    one = episode(venue, server.url)
    one.finish(process)
    assert one.tally.violations == []


@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_ledger_whose_commits_get_no_reply_has_each_row_once(
    starter: Starter, serve: Serve, episode: Make, postgres_url: str, when: str
) -> None:
    venue = serve()
    # The end of a run takes several commits, and all of them again where one fails: every fourth
    # would keep it from ever being told.
    with Proxy(postgres_url, 7, when, every=True) as proxy:
        process = trading(starter, venue, proxy.url)
        process.until(lambda: proxy.commits > 15, "it does not write")
        one = episode(venue, postgres_url)
        one.finish(process)
    assert one.tally.violations == []


def test_locks_that_another_connection_holds_keep_no_order_and_no_end_waiting(
    starter: Starter, serve: Serve, postgres_url: str
) -> None:
    venue = serve()
    process = trading(starter, venue, postgres_url)
    until(lambda: behind(postgres_url) == 0, lambda: "the ledger has nothing")
    with closing(psycopg2.connect(postgres_url.replace("+psycopg2", ""))) as other:
        other.cursor().execute("LOCK TABLE fills, orders IN ACCESS EXCLUSIVE MODE")
        trades_on(process, venue)
        venue.freeze()
        ended = starter.run("stop", "--state-dir", str(STATE))
        assert (ended.code, process.wait()) == (0, 0), process.err
        assert "the ledger is behind" in process.err
        assert behind(postgres_url) > 0
    synced = starter.run("runs", "sync", "-c", "live.yaml")
    assert synced.code == 0, synced.err
    assert differences(read_log(), START, STATE, postgres_url) == []


def slow_from_the_third_look_at_the_account(venue: Venue) -> None:
    """Let a start be slow when it takes its account: what it shows before looks twice."""
    looks = 0

    def note(line: dict[str, Any]) -> None:
        nonlocal looks
        looks += line["what"] == "request" and line["name"] == "GET /api/v3/account"
        if looks == 3:
            venue.sandbox.faults.set("slow_reply", 1.0)

    venue.on_note = note


def test_a_run_that_dies_before_it_has_its_account_is_over_in_the_ledger(
    starter: Starter, serve: Serve, episode: Make, postgres_url: str
) -> None:
    venue = serve()
    first = trading(starter, venue, postgres_url)
    until(lambda: behind(postgres_url) == 0, lambda: "the ledger has nothing")
    first.kill()
    slow_from_the_third_look_at_the_account(venue)
    early = starter.start(*LIVE)
    early.until(lambda: len(running(postgres_url)) > 1, "the ledger does not know it")
    early.kill()
    assert epochs() == 1  # it had not begun
    venue.on_note = None
    venue.call(venue.sandbox.faults.set, "slow_reply", 0.0)
    one = episode(venue, postgres_url)
    one.settle()
    assert one.tally.violations == []


def epochs() -> int:
    """Return how many times a process has begun on the one account."""
    path = next((STATE / "accounts").glob("*")) / "journal.db"
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT body FROM entry").fetchall()
    return sum(json.loads(body)["is"] == "Started" for (body,) in rows)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a file system of its own for the length of a with block; skip where that may not be."""
    folder.mkdir(exist_ok=True)
    size = f"size={megabytes}m,mode=755"
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"a file system cannot be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> Path:
    """Leave no room on a file system; return the file that takes it."""
    path = folder / "rubbish"
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 9, 1):
            try:
                while file.write(b"0" * size) == size:
                    pass
            except OSError:
                continue
    return path


def test_a_small_disk_that_is_full_ends_the_run_and_nothing_is_lost(
    starter: Starter, serve: Serve, episode: Make
) -> None:
    venue = serve()
    with small_disk(STATE, 3):
        write_run("Busy")
        process = starter.start(*LIVE)
        process.until(lambda: venue.count("fill") > 2, "it does not trade")
        rubbish = fill(STATE)
        assert process.wait() == 4, process.err
        assert re.search("the disk (failed or )?is full", process.err), process.err
        assert "Traceback" not in process.err
        assert impossible(read_log(), STATE) == []
        rubbish.unlink()
        one = episode(venue)
        one.settle()
        assert one.tally.violations == []


def test_a_database_whose_disk_is_full_gets_its_rows_when_there_is_room(
    starter: Starter, serve: Serve, episode: Make
) -> None:
    venue = serve()
    # Not in pytest's folder, whose mode a second pytest changes: the server is another user's.
    place = Path(tempfile.mkdtemp(prefix="atms-disk-"))
    place.chmod(0o755)
    with small_disk(place, 120):
        server = localdb.start(place / "postgres")
        try:
            process = trading(starter, venue, server.url)
            until(lambda: behind(server.url) == 0, lambda: "the ledger has nothing")
            rubbish = fill(place)
            trades_on(process, venue, 8)
            process.until(
                lambda: (
                    "No space left" in error()
                    or "recovery" in error()
                    or "closed the connection" in error()
                ),
                f"it is not told: {error()}",
            )
            trades_on(process, venue)
            rubbish.unlink()
            localdb.start(place / "postgres")  # it may have ended for want of room
            one = episode(venue, server.url)
            one.finish(process)
            assert one.tally.violations == []
        finally:
            localdb.stop(place / "postgres")
    place.rmdir()


def error() -> str:
    """Return what keeps the ledger from being written, as the run's status tells it."""
    (path,) = STATE.glob("runs/*/status.json")
    found: str = json.loads(path.read_text())["ledger"]["error"]
    return found
