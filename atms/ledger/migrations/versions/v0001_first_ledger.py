"""The first ledger: users, runs, orders, fills, trades, cash, bars."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from atms.ledger.migrations.parking import park, unpark
from atms.ledger.types import Exact, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# In an order in which each stands after what it hangs on.
TABLES = (
    "users", "accounts", "strategies", "instruments", "runs", "run_starts", "balances", "orders",
    "fills", "fill_fees", "trades", "fill_trades", "openings", "positions", "cash_flows", "equity",
    "strategy_state", "live_sessions", "journal_marks", "series", "bars", "bar_blocks", "imports",
)  # fmt: skip


def upgrade() -> None:
    """Make the tables, with the rows that a downgrade parked, and the local owner."""
    _create()
    unpark(TABLES)
    connection = op.get_bind()
    users = sa.table("users", sa.column("name"), sa.column("created", Moment))
    if connection.execute(sa.select(sa.func.count()).select_from(users)).scalar() == 0:
        op.bulk_insert(users, [{"name": "local", "created": datetime.now(UTC)}])


def downgrade() -> None:
    """Take the tables away; their rows stay parked."""
    park(TABLES)


def _create() -> None:
    op.create_table(
        "instruments",
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("multiplier", Exact(), nullable=False),
        sa.Column("tick", Exact(), nullable=True),
        sa.Column("step", Exact(), nullable=True),
        sa.Column("min_size", Exact(), nullable=True),
        sa.Column("min_notional", Exact(), nullable=True),
        sa.PrimaryKeyConstraint("venue", "symbol", name=op.f("pk_instruments")),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("venue", "symbol", "timeframe", name=op.f("uq_series_venue")),
    )
    op.create_table(
        "strategies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategies")),
        sa.UniqueConstraint("name", "code_hash", name=op.f("uq_strategies_name")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_accounts_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_index(op.f("ix_accounts_owner_id"), "accounts", ["owner_id"], unique=False)
    op.create_table(
        "bar_blocks",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("first", Moment(), nullable=False),
        sa.Column("last", Moment(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_bar_blocks_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "first", name=op.f("pk_bar_blocks")),
    )
    op.create_table(
        "bars",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("ts", Moment(), nullable=False),
        sa.Column("open", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("close", sa.Double(), nullable=False),
        sa.Column("volume", sa.Double(), nullable=True),
        sa.Column("extra", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_bars_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "ts", name=op.f("pk_bars")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "imports",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("ts", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_imports_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "fingerprint", name=op.f("pk_imports")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("strategy_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("symbols", sa.Text(), nullable=False),
        sa.Column("started", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.Column("first_bar", Moment(), nullable=True),
        sa.Column("last_bar", Moment(), nullable=True),
        sa.Column("start_value", Exact(), nullable=True),
        sa.Column("final_value", Exact(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("audit", sa.JSON(), nullable=False),
        sa.Column("config_hash", sa.Text(), nullable=False),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("manifest_hash", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_runs_owner_id")),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.id"], name=op.f("fk_runs_strategy_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_manifest_hash"), "runs", ["manifest_hash"], unique=False)
    op.create_index(op.f("ix_runs_owner_id"), "runs", ["owner_id"], unique=False)
    op.create_index(op.f("ix_runs_started"), "runs", ["started"], unique=False)
    op.create_index(op.f("ix_runs_strategy_id"), "runs", ["strategy_id"], unique=False)
    op.create_table(
        "balances",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("start", Exact(), nullable=False),
        sa.Column("final", Exact(), nullable=False),
        sa.Column("difference", Exact(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_balances_account")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_balances_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "account", "currency", name=op.f("pk_balances")),
    )
    op.create_table(
        "cash_flows",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("ts", Moment(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=True),
        sa.Column("amount", Exact(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_cash_flows_account")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_cash_flows_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_flows")),
        sa.UniqueConstraint("account", "venue", "external_id", name=op.f("uq_cash_flows_account")),
    )
    op.create_index(op.f("ix_cash_flows_run_id"), "cash_flows", ["run_id"], unique=False)
    op.create_table(
        "equity",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("ts", Moment(), nullable=False),
        sa.Column("cash", Exact(), nullable=False),
        sa.Column("value", Exact(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_equity_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "ts", name=op.f("pk_equity")),
    )
    op.create_table(
        "fills",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("trade_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("ts", Moment(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("size", Exact(), nullable=False),
        sa.Column("price", Exact(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("multiplier", Exact(), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("reference_price", Exact(), nullable=True),
        sa.Column("spread_cost", Exact(), nullable=True),
        sa.Column("slippage_cost", Exact(), nullable=True),
        sa.Column("impact_cost", Exact(), nullable=True),
        sa.Column("fees_known", sa.Boolean(), nullable=False),
        sa.CheckConstraint("row IN ('fill', 'reversal')", name=op.f("ck_fills_row")),
        sa.CheckConstraint("settlement IN ('cash', 'margin')", name=op.f("ck_fills_settlement")),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_fills_account")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_fills_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fills")),
        sa.UniqueConstraint(
            "account",
            "venue",
            "symbol",
            "trade_id",
            "version",
            "row",
            name=op.f("uq_fills_account"),
        ),
    )
    op.create_index(op.f("ix_fills_run_id"), "fills", ["run_id"], unique=False)
    op.create_table(
        "journal_marks",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("journal", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("ts", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.id"], name=op.f("fk_journal_marks_account")
        ),
        sa.PrimaryKeyConstraint("account", "journal", name=op.f("pk_journal_marks")),
    )
    op.create_table(
        "live_sessions",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("journal", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("started", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.id"], name=op.f("fk_live_sessions_account")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_live_sessions_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account", "journal", "epoch", name=op.f("pk_live_sessions")),
    )
    op.create_index(op.f("ix_live_sessions_run_id"), "live_sessions", ["run_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("size", Exact(), nullable=False),
        sa.Column("price", Exact(), nullable=True),
        sa.Column("limit_price", Exact(), nullable=True),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_ts", Moment(), nullable=False),
        sa.Column("updated_ts", Moment(), nullable=False),
        sa.Column("filled", Exact(), nullable=False),
        sa.Column("average_price", Exact(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("names", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_orders_account")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_orders_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "order_id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_account", "orders", ["account", "order_id"], unique=False)
    op.create_table(
        "openings",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ts", Moment(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("size", Exact(), nullable=False),
        sa.Column("average_price", Exact(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_openings_account")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_openings_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "run_id", "account", "venue", "symbol", "bucket", "entry", name=op.f("pk_openings")
        ),
    )
    op.create_table(
        "positions",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("ts", Moment(), nullable=False),
        sa.Column("size", Exact(), nullable=False),
        sa.Column("average_price", Exact(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_positions_account")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_positions_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "account", "venue", "symbol", name=op.f("pk_positions")),
    )
    op.create_table(
        "run_starts",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("started", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_run_starts_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "epoch", name=op.f("pk_run_starts")),
    )
    op.create_table(
        "strategy_state",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ts", Moment(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_strategy_state_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "key", name=op.f("pk_strategy_state")),
    )
    op.create_table(
        "trades",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("trade_id", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("entry_ts", Moment(), nullable=False),
        sa.Column("exit_ts", Moment(), nullable=True),
        sa.Column("size", Exact(), nullable=False),
        sa.Column("entry_price", Exact(), nullable=False),
        sa.Column("exit_price", Exact(), nullable=True),
        sa.Column("pnl", Exact(), nullable=False),
        sa.Column("fee", Exact(), nullable=False),
        sa.Column("net_pnl", Exact(), nullable=False),
        sa.Column("bars", sa.Integer(), nullable=False),
        sa.Column("mae", Exact(), nullable=False),
        sa.Column("mfe", Exact(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_trades_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "trade_id", name=op.f("pk_trades")),
    )
    op.create_table(
        "fill_fees",
        sa.Column("fill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("amount", Exact(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fill_id"], ["fills.id"], name=op.f("fk_fill_fees_fill_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("fill_id", "asset", name=op.f("pk_fill_fees")),
    )
    op.create_table(
        "fill_trades",
        sa.Column("fill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("trade_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("size", Exact(), nullable=False),
        sa.Column("fee", Exact(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fill_id"], ["fills.id"], name=op.f("fk_fill_trades_fill_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_fill_trades_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("fill_id", "trade_id", name=op.f("pk_fill_trades")),
    )
    op.create_index(op.f("ix_fill_trades_run_id"), "fill_trades", ["run_id"], unique=False)
