"""Columns that a step adds to a table, and that a downgrade keeps aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateTableAs


def add_columns(table: str, key: Sequence[str], columns: Sequence[sa.Column[Any]]) -> None:
    """Add columns that may be NULL, with the values that an earlier downgrade parked.

    Args:
        table: whose.
        key: its primary key, by which parked values find their rows.
    """
    connection = op.get_bind()
    for column in columns:
        op.add_column(table, column)
    aside = _aside(table)
    if not sa.inspect(connection).has_table(aside):
        return
    names = [column.name for column in columns]
    home, kept = _table(table, [*key, *names]), _table(aside, [*key, *names])
    same = sa.and_(*(home.c[name] == kept.c[name] for name in key))
    values = {name: sa.select(kept.c[name]).where(same).scalar_subquery() for name in names}
    there = sa.select(sa.literal(1)).select_from(kept).where(same).exists()
    connection.execute(sa.update(home).where(there).values(values))
    op.drop_table(aside)


def drop_columns(table: str, key: Sequence[str], names: Sequence[str]) -> None:
    """Take columns away; what rows have in them stays in ``parked_<table>_columns``."""
    connection = op.get_bind()
    found = _table(table, [*key, *names])
    some = sa.or_(*(found.c[name].is_not(None) for name in names))
    aside = sa.select(found).where(some)
    connection.execute(CreateTableAs(aside, _aside(table)))
    for name in names:
        op.drop_column(table, name)


def _aside(table: str) -> str:
    return f"parked_{table}_columns"


def _table(name: str, columns: Sequence[str]) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))
