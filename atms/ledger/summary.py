"""What is in the ledger, in numbers."""

from __future__ import annotations

from sqlalchemy import func, select

from atms.ledger.connection import reading
from atms.ledger.engine import exists
from atms.ledger.schema import metadata


def row_counts(url: str) -> dict[str, int]:
    """Return table -> how many rows it has; nothing where there are no tables yet.

    Raises:
        LedgerError: the database cannot be read.
    """
    if not exists(url):
        return {}
    with reading(url) as connection:
        if connection is None:
            return {}
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
