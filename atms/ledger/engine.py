"""Connections to the ledger's database, and its errors in our words."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from atms.config import mask_url
from atms.errors import LedgerError
from atms.ledger.schema import metadata

_BUSY_SECONDS = 30
_LOOK_EVERY = 0.2


def exists(url: str) -> bool:
    """Return whether there is a ledger yet: a SQLite file, or any server."""
    parsed = _parsed(url)
    return parsed.get_backend_name() != "sqlite" or bool(
        parsed.database and Path(parsed.database).exists()
    )


@contextmanager
def writing(url: str) -> Iterator[Connection]:
    """Yield a connection in one transaction, the tables made if they were not there.

    Raises:
        LedgerError: the URL is wrong, or the database refuses; nothing of the block is kept.
    """
    with _connected(url, write=True) as connection:
        metadata.create_all(connection)
        yield connection


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """Yield a connection that waits for no writer.

    Raises:
        LedgerError: the URL is wrong, or the database refuses.
    """
    with _connected(url, write=False) as connection:
        yield connection


@contextmanager
def _connected(url: str, write: bool) -> Iterator[Connection]:
    engine = _engine(url, "BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise LedgerError(f"ledger {mask_url(url)}: {reason}") from error
    finally:
        engine.dispose()


def _parsed(url: str) -> URL:
    try:
        return make_url("".join(url))  # the text of a DatabaseUrl, password and all
    except ArgumentError as error:
        raise LedgerError("ledger.url: is no database URL; write sqlite:///atms.db") from error


def _engine(url: str, begin: str) -> Engine:
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        raise LedgerError(
            f"ledger {mask_url(url)}: this version keeps its ledger in SQLite only; write "
            "ledger.url: sqlite:///atms.db, or ledger.enabled: false"
        )
    engine = create_engine(parsed, connect_args={"timeout": _LOOK_EVERY})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", functools.partial(_begin, begin))
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # sqlite3's own BEGIN comes too late to cover CREATE TABLE
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
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
