"""What one account keeps on disk, held by this process alone: its lease and its journal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from atms.errors import JournalError
from atms.execution.core.records import Record, decode
from atms.execution.disk.journal import Journal
from atms.execution.disk.journal_file import damaged
from atms.execution.disk.lease import Lease


def account_folder(state: Path, account: str) -> Path:
    """Return where an account's files are; the name of the folder is the account's."""
    return state / "accounts" / re.sub(r"[^A-Za-z0-9._-]", "-", account)


class AccountFiles:
    """Lease and journal of an account.

    Attributes:
        id: the journal's, with which our keys begin.
        journal: what is appended to.
    """

    def __init__(self, lease: Lease, journal: Journal) -> None:
        """Keep what is open already; :meth:`open` opens it."""
        self.id = journal.id
        self.journal = journal
        self.lease = lease

    @classmethod
    def open(cls, state: Path, account: str, *, takeover: bool = False) -> Self:
        """Take the account.

        Args:
            state: the folder of all accounts' files.
            takeover: end the process that has it.

        Raises:
            LeaseHeld: another process has the account.
            JournalError: the files are another account's, damaged, or cannot be written.
        """
        folder = account_folder(state, account)
        lease = Lease.take(folder, account, takeover=takeover)
        try:
            return cls(lease, Journal.open(folder, account))
        except BaseException:
            lease.release()
            raise

    @property
    def records(self) -> Iterator[Record]:
        """What the journal holds.

        Raises:
            JournalError: an entry is lost or altered.
        """
        for number, body in self.journal.bodies():
            try:
                yield decode(body)
            except ValueError as error:
                what = f"entry {number}: {error}"
                raise JournalError(damaged(self.journal.path, what)) from error

    def close(self) -> None:
        """Give the account free."""
        self.journal.close()
        self.lease.release()
