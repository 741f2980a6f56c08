"""A live run that is killed with -9: nothing is lost, nothing doubled.

ATMS_KILLS=100 kills more often; ATMS_KILLS_SEED draws other instants.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atms.sandbox.venue.faults import FAULTS
from tests.live.checking import differences, in_doubt
from tests.live.making import write_run
from tests.live.processes import SECONDS, Process, Starter
from tests.live.venue import Venue, read_log

KILLS = int(os.environ.get("ATMS_KILLS", "3"))
SEED = int(os.environ.get("ATMS_KILLS_SEED", "1"))
_WHILE = 4.0  # seconds
STATE, LEDGER = Path("state"), Path("ledger.db")
START = {"USDT": Decimal(100_000)}
Serve = Callable[..., Venue]


class Killer:
    """Kills a process at a line of the venue's log: before the request that made it is answered."""

    def __init__(self, venue: Venue) -> None:
        self._left = 0
        self._what = ""
        self._process: Process | None = None
        self._over = threading.Event()
        venue.on_note = self._see

    def kill(self, process: Process, what: str, lines: int) -> None:
        """Kill *process* at the line of that number from now on; *what* is its kind, or none.

        One that trades no more, as :func:`end` tells, is killed after a while.
        """
        self._over.clear()
        self._process, self._what, self._left = process, what, lines
        self._over.wait(_WHILE)
        self._process = None  # its pid is nobody's, or another's
        process.kill()
        assert process.code == -signal.SIGKILL, process.err

    def _see(self, line: dict[str, Any]) -> None:
        wanted = not self._what or line["what"] == self._what
        process = self._process
        if process is None or self._over.is_set() or not wanted:
            return
        self._left -= 1
        if self._left <= 0:
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(process.pid, signal.SIGKILL)
            self._over.set()


def live(starter: Starter) -> Process:
    """Start the run."""
    return starter.start("live", "-c", "live.yaml", "--yes")


def end(process: Process, venue: Venue) -> None:
    """Let a run trade once more without faults; with the market still, compare everything.

    An order that was in the journal and never left keeps its instrument closed for longer than a
    test may take: such a run trades no more here.
    """
    for name in FAULTS:
        venue.call(venue.sandbox.faults.set, name, 0.0)
    process.until(lambda: ": running" in process.err, "it is not ready")
    before = venue.count("fill")
    process.until(lambda: venue.count("fill") > before + 1 or in_doubt(STATE), "it does not trade")
    venue.freeze()
    # What no event told is found by a snapshot each half minute, and the second one may be needed.
    process.until(lambda: not differing(None), "\n".join(differing(None)), within=3 * SECONDS)
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    assert differing(LEDGER) == []
    would_be_seen(read_log())


def would_be_seen(log: list[dict[str, Any]]) -> None:
    """Make sure that what is lost or doubled would have been seen."""
    fills = [line for line in log if line["what"] == "fill"]
    orders = [line for line in log if line["what"] == "order"]
    balances = [line for line in log if line["what"] == "balances"]
    for other in (
        [line for line in log if line is not fills[0]],
        [*log, {**fills[0], "trade": 1}],
        [*log, {**orders[0], "order": 1}],
        [*log, {**orders[0], "client_id": f"{orders[0]['client_id']}0", "order": 1}],
        [*log, {**balances[-1], "USDT": ["1", "0"]}],
    ):
        assert differences(other, START, STATE, LEDGER)


def differing(ledger: Path | None) -> list[str]:
    """Return what journal and ledger tell otherwise than the venue."""
    return differences(read_log(), START, STATE, ledger)


def test_killed_at_random_instants_it_loses_and_doubles_nothing(
    starter: Starter, serve: Serve
) -> None:
    rng = random.Random(SEED)
    venue = serve()
    write_run("Busy")
    killer = Killer(venue)
    for _ in range(KILLS):
        killer.kill(live(starter), "", rng.randint(5, 150))
    end(live(starter), venue)


@pytest.mark.parametrize("what", ["order", "fill", "cancel"])
def test_killed_before_it_hears_of_an_order_it_loses_and_doubles_nothing(
    starter: Starter, serve: Serve, what: str
) -> None:
    rng = random.Random(f"{what}{SEED}")
    venue = serve()
    write_run("Busy")
    killer = Killer(venue)
    for _ in range(max(1, KILLS // 3)):
        killer.kill(live(starter), what, rng.randint(1, 6))
    end(live(starter), venue)


@pytest.mark.parametrize(
    "faults",
    [
        {"timeout_after_order": 0.05},
        {"drop_event": 0.3, "duplicate_event": 0.3, "read_lag": 0.1, "fill_before_ack": 0.3},
        {"disconnect_stream": 0.02, "http_503_after_order": 0.1},
    ],
    ids=["timeouts", "events", "connections"],
)
def test_killed_at_a_venue_with_faults_it_loses_and_doubles_nothing(
    starter: Starter, serve: Serve, faults: dict[str, float]
) -> None:
    rng = random.Random(SEED)
    venue = serve(faults=faults, seed=SEED)
    write_run("Busy")
    killer = Killer(venue)
    for _ in range(max(1, KILLS // 4)):
        killer.kill(live(starter), "", rng.randint(60, 200))
    end(live(starter), venue)
