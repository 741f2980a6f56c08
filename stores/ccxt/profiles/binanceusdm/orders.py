"""Orders in Binance USD-M's words: tickets to parameters, replies to facts.

A conditional order is another thing than an order: it has an endpoint and a number of its own, and
when its price is met it makes an order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, cast

from atms.stores.ccxt.calls import Batch, Said
from atms.stores.ccxt.profile import Names
from atms.stores.ccxt.profiles.binance.orders import fees, plain, side, side_of
from atms.stores.ccxt.profiles.called import client_ref, order_ref
from atms.stores.ccxt.profiles.conditional import (
    CONDITIONAL,
    algo_client_ref,
    algo_ref,
    number_of,
)
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import FillFact, OrderFact, State, Via
from atms.stores.outcomes import Reason
from atms.stores.requests import Bucket, Key, Kind, Refs, Ticket

Cause = Literal["order", "liquidation", "margin", "assignment", "manual", "unknown"]
STATES: Mapping[str, State] = {
    "NEW": State.WORKING, "PARTIALLY_FILLED": State.WORKING, "FILLED": State.FILLED,
    "CANCELED": State.CANCELED, "REJECTED": State.REFUSED, "EXPIRED": State.EXPIRED,
    "EXPIRED_IN_MATCH": State.EXPIRED,
}  # fmt: skip
# TRIGGERED: what it made stands in the book; FINISHED: that is over, filled or not.
ALGO_STATES: Mapping[str, State] = {
    "NEW": State.WORKING, "TRIGGERING": State.WORKING, "TRIGGERED": State.WORKING,
    "FINISHED": State.CANCELED, "CANCELED": State.CANCELED, "EXPIRED": State.EXPIRED,
    "REJECTED": State.REFUSED,
}  # fmt: skip
_BUCKETS: Mapping[str, Bucket] = {"BOTH": "net", "LONG": "long", "SHORT": "short"}
_TIFS = {"GTC": "gtc", "IOC": "ioc", "FOK": "fok", "GTX": "gtc"}
_TYPES: Mapping[str, Kind] = {
    "MARKET": Kind.MARKET, "LIMIT": Kind.LIMIT, "STOP_MARKET": Kind.STOP, "STOP": Kind.STOP_LIMIT,
}  # fmt: skip
# What the ids of the venue's own orders begin with.
_CAUSES: tuple[tuple[str, Cause], ...] = (
    ("autoclose-", "liquidation"), ("adl_autoclose", "assignment"),
    ("settlement_autoclose-", "assignment"),
)  # fmt: skip
_NONE = ("", "0")
_CANCELS = {  # kind of a name -> endpoint and parameter, the surest first
    "order": ("fapiPrivateDeleteOrder", "orderId"),
    "algo": ("fapiPrivateDeleteAlgoOrder", "algoId"),
    "client": ("fapiPrivateDeleteOrder", "origClientOrderId"),
    "algoclient": ("fapiPrivateDeleteAlgoOrder", "clientAlgoId"),
}


def bucket(word: str) -> Bucket:
    """Return the position that a side of the venue's is."""
    return _BUCKETS[word]


def cause_of(client: str) -> Cause:
    """Return why an order was made: by somebody, or by the venue itself."""
    return next((cause for start, cause in _CAUSES if client.startswith(start)), "order")


# ---- tickets -------------------------------------------------------------------------------
def parameters(ticket: Ticket, raw: str) -> dict[str, Any]:
    """Return an order in the venue's parameters."""
    given: dict[str, Any] = {
        "symbol": raw, "side": side_of(ticket), "quantity": plain(ticket.qty),
    }  # fmt: skip
    if ticket.reduces:
        given["reduceOnly"] = "true"
    if ticket.kind in (Kind.LIMIT, Kind.STOP_LIMIT):
        given["price"] = plain(cast(Decimal, ticket.limit))
        given["timeInForce"] = "GTX" if ticket.post_only else ticket.tif.upper()
    if ticket.kind in CONDITIONAL:
        kind = "STOP_MARKET" if ticket.kind is Kind.STOP else "STOP"
        return given | {
            "type": kind, "algoType": "CONDITIONAL", "clientAlgoId": ticket.key,
            "triggerPrice": plain(cast(Decimal, ticket.trigger)), "workingType": "CONTRACT_PRICE",
        }  # fmt: skip
    return given | {
        "type": "MARKET" if ticket.kind is Kind.MARKET else "LIMIT",
        "newClientOrderId": ticket.key, "newOrderRespType": "RESULT",
    }  # fmt: skip


# ---- several of one moment -----------------------------------------------------------------
def _join(orders: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"batchOrders": [dict(one) for one in orders]}


def _part(orders: Sequence[Mapping[str, Any]], rows: Any) -> list[Any]:
    """Return the row of each, which stand in their order; ValueError: they do not."""
    return [_own(asked, row) for asked, row in zip(orders, rows, strict=True)]


