"""Orders of contracts in Bybit's words: tickets to parameters, rows to facts.

A conditional order is an order like others, that keeps its number and our key when its price is
met. Payments of funding are listed among executions, and told as cash.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, cast

from atms.stores.capabilities import Capabilities
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profiles.bybit import orders as spot
from atms.stores.ccxt.profiles.bybit.orders import Reads, Row, key_of, side_of
from atms.stores.ccxt.profiles.bybit.words import number, plain, refs_of
from atms.stores.ccxt.profiles.bybitlinear.contracts import LINEAR
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import CashFact, Fact, Fee, FillFact, OrderFact, State, Via
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket

Cause = Literal["order", "liquidation", "margin", "assignment", "manual", "unknown"]
CONDITIONAL = (Kind.STOP, Kind.STOP_LIMIT)
# type of order and whether it waits for a price -> ours
_KINDS: Mapping[tuple[str, bool], Kind] = {
    ("Market", False): Kind.MARKET, ("Limit", False): Kind.LIMIT, ("Market", True): Kind.STOP,
    ("Limit", True): Kind.STOP_LIMIT,
}  # fmt: skip
_PLAIN_STOP = "Stop"
FUNDING = "Funding"
# kind of execution -> whose will it was
_CAUSES: Mapping[str, Cause] = {
    "Trade": "order", "BustTrade": "liquidation", "AdlTrade": "assignment",
    "Delivery": "assignment", "Settle": "assignment", "BlockTrade": "manual",
    "MovePosition": "manual", "FutureSpread": "manual",
}  # fmt: skip
# How an order was made, where its executions look like any other's.
_MADE_BY: tuple[tuple[str, Cause], ...] = (
    ("CreateByLiq", "liquidation"), ("CreateByTakeOver", "liquidation"),
    ("CreateByAdl", "assignment"), ("CreateBySettle", "assignment"),
    ("CreateByAdminClosing", "manual"),
)  # fmt: skip
_NO_MARGIN = "CancelByCannotAffordOrderCost"
_WOULD_NOT_REDUCE = "CancelByReduceOnly"


# ---- to the venue --------------------------------------------------------------------------
def parameters(ticket: Ticket, raw: str) -> dict[str, Any]:
    """Return a ticket in the venue's parameters."""
    limited = ticket.kind in (Kind.LIMIT, Kind.STOP_LIMIT)
    words: dict[str, Any] = {
        "category": LINEAR, "symbol": raw, "side": "Buy" if ticket.side == 1 else "Sell",
        "qty": plain(ticket.qty), "orderLinkId": ticket.key, "positionIdx": 0,
        "orderType": "Limit" if limited else "Market", "reduceOnly": ticket.reduces,
    }  # fmt: skip
    if limited:
        words["price"] = plain(cast(Decimal, ticket.limit))
        words["timeInForce"] = "PostOnly" if ticket.post_only else ticket.tif.upper()
    if ticket.kind in CONDITIONAL:
        words |= {
            "triggerPrice": plain(cast(Decimal, ticket.trigger)), "triggerBy": "LastPrice",
            "triggerDirection": 1 if ticket.side == 1 else 2,  # a stop that buys waits below
        }  # fmt: skip
    return words


def unfit(ticket: Ticket, can: Capabilities, account: str) -> str:
    """Return why a ticket has no words at the venue; empty: it has."""
    if ticket.bucket != "net":
        return f"no position {ticket.bucket!r} in one-way mode"
    if ticket.kind in CONDITIONAL and ticket.trigger is None:
        return "a stop without a trigger"
    if ticket.kind is Kind.STOP and ticket.tif != "gtc":
        return f"no stop order at the market with {ticket.tif} here"
    if ticket.kind is Kind.STOP_LIMIT and ticket.limit is None:
        return "a limit order without a limit price"
    return spot.unfit(ticket, can, account)


# ---- from the venue ------------------------------------------------------------------------
def order(row: Row, names: Symbols, via: Via) -> OrderFact:
    """Return an order's state from a row of a reply or an event."""
    told = spot.order(row, names, via)
    state, reason = _end(row, told)
    return OrderFact(
        at=told.at, via=via, key=told.key, refs=told.refs, instrument=told.instrument, state=state,
        filled=told.filled, ticket=ticket(row, told.instrument), reason=reason, text=told.text,
    )  # fmt: skip


