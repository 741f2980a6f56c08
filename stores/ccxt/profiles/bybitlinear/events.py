"""What the account's stream says of contracts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profiles.bybit import events
from atms.stores.ccxt.profiles.bybit.orders import Reads
from atms.stores.ccxt.profiles.bybit.words import number
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import BucketFact, Fact


def account_event(message: Mapping[str, Any], names: Symbols, reads: Reads) -> tuple[Fact, ...]:
    """Return what an event of the account's stream says."""
    if str(message.get("topic", "")).partition(".")[0] != "position":
        return events.account_event(message, names, reads)
    at = moment(message["creationTime"])
    rows = message.get("data", ())
    return tuple(position(row, names, at) for row in rows if row["category"] == reads.category)


def position(row: Mapping[str, Any], names: Symbols, at: datetime) -> BucketFact:
    """Return what is held; below 0: sold."""
    qty = number(row["size"])
    entered = number(row.get("avgPrice") or row.get("entryPrice"))
    return BucketFact(
        at=at, instrument=names.id(row["symbol"]), bucket="net",
        qty=-qty if row["side"] == "Sell" else qty, price=entered or None,
    )  # fmt: skip
