"""What other processes do in these tests; see :mod:`tests.ledger.processes`."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

import atms
from atms.feeds.raw import RawBars
from atms.ledger import downgrade, upgrade, write_bars
from atms.ledger.bars import Mark, Series, Written
from tests.ledger.making import file


def file_folders(_: Connection, url: str, folders: list[str]) -> list[bool]:
    """File the runs of *folders*, one after the other."""
    return [file(atms.load_run(folder), url, Path(folder)) for folder in folders]


def keep_bars(_: Connection, url: str, of: Series, chunks: list[tuple[RawBars, Mark]]) -> Written:
    """Write chunks of bars, one a transaction."""
    total = Written()
    for raw, mark in chunks:
        total += write_bars(url, of, raw, mark=mark)
    return total


def make_tables(_: Connection, url: str) -> str | None:
    """Bring the schema up; return what it was before."""
    return upgrade(url).found


def migrate_and_stop(pipe: Connection, url: str, step: str, share: float) -> None:
    """Go up or down, and stop before the statement that comes after *share* of them all.

    A share of 1 stops at the commit itself.
    """
    where = {"up": (33, 131), "down": (0, 0)}
    del where
    seen = 0

    def stop(*_: Any) -> None:
        pipe.send("stopped")
        pipe.recv()

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", stop)
    (upgrade if step == "up" else downgrade)(url)
    del share
