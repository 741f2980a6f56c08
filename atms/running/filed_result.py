"""A backtest whose folder is gone, as far as the ledger goes: what is missing is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Table, select

from atms.config import Config
from atms.errors import LedgerError
from atms.feeds.audit import Audit
from atms.ledger import schema
from atms.ledger.connection import reading
from atms.ledger.engine import exists
from atms.ledger.live_reading import LiveRows, Row, rows_of
from atms.report import decisions
from atms.report.metrics import drawdowns
from atms.report.trades import COLUMNS
from atms.result import FeedInfo, Provenance, Result
from atms.running import row_frames

MISSING = (
    "bars.parquet is gone: prices, and with them the chart of prices, stops and targets.",
    "lines.parquet is gone: indicators.",
    "equity.parquet is gone: the ledger has one value a day, and not what was held on each bar.",
    "trades.csv is gone: the ledger has no shares of a trade's entry value (net %, MAE %, MFE %).",
    "manifest.json is gone: hashes of each file and feed, versions, warnings, the warm-up.",
    "run.log is gone: what the strategy printed.",
)


def filed_result(url: str, run_id: str) -> Result:
    """Return a backtest from the ledger's rows alone; MISSING says what it has not.

    Raises:
        LedgerError: the database cannot be read, or has no such run.
    """
    if exists(url):
        with reading(url) as connection:
            if connection is not None:
                rows = rows_of(connection, run_id)

                def all_of(table: Table, *order: str) -> list[Row]:
                    found = select(table).where(table.c.run_id == run_id)
                    found = found.order_by(*(table.c[name] for name in order))
                    return [dict(row) for row in connection.execute(found).mappings()]

                trades = all_of(schema.trades, "trade_id")
                links = all_of(schema.fill_trades, "fill_id", "trade_id")
                return _result(rows, trades, links)
    raise LedgerError(f"there is no run {run_id}")


def _result(rows: LiveRows, trades: list[Row], links: list[Row]) -> Result:
    run = rows.run
    signals, gates = decisions.frames(rows.decisions, rows.gates)
    config = Config.model_validate(run["config"], context={"stored": True})
    numbers = {row["id"]: int(row["trade_id"]) for row in rows.fills}  # the run's own counter
    linked = row_frames.plain(links).reindex(columns=["fill_id", "trade_id", "size", "fee"])
    linked["fill_id"] = linked["fill_id"].map(numbers)
    fills, orders = row_frames.fills(rows), row_frames.orders(rows)
    fills[["order_id", "trade_id"]] = fills[["order_id", "trade_id"]].astype("int64")
    orders["order_id"] = orders["order_id"].astype("int64")
    return Result(
        id=run["id"],
        status=run["status"],
        config=config,
        feeds=tuple(
            FeedInfo(feed.name, feed.symbol or feed.name, feed.venue, feed.currency)
            for feed in config.data.feeds
        ),
        metrics=run["metrics"],
        equity=_equity(rows),
        trades=_trades(trades, linked, run["id"]),
        orders=orders.sort_values("order_id", ignore_index=True),
        fills=fills,
        fill_trades=linked,
        cash_flows=row_frames.cash_flows(rows),
        balances=row_frames.balances(rows),
        positions=row_frames.positions(rows),
        bars=_no_bars(),
        lines=pd.DataFrame(),
        decisions=signals,
        gates=gates,
        started=pd.Timestamp(run["started"]),
        ended=pd.Timestamp(run["ended"]),
        provenance=Provenance(
            strategy=run["strategy"],
            hashes={name: run[f"{name}_hash"] for name in ("config", "data", "code")},
            code={},
            data={},
            versions={},
        ),
        audit=tuple(Audit.from_dict(entry) for entry in run["audit"]),
        folder=Path(run["folder"]),
        mode=run["mode"],
    )


def _no_bars() -> pd.DataFrame:
    frame = pd.DataFrame(columns=["feed", "datetime", "open", "high", "low", "close", "volume"])
    frame["datetime"] = pd.to_datetime(frame["datetime"], utc=True)
    return frame


def _equity(rows: LiveRows) -> pd.DataFrame:
    """Return what the account held at the end of each day."""
    frame = row_frames.plain(rows.equity).reindex(columns=["ts", "cash", "value"])
    value = frame["value"].to_numpy(dtype=np.float64)
    position = value - frame["cash"].to_numpy(dtype=np.float64)
    start = float(rows.run["start_value"])
    frame["position"] = position
    frame["exposure"] = np.nan
    frame["drawdown"] = drawdowns(np.concatenate([[start], value]))[1:]
    index = pd.DatetimeIndex(pd.to_datetime(frame.pop("ts"), utc=True), name="datetime")
    return frame.set_axis(index)


def _trades(rows: list[Row], links: pd.DataFrame, run_id: str) -> pd.DataFrame:
    frame = row_frames.plain(rows).reindex(columns=["run_id", *COLUMNS])
    of_trade: dict[Any, list[str]] = {}
    for link in links.itertuples():
        of_trade.setdefault(link.trade_id, []).append(str(link.fill_id))
    frame["fills"] = [";".join(of_trade.get(number, ())) for number in frame["trade_id"]]
    frame["run_id"] = run_id
    for name in ("entry_ts", "exit_ts"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    for name in ("net_pnl_pct", "mae_pct", "mfe_pct"):
        frame[name] = frame[name].astype("float64")
    for name in ("reason", "tag", "exit_reason"):
        frame[name] = frame[name].astype("str")
    return frame
