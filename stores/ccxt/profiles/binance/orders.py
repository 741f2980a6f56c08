"""Orders in Binance spot's words: tickets to parameters, replies to facts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from atms.stores.capabilities import Capabilities
from atms.stores.ccxt.profile import Names
from atms.stores.ccxt.profiles.called import client_ref, order_ref
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import Fee, FillFact, OrderFact, State, Via
from atms.stores.requests import Key, Kind, Refs, Side, Ticket

STATES: Mapping[str, State] = {
    "NEW": State.WORKING, "PENDING_NEW": State.HELD, "PARTIALLY_FILLED": State.WORKING,
    "FILLED": State.FILLED, "CANCELED": State.CANCELED, "PENDING_CANCEL": State.WORKING,
    "REJECTED": State.REFUSED, "EXPIRED": State.EXPIRED, "EXPIRED_IN_MATCH": State.EXPIRED,
}  # fmt: skip
_TYPES: Mapping[str, Kind] = {
    "MARKET": Kind.MARKET, "LIMIT": Kind.LIMIT, "LIMIT_MAKER": Kind.LIMIT, "STOP_LOSS": Kind.STOP,
    "STOP_LOSS_LIMIT": Kind.STOP_LIMIT,
}  # fmt: skip
_TIFS = {"GTC": "gtc", "IOC": "ioc", "FOK": "fok"}
NO_LIST = -1


def plain(number: Decimal) -> str:
    """Return a number as the venue reads it: no exponent, no zeros behind."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def side_of(ticket: Ticket) -> str:
    """Return the venue's word for a side."""
    return "BUY" if ticket.side == 1 else "SELL"


def parameters(ticket: Ticket) -> dict[str, Any]:
    """Return kind and prices of an order in the venue's parameters."""
    if ticket.kind is Kind.MARKET:
        return {"type": "MARKET"}
    if ticket.kind is Kind.STOP:
        return {"type": "STOP_LOSS", "stopPrice": plain(cast(Decimal, ticket.trigger))}
    limit = {"price": plain(cast(Decimal, ticket.limit))}
    if ticket.kind is Kind.STOP_LIMIT:
        stop = {"stopPrice": plain(cast(Decimal, ticket.trigger))}
        return {"type": "STOP_LOSS_LIMIT", "timeInForce": ticket.tif.upper(), **limit, **stop}
    if ticket.post_only:
        return {"type": "LIMIT_MAKER", **limit}
    return {"type": "LIMIT", "timeInForce": ticket.tif.upper(), **limit}


def unfit(ticket: Ticket, can: Capabilities, account: str) -> str:
    """Return why a ticket has no words at the venue, of spot or futures; empty: it has."""
    rule = can.keys
    if not ticket.instrument.startswith(f"{account}:"):
        return f"instrument {ticket.instrument!r} is of another account"
    if len(ticket.key) > rule.max_len or not ticket.key or set(ticket.key) - set(rule.alphabet):
        return f"key {ticket.key!r} is not of the venue's form"
    if ticket.kind not in can.kinds or ticket.tif not in can.tifs:
        return f"no {ticket.kind.value} order with {ticket.tif} here"
    if ticket.kind in (Kind.MARKET, Kind.STOP) and ticket.tif == "fok":
        return f"no {ticket.kind.value} order with fok here"
    if ticket.post_only and (ticket.kind is not Kind.LIMIT or ticket.tif != "gtc"):
        return "only a limit order that stays may be post-only here"
    if ticket.kind in (Kind.LIMIT, Kind.STOP_LIMIT) and ticket.limit is None:
        return f"a {ticket.kind.value} order without a limit price"
    if ticket.kind in (Kind.STOP, Kind.STOP_LIMIT) and ticket.trigger is None:
        return f"a {ticket.kind.value} order without a trigger price"
    return "a market order's price cannot be bounded here" if ticket.worst is not None else ""


def oco(tickets: tuple[Ticket, ...]) -> dict[str, Any] | None:
    """Return two orders of which one is to be, in the venue's parameters; None: it has no words.

    The venue holds one limit order, which may not take, on the far side of the market, and one
    stop order on the near side; both of one size.
    """
    if len(tickets) != 2 or len({(one.instrument, one.side, one.qty) for one in tickets}) != 1:
        return None
    limits = [one for one in tickets if one.kind is Kind.LIMIT and one.tif == "gtc"]
    stops = [one for one in tickets if one.kind in (Kind.STOP, Kind.STOP_LIMIT)]
    if len(limits) != 1 or len(stops) != 1:
        return None
    limit, stop = limits[0], stops[0]
    assert limit.limit is not None
    assert stop.trigger is not None
    if (limit.limit - stop.trigger) * limit.side >= 0:  # a buy's limit lies below its stop
        return None
    above, below = (stop, limit) if limit.side == 1 else (limit, stop)
    given = {
        "side": side_of(limit), "quantity": plain(limit.qty),
        "listClientOrderId": f"{limit.key[:33]}-oc",
    }  # fmt: skip
    return given | _leg(above, "above") | _leg(below, "below")


