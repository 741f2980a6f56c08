"""A connection to a ledger whose tables are there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from atms.ledger.engine import connected
from atms.ledger.version import ensure, found_version, refuse_unknown


@contextmanager
def writing(url: str) -> Iterator[Connection]:
    """Yield a connection in one transaction, the tables made if they were not there.

    Raises:
        LedgerError: the URL is wrong, or the database refuses; nothing of the block is kept.
        MissingExtra: the driver is not installed.
    """
    with connected(url, write=True) as connection:
        ensure(connection)
        yield connection


@contextmanager
def reading(url: str) -> Iterator[Connection | None]:
    """Yield a connection that waits for no writer; None where there are no tables yet.

    Raises:
        LedgerError: the URL is wrong, or the database refuses.
        MissingExtra: the driver is not installed.
    """
    with connected(url, write=False) as connection:
        found = found_version(connection)
        refuse_unknown(found)
        yield None if found is None else connection
