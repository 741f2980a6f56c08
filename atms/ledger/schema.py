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
    Column("status", Text, nullable=False),  # running, finished, failed, interrupted
    Column("symbols", Text, nullable=False),
    Column("started", Moment, nullable=False, index=True),
    Column("ended", Moment),  # NULL: it runs
    Column("first_bar", Moment),
    Column("last_bar", Moment),
    Column("start_value", Exact),
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
    Column("names", Text),  # what the venue calls it, "kind:value", those with a blank between
    Column("why", Text),  # the strategy's reason for it
    Column("tag", Text),  # the strategy's
    Column("code", Text),  # of what refused it before it was sent
    Column("risk_limit", Exact),  # the limit that it was over, and what it came to
    Column("risk_value", Exact),
    Column("bar_ts", Moment),  # of the bar that the strategy made it on; NULL: created_ts is that
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
    Column("order_id", Text),  # NULL: of no order of ours
    Column("ts", Moment, nullable=False),
    Column("side", Text, nullable=False),
    Column("size", Exact, nullable=False),
    Column("price", Exact, nullable=False),
    Column("currency", Text, nullable=False),  # of the price
    Column("base", Text),  # what it moved of another asset, size of it; NULL: no balance is kept
    Column("multiplier", Exact, nullable=False),
    Column("settlement", Text, nullable=False),  # cash moves the value; margin moves none
    Column("reference_price", Exact),  # before costs; NULL: nobody knows
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
    Column("reason", Text),  # the strategy's, at the order that opened it
    Column("tag", Text),
    Column("exit_reason", Text),
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

# What a run found held when it took the account, and what it was made to adopt.
openings = Table(
    "openings",
    metadata,
    _run(primary_key=True),
    _account(primary_key=True),
    Column("venue", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("entry", BigInteger, primary_key=True, autoincrement=False),  # the journal's number
    Column("ts", Moment, nullable=False),
    Column("why", Text, nullable=False),  # held, opening, adopted, ignored
    Column("size", Exact, nullable=False),  # negative: short
    Column("average_price", Exact),  # NULL: nobody knows
)

# What a strategy that explains itself said on a bar.
decisions = Table(
    "decisions",
    metadata,
    _run(primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("ts", Moment, nullable=False),  # of the bar
    Column("feed", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("signal", Text, nullable=False),  # long, short, exit; empty: a refusal alone
    Column("confidence", Double),
    Column("numbers", JSON, nullable=False),
)

# The conditions that a decision met, in their order.
gates = Table(
    "gates",
    metadata,
    _run(primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # the decision's
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("passed", Boolean(create_constraint=False), nullable=False),
    Column("value", Double),
    Column("limit_value", Double),
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
    Column("average_price", Exact),  # NULL: nobody knows
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

# Which run an account's journal was written by, from an epoch on.
live_sessions = Table(
    "live_sessions",
    metadata,
    _account(primary_key=True),
    Column("journal", Text, primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    _run(index=True),
    Column("started", Moment, nullable=False),
)

# How far a journal's entries are in these tables: written with them, in one transaction.
journal_marks = Table(
    "journal_marks",
    metadata,
    _account(primary_key=True),
    Column("journal", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("ts", Moment, nullable=False),
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

Index("ix_orders_account", orders.c.account, orders.c.order_id)
