"""What Bybit's streams say: the account's events, bars, best prices, order books, trades."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profiles.bybit.log import is_told
from atms.stores.ccxt.profiles.bybit.orders import Reads
from atms.stores.ccxt.profiles.bybit.words import number
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import BalanceFact, Fact
from atms.stores.market import Bar, Print, Quote

TIMEFRAMES: Mapping[str, str] = {
    "1m": "1", "3m": "3", "5m": "5", "15m": "15", "30m": "30", "1h": "60", "2h": "120",
    "4h": "240", "6h": "360", "12h": "720", "1d": "D", "1w": "W", "1M": "M",
}  # fmt: skip
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1),
          "w": timedelta(weeks=1), "M": timedelta(days=28)}  # fmt: skip


def shortest(timeframe: str) -> timedelta:
    """Return the length of a timeframe's bars; of months, that of the shortest."""
    return int(timeframe[:-1]) * _UNITS[timeframe[-1]]


def close_of(open_at: datetime, timeframe: str) -> datetime:
    """Return when a bar ends."""
    if timeframe != "1M":
        return open_at + shortest(timeframe)
    return (open_at.replace(day=28) + timedelta(days=4)).replace(day=1)


# ---- the account ---------------------------------------------------------------------------
def account_event(message: Mapping[str, Any], names: Symbols, reads: Reads) -> tuple[Fact, ...]:
    """Return what an event of the account's stream says of one kind of market."""
    topic = str(message.get("topic", "")).partition(".")[0]
    rows = message.get("data", ())
    if topic == "wallet":
        at = moment(message["creationTime"])
        return tuple(fact for account in rows for fact in balances(account, at))
    own = [row for row in rows if row.get("category", reads.category) == reads.category]
    if topic == "order":
        return tuple(reads.order(row, names, "stream") for row in own)
    if topic == "execution":
        return tuple(reads.fill(row, names, "stream") for row in own if is_told(row, reads))
    return ()


def balances(account: Mapping[str, Any], at: datetime) -> tuple[BalanceFact, ...]:
    """Return what a unified account holds; what was borrowed is not ours."""
    if account.get("accountType") != "UNIFIED":
        return ()
    return tuple(_balance(row, at) for row in account["coin"])


def _balance(row: Mapping[str, Any], at: datetime) -> BalanceFact:
    total = number(row["walletBalance"]) - number(row.get("spotBorrow"))
    bound = ("locked", "totalOrderIM", "totalPositionIM", "bonus")
    free = total - sum((number(row.get(name)) for name in bound), Decimal(0))
    return BalanceFact(at=at, asset=row["coin"], total=total, free=max(free, Decimal(0)))


# ---- the market ----------------------------------------------------------------------------
def bar(row: Mapping[str, Any], instrument: str, timeframe: str) -> Bar:
    """Return a bar, with the wire's own word of whether it is over."""
    open_at = moment(row["start"])
    return Bar(
        instrument=instrument, open_at=open_at, close_at=close_of(open_at, timeframe),
        open=number(row["open"]), high=number(row["high"]), low=number(row["low"]),
        close=number(row["close"]), volume=number(row["volume"]), final=bool(row["confirm"]),
    )  # fmt: skip


def kline(row: list[str], instrument: str, timeframe: str) -> Bar:
    """Return a bar of the history; whether it is over is told by the time alone."""
    open_at = moment(row[0])
    return Bar(
        instrument=instrument, open_at=open_at, close_at=close_of(open_at, timeframe),
        open=number(row[1]), high=number(row[2]), low=number(row[3]), close=number(row[4]),
        volume=number(row[5]), final=True,
    )  # fmt: skip


def best(row: Mapping[str, Any], at: datetime, instrument: str) -> Quote | None:
    """Return the best prices of a ticker; None: a side is empty."""
    bid, ask = number(row.get("bid1Price")), number(row.get("ask1Price"))
    return Quote(at=at, instrument=instrument, bid=bid, ask=ask, qty=None) if bid and ask else None


def trade(row: Mapping[str, Any], instrument: str) -> Print:
    """Return a public trade; its side is the taker's."""
    return Print(
        at=moment(row["T"]), instrument=instrument, id=str(row["i"]), price=number(row["p"]),
        qty=number(row["v"]), taker=1 if row["S"] == "Buy" else -1,
    )  # fmt: skip


def newest(rows: list[Mapping[str, Any]]) -> datetime | None:
    """Return when the newest public trade was; None: there is none."""
    return moment(max(int(row["time"]) for row in rows)) if rows else None
