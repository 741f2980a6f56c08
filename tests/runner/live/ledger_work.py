"""A process that trades and writes the ledger meanwhile, to be killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

from atms.execution.core.records import Record, Started, encode
from atms.execution.disk.journal import Journal
from atms.running.live_ledger import LedgerWriter
from tests.ledger.live_making import adversity, folder_of, run_row

SEED, PROFILE, ACCOUNT = 1, "oanda", "sim-oanda"


def history() -> Sequence[Record]:
    """Return what is traded."""
    return adversity(SEED, PROFILE, 3.0)


def until(what: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait for something; fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.01)


def trade_and_write(pipe: Connection, url: str) -> bool:
    """Append what the journal does not have yet, an entry at a time, with a writer beside it."""
    folder, records = folder_of(ACCOUNT), history()
    with Journal.open(folder, ACCOUNT) as journal:
        writer = LedgerWriter(url, run_row(), began=run_row().started, every=0.0)
        writer.take(folder, "sim")
        writer.start()
        pipe.send("writing")
        for record in records[journal.last :]:
            if isinstance(record, Started) and journal.epoch < record.epoch:
                journal.begin(record.at)
            journal.append([encode(record)])
    return writer.close(60, status="finished", at=datetime(2026, 1, 3, tzinfo=UTC))