def _own(asked: Mapping[str, Any], row: Mapping[str, Any]) -> Any:
    if "orderId" not in row:
        return Said(400, str(row["code"]), row["msg"])
    if row["clientOrderId"] != asked["newClientOrderId"]:
        raise ValueError("a row of another order")
    return row


# It counts as five orders in ten seconds, and as one of a minute: no more than is spent for each.
BATCH = Batch(method="fapiPrivatePostBatchOrders", size=5, join=_join, part=_part)


# ---- replies -------------------------------------------------------------------------------
def order(row: Mapping[str, Any], names: Names, via: Via, key: Key | None = None) -> OrderFact:
    """Return an order's state; *key*: ours, where the order does not bear it."""
    raw, client = row["symbol"], row["clientOrderId"]
    at = row.get("updateTime") or row["time"]
    key = key or client
    assert key is not None
    return OrderFact(
        at=moment(at), via=via, key=key, instrument=names.id(raw),
        refs=frozenset({order_ref(raw, row["orderId"]), client_ref(raw, client)}),
        state=STATES[row["status"]], filled=Decimal(row["executedQty"]),
        ticket=ticket(row, key, names.id(raw)),
    )  # fmt: skip


def ticket(row: Mapping[str, Any], key: Key, instrument: str) -> Ticket | None:
    """Return an order as a ticket; None: it is of a kind that we do not send."""
    kind, tif = _TYPES.get(row["type"]), _TIFS.get(row["timeInForce"])
    qty = Decimal(row["origQty"])
    if kind is None or tif is None or qty <= 0:
        return None
    return Ticket(
        key=key, instrument=instrument, side=side(row["side"]), qty=qty, kind=kind,
        limit=Decimal(row["price"]) if kind in (Kind.LIMIT, Kind.STOP_LIMIT) else None,
        trigger=Decimal(row["triggerPrice"]) if kind in CONDITIONAL else None,
        tif="gtc" if kind is Kind.MARKET else tif,  # type: ignore[arg-type]
        bucket=bucket(row["positionSide"]), reduces=bool(row["reduceOnly"]),
        post_only=row["timeInForce"] == "GTX",
    )  # fmt: skip


def conditional(row: Mapping[str, Any], names: Names, via: Via) -> OrderFact:
    """Return a conditional order's state from a reply."""
    raw, key = row["symbol"], row["clientAlgoId"]
    told = {"type": row["orderType"], "origQty": row["quantity"]}
    return algo(
        raw, names, via, key=key, number=row["algoId"], status=row["algoStatus"],
        at=row.get("updateTime") or row["createTime"], order=row.get("actualOrderId", ""),
        filled=row.get("actualQty", "0"), ticket=ticket({**row, **told}, key, names.id(raw)),
    )  # fmt: skip


def algo(
    raw: str, names: Names, via: Via, *, key: Key, number: int, status: str, at: int, order: str,
    filled: str, ticket: Ticket | None, why: str = "",
) -> OrderFact:  # fmt: skip
    """Return where a conditional order stands.

    Before it has made an order nothing of it is filled. Afterwards that order tells how much is: a
    sum of 0 here may be older than its fills, and counts as not told.
    """
    known = {algo_ref(raw, number), algo_client_ref(raw, key)}
    made = str(order or "") not in _NONE
    sum_ = Decimal(filled or 0)
    state = ALGO_STATES[status]
    if made:
        known.add(order_ref(raw, order))
        if status == "FINISHED" and ticket is not None and sum_ >= ticket.qty:
            state = State.FILLED
    return OrderFact(
        at=moment(at), via=via, key=key, refs=frozenset(known), instrument=names.id(raw),
        state=state, filled=(sum_ or None) if made else Decimal(0), ticket=ticket,
        reason=_reason(why) if state is State.REFUSED else None, text=why,
    )  # fmt: skip


def _reason(words: str) -> Reason:
    text = words.lower()
    if "margin" in text or "balance" in text:
        return Reason.FUNDS
    return Reason.REDUCE_ONLY if "reduce" in text else Reason.OTHER


def trade(row: Mapping[str, Any], names: Names, key: Key | None, via: Via) -> FillFact:
    """Return an execution from the account's list of trades."""
    raw = row["symbol"]
    known = {order_ref(raw, row["orderId"])}
    return FillFact(
        at=moment(row["time"]), via=via, exec=f"{raw}:{row['id']}", version=1, key=key,
        refs=frozenset(known), instrument=names.id(raw), bucket=bucket(row["positionSide"]),
        side=side(row["side"]), qty=Decimal(row["qty"]), price=Decimal(row["price"]),
        fees=fees(row["commissionAsset"], row["commission"]), cause=cause_of(key or ""),
    )  # fmt: skip


def target(named: Refs) -> tuple[str, dict[str, Any]] | None:
    """Return endpoint and parameters that cancel an order of these names; None: it has none."""
    for kind, (method, parameter) in _CANCELS.items():
        found = number_of(named, kind)
        if found is not None:
            symbol = {"symbol": found[0]} if method == "fapiPrivateDeleteOrder" else {}
            return method, {**symbol, parameter: found[1]}
    return None
