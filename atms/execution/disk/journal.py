"""The write-ahead record of one account: on disk before a byte leaves.

::

    journal.db       SQLite; only ever a whole one
    journal.db-wal   what was appended last; a part of the journal, never to be removed
    journal.new/     what was being made when a process was killed; removed at the next start
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from atms.errors import JournalError
from atms.execution.disk import journal_file as file

_PAGE = 1000  # entries read at a time
# Rows that one statement writes. A statement a row would let go of the interpreter each time, and a
# strategy that computes gives it back late: 64 rows took 8 ms, and take 0.7.
_ROWS = 100


class Journal:
    """One account's journal: numbered entries, and epochs; for one thread at a time.

    Its process holds the account's lease. Another process may read beside it.

    Attributes:
        id: six characters of a-z and 0-9, made once with the file.
        account: whose it is.
        path: the file.
        epoch: how often the account was begun; 0: never.
        last: the number of the last entry; 0: there is none.
        took: seconds that the last commit took; None: nothing was written yet.
    """

    def __init__(self, path: Path, account: str) -> None:
        """Open a journal that is there; :meth:`open` makes one too, and tells errors in words."""
        self.path = path
        self.account = account
        self.took: float | None = None
        self._refusal: str | None = None
        self._connection = file.connected(path)
        try:
            self.id = file.check(self._connection, path, account)
            self.epoch = self._highest_epoch()
            self.last = self._read("SELECT coalesce(max(number), 0) FROM entry")
            self._identity = file.identity(path)
        except BaseException:
            self._connection.close()
            raise

    @classmethod
    def open(cls, folder: Path, account: str) -> Journal:
        """Return the journal in *folder*, made if there is none: folder mode 0700, file 0600.

        Raises:
            JournalError: it is another account's, damaged, no journal, or of a later atms; it may
                not be written; the disk is full.
        """
        file.make_folder(folder)
        path = folder.resolve() / file.NAME
        with file.told(path):
            file.make(path, account)
            return cls(path, account)

    def begin(self, at: datetime) -> int:
        """Raise the epoch by one, durable, and return it; an older one can append no more.

        Raises:
            JournalError: as :meth:`append`.
            ValueError: *at* has no time zone.
        """
        if at.tzinfo is None:
            raise ValueError(f"{at}: has no time zone")
        begun = self.epoch + 1
        self._write("INSERT INTO epoch", [(begun, at.astimezone(UTC).isoformat())])
        self.epoch = begun
        with contextlib.suppress(sqlite3.Error):
            # Keys are made of the epoch. Used twice it would be worse than a lost entry, so it
            # shall not hang on the -wal file, which people take for rubbish.
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return begun

    def append(self, bodies: Sequence[str]) -> int:
        """Make *bodies* durable, all or none; return the number of the last entry.

        After a JournalError nothing of *bodies* is there, and nothing more is taken until the
        journal is opened again. Of a process that ends inside the call they are there whole or
        not at all.

        Raises:
            JournalError: the disk is full or failed; the file was removed or replaced; a later
                epoch has begun; it was closed, or refused before.
        """
        if not bodies:
            return self.last
        rows = [
            (number, body, _sum(number, body)) for number, body in enumerate(bodies, self.last + 1)
        ]
        began = time.perf_counter()
        self._write("INSERT INTO entry", rows)
        self.took = time.perf_counter() - began
        self.last = rows[-1][0]
        return self.last

    def check(self) -> None:
        """Make sure that this process may append still; 20 microseconds.

        Raises:
            JournalError: the file was removed or replaced; a later epoch has begun; it was
                closed, or refused before.
        """
        if self._refusal is not None:
            raise JournalError(f"journal {self.path}: {self._refusal}")
        with file.told(self.path):
            self._check_place()
            self._check_epoch()

    def bodies(self, after: int = 0) -> Iterator[tuple[int, str]]:
        """Yield number and body of the entries behind number *after*, in order.

        Raises:
            JournalError: an entry is lost or altered; the file cannot be read; it was closed.
        """
        query = "SELECT number, body, sum FROM entry WHERE number > ? ORDER BY number LIMIT ?"
        while True:
            with file.told(self.path):
                rows = self._connection.execute(query, (after, _PAGE)).fetchall()
            for number, body, check in rows:
                if number != after + 1 or check != _sum(number, body):
                    what = f"entry {after + 1} is lost or altered"
                    raise JournalError(file.damaged(self.path, what))
                after = number
                yield number, body
            if len(rows) < _PAGE:
                return

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._refusal = self._refusal or "is closed; open it again"
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if self._refusal is not None:
            raise JournalError(f"journal {self.path}: {self._refusal}")
        try:
            with file.told(self.path):
                self._check_place()
                self._connection.execute("BEGIN IMMEDIATE")
                self._check_epoch()
                for start in range(0, len(rows), _ROWS):
                    part = rows[start : start + _ROWS]
                    places = ", ".join([f"({', '.join('?' * len(part[0]))})"] * len(part))
                    values = [value for row in part for value in row]
                    self._connection.execute(f"{statement} VALUES {places}", values)
                self._connection.execute("COMMIT")
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        self._refusal = "takes no more since a write failed; see to the cause and start again"
        with contextlib.suppress(sqlite3.Error):
            self._connection.rollback()
            # When a sync fails, what was written stands in the -wal file all the same, and the
            # next start would find it. What is written now takes its place there.
            self._connection.execute(file.REWRITE_HEAD)

    def _check_place(self) -> None:
        if file.identity(self.path) != self._identity:
            raise JournalError(
                f"journal {self.path}: was removed or replaced while in use; stop, put it back "
                "if you can, and start again"
            )

    def _check_epoch(self) -> None:
        highest = self._highest_epoch()
        if highest != self.epoch:
            raise JournalError(
                f"journal {self.path}: epoch {highest} has begun, this is {self.epoch}: another "
                "process has taken the account; end this one"
            )

    def _highest_epoch(self) -> int:
        return self._read("SELECT coalesce(max(number), 0) FROM epoch")

    def _read(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])


def _sum(number: int, body: str) -> int:
    """Return a check of an entry and its place: SQLite has none outside the -wal file."""
    return zlib.crc32(body.encode(), number)
