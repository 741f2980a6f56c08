"""Many rows at once: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, Table, bindparam, func, literal_column, select

from atms.ledger import schema
from atms.ledger.binary import bar_rows
from atms.ledger.blocks import COLUMNS
from atms.ledger.types import Exact, Moment, exact_decimal
from atms.report.shortest import shortest

_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_LONGEST = 1_000  # characters of a text that stands in a statement
_LARGEST = 1 << 63  # what is not below it is no integer to SQLite


def insert(connection: Connection, table: Table, frame: pd.DataFrame, **same: Any) -> None:
    """Insert a frame's rows; its columns that the table does not have are left out.

    Args:
        connection: in a transaction.
        table: where to.
        frame: missing values become NULL; floats keep every digit.
        same: columns that have one value in all rows, or a list of one a row.

    Raises:
        ValueError: a number is infinite, or a time has no zone.
    """
    if frame.empty:
        return
    columns = [column for column in table.columns if column.name in same or column.name in frame]
    text = connection.dialect.name != "sqlite"
    values = [
        _repeated(same[column.name], len(frame), column, text)
        if column.name in same
        else _values(frame[column.name], column, text)
        for column in columns
    ]
    names = [column.name for column in columns]
    if text:
        _copy(connection, table, names, values)
    else:
        _execute_many(connection, table, names, values)


def insert_bars(
    connection: Connection,
    series_id: int,
    stamps: NDArray[np.int64],
    columns: dict[str, NDArray[np.float64]],
) -> None:
    """Insert bars without extra columns, a million in seconds.

    Args:
        connection: in a transaction.
        series_id: whose they are.
        stamps: microseconds since 1970 UTC, shape (n,), none of them there yet.
        columns: open, high, low, close; volume, NaN where absent.
    """
    if connection.dialect.name == "postgresql":
        for names, data in bar_rows(series_id, stamps, columns):
            _send(connection, "bars", names, data, binary=True)
        return
    names = ["series_id", "ts", *COLUMNS]
    values = [[series_id] * len(stamps), stamps.tolist()]
    values += [columns[name].tolist() for name in COLUMNS]  # SQLite keeps a NaN as NULL
    _execute_many(connection, schema.bars, names, values)


def new_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """Return *count* values of a table's ``id`` that no other transaction will take."""
    if connection.dialect.name == "postgresql":
        counter = func.pg_get_serial_sequence(table.name, "id")
        numbers = func.generate_series(1, count)
        return list(
            connection.execute(select(func.nextval(counter)).select_from(numbers)).scalars()
        )
    # Inside BEGIN IMMEDIATE nobody else writes.
    last = connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    return list(range(last + 1, last + 1 + count))


def _execute_many(
    connection: Connection, table: Table, names: Sequence[str], values: list[list[Any]]
) -> None:
    """Insert rows; what is the same in all of them stands in the statement, and is read once."""
    alike = {name: _literal(column) for name, column in zip(names, values, strict=True)}
    if all(alike.values()):
        alike[names[0]] = ""
    given: dict[str, Any] = {
        name: literal_column(text) if text else bindparam(name) for name, text in alike.items()
    }
    statement = table.insert().inline().values(given).compile(dialect=connection.dialect)
    order = [names.index(name) for name in statement.positiontup or names]
    rows = zip(*(values[place] for place in order), strict=True)
    cursor: Any = connection.connection.cursor()
    try:
        cursor.executemany(str(statement), rows)  # a generator will do
    finally:
        cursor.close()


def _literal(column: list[Any]) -> str:
    """Return the one value that all rows have as SQLite's text; "" where they have not."""
    first = column[0]
    if first != column[-1] or column.count(first) < len(column):
        return ""
    if first is None:
        return "NULL"
    if isinstance(first, int):  # 1 == 1.0, but they are kept as other texts
        whole = abs(first) < _LARGEST and set(map(type, column)) == {type(first)}
        return str(int(first)) if whole else ""
    if not isinstance(first, str) or len(first) > _LONGEST or "\0" in first:
        return ""
    return "'" + first.replace("'", "''") + "'"


def _copy(
    connection: Connection, table: Table, names: Sequence[str], values: list[list[Any]]
) -> None:
    shown = ([r"\N" if value is None else value for value in column] for column in values)
    lines = "\n".join(map("\t".join, zip(*shown, strict=True)))
    _send(connection, table.name, names, io.StringIO(lines + "\n"))


def _send(
    connection: Connection, table: str, names: Sequence[str], data: Any, binary: bool = False
) -> None:
    """Send *data* to PostgreSQL by COPY."""
    from psycopg2 import sql

    statement = sql.SQL("COPY {} ({}) FROM STDIN" + (" (FORMAT binary)" if binary else "")).format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    cursor: Any = connection.connection.cursor()
    with cursor:
        cursor.copy_expert(statement, data)


def _repeated(value: Any, count: int, kind: Column[Any], text: bool) -> list[Any]:
    """Return what stands in all rows, or a list's items, as _values does."""
    if isinstance(value, list):
        return _values(pd.Series(value), kind, text)
    return _values(pd.Series([value]), kind, text) * count


def _values(column: pd.Series, kind: Column[Any], text: bool) -> list[Any]:
    """Return a column as the driver takes it, or as COPY's text; what is missing is None."""
    if isinstance(kind.type, Exact):
        return _numbers(column)
    if isinstance(kind.type, Moment):
        return _moments(column, kind, text)
    plain = _plain(column)
    if not text:
        return plain
    shown = {value: _text(value) for value in set(plain)}  # most stand there many times
    return [shown[value] for value in plain]


def _text(value: Any) -> str | None:
    """Return a value as COPY's text; None stays."""
    if isinstance(value, bool):
        return "t" if value else "f"
    return None if value is None else str(value).translate(_ESCAPES)


def _plain(column: pd.Series) -> list[Any]:
    """Return a column's values; what is missing is None."""
    values: list[Any] = column.tolist()
    absent = column.isna().to_numpy()
    if not absent.any():
        return values
    return [None if gone else value for value, gone in zip(values, absent.tolist(), strict=True)]


def _numbers(column: pd.Series) -> list[str | None]:
    """Return decimals as text: a float at its shortest that reads back equal."""
    if column.dtype == np.float64:
        values = column.to_numpy()
        if np.isinf(values).any():
            raise ValueError(f"{column.name}: infinity cannot be kept: absent is NULL")
        gone = np.isnan(values)
        if gone.all():
            return [None] * len(values)
        shown: list[str | None] = [*shortest(values)]
        for place in np.flatnonzero(gone).tolist():
            shown[place] = None
        return shown
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "i":
        return list(map(str, column.tolist()))
    return [None if value is None else str(exact_decimal(value)) for value in _plain(column)]


def _moments(column: pd.Series, kind: Column[Any], text: bool) -> list[Any]:
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        raise ValueError(f"{kind.name}: the times have no zone")
    micros = column.dt.as_unit("us").astype("int64")
    absent = column.isna()
    if not text:
        if not absent.any():
            return list(micros.tolist())
        return [
            None if gone else value for value, gone in zip(micros.tolist(), absent, strict=True)
        ]
    shown = np.datetime_as_string(micros.to_numpy().view("datetime64[us]"), timezone="UTC")
    return [None if gone else value for value, gone in zip(shown.tolist(), absent, strict=True)]
