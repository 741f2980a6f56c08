"""Why it (did not) trade: what strategies say on bars, at orders and at trades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from atms.ledger.migrations.columns import add_columns, drop_columns
from atms.ledger.migrations.parking import park, unpark
from atms.ledger.types import Exact, Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("decisions", "gates")
ORDERS = ("why", "tag", "code", "risk_limit", "risk_value", "bar_ts")
TRADES = ("reason", "tag", "exit_reason")


def upgrade() -> None:
    """Make the tables and columns, with what a downgrade parked."""
    _create()
    unpark(TABLES, of_runs=True)
    add_columns("orders", ("run_id", "order_id"), _columns(ORDERS))
    add_columns("trades", ("run_id", "trade_id"), _columns(TRADES))


def downgrade() -> None:
    """Take tables and columns away; what is in them stays parked."""
    drop_columns("orders", ("run_id", "order_id"), ORDERS)
    drop_columns("trades", ("run_id", "trade_id"), TRADES)
    park(TABLES)


def _columns(names: Sequence[str]) -> list[sa.Column[Any]]:
    kinds: dict[str, Any] = {"risk_limit": Exact(), "risk_value": Exact(), "bar_ts": Moment()}
    return [sa.Column(name, kinds.get(name, sa.Text()), nullable=True) for name in names]


def _create() -> None:
    op.create_table(
        "decisions",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ts", Moment(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_decisions_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_decisions")),
    )
    op.create_table(
        "gates",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("limit_value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_gates_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "number", "place", name=op.f("pk_gates")),
    )
