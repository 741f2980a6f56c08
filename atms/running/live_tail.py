"""A journal read by somebody who does not hold its account: never written, never waited for."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atms.errors import JournalError
from atms.execution.disk.journal_file import NAME

_BUSY_SECONDS = 2.0


class JournalTail:
    """Reads one journal's entries, again and again; for one thread.

    Args:
        folder: the account's.

    Attributes:
        path: the journal's file.
        account: whose it is.
        journal: its id.

    Raises:
        JournalError: there is none that can be read.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder.resolve() / NAME
        with self._told():
            # Short reads outside any transaction: a writer's checkpoint does not wait for them.
            self._connection = sqlite3.connect(
                f"{self.path.as_uri()}?mode=ro", uri=True, isolation_level=None,
                timeout=_BUSY_SECONDS, check_same_thread=False,
            )  # fmt: skip
            try:
                about = dict(self._connection.execute("SELECT name, value FROM about").fetchall())
                self.account, self.journal = str(about["account"]), str(about["id"])
            except BaseException:
                self._connection.close()
                raise

    def last(self) -> int:
        """Return the number of the last entry.

        Raises:
            JournalError: the file cannot be read.
        """
        with self._told():
            query = "SELECT coalesce(max(number), 0) FROM entry"
            return int(self._connection.execute(query).fetchone()[0])

    def epoch(self) -> int:
        """Return how often the account was begun.

        Raises:
            JournalError: the file cannot be read.
        """
        with self._told():
            query = "SELECT coalesce(max(number), 0) FROM epoch"
            return int(self._connection.execute(query).fetchone()[0])

    def after(self, number: int, limit: int) -> list[tuple[int, str]]:
        """Return number and body of at most *limit* entries behind *number*, in order.

        Raises:
            JournalError: an entry is lost or altered; the file cannot be read.
        """
        query = "SELECT number, body, sum FROM entry WHERE number > ? ORDER BY number LIMIT ?"
        with self._told():
            rows = self._connection.execute(query, (number, limit)).fetchall()
        found = []
        for place, (at, body, check) in enumerate(rows, number + 1):
            if at != place or check != zlib.crc32(body.encode(), at):
                raise JournalError(f"journal {self.path}: entry {place} is lost or altered")
            found.append((at, body))
        return found

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, KeyError) as error:
            raise JournalError(f"journal {self.path}: cannot be read: {error}") from error
