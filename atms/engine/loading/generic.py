"""Text files as GenericCSVData reads them line by line."""

from __future__ import annotations

from typing import Any

import numpy as np

from atms.engine.loading.filling import Column, Filling, Finish
from atms.engine.loading.refusing import NotInBulkError
from atms.engine.loading.stamping import stamper
from atms.engine.loading.tables import Table, portions


def read_generic(data: Any) -> Finish:
    """Read a started ``GenericCSVData``, or one that only sets other params.

    Raises:
        NotInBulkError: its own loop is needed.
        ValueError, TypeError, ArithmeticError, LookupError: so does a bad field.
    """
    names = [name for name in data.getlinealiases() if name != "datetime"]
    filling = Filling(data, [getattr(data.lines, name) for name in names])
    at = [_place(getattr(data.p, name)) for name in names]
    stamps = stamper(data)
    for table in portions(data.f, data.separator):
        columns = [_numbers(table, place, data.p.nullvalue) for place in at]
        filling.add(stamps(table), columns)
        if filling.over:
            break
    return filling.finish


def _place(value: Any) -> int | None:
    """Return the column that a line's param names; None: it has none."""
    if value is None:
        return None
    if type(value) is not int:
        raise NotInBulkError("a column is not given by its place")
    return value if value >= 0 else None


def _numbers(table: Table, at: int | None, null: Any) -> Column:
    """Return a column as numbers, *null* in the place of empty fields."""
    if type(null) not in (float, int, str):
        raise NotInBulkError("a nullvalue that is no number")
    if at is None:
        return np.full(table.rows, float(null))
    fields = table.column(at)
    if "" in fields:
        return np.array([float(field or null) for field in fields], dtype=np.float64)
    return np.fromiter(map(float, fields), dtype=np.float64, count=table.rows)
