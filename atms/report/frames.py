"""A recording's fills and bars as DataFrames, in the columns of the run's files."""

from __future__ import annotations

import pandas as pd

from atms.report.equity import holding
from atms.report.flows import settlement
from atms.report.recording import Recording

FILL_COLUMNS = (
    "run_id", "account", "venue", "symbol", "order_id", "trade_id", "ts", "side", "size", "price",
    "fee", "fee_currency", "reference_price", "spread_cost", "slippage_cost", "impact_cost",
    "currency", "multiplier", "settlement",
)  # fmt: skip
POSITION_COLUMNS = ("venue", "symbol", "ts", "size", "average_price")


def fills(recording: Recording, run_id: str, account: str) -> pd.DataFrame:
    """Return every fill in the order of booking; ``ts`` is the source's own stamp of its bar.

    ``trade_id`` is what a venue would call it, here the run's own counter of fills;
    ``reference_price`` is the price before costs, and what the price is worse by is in the costs;
    ``settlement`` is ``cash`` where the fill moved its value, ``margin`` where only a margin.
    """
    rows = []
    for number, fill in enumerate(recording.fills, start=1):
        feed = recording.feeds[fill.feed]
        rows.append(
            (
                run_id,
                account,
                feed.venue,
                feed.symbol,
                fill.order_id,
                number,
                fill.stamp,
                "buy" if fill.size > 0 else "sell",
                abs(float(fill.size)),
                fill.price,
                fill.fee,
                recording.currency,
                fill.reference,
                fill.spread_cost,
                fill.slippage_cost,
                fill.impact_cost,
                recording.currency,
                feed.multiplier,
                settlement(feed),
            )
        )
    frame = pd.DataFrame(rows, columns=list(FILL_COLUMNS))
    frame["ts"] = pd.to_datetime(frame["ts"].astype("int64"), unit="us", utc=True)
    return frame


def positions(recording: Recording) -> pd.DataFrame:
    """Return what was held at the end: venue, symbol, ts, size (negative: short), average_price."""
    held: dict[tuple[str, str], tuple[float, float]] = {}
    for place, feed in enumerate(recording.feeds):
        last = holding(recording, place)
        size, price = float(last.size[-1]), float(last.price[-1])
        # Longer bars of a feed are data of their own, and of the same symbol.
        before, worth = held.get((feed.venue, feed.symbol), (0.0, 0.0))
        held[feed.venue, feed.symbol] = (before + size, worth + size * price)
    ts = pd.Timestamp(int(recording.stamps[-1]), unit="us", tz="UTC")
    rows = [
        (venue, symbol, ts, size, worth / size)
        for (venue, symbol), (size, worth) in held.items()
        if size
    ]
    frame = pd.DataFrame(rows, columns=list(POSITION_COLUMNS))
    frame["ts"] = pd.to_datetime(frame["ts"], utc=True)
    return frame


def bars(recording: Recording) -> pd.DataFrame:
    """Return the bars as used, the warm-up's too: feed, datetime, then every line."""
    parts = [
        pd.DataFrame(
            {
                "feed": feed.name,
                "datetime": pd.to_datetime(feed.stamps, unit="us", utc=True),
                **feed.columns,
            }
        )
        for feed in recording.feeds
    ]
    return pd.concat(parts, ignore_index=True)
