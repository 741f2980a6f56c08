"""What moved an account's cash and is no fill, and whether everything adds up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from atms.report.equity import holding
from atms.report.recording import FeedRecord, Recording

FLOW_COLUMNS = (
    "run_id", "account", "venue", "external_id", "ts", "kind", "symbol", "amount", "currency",
)  # fmt: skip
_DAY = 86_400_000_000
_HOUSE = "account"  # the venue of what belongs to no symbol


def cash_flows(recording: Recording, run_id: str, account: str) -> pd.DataFrame:
    """Return every movement of cash that is no fill and no fee, in the order of time.

    Kinds: ``deposit`` (negative: a withdrawal), ``funding``, ``borrow``, ``interest``,
    ``liquidation`` (its fee); of a futures-like feed
    ``locked_margin`` (negative when a position opens) and ``variation_margin`` (a day's sum); of a
    leveraged or multiplied stock-like one ``loan``, the part of a fill's value that the broker
    did not move. Amounts are in the account's currency, positive where cash grew.
    """
    rows = [
        *_moves(recording),
        *_on_fills(recording),
        *_variation(recording),
        *_interest(recording),
    ]
    rows.sort(key=lambda row: row["ts"])
    frame = pd.DataFrame(rows, columns=[*FLOW_COLUMNS[2:8]])
    frame.insert(0, "run_id", run_id)
    frame.insert(1, "account", account)
    frame["currency"] = recording.currency
    frame["ts"] = pd.to_datetime(frame["ts"].astype("int64"), unit="us", utc=True)
    return typed(frame)


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return flows with the types of their columns, which empty ones do not show."""
    texts = [name for name in FLOW_COLUMNS if name not in ("ts", "amount")]
    return frame.astype(
        {**dict.fromkeys(texts, "str"), "amount": "float64", "ts": "datetime64[us, UTC]"}
    )


def balances(recording: Recording, account: str) -> pd.DataFrame:
    """Return the account's cash at the start and at the end: account, currency, start, final."""
    row = (account, recording.currency, recording.start_cash, recording.final_cash)
    return pd.DataFrame([row], columns=["account", "currency", "start", "final"])


def difference(fills: pd.DataFrame, flows: pd.DataFrame, balance: Any) -> float:
    """Return by how much start + fills - fees + flows misses the final cash of *balance*.

    Args:
        fills: of one account and currency; columns side, size, price, multiplier, settlement, fee.
        flows: likewise; column amount.
        balance: has start and final.
    """
    paid = np.where(fills["side"] == "buy", -1.0, 1.0) * fills["size"] * fills["price"]
    paid = np.where(fills["settlement"] == "cash", paid * fills["multiplier"], 0.0)
    return math.fsum(
        [balance.start, *paid.tolist(), *(-fills["fee"]).tolist(), *flows["amount"].tolist()]
    ) - float(balance.final)


def settlement(feed: FeedRecord) -> str:
    """Return ``cash`` where a fill moves its value, ``margin`` where it ties up a margin."""
    return "cash" if feed.margins is None else "margin"


def _row(
    venue: str, external_id: str, ts: int, kind: str, symbol: str | None, amount: float
) -> Any:
    return {
        "venue": venue,
        "external_id": external_id,
        "ts": int(ts),
        "kind": kind,
        "symbol": symbol,
        "amount": amount,
    }


def _moves(recording: Recording) -> Iterator[dict[str, Any]]:
    stamps = _round_stamps(recording)
    for number, move in enumerate(recording.cash_moves, start=1):
        ts = stamps[min(move.tick, len(stamps) - 1)]
        feed = None if move.feed is None else recording.feeds[move.feed]
        venue, symbol = (feed.venue, feed.symbol) if feed else (_HOUSE, None)
        yield _row(venue, f"{move.kind}-{number}", ts, move.kind, symbol, move.amount)


def _on_fills(recording: Recording) -> Iterator[dict[str, Any]]:
    for number, fill in enumerate(recording.fills, start=1):
        feed = recording.feeds[fill.feed]
        if feed.margins is not None:
            kind, value = "locked_margin", 0.0
        else:
            kind, value = "loan", -fill.size * fill.price * feed.multiplier
        amount = fill.booked - value
        # Bought and sold at the same value, a fill of a plain stock leaves but rounding.
        if abs(amount) > 1e-9 * abs(fill.size * fill.price):
            yield _row(feed.venue, f"fill-{number}", fill.stamp, kind, feed.symbol, amount)


def _variation(recording: Recording) -> Iterator[dict[str, Any]]:
    """Yield each day's change of the close on what was held, from the fills' own prices on."""
    stamps = _round_stamps(recording)
    for place, feed in enumerate(recording.feeds):
        if feed.margins is None:
            continue
        held = holding(recording, place)
        before = np.concatenate([[0.0], held.size[:-1]])
        change = np.diff(held.close, prepend=np.nan)
        moved = np.where(before != 0, before * change * feed.multiplier, 0.0)
        for fill in recording.fills:
            if fill.feed == place:
                moved[fill.tick] += (
                    fill.size * (held.close[fill.tick] - fill.price) * feed.multiplier
                )
        days = stamps // _DAY
        ends = np.append(np.flatnonzero(np.diff(days)), len(days) - 1)
        sums = np.add.reduceat(moved, np.concatenate([[0], ends[:-1] + 1]))
        for end, amount in zip(ends, sums, strict=True):
            if amount:
                name = f"variation-{place}-{days[end]}"
                yield _row(
                    feed.venue, name, stamps[end], "variation_margin", feed.symbol, float(amount)
                )


def _interest(recording: Recording) -> Iterator[dict[str, Any]]:
    if recording.interest:
        last = _round_stamps(recording)[-1]
        yield _row(_HOUSE, "interest", last, "interest", None, -recording.interest)


def _round_stamps(recording: Recording) -> Any:
    """Return the stamp of each of the broker's rounds; of a replay's, the step's it belongs to."""
    if recording.ticks is None:
        return recording.stamps
    at = np.searchsorted(recording.steps, recording.ticks, side="left")
    return recording.stamps[np.minimum(at, len(recording.stamps) - 1)]
