"""What Binance spot's streams say: the account's events, bars, quotes, books, trades."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.stores.ccxt.profile import Names
from atms.stores.ccxt.profiles.binance.orders import NO_LIST, fees, side, state, ticket
from atms.stores.ccxt.profiles.called import client_ref, order_ref
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import BalanceFact, CashFact, Fact, FillFact, OrderFact
from atms.stores.market import Bar, Book, Print, Quote
from atms.stores.outcomes import Reason

_MILLISECOND = timedelta(milliseconds=1)


def account_event(event: Mapping[str, Any], names: Names) -> tuple[Fact, ...]:
    """Return what an event of the account's stream says."""
    match event.get("e"):
        case "executionReport":
            return _execution(event, names)
        case "outboundAccountPosition":
            return tuple(_balance(event, one) for one in event["B"])
        case "balanceUpdate":
            return (_moved(event),)
        case _:
            return ()


def _execution(event: Mapping[str, Any], names: Names) -> tuple[Fact, ...]:
    """Return an execution, and the order's state after it."""
    raw, at = event["s"], moment(event["T"])
    key = event.get("C") or event["c"]  # `c` of a cancelled order is the cancellation's own id
    refs = frozenset({order_ref(raw, event["i"]), client_ref(raw, key)})
    instrument = names.id(raw)
    facts: list[Fact] = []
    if event["x"] == "TRADE":
        facts.append(
            FillFact(
                at=at, via="stream", exec=f"{raw}:{event['t']}", version=1, key=key, refs=refs,
                instrument=instrument, bucket="net", side=side(event["S"]), qty=Decimal(event["l"]),
                price=Decimal(event["L"]), fees=fees(event["N"], event["n"]),
            )
        )  # fmt: skip
    why = event.get("r") or "NONE"
    facts.append(
        OrderFact(
            at=at, via="stream", key=key, refs=refs, instrument=instrument,
            state=state(event["X"], event.get("g", NO_LIST) != NO_LIST),
            filled=Decimal(event["z"]), ticket=ticket(_as_row(event), key, instrument),
            reason=None if why == "NONE" else _reason(why), text="" if why == "NONE" else why,
        )
    )  # fmt: skip
    return tuple(facts)


def _as_row(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": event["o"], "timeInForce": event["f"], "origQty": event["q"], "side": event["S"],
        "price": event["p"], "stopPrice": event["P"], "trailingDelta": event.get("d"),
    }  # fmt: skip


def _reason(word: str) -> Reason:
    return Reason.FUNDS if "INSUFFICIENT" in word.upper() else Reason.OTHER


def _balance(event: Mapping[str, Any], row: Mapping[str, Any]) -> BalanceFact:
    free, locked = Decimal(row["f"]), Decimal(row["l"])
    return BalanceFact(at=moment(event["u"]), asset=row["a"], total=free + locked, free=free)


def _moved(event: Mapping[str, Any]) -> CashFact:
    """Return cash that came or went without a trade: the venue does not tell why."""
    amount = Decimal(event["d"])
    return CashFact(
        at=moment(event["T"]), id=f"balance:{event['T']}:{event['a']}:{event['d']}",
        asset=event["a"], amount=amount, instrument=None,
        kind="deposit" if amount > 0 else "withdrawal",
    )  # fmt: skip


# ---- the market ----------------------------------------------------------------------------
def bar(event: Mapping[str, Any], names: Names) -> Bar:
    """Return a bar, with the wire's own word of whether it is over."""
    k = event["k"]
    return Bar(
        instrument=names.id(k["s"]), open_at=moment(k["t"]), close_at=moment(k["T"]) + _MILLISECOND,
        open=Decimal(k["o"]), high=Decimal(k["h"]), low=Decimal(k["l"]), close=Decimal(k["c"]),
        volume=Decimal(k["v"]), final=bool(k["x"]),
    )  # fmt: skip


def kline(row: list[Any], instrument: str) -> Bar:
    """Return a bar of the history; whether it is over is told by the time alone."""
    return Bar(
        instrument=instrument, open_at=moment(row[0]), close_at=moment(row[6]) + _MILLISECOND,
        open=Decimal(row[1]), high=Decimal(row[2]), low=Decimal(row[3]), close=Decimal(row[4]),
        volume=Decimal(row[5]), final=True,
    )  # fmt: skip


def best(row: Mapping[str, Any], at: datetime, names: Names) -> Quote | None:
    """Return the best prices, of a stream or of a reply; None: a side is empty."""
    raw = row.get("s") or row["symbol"]
    bid, ask = Decimal(row.get("b") or row["bidPrice"]), Decimal(row.get("a") or row["askPrice"])
    if not bid or not ask:
        return None
    return Quote(at=at, instrument=names.id(raw), bid=bid, ask=ask, qty=None)


def depth(message: Mapping[str, Any], at: datetime, instrument: str, levels: int) -> Book:
    """Return the top of an order book."""
    bids, asks = (
        tuple((Decimal(price), Decimal(qty)) for price, qty in message[name][:levels])
        for name in ("bids", "asks")
    )
    return Book(at=at, instrument=instrument, bids=bids, asks=asks)


def trade(event: Mapping[str, Any], names: Names) -> Print:
    """Return a public trade; the buyer took it unless the buyer's order stood in the book."""
    return Print(
        at=moment(event["T"]), instrument=names.id(event["s"]), id=str(event["t"]),
        price=Decimal(event["p"]), qty=Decimal(event["q"]), taker=-1 if event["m"] else 1,
    )  # fmt: skip