def _end(row: Row, told: OrderFact) -> tuple[State, Reason | None]:
    """Return where an order stands: what the venue took back has a reason, too."""
    over, why = told.state in (State.CANCELED, State.EXPIRED), row.get("cancelType")
    if over and why == _NO_MARGIN:
        return (State.CANCELED if told.filled else State.REFUSED), Reason.FUNDS
    if over and why == _WOULD_NOT_REDUCE:
        return told.state, Reason.REDUCE_ONLY
    return told.state, told.reason


def ticket(row: Row, instrument: str) -> Ticket | None:
    """Return an order as a ticket; None: it is of a kind that we do not send."""
    trigger = number(row.get("triggerPrice"))
    kind, tif = _KINDS.get((row["orderType"], bool(trigger))), row.get("timeInForce") or "GTC"
    qty, side = number(row.get("qty")), side_of(row)
    if kind is None or qty <= 0 or tif not in spot.TIFS:
        return None
    if trigger and not _is_stop(row, side):
        return None
    limited = kind in (Kind.LIMIT, Kind.STOP_LIMIT)
    return Ticket(
        key=key_of(row) or "", instrument=instrument, side=side, qty=qty, kind=kind,
        limit=number(row["price"]) if limited else None, trigger=trigger or None,
        tif=spot.TIFS[tif] if limited else "gtc", reduces=bool(row.get("reduceOnly")),
        post_only=limited and tif == "PostOnly",
    )  # fmt: skip


def _is_stop(row: Row, side: int) -> bool:
    """Return whether what waits for a price is a stop of ours: others wait the other way."""
    rises = int(row.get("triggerDirection") or 0) == 1
    own = row.get("stopOrderType") in (_PLAIN_STOP, "", None)
    return own and rises == (side == 1) and row.get("triggerBy") in ("LastPrice", "", None)


def executed(row: Row, names: Symbols, via: Via) -> Fact:
    """Return an execution, or a payment of funding; an id counts together with its symbol."""
    raw, kind = row["symbol"], row.get("execType") or "Trade"
    if kind == FUNDING:
        return _funding(row, names)
    return FillFact(
        at=moment(row["execTime"]), via=via, exec=f"{raw}:{row['execId']}", version=1,
        key=key_of(row), refs=refs_of(row, raw), instrument=names.id(raw), bucket="net",
        side=side_of(row), qty=number(row["execQty"]), price=number(row["execPrice"]),
        fees=_fees(row, names), cause=_cause(row, kind),
    )  # fmt: skip


def _cause(row: Row, kind: str) -> Cause:
    made = row.get("createType") or ""
    own = next((cause for start, cause in _MADE_BY if made.startswith(start)), None)
    return own or _CAUSES.get(kind, "unknown")


def _fees(row: Row, names: Symbols) -> tuple[Fee, ...] | None:
    """Return what an execution cost; None: in a currency that is not known."""
    amount, asset = number(row.get("execFee")), _asset(row, names)
    if amount and not asset:
        return None
    own = (Fee(asset=asset, amount=amount),) if amount else ()
    return (*own, *spot.taxes(row))


def _funding(row: Row, names: Symbols) -> CashFact:
    """Return a payment of funding; the venue writes what is paid above 0."""
    raw = row["symbol"]
    return CashFact(
        at=moment(row["execTime"]), id=f"funding:{raw}:{row['execId']}",
        asset=_asset(row, names) or "USDT", amount=-number(row["execFee"]),
        instrument=names.id(raw), kind="funding",
    )  # fmt: skip


def _asset(row: Row, names: Symbols) -> str:
    """Return what fees and funding are paid in: as it is told, else what profits are paid in."""
    pair = names.pair(row["symbol"])
    return row.get("feeCurrency") or row.get("feeCoin") or (pair[1] if pair is not None else "")


READS = Reads(category=LINEAR, order=order, fill=executed, executed=frozenset({*_CAUSES, FUNDING}))
