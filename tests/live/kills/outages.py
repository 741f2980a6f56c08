"""A live run whose database is away again and again: no row is lost, none is doubled."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from tests.live.kills.episodes import STATE, Episode, Tally, looked_at, stand_in
from tests.live.making import write_run
from tests.live.processes import Process, Starter, until
from tests.live.venue import Venue, serving
from tests.postgres import CrashableServer, execute

_DRAIN, _LOOK_EVERY = 60.0, 0.2  # seconds


def outages(folder: Path, times: int, seconds: float) -> int:
    """Stop the database of one run so often, for so long each time; return an exit code.

    By turns it is shut down in order and killed with all of its processes.
    """
    server, starter, tally = CrashableServer(folder / "postgres"), Starter(folder), Tally()
    stand_in(folder / "run")
    drained: list[float] = []
    try:
        with serving(seconds_a_bar=1.0) as venue:
            os.environ.update(venue.env)
            write_run("Busy", ledger={"url": server.url})
            process = starter.start("live", "-c", "live.yaml", "--yes")
            process.until(lambda: ": running" in process.err, "it is not ready")
            until(lambda: behind(server.url) == 0, lambda: "the ledger has nothing")
            for number in range(times):
                drained.append(outage(server, process, venue, seconds, crash=number % 2 == 1))
                print(f"outage {number + 1}: {seconds:g} s, drained in {drained[-1]:.2f} s, "
                      f"{venue.count('fill')} fills so far", flush=True)  # fmt: skip
                tally.violations += looked_at(process, server.url)
            process.kill()  # what is settled then is all that any run wrote
            Episode(starter, venue, server.url, random.Random(1), tally).settle()
    finally:
        starter.close()
    for line in tally.violations:
        print(f"VIOLATION: {line}")
    print(f"{times} outages of {seconds:g} s: {len(tally.violations)} violations; rows were there "
          f"again after p50 {np.median(drained):.2f} s, at most {max(drained):.2f} s")  # fmt: skip
    return 1 if tally.violations else 0


def outage(
    server: CrashableServer, process: Process, venue: Venue, seconds: float, *, crash: bool
) -> float:
    """Stop the database while a run trades; return after how long it had all rows, in seconds.

    Raises:
        AssertionError: the run ended, did not trade meanwhile, or the rows did not come.
    """
    server.kill() if crash else server.stop()
    before, until_ = venue.count("order"), time.monotonic() + seconds
    process.until(lambda: venue.count("order") > before, "it does not trade")
    time.sleep(max(0.0, until_ - time.monotonic()))
    assert process.code is None, process.err
    where = server.url
    server.start()
    assert server.url == where, "another program has taken the server's port meanwhile"
    began, entries = time.monotonic(), last_entry()

    def there() -> bool:
        time.sleep(_LOOK_EVERY)  # each look is a connection, which the server has to make
        return mark(server.url) >= entries

    try:
        process.until(there, "the rows do not come", _DRAIN)
    except AssertionError as error:
        (path,) = STATE.glob("runs/*/status.json")
        error.add_note(str(json.loads(path.read_text())["ledger"]))
        raise
    return time.monotonic() - began


def behind(url: str) -> int:
    """Return how many entries of the journal the ledger does not have."""
    return last_entry() - mark(url)


def last_entry() -> int:
    """Return the number of the journal's last entry."""
    path = next((STATE / "accounts").glob("*")) / "journal.db"
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute("SELECT coalesce(max(number), 0) FROM entry").fetchone()[0]
    return found


def mark(url: str) -> int:
    """Return the number of the last entry that the ledger says it has."""
    if execute(url, "SELECT to_regclass('journal_marks')") == [(None,)]:
        return 0
    ((found,),) = execute(url, "SELECT coalesce(max(number), 0) FROM journal_marks")
    return int(str(found))
