"""A run that was away for longer than its venue's history reaches: said, compared, and decided."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atms.execution.core.records import ReadTo, decode, encode
from atms.execution.disk.journal import Journal
from tests.live.making import write_run
from tests.live.processes import SECONDS, Process, Starter
from tests.live.test_exchanges import EXCHANGES, store_of
from tests.live.venue import Venue, serving_exchange

LIVE = ("live", "-c", "live.yaml", "--yes")
REACHES = {"kucoin": 7, "okx": 89}  # days that the venue tells executions of
_STAMP = re.compile(r"(?<!\d)1\d{12}(?!\d)")  # milliseconds of these years
Serve = Callable[[str], Venue]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    with ExitStack() as stack:

        def call(name: str) -> Venue:
            exchange = EXCHANGES[name]
            made = serving_exchange(exchange.thread, exchange.config, **exchange.wide)
            venue = stack.enter_context(made)
            for key, value in venue.env.items():
                monkeypatch.setenv(key, value)
            return venue

        yield call


def running(starter: Starter, *more: str) -> Process:
    process = starter.start(*LIVE, *more)
    process.until(lambda: ": running" in process.err, "it is not ready")
    return process


def ended(process: Process) -> str:
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    return process.err


def away_for(days: int) -> None:
    """Let the journal have read the venue's history for the last time so many days ago."""
    (folder,) = Path("state/accounts").resolve().iterdir()
    with Journal(folder / "journal.db", folder.name) as journal:
        rows = [decode(body) for _, body in journal.bodies()]
        cursor = [row.cursor for row in rows if isinstance(row, ReadTo)][-1]
        past = timedelta(days=days) // timedelta(milliseconds=1)
        aged = _STAMP.sub(lambda found: str(int(found[0]) - past), cursor)
        assert aged != cursor
        journal.append([encode(ReadTo(cursor=aged))])


@pytest.mark.parametrize(
    ("name", "policy", "told"),
    [
        ("kucoin", "halt", "halted: the venue holds what the journal does not explain"),
        ("okx", "adopt", "adopted: held, and not explained by the journal: net +0.5"),
    ],
)
def test_what_happened_before_the_history_reaches_is_told_and_is_a_question(
    name: str, policy: str, told: str, starter: Starter, serve: Serve
) -> None:
    venue = serve(name)
    sections: dict[str, Any] = {"stores": {"venue": store_of(name)}}
    write_run("Wait", execution={"emulated_protection": True}, **sections)
    assert "log_gap" not in ended(running(starter))
    away_for(REACHES[name] + 3)
    venue.call(venue.sandbox.venue.desk.deposit, "BTC", Decimal("0.5"))  # and no history tells it
    process = running(starter, "--set", f"execution.unknown_position={policy}")
    process.until(lambda: told in process.err, told, within=3 * SECONDS)  # it is compared thrice
    assert "log_gap: the venue tells nothing before" in ended(process)
