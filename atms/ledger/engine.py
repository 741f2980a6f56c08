"""Connections to the ledger's database, and its errors in our words."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import InvalidOperation
from json import JSONDecodeError
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from atms.config import mask_url
from atms.errors import ConfigError, LedgerError, MissingExtra
from atms.extras import install_hint

_BUSY_SECONDS = 30
_LOOK_EVERY = 0.2
_CONNECT_SECONDS = 10
_LONGEST = 300  # characters of what a database says
POSTGRESQL = "postgresql+psycopg2"
DAMAGED = (
    "the file is damaged, or something else: move it away; "
    "python -m atms runs sync files the runs again from their folders"
)
# what a database says -> the way out
_HINTS = {
    "permission denied for schema": "let the role make tables: GRANT ALL ON SCHEMA public TO it, "
    "or give it a database of its own",
    "no schema has been selected": "let the role use one: GRANT ALL ON SCHEMA public TO it, "
    "or give it a database of its own",
    "password authentication failed": "look at user and password in ledger.url",
    "no password supplied": "ledger.url names no password: postgresql+psycopg2://user:password@...",
    "Connection refused": "is the server running, at that host and port?",
    "could not translate host name": "look at the host in ledger.url",
    "does not exist": "make it: python -m atms db create",
    "server closed the connection": "did the server stop? look at its log; once it is back, "
    "python -m atms runs sync files what was not",
    "No space left": "free some space on the server's disk",
    "disk is full": "free some space, or choose another place with ledger.url",
    "readonly database": "the file or its folder cannot be written",
    "unable to open database file": "does its folder exist, and can it be written?",
    "not a database": DAMAGED,
    "malformed": DAMAGED,
    "Could not decode": DAMAGED,
}
# What reading a value raises whose bytes are not those that were written.
_UNREADABLE = (UnicodeDecodeError, JSONDecodeError, InvalidOperation)


def exists(url: str) -> bool:
    """Return whether there is a ledger yet: a SQLite file, or any server."""
    parsed = parsed_url(url)
    return parsed.get_backend_name() != "sqlite" or bool(
        parsed.database and Path(parsed.database).exists()
    )


@contextmanager
def connected(url: str, write: bool) -> Iterator[Connection]:
    """Yield a connection in one transaction; whether there are tables is the caller's question.

    Args:
        url: a SQLAlchemy URL, of SQLite or PostgreSQL.
        write: take the right to write at once, waiting for another writer.

    Raises:
        LedgerError: the URL is wrong, or the database refuses; nothing of the block is kept.
        ConfigError: the URL names another driver than ours.
        MissingExtra: the driver is not installed.
    """
    engine = _engine(url, "BEGIN IMMEDIATE" if write else "BEGIN")
    driver_error = engine.dialect.loaded_dbapi.Error  # bulk writes go past SQLAlchemy
    try:
        with engine.begin() as connection:
            yield connection
    except LedgerError as error:
        raise LedgerError(f"ledger {mask_url(url)}: {error}") from error
    except (SQLAlchemyError, driver_error) as error:
        raise LedgerError(f"ledger {mask_url(url)}: {reason(error)}") from error
    except _UNREADABLE as error:
        raise LedgerError(
            f"ledger {mask_url(url)}: holds what it never wrote ({error}): {DAMAGED}"
        ) from error
    finally:
        engine.dispose()


def parsed_url(url: str) -> URL:
    """Return the URL in its parts.

    Raises:
        LedgerError: it is none, or of a database that we cannot use.
        ConfigError: it names a driver of SQLite's that is not ours.
    """
    try:
        parsed = make_url("".join(url))  # the text of a DatabaseUrl, password and all
    except (ArgumentError, ValueError):  # a port that is no number is a ValueError
        raise LedgerError("ledger.url: is no database URL; write sqlite:///atms.db") from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise LedgerError(
            f"ledger {mask_url(url)}: atms keeps its ledger in SQLite or PostgreSQL; write "
            f"ledger.url: sqlite:///atms.db, or {POSTGRESQL}://user:password@host/database"
        )
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise LedgerError("ledger.url: names no file; write sqlite:///atms.db")
    if parsed.drivername.startswith("sqlite+") and parsed.drivername != "sqlite+pysqlite":
        raise ConfigError(f"ledger.url: write sqlite:// instead of {parsed.drivername}://")
    return parsed


def _engine(url: str, begin: str) -> Engine:
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite":
        if begin == "BEGIN" and not _writable(Path(parsed.database or "").resolve().parent):
            # A reader beside a writer needs a file beside the database: where none can be made, no
            # writer is either.
            parsed = parsed.set(
                database=f"file:{quote(parsed.database or '')}",
                query={"immutable": "1", "uri": "true"},
            )
        engine = create_engine(parsed, connect_args={"timeout": _LOOK_EVERY})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", functools.partial(_begin, begin))
        return engine
    check_driver(parsed)
    return create_engine(
        parsed,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "atms",
            # A server that went away without a word is noticed.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    )


def _writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def check_driver(parsed: URL) -> None:
    """Refuse a PostgreSQL URL that does not name our driver, or whose driver is not installed.

    Raises:
        ConfigError: it names another driver, or none.
        MissingExtra: the driver is not installed.
    """
    missing = importlib.util.find_spec("psycopg2") is None
    if parsed.drivername != POSTGRESQL:
        also = f", and install it: {install_hint('postgres')}" if missing else ""
        raise ConfigError(
            f"ledger.url: say which driver: write {POSTGRESQL}:// instead of "
            f"{parsed.drivername}://{also}"
        )
    if missing:
        raise MissingExtra(f"PostgreSQL needs its driver: {install_hint('postgres')}")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # sqlite3's own BEGIN comes too late to cover CREATE TABLE
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    with contextlib.suppress(sqlite3.OperationalError):
        # Readers and a writer do not wait for each other. Another program may hold the file just
        # now in its old mode, or it may be read-only: then it stays as it is.
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()


def _begin(begin: str, connection: Connection) -> None:
    """Begin, waiting while another process writes.

    In short waits: SQLite's own waiting does not hear Ctrl-C.
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.exec_driver_sql(begin)
            return
        except OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise


def reason(error: BaseException) -> str:
    """Return what a database said, in a line, with the way out where it is known."""
    # A rollback over a connection that is gone hides what went before.
    while isinstance(error.__context__, SQLAlchemyError) and "already closed" in str(error):
        error = error.__context__
    said = str(getattr(error, "orig", None) or error)
    first = said.strip().splitlines()[0][:_LONGEST] if said.strip() else type(error).__name__
    hint = next((hint for words, hint in _HINTS.items() if words in said), None)
    return f"{first}; {hint}" if hint else first
