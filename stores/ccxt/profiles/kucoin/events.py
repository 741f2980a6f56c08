"""What KuCoin's streams say: the account's events, bars, best prices, books, trades."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.profile import Names
from atms.stores.ccxt.profiles.kucoin.orders import exec_id, instant, number, refs, side
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import BalanceFact, CashFact, Fact, FillFact, HeadFact, OrderFact, State
from atms.stores.market import Bar, Book, Print, Quote

ORDERS, BALANCES = "/spotMarket/tradeOrdersV2", "/account/balance"
TRADING = ("trade", "trade_hf")  # accounts that orders are paid from; others hold and lend
_STATES = {"filled": State.FILLED, "canceled": State.CANCELED}
_SECONDS = {"min": 60, "hour": 3600, "day": 86_400, "week": 604_800}


def account_event(message: Mapping[str, Any], names: Names) -> tuple[Fact, ...]:
    """Return what an event of the account's stream says."""
    match message.get("topic"):
        case "/spotMarket/tradeOrdersV2":
            return _order(message["data"], names)
        case "/account/balance":
            return _balance(message["data"])
        case _:
            return ()


def _order(data: Mapping[str, Any], names: Names) -> tuple[Fact, ...]:
    """Return an order's state; for an execution it too, and that the log has something new.

    An execution comes without its fee: the log tells it.
    """
    raw, key, at = data["symbol"], data.get("clientOid") or None, instant(data["ts"])
    named, instrument, kind = refs(raw, data["orderId"], key), names.id(raw), data["type"]
    state = _STATES.get(kind, State.WORKING)
    if kind == "update" and data["status"] == "done":
        state = State.CANCELED
    fact = OrderFact(
        at=at, via="stream", key=key, refs=named, instrument=instrument, state=state,
        filled=number(data.get("filledSize")),
    )  # fmt: skip
    if kind != "match":
        return (fact,)
    executed = FillFact(
        at=at, via="stream", exec=exec_id(raw, data["tradeId"], data["side"]), version=1, key=key,
        refs=named, instrument=instrument, bucket="net", side=side(data["side"]),
        qty=number(data["matchSize"]), price=number(data["matchPrice"]), fees=None,
    )  # fmt: skip
    return executed, fact, HeadFact(at=at, head=executed.exec)


def _balance(data: Mapping[str, Any]) -> tuple[Fact, ...]:
    account, _, event = data["relationEvent"].partition(".")
    if account not in TRADING:
        return ()
    at = moment(data["time"])
    held = BalanceFact(
        at=at, asset=data["currency"], total=number(data["total"]), free=number(data["available"])
    )
    if event not in ("deposit", "withdrawal", "withdraw", "transfer"):
        return (held,)
    amount = number(data["availableChange"])
    moved = CashFact(
        at=at, id=f"balance:{data['relationEventId']}", asset=data["currency"], amount=amount,
        instrument=None, kind="deposit" if amount > 0 else "withdrawal",
    )  # fmt: skip
    return moved, held


# ---- the market ----------------------------------------------------------------------------
def length(word: str) -> timedelta:
    """Return how long a bar is; a month as long as the longest."""
    digits = word.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = word[len(digits) :]
    return (
        timedelta(days=31) if unit == "month" else int(digits) * timedelta(seconds=_SECONDS[unit])
    )


def _end(start: datetime, word: str) -> datetime:
    if word == "1month":
        return start + timedelta(days=calendar.monthrange(start.year, start.month)[1])
    return start + length(word)


def bar(row: Sequence[str], word: str, instrument: str, *, final: bool) -> Bar:
    """Return a bar of a row: start, open, close, high, low, volume; *word*: its length."""
    start = datetime.fromtimestamp(int(row[0]), UTC)
    return Bar(
        instrument=instrument, open_at=start, close_at=_end(start, word), open=Decimal(row[1]),
        close=Decimal(row[2]), high=Decimal(row[3]), low=Decimal(row[4]), volume=Decimal(row[5]),
        final=final,
    )  # fmt: skip


def best(bid: Any, ask: Any, at: datetime, instrument: str) -> Quote | None:
    """Return the best prices; None: a side is empty."""
    if not number(bid) or not number(ask):
        return None
    return Quote(at=at, instrument=instrument, bid=number(bid), ask=number(ask), qty=None)


def level1(data: Mapping[str, Any], instrument: str) -> Quote | None:
    """Return the best prices of the stream; None: a side is empty."""
    bid, ask = ((data[name] or [0])[0] for name in ("bids", "asks"))
    return best(bid, ask, moment(data["timestamp"]), instrument)


def depth(data: Mapping[str, Any], instrument: str, levels: int) -> Book:
    """Return the top of an order book."""
    bids, asks = (
        tuple((Decimal(price), Decimal(qty)) for price, qty in data[name][:levels])
        for name in ("bids", "asks")
    )
    return Book(at=moment(data["timestamp"]), instrument=instrument, bids=bids, asks=asks)


def trade(data: Mapping[str, Any], instrument: str) -> Print:
    """Return a public trade; its side is the taker's."""
    return Print(
        at=instant(data["time"]), instrument=instrument, id=str(data["tradeId"]),
        price=Decimal(data["price"]), qty=Decimal(data["size"]), taker=side(data["side"]),
    )  # fmt: skip