def _leg(ticket: Ticket, where: str) -> dict[str, Any]:
    words = parameters(ticket)
    if ticket.kind is Kind.LIMIT:  # the only limit order that a list of the venue's may hold
        words = {"type": "LIMIT_MAKER", "price": words["price"]}
    words["clientOrderId"] = ticket.key
    return {f"{where}{name[0].upper()}{name[1:]}": value for name, value in words.items()}


# ---- names ---------------------------------------------------------------------------------
# ---- replies -------------------------------------------------------------------------------
def refs(raw: str, number: int, client: str) -> Refs:
    """Return all names of an order."""
    return frozenset({order_ref(raw, number), client_ref(raw, client)})


def state(status: str, in_list: bool) -> State:
    """Return where an order stands; the venue calls `expired` what the other of a pair ended."""
    found = STATES[status]
    return State.CANCELED if in_list and found is State.EXPIRED else found


def ticket(row: Mapping[str, Any], key: Key, instrument: str) -> Ticket | None:
    """Return an order as a ticket; None: it is of a kind that we do not send."""
    kind, tif = _TYPES.get(row["type"]), _TIFS.get(row.get("timeInForce") or "GTC")
    qty, trailing = Decimal(row["origQty"]), row.get("trailingDelta")
    if kind is None or tif is None or trailing or qty <= 0:
        return None
    stops = kind in (Kind.STOP, Kind.STOP_LIMIT)
    limited = kind in (Kind.LIMIT, Kind.STOP_LIMIT)
    return Ticket(
        key=key, instrument=instrument, side=side(row["side"]), qty=qty, kind=kind,
        limit=Decimal(row["price"]) if limited else None,
        trigger=Decimal(row["stopPrice"]) if stops and "stopPrice" in row else None,
        tif="gtc" if kind is Kind.MARKET else tif,  # type: ignore[arg-type]
        post_only=row["type"] == "LIMIT_MAKER",
    )  # fmt: skip


def side(word: str) -> Side:
    """Return a side."""
    return 1 if word == "BUY" else -1


def order(row: Mapping[str, Any], names: Names, via: Via, key: Key | None = None) -> OrderFact:
    """Return an order's state from a reply that shows an order.

    Args:
        key: ours, where it is known; a cancelled order's reply may show the cancellation's.
    """
    raw = row["symbol"]
    key = key or row.get("origClientOrderId") or row["clientOrderId"]
    assert key is not None
    instrument = names.id(raw)
    at = row.get("transactTime") or row.get("updateTime") or row["time"]
    in_list = row.get("orderListId", NO_LIST) != NO_LIST
    return OrderFact(
        at=moment(at), via=via, key=key, refs=refs(raw, row["orderId"], key),
        instrument=instrument, state=state(row["status"], in_list),
        filled=Decimal(row["executedQty"]), ticket=ticket(row, key, instrument),
    )  # fmt: skip


def fills(row: Mapping[str, Any], names: Names, key: Key) -> tuple[FillFact, ...]:
    """Return the executions that a full reply to a new order shows."""
    raw = row["symbol"]
    return tuple(
        fill(
            raw, names, part, at=row["transactTime"], number=row["orderId"], client=key,
            buys=row["side"] == "BUY", exec_=part["tradeId"], via="reply",
        )
        for part in row.get("fills", ())
    )  # fmt: skip


def fill(
    raw: str, names: Names, part: Mapping[str, Any], *, at: int, number: int, client: str | None,
    buys: bool, exec_: int, via: Via,
) -> FillFact:  # fmt: skip
    """Return an execution; *part* holds price, qty, commission, commissionAsset."""
    known = {order_ref(raw, number)} | ({client_ref(raw, client)} if client else set())
    return FillFact(
        at=moment(at), via=via, exec=f"{raw}:{exec_}", version=1, key=client,
        refs=frozenset(known), instrument=names.id(raw), bucket="net", side=1 if buys else -1,
        qty=Decimal(part["qty"]), price=Decimal(part["price"]),
        fees=fees(part["commissionAsset"], part["commission"]),
    )  # fmt: skip


def fees(asset: str | None, amount: str | None) -> tuple[Fee, ...]:
    """Return what an execution cost."""
    paid = Decimal(amount or 0)
    return (Fee(asset=asset, amount=paid),) if asset and paid else ()
