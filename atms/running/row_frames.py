"""The ledger's rows of a run as a Result's frames, decimals as floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from atms.ledger.live_reading import LiveRows
from atms.report import flows, frames
from atms.running.record import ORDER_COLUMNS

_NUMBERS = frozenset(
    {"size", "price", "limit_price", "filled", "average_price", "multiplier", "reference_price",
     "spread_cost", "slippage_cost", "impact_cost", "amount", "start", "final", "fee",
     "risk_limit", "risk_value", "entry_price", "exit_price", "pnl", "net_pnl", "mae", "mfe",
     "cash", "value"}
)  # fmt: skip


def orders(rows: LiveRows) -> pd.DataFrame:
    """Return the orders, with what was paid for their fills in the currency of the price."""
    fees: dict[str, float] = {}
    for row in rows.fills:
        paid = float(row["fees"].get(row["currency"], 0))
        sign = -1 if row["row"] == "reversal" else 1
        fees[row["order_id"]] = fees.get(row["order_id"], 0.0) + sign * paid
    frame = plain([{**row, "fee": fees.get(row["order_id"], 0.0)} for row in rows.orders])
    return frame.reindex(columns=[*ORDER_COLUMNS, "bar_ts"])


def fills(rows: LiveRows) -> pd.DataFrame:
    """Return the fills; those of several fees show the one in the currency of the price."""
    listed = []
    for row in rows.fills:
        asset = row["currency"]
        if asset not in row["fees"] and row["fees"]:
            asset = next(iter(row["fees"]))
        listed.append({**row, "fee": row["fees"].get(asset, 0.0), "fee_currency": asset})
    return plain(listed).reindex(columns=[*frames.FILL_COLUMNS, "version", "row"])


def cash_flows(rows: LiveRows) -> pd.DataFrame:
    """Return what moved cash and is no fill."""
    frame = plain(rows.cash_flows).reindex(columns=list(flows.FLOW_COLUMNS))
    frame["ts"] = pd.to_datetime(frame["ts"], utc=True)
    return flows.typed(frame)


def balances(rows: LiveRows) -> pd.DataFrame:
    """Return cash at the start and at the end."""
    return plain(rows.balances).reindex(columns=["account", "currency", "start", "final"])


def positions(rows: LiveRows) -> pd.DataFrame:
    """Return what is held."""
    return plain(rows.positions).reindex(columns=["account", *frames.POSITION_COLUMNS])


def plain(rows: Sequence[Any]) -> pd.DataFrame:
    """Return rows as a frame, decimals as floats."""
    frame = pd.DataFrame([dict(row) for row in rows])
    for name in frame.columns:
        if name in _NUMBERS:
            frame[name] = frame[name].astype("float64")
    return frame
