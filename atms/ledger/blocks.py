"""Bars as columns in the database: blocks of neighbouring bars, each an Arrow table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, or_, select

from atms.errors import LedgerError
from atms.feeds.bars import PRICES, micros
from atms.feeds.raw import RawBars
from atms.ledger import schema
from atms.ledger.engine import DAMAGED
from atms.ledger.types import moment

COLUMNS = (*PRICES, "volume")
_FULL = 50_000  # bars of a block; a smaller one at the series' end grows with what follows

_Columns = dict[str, NDArray[np.float64]]


def read(
    connection: Connection, series_id: int, start: datetime | None, end: datetime | None
) -> tuple[NDArray[np.int64], _Columns]:
    """Return stamps, microseconds since 1970 UTC, rising, and columns, each of shape (n,)."""
    b = schema.bar_blocks.c
    where = [b.series_id == series_id]
    where += [b.last >= start] if start else []
    where += [b.first < end] if end else []
    found = connection.execute(select(b.data).where(*where).order_by(b.first)).scalars()
    stamps, columns = _joined([_unpacked(data) for data in found])
    first = int(np.searchsorted(stamps, micros(start))) if start else 0
    last = int(np.searchsorted(stamps, micros(end))) if end else len(stamps)
    return stamps[first:last], {name: values[first:last] for name, values in columns.items()}


def merge(connection: Connection, series_id: int, new: RawBars) -> None:
    """Put bars in, in the place of those with the same stamps; *new* rises in time."""
    b = schema.bar_blocks.c
    first, last = moment(new.stamps[0]), moment(new.stamps[-1])
    within = (b.last >= first) & (b.first <= last)
    # The last block before them grows, as long as it is small: live bars come one by one.
    before = (
        select(b.first)
        .where(b.series_id == series_id, b.last < first)
        .order_by(b.first.desc())
        .limit(1)
        .scalar_subquery()
    )
    touched = (b.series_id == series_id) & or_(within, (b.first == before) & (b.count < _FULL))
    found = connection.execute(select(b.data).where(touched).order_by(b.first)).scalars()
    old = [_unpacked(data) for data in found]
    connection.execute(delete(schema.bar_blocks).where(touched))
    stamps, columns = _joined([*old, (new.stamps, new.columns)])
    rows = [{"series_id": series_id, **block} for block in _blocks(stamps, columns)]
    connection.execute(schema.bar_blocks.insert(), rows)


def _joined(
    parts: list[tuple[NDArray[np.int64], _Columns]],
) -> tuple[NDArray[np.int64], _Columns]:
    """Join parts by time; of two bars with one stamp the later part's stays."""
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys((*COLUMNS, *(name for _, columns in parts for name in columns)))
    stamps = np.concatenate([np.zeros(0, dtype=np.int64), *(stamps for stamps, _ in parts)])
    columns = {
        name: np.concatenate(
            [np.zeros(0), *(c.get(name, np.full(len(s), np.nan)) for s, c in parts)]
        )
        for name in names
    }
    if (np.diff(stamps) > 0).all():
        return stamps, columns
    order = np.argsort(stamps, kind="stable")
    order = order[np.append(np.diff(stamps[order]) != 0, True)]
    return stamps[order], {name: values[order] for name, values in columns.items()}


def _blocks(stamps: NDArray[np.int64], columns: _Columns) -> Iterator[dict[str, Any]]:
    for at in range(0, len(stamps), _FULL):
        part = slice(at, at + _FULL)
        yield {
            "first": moment(stamps[part][0]),
            "last": moment(stamps[part][-1]),
            "count": len(stamps[part]),
            "data": _packed(stamps[part], {name: v[part] for name, v in columns.items()}),
        }


def _packed(stamps: NDArray[np.int64], columns: _Columns) -> bytes:
    table = pa.table({"datetime": pa.array(stamps), **columns})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _unpacked(data: bytes) -> tuple[NDArray[np.int64], _Columns]:
    try:
        table = pa.ipc.open_stream(data).read_all()
    except (pa.ArrowException, OSError) as error:
        raise LedgerError(f"a block of bars cannot be read ({error}): {DAMAGED}") from error
    columns = {name: table[name].to_numpy() for name in table.column_names}
    return columns.pop("datetime"), columns
