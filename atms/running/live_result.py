"""A paper or live run as a Result: while it runs, after a kill, or when it is over.

It is read from the ledger's rows, and from the recording in the run's folder where that is at
hand; trades and figures are made by the report's own functions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from atms.config import Config
from atms.errors import DataError
from atms.feeds.audit import Audit
from atms.feeds.stamps import to_days
from atms.ledger.live_reading import LiveRows, read_live
from atms.report import decisions, frames
from atms.report.equity import wealth
from atms.report.metrics import drawdowns
from atms.report.recording import Recording
from atms.report.summary import summary
from atms.report.trades import trades
from atms.result import FeedInfo, Provenance, Result
from atms.running import row_frames
from atms.running.live_recording import Execution, Seen, executions, recording_of, seen

_LINES = ("open", "high", "low", "close", "volume")
_OF_EQUITY = (
    "start_value", "final_value", "total_return", "cagr", "volatility", "sharpe", "sortino",
    "calmar", "max_drawdown", "omega", "skew", "kurtosis", "var_95", "cvar_95", "win_rate",
    "profit_factor", "information_ratio", "alpha", "beta", "max_drawdown_start",
    "max_drawdown_valley", "max_drawdown_end", "max_drawdown_days", "longest_drawdown_days",
    "exposure", "turnover", "benchmark_return", "periods_per_year",
)  # fmt: skip
_OF_TRADES = (
    "trade_win_rate",
    "trade_profit_factor",
    "expectancy",
    "avg_win",
    "avg_loss",
    "best_trade",
    "worst_trade",
    "total_costs",
)


@dataclass(frozen=True)
class Derived:
    """What follows from a run's rows.

    Attributes:
        trades: round trips; *links*: fill_id (the ledger's) -> trade_id, size, fee.
        figures: as a backtest's; without equity, those of its trades alone.
        warnings: what they do not say.
    """

    recording: Recording
    trades: pd.DataFrame
    links: pd.DataFrame
    equity: pd.DataFrame
    figures: dict[str, Any]
    warnings: tuple[str, ...]


def live_result(url: str, run_id: str) -> Result:
    """Return a run of the ledger whose mode is paper or live.

    Raises:
        LedgerError: the database cannot be read, or has no such run.
    """
    rows = read_live(url, run_id)
    told, warnings = seen_of(rows)
    found = derived(rows, told)
    return _result(rows, found, (*warnings, *found.warnings))


def derived(rows: LiveRows, told: Seen | None = None) -> Derived:
    """Return what follows from a run's rows, and from its recording if that is given."""
    told = told or Seen()
    parts = executions(rows)
    recording = recording_of(rows, told, parts)
    frame, links = trades(recording)
    ids = {number: part.id for number, part in enumerate(parts, start=1)}
    links["fill_id"] = links["fill_id"].map(ids)
    links = links[links["fill_id"].notna()].astype({"fill_id": "int64"})
    equity = _equity(rows, told, recording)
    figures = _figures(rows, recording, equity, frame)
    return Derived(recording, frame, links, equity, figures, tuple(_warnings(rows, parts)))


def seen_of(rows: LiveRows) -> tuple[Seen, tuple[str, ...]]:
    """Return what a run's recording says, and why nothing, where it is damaged."""
    folder = Path(rows.run["folder"])
    try:
        return seen(folder), ()
    except DataError as error:
        return Seen(), (f"the recording is left out: {error}",)


def _equity(rows: LiveRows, told: Seen, recording: Recording) -> pd.DataFrame:
    points = told.equity or [(0, float(row["cash"]), float(row["value"])) for row in rows.equity]
    cash = np.array([point[1] for point in points], dtype=np.float64)
    value = np.array([point[2] for point in points], dtype=np.float64)
    position = value - cash
    with np.errstate(divide="ignore", invalid="ignore"):
        exposure = np.where(value > 0, np.abs(position) / value, 0.0)
    drawdown = drawdowns(wealth(recording, value))[1:] if len(points) else value
    index = pd.DatetimeIndex(pd.to_datetime(recording.stamps, unit="us", utc=True), name="datetime")
    columns = {
        "cash": cash, "value": value, "position": position, "exposure": exposure,
        "drawdown": drawdown,
    }  # fmt: skip
    return pd.DataFrame(columns, index=index)


def _figures(
    rows: LiveRows, recording: Recording, equity: pd.DataFrame, frame: pd.DataFrame
) -> dict[str, Any]:
    """Return a backtest's figures; those that need an equity curve are None while there is none."""
    priced = bool(recording.feeds) and len(recording.feeds[0].days) > 0
    if len(equity) and priced:
        return summary(recording, equity, frame)
    known = {name: value for name, value in rows.run["metrics"].items() if value is not None}
    begun = rows.run["started"].isoformat()
    return {
        **dict.fromkeys((*_OF_EQUITY, *_OF_TRADES)),
        **dict.fromkeys(("trades", "open_trades"), 0),
        "fees": 0.0,
        **(_of_trades(recording, frame) if priced else {}),
        **dict.fromkeys(_OF_EQUITY),
        "start": begun,
        "end": begun,
        **{name: value for name, value in known.items() if name in _OF_EQUITY},
        "bars": len(equity),
        "returns_note": "no bar has told yet what the accounts are worth",
    }


def _of_trades(recording: Recording, frame: pd.DataFrame) -> dict[str, Any]:
    """Return a summary of which only what needs no equity is to be kept."""
    stamps = recording.feeds[0].stamps[-1:]
    index = pd.DatetimeIndex(pd.to_datetime(stamps, unit="us", utc=True), name="datetime")
    equity = pd.DataFrame({"value": [1.0], "exposure": [0.0]}, index=index)
    one = replace(recording, steps=to_days(stamps), stamps=stamps, start_cash=1.0)
    return summary(one, equity, frame)


def _warnings(rows: LiveRows, parts: list[Execution]) -> list[str]:
    found = []
    other = {
        asset
        for row in rows.fills
        for asset, amount in row["fees"].items()
        if amount and asset not in (row["currency"], row["base"])
    }
    if other:
        found.append(f"fees paid in {', '.join(sorted(other))} are in the fills, not in the trades")
    unpriced = sorted({r["symbol"] for r in rows.openings if r["average_price"] is None})
    if unpriced:
        found.append(f"{', '.join(unpriced)}: what was held at the start has no known price: the "
                     "trades leave it out")  # fmt: skip
    if any(not row["fees_known"] for row in rows.fills):
        found.append("the venue has not told the fees of some fills yet")
    return found


def _result(rows: LiveRows, found: Derived, warnings: tuple[str, ...]) -> Result:
    run = rows.run
    trade_frame = found.trades.copy()
    trade_frame.insert(0, "run_id", run["id"])
    signals, gates = decisions.frames(rows.decisions, rows.gates)
    return Result(
        id=run["id"],
        status=run["status"],
        config=Config.model_validate(run["config"], context={"stored": True}),
        feeds=_feeds(rows, found.recording),
        metrics=found.figures,
        equity=found.equity,
        trades=trade_frame,
        orders=row_frames.orders(rows),
        fills=row_frames.fills(rows),
        fill_trades=found.links,
        cash_flows=row_frames.cash_flows(rows),
        balances=row_frames.balances(rows),
        positions=row_frames.positions(rows),
        bars=_bars(found.recording),
        lines=pd.DataFrame(),
        decisions=signals,
        gates=gates,
        started=pd.Timestamp(run["started"]),
        ended=pd.Timestamp(run["ended"] or datetime.now(UTC)),
        provenance=Provenance(
            strategy=run["strategy"],
            hashes={name: run[f"{name}_hash"] for name in ("config", "data", "code")},
            code={},
            data={},
            versions={},
        ),
        audit=tuple(Audit.from_dict(entry) for entry in run["audit"]),
        warnings=warnings,
        folder=Path(run["folder"]),
        mode=run["mode"],
    )


def _feeds(rows: LiveRows, recording: Recording) -> tuple[FeedInfo, ...]:
    """Return what was traded or shown; what the run is about, where nothing was yet."""
    found = [FeedInfo(one.name, one.symbol, one.venue, one.currency) for one in recording.feeds]
    symbols = rows.run["symbols"]
    return tuple(found) or (FeedInfo(symbols, symbols, "", rows.run["currency"]),)


def _bars(recording: Recording) -> pd.DataFrame:
    if recording.feeds:
        return frames.bars(recording)
    return pd.DataFrame(columns=["feed", "datetime", *_LINES])
