"""The file of a journal: made whole or not at all, known by its head, its troubles in words."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import sqlite3
import string
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atms.errors import JournalError

NAME = "journal.db"
_WORKSHOP = "journal.new"
_MARK = 0x61746D6A  # "atmj" in the file's head
_SCHEMA = 1
REWRITE_HEAD = f"PRAGMA application_id = {_MARK}"  # SQLite writes its page, same or not
_TABLES = (
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE epoch (number INTEGER PRIMARY KEY, at TEXT NOT NULL)",
    "CREATE TABLE entry (number INTEGER PRIMARY KEY, body TEXT NOT NULL, sum INTEGER NOT NULL)",
)
_LETTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 6
_BUSY_SECONDS = 2.0

_NO_ROOM = "the disk is full; make room and start again"
_NO_RIGHT = "may not be written; give this user the right to write it and its folder"
_WAYS_OUT = {
    "SQLITE_FULL": _NO_ROOM,
    "SQLITE_IOERR": "the disk failed or is full; see to it and start again",
    "SQLITE_READONLY": _NO_RIGHT,
    "SQLITE_CANTOPEN": _NO_RIGHT,
    "SQLITE_PERM": _NO_RIGHT,
    "SQLITE_BUSY": "another program holds it; end that program",
    "SQLITE_LOCKED": "another program holds it; end that program",
}


def make_folder(folder: Path) -> None:
    """Make *folder*, mode 0700, and its name durable, if it is not there.

    Raises:
        JournalError: it cannot be made.
    """
    with told(folder):
        new = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in new:
            sync(path.parent)


def make(path: Path, account: str) -> None:
    """Make the journal *path*, unless there is one; what a killed maker left is removed.

    Raises:
        JournalError: its first part is gone, and its second is there.
        OSError, sqlite3.Error: it cannot be written; then there is no *path*.
    """
    workshop = path.with_name(_WORKSHOP)
    shutil.rmtree(workshop, ignore_errors=True)
    if path.exists():
        return
    if wal_of(path).exists():  # would be taken for a part of the new one
        raise JournalError(damaged(path, "it is gone, and its -wal file is there"))
    workshop.mkdir(mode=0o700)
    made = workshop / path.name
    os.close(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # -wal takes its mode
    with contextlib.closing(connected(made)) as connection:
        _fill(connection, account)
    sync(made)
    with contextlib.suppress(FileExistsError):  # somebody made one meanwhile: that one it is
        os.link(made, path)
    shutil.rmtree(workshop, ignore_errors=True)
    sync(path.parent)


def _fill(connection: sqlite3.Connection, account: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(REWRITE_HEAD)
    connection.execute(f"PRAGMA user_version = {_SCHEMA}")
    for table in _TABLES:
        connection.execute(table)
    name = "".join(secrets.choice(_LETTERS) for _ in range(_ID_LENGTH))
    connection.executemany("INSERT INTO about VALUES (?, ?)", [("id", name), ("account", account)])


def connected(path: Path) -> sqlite3.Connection:
    """Return a connection that begins no transaction by itself; *path* is absolute."""
    return sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=_BUSY_SECONDS,
        check_same_thread=False,  # opened by one thread, used by another
    )


def check(connection: sqlite3.Connection, path: Path, account: str) -> str:
    """Return the journal's id; the file is changed only after it is known for ours.

    Raises:
        JournalError: it is not a whole journal of *account* that this version can write.
        sqlite3.Error: it cannot be read or written.
    """
    if connection.execute("PRAGMA application_id").fetchone() != (_MARK,):
        raise JournalError(damaged(path, "its head is no journal's"))
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    if schema > _SCHEMA:
        raise JournalError(
            f"journal {path}: was written by a later atms (schema {schema}, this one knows "
            f"{_SCHEMA}); use that version"
        )
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise JournalError(damaged(path, found.splitlines()[-1]))
    about = dict(connection.execute("SELECT name, value FROM about").fetchall())
    if about.keys() != {"id", "account"}:
        raise JournalError(damaged(path, "it does not say whose it is"))
    if about["account"] != account:
        raise JournalError(
            f"journal {path}: is of account {about['account']!r}, not of {account!r}; "
            "give each account its own execution.state_dir"
        )
    _make_durable(connection, path)
    return str(about["id"])


def _make_durable(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise JournalError(
            f"journal {path}: this file system cannot keep it (SQLite's WAL is refused); "
            "choose a local disk for execution.state_dir"
        )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: an fsync alone stops at the drive's cache
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    connection.execute("BEGIN IMMEDIATE")  # SQLite opens what it may not write, and says nothing
    connection.execute(REWRITE_HEAD)
    connection.execute("ROLLBACK")


def identity(path: Path) -> tuple[tuple[int, int], ...]:
    """Return device and inode of both parts; of a part that is gone, nothing."""
    found = []
    for part in (path, wal_of(path)):
        with contextlib.suppress(FileNotFoundError):
            status = part.stat()
            found.append((status.st_dev, status.st_ino))
    return tuple(found)


def wal_of(path: Path) -> Path:
    """Return the name of the part where what is newest stands."""
    return path.with_name(f"{path.name}-wal")


def sync(path: Path) -> None:
    """Put a file's bytes, or a folder's names, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def damaged(path: Path, what: str) -> str:
    """Return the words for a journal that cannot be trusted any more."""
    return (
        f"journal {path}: is damaged: {what}; move it and its -wal file aside, keep them, and "
        "start again: a new journal begins with what the venue has"
    )


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the system and SQLite raise into a JournalError with the way out."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(_of_sqlite(path, error)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            way_out = _NO_ROOM
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            way_out = _NO_RIGHT
        else:
            way_out = "choose another execution.state_dir"
        raise JournalError(f"{path}: {error.strerror}: {way_out}") from error


def _of_sqlite(path: Path, error: sqlite3.Error) -> str:
    if isinstance(error, sqlite3.ProgrammingError):
        return f"journal {path}: is closed; open it again"
    name = getattr(error, "sqlite_errorname", "")
    way_out = next((words for code, words in _WAYS_OUT.items() if name.startswith(code)), None)
    return f"journal {path}: {error}: {way_out}" if way_out else damaged(path, str(error))
