"""One account's journal into the ledger, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from atms.errors import LedgerError
from atms.execution.core.records import Started, decode
from atms.ledger.connection import reading, writing
from atms.ledger.engine import exists
from atms.ledger.live import AccountRows
from atms.ledger.live_writing import mark_of, set_mark
from atms.running.live_sessions import Sessions
from atms.running.live_tail import JournalTail

_BATCH = 500
_SLICE = 50  # entries that are taken in at a stretch, where others wait for the interpreter


class Pump:
    """Brings entries over, each once, whoever else does the same.

    Args:
        url: the ledger's.
        folder: the account's.
        sessions: whose entries they are; default: as the account's folder says.
        between: called between slices of entries, and before they are written; default: nothing.

    Attributes:
        sessions: the same.
        written: the number of the last entry that is in the ledger; None: not asked yet.

    Raises:
        JournalError: there is no journal that can be read.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        sessions: Sessions | None = None,
        *,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        self._url = url
        self._tail = JournalTail(folder)
        self.sessions = sessions or Sessions(folder, self._tail.journal)
        self._between = between
        self._rows: AccountRows | None = None
        self._waiting = False  # whether entries were taken in that are not written
        self.written: int | None = None

    @property
    def account(self) -> str:
        """Whose journal it is."""
        return self._tail.account

    def end(self) -> int:
        """Return the number of the journal's last entry.

        Raises:
            JournalError: the journal cannot be read.
        """
        return self._tail.last()

    def lag(self) -> int:
        """Return how many entries are not in the ledger.

        Raises:
            JournalError: the journal cannot be read.
        """
        return self.end() - (self.written or 0)

    def missing(self) -> int:
        """Return how many entries the ledger does not have, by its own word.

        Raises:
            LedgerError, JournalError: one of both cannot be read.
        """
        return self.end() - self._mark()

    def step(self) -> bool:
        """Bring a batch over; return whether there was one.

        Raises:
            LedgerError: the database refused; nothing of the batch is there.
            JournalError: the journal cannot be read.
            ValueError: an entry says what no table can hold.
        """
        if self._rows is None:
            self._rows = self._rebuilt(self._mark())
        if not self._waiting and not self._take():
            return False
        with writing(self._url) as connection:
            mark = mark_of(connection, self.account, self._tail.journal)
            if mark == self.written:
                self._rows.write(connection)
                set_mark(connection, self.account, self._tail.journal, self._rows.number)
        if mark != self.written:  # another process was faster: begin from what it has written
            self._rows = None
            self._waiting = False
            return True
        self.written = self._rows.number
        self._waiting = False
        self._rows.settled()
        return True

    def drop(self) -> None:
        """Forget what was taken in and is not written: it is read again."""
        self._rows = None
        self._waiting = False

    def close(self) -> None:
        """Close the journal."""
        self._tail.close()

    def _take(self) -> bool:
        """Take in the next entries, those of one run; return whether there were any."""
        assert self._rows is not None
        for _ in range(0, _BATCH, _SLICE):
            found = self._tail.after(self._rows.number, _SLICE)
            for number, body in found:
                record = decode(body)
                if isinstance(record, Started) and self._waiting:
                    return True
                self._waiting = True
                self._rows.take(number, record)
            if found:
                self._between()
            if len(found) < _SLICE:
                break
        return self._waiting

    def _mark(self) -> int:
        if not exists(self._url):
            return 0
        with reading(self._url) as connection:
            if connection is None:
                return 0
            return mark_of(connection, self.account, self._tail.journal)

    def _rebuilt(self, mark: int) -> AccountRows:
        """Return the state at an entry, made of all before it."""
        last = self._tail.last()
        if mark > last:
            raise LedgerError(
                f"it has entries of journal {self._tail.path} up to {mark}, and that ends at "
                f"{last}: is it an old copy? put the newer one back"
            )
        rows = AccountRows(self.account, self._tail.journal, self.sessions.of)
        while rows.number < mark:
            limit = min(_SLICE, mark - rows.number)
            for number, body in self._tail.after(rows.number, limit):
                rows.skip(number, decode(body))
            self._between()
        rows.settled()
        self.written = mark
        return rows
