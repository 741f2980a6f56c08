"""Which stretches of a series were downloaded: marks that are kept with the bars.

They stand in ``imports``, as the marks of files do. A download's fingerprint names the time at
which its stretch begins; its rows are no rows, but the microseconds since 1970 at which it ends.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from atms.feeds.bars import micros
from atms.ledger import schema
from atms.ledger.bars import Mark, Series, of_series
from atms.ledger.connection import reading
from atms.ledger.engine import exists
from atms.ledger.types import moment

_PREFIX = "download from "


def stretch_mark(start: datetime, end: datetime, *, finished: bool) -> Mark:
    """Return the mark of bars from *start* (included) to *end* (not included).

    Args:
        finished: whether that is all that was asked for.
    """
    return Mark(f"{_PREFIX}{micros(start)}", micros(end), finished)


def downloaded_stretches(url: str, of: Series) -> list[tuple[datetime, datetime]]:
    """Return (start, end) of what was downloaded of a series, in no order; they may overlap.

    Raises:
        LedgerError: the database cannot be read.
    """
    if not exists(url):
        return []
    i = schema.imports.c
    query = (
        select(i.fingerprint, i.rows)
        .select_from(schema.imports.join(schema.series))
        .where(of_series(of), i.fingerprint.startswith(_PREFIX, autoescape=True))
    )
    with reading(url) as connection:
        rows = [] if connection is None else connection.execute(query).all()
    return [(moment(int(name.removeprefix(_PREFIX))), moment(end)) for name, end in rows]
