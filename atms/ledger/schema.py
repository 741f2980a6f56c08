"""The tables. A run's rows hang on it and go with it; docs/ledger.md draws them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
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
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# SQLite counts by itself only in a column that is INTEGER to the letter.
_Number = BigInteger().with_variant(Integer(), "sqlite")


def _run(**options: Any) -> Column[str]:
    return Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, **options)


def _account(**options: Any) -> Column[str]:
    return Column("account", ForeignKey("accounts.id"), nullable=False, **options)


users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created", Moment, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),  # unique over all owners: backtest:<run>
    Column("owner_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("mode", Text, nullable=False),  # backtest, paper, live
)

strategies = Table(
    "strategies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),  # module:Class
    Column("code_hash", Text, nullable=False),
    UniqueConstraint("name", "code_hash"),
)

instruments = Table(
    "instruments",
    metadata,
    Column("venue", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("currency", Text, nullable=False),  # of its price
    Column("multiplier", Exact, nullable=False),
    Column("tick", Exact),
    Column("step", Exact),
    Column("min_size", Exact),
    Column("min_notional", Exact),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("strategy_id", ForeignKey("strategies.id"), nullable=False, index=True),
    Column("label", Text),
    Column("mode", Text, nullable=False),  # backtest, paper, live
    Column("status", Text, nullable=False),  # finished, failed, interrupted
    Column("symbols", Text, nullable=False),
    Column("started", Moment, nullable=False, index=True),
    Column("ended", Moment, nullable=False),
    Column("first_bar", Moment),
    Column("last_bar", Moment),
    Column("start_value", Exact, nullable=False),
    Column("final_value", Exact),
    Column("currency", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("config", JSON, nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("audit", JSON, nullable=False),  # of its data, a list with one entry a feed
    Column("config_hash", Text, nullable=False),
    Column("data_hash", Text, nullable=False),
    Column("code_hash", Text, nullable=False),
    Column("manifest_hash", Text, nullable=False, index=True),
    Column("folder", Text, nullable=False),
)

# A live run keeps its id over restarts; each start is one row.
run_starts = Table(
    "run_starts",
    metadata,
    _run(primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("started", Moment, nullable=False),
    Column("ended", Moment),
)

# start + fills - fees + flows = final; difference is by how much they miss it.
balances = Table(
    "balances",
    metadata,
    _run(primary_key=True),
    _account(primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("start", Exact, nullable=False),
    Column("final", Exact, nullable=False),
    Column("difference", Exact, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    _run(primary_key=True),
    Column("order_id", Text, primary_key=True),
    _account(),
    Column("symbol", Text, nullable=False),
    Column("venue", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("size", Exact, nullable=False),
    Column("price", Exact),
    Column("limit_price", Exact),
    Column("parent_id", Text),
    Column("status", Text, nullable=False),
    Column("created_ts", Moment, nullable=False),
    Column("updated_ts", Moment, nullable=False),
    Column("filled", Exact, nullable=False),
    Column("average_price", Exact),
    Column("reason", Text),  # why it was rejected, or made by the broker
)

# Never updated: a fill that the venue corrects or undoes gets a reversal, and a new version.
fills = Table(
    "fills",
    metadata,
    Column("id", _Number, primary_key=True),
    _run(index=True),
    _account(),
    Column("venue", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("trade_id", Text, nullable=False),  # the venue's; in a backtest the run's own counter
    Column("version", Integer, nullable=False),
    Column("row", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("ts", Moment, nullable=False),
    Column("side", Text, nullable=False),
    Column("size", Exact, nullable=False),
    Column("price", Exact, nullable=False),
    Column("currency", Text, nullable=False),  # of the price
    Column("multiplier", Exact, nullable=False),
    Column("settlement", Text, nullable=False),  # cash moves the value; margin moves none
    Column("reference_price", Exact, nullable=False),
    Column("spread_cost", Exact),  # what the price was worse than it by, in the account's currency
    Column("slippage_cost", Exact),
    Column("impact_cost", Exact),
    Column("fees_known", Boolean(create_constraint=False), nullable=False),
    UniqueConstraint("account", "venue", "symbol", "trade_id", "version", "row"),
    CheckConstraint("row IN ('fill', 'reversal')", name="row"),
    CheckConstraint("settlement IN ('cash', 'margin')", name="settlement"),
)

fill_fees = Table(
    "fill_fees",
    metadata,
    Column("fill_id", ForeignKey("fills.id", ondelete="CASCADE"), primary_key=True),
    Column("asset", Text, primary_key=True),
    Column("amount", Exact, nullable=False),  # negative: a rebate
)

trades = Table(
    "trades",
    metadata,
    _run(primary_key=True),
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
    Column("fill_id", ForeignKey("fills.id", ondelete="CASCADE"), primary_key=True),
    Column("trade_id", Integer, primary_key=True),
    _run(index=True),
    Column("size", Exact, nullable=False),
    Column("fee", Exact, nullable=False),
)

# What is held; of a backtest, what it held at its end.
positions = Table(
    "positions",
    metadata,
    _run(primary_key=True),
    _account(primary_key=True),
    Column("venue", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("ts", Moment, nullable=False),
    Column("size", Exact, nullable=False),  # negative: short
    Column("average_price", Exact, nullable=False),
)

# What moved cash and is no fill.
cash_flows = Table(
    "cash_flows",
    metadata,
    Column("id", _Number, primary_key=True),
    _run(index=True),
    _account(),
    Column("venue", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("ts", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("symbol", Text),
    Column("amount", Exact, nullable=False),
    Column("currency", Text, nullable=False),
    UniqueConstraint("account", "venue", "external_id"),
)

# At most one row a day; every bar is in the run's equity.parquet.
equity = Table(
    "equity",
    metadata,
    _run(primary_key=True),
    Column("ts", Moment, primary_key=True),
    Column("cash", Exact, nullable=False),
    Column("value", Exact, nullable=False),
)

# What a strategy wants to find again after a restart.
strategy_state = Table(
    "strategy_state",
    metadata,
    _run(primary_key=True),
    Column("key", Text, primary_key=True),
    Column("ts", Moment, nullable=False),
    Column("value", JSON, nullable=False),
)

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("venue", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("stamp", Text),  # start, end; NULL: the source did not say
    UniqueConstraint("venue", "symbol", "timeframe"),
)

# Prices of the market are float64 everywhere in atms, so here too: eight bytes each, exactly.
bars = Table(
    "bars",
    metadata,
    Column("series_id", ForeignKey("series.id", ondelete="CASCADE"), primary_key=True),
    Column("ts", Moment, primary_key=True),
    Column("open", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("low", Double, nullable=False),
    Column("close", Double, nullable=False),
    Column("volume", Double),
    Column("extra", Text),  # further columns, a JSON object
    sqlite_with_rowid=False,
)

# The same bars as columns, written with them: reading a million rows would take longer than reading
# a CSV file does. Each block is an Arrow table of neighbouring bars.
bar_blocks = Table(
    "bar_blocks",
    metadata,
    Column("series_id", ForeignKey("series.id", ondelete="CASCADE"), primary_key=True),
    Column("first", Moment, primary_key=True),
    Column("last", Moment, nullable=False),
    Column("count", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

# How far an import has come: a killed one goes on from here.
imports = Table(
    "imports",
    metadata,
    Column("series_id", ForeignKey("series.id", ondelete="CASCADE"), primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    Column("finished", Boolean(create_constraint=False), nullable=False),
    Column("ts", Moment, nullable=False),
)

Index("ix_orders_account", orders.c.account)
