"""The tables. A run's rows hang on it and go with it."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from atms.ledger.types import Exact, Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _run(primary: bool = True) -> Column[str]:
    return Column(
        "run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=primary, nullable=False
    )


strategies = Table(
    "strategies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),  # module:Class
    Column("code_hash", Text, nullable=False),
    UniqueConstraint("name", "code_hash"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("strategy_id", ForeignKey("strategies.id"), nullable=False, index=True),
    Column("label", Text),
    Column("mode", Text, nullable=False),  # backtest
    Column("account", Text, nullable=False),
    Column("status", Text, nullable=False),  # finished, failed, interrupted
    Column("symbols", Text, nullable=False),
    Column("started", Moment, nullable=False, index=True),
    Column("ended", Moment, nullable=False),
    Column("first_bar", Moment),
    Column("last_bar", Moment),
    Column("start_value", Exact, nullable=False),
    Column("final_value", Exact),
    Column("currency", Text, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("config", JSON, nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("config_hash", Text, nullable=False),
    Column("data_hash", Text, nullable=False),
    Column("code_hash", Text, nullable=False),
    Column("manifest_hash", Text, nullable=False, index=True),
    Column("folder", Text, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    _run(),
    Column("order_id", Integer, primary_key=True),
    Column("symbol", Text, nullable=False),
    Column("venue", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("size", Exact, nullable=False),
    Column("price", Exact),
    Column("limit_price", Exact),
    Column("parent_id", Integer),
    Column("status", Text, nullable=False),
    Column("created_ts", Moment, nullable=False),
    Column("updated_ts", Moment, nullable=False),
    Column("filled", Exact, nullable=False),
    Column("average_price", Exact),
    Column("fee", Exact, nullable=False),
)

fills = Table(
    "fills",
    metadata,
    Column("id", Integer, primary_key=True),
    _run(primary=False),
    Column("account", Text, nullable=False),
    Column("venue", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("trade_id", Text, nullable=False),  # the venue's; in a backtest the run's own counter
    Column("version", Integer, nullable=False),
    Column("row", Text, nullable=False),  # fill, reversal
    Column("order_id", Text, nullable=False),
    Column("ts", Moment, nullable=False),
    Column("side", Text, nullable=False),
    Column("size", Exact, nullable=False),
    Column("price", Exact, nullable=False),
    Column("fee", Exact, nullable=False),
    Column("fee_currency", Text, nullable=False),
    Column("reference_price", Exact, nullable=False),
    UniqueConstraint("account", "venue", "symbol", "trade_id", "version", "row"),
)

trades = Table(
    "trades",
    metadata,
    _run(),
    Column("trade_id", Integer, primary_key=True),
    Column("symbol", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("status", Text, nullable=False),  # closed, open
    Column("entry_ts", Moment, nullable=False),
    Column("exit_ts", Moment),
    Column("size", Exact, nullable=False),
    Column("entry_price", Exact, nullable=False),
    Column("exit_price", Exact),
    Column("pnl", Exact, nullable=False),
    Column("fee", Exact, nullable=False),
    Column("net_pnl", Exact, nullable=False),
    Column("bars", Integer, nullable=False),
    Column("mae", Exact, nullable=False),
    Column("mfe", Exact, nullable=False),
)

# One reversing fill belongs to two trades.
fill_trades = Table(
    "fill_trades",
    metadata,
    _run(),
    Column("fill_id", Integer, primary_key=True),  # fills.trade_id of a backtest
    Column("trade_id", Integer, primary_key=True),
    Column("size", Exact, nullable=False),
    Column("fee", Exact, nullable=False),
)

# At most one row a day; every bar is in the run's equity.parquet.
equity = Table(
    "equity",
    metadata,
    _run(),
    Column("ts", Moment, primary_key=True),
    Column("cash", Exact, nullable=False),
    Column("value", Exact, nullable=False),
)
