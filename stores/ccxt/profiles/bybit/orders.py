"""Orders in Bybit's words: tickets to parameters, rows to facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, cast

from atms.stores.capabilities import Capabilities
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profiles.bybit.words import CATEGORY, number, plain, refs_of
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import Fact, Fee, FillFact, OrderFact, State, Via
from atms.stores.outcomes import Reason
from atms.stores.requests import Key, Kind, Side, Ticket

STATES: Mapping[str, State] = {
    "Created": State.PENDING, "New": State.WORKING, "PartiallyFilled": State.WORKING,
    "Untriggered": State.WORKING, "Triggered": State.WORKING, "Active": State.WORKING,
    "PendingCancel": State.WORKING, "Filled": State.FILLED,
    "Rejected": State.REFUSED, "Cancelled": State.CANCELED, "Deactivated": State.CANCELED,
    "PartiallyFilledCanceled": State.CANCELED,
}  # fmt: skip
_KINDS = {"Market": Kind.MARKET, "Limit": Kind.LIMIT}
TIFS: Mapping[str, Literal["gtc", "ioc", "fok"]] = {
    "GTC": "gtc", "PostOnly": "gtc", "IOC": "ioc", "FOK": "fok",
}  # fmt: skip
# Why the matching engine ended an order. That it had no more to take is what IOC and FOK ask for.
_REJECTIONS: Mapping[str, Reason] = {
    "EC_PostOnlyWillTakeLiquidity": Reason.WOULD_TAKE,
    "EC_ReachMarketPriceLimit": Reason.SLIPPAGE, "EC_ReachRiskPriceLimit": Reason.SLIPPAGE,
    "EC_InvalidSymbolStatus": Reason.CLOSED_MARKET, "EC_DuplicatedClOrdID": Reason.DUPLICATE_KEY,
    "EC_LimitOrderInvalidPrice": Reason.FILTER, "EC_InvalidPriceScale": Reason.FILTER,
    "EC_EcInvalidQty": Reason.FILTER, "EC_QtyCannotBeZero": Reason.FILTER,
}  # fmt: skip
_NO_REJECTION = ("", "EC_NoError", "EC_PerCancelRequest", "EC_OrigClOrdIDDoesNotExist")


Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reads:
    """How rows of one kind of market are read.

    Attributes:
        category: the venue's word for it.
        order, fill: a row -> what it says.
        executed: kinds of executions that are told; the venue lists others among them.
    """

    category: str
    order: Callable[[Row, Symbols, Via], OrderFact]
    fill: Callable[[Row, Symbols, Via], Fact]
    executed: frozenset[str]


# ---- to the venue --------------------------------------------------------------------------
def parameters(ticket: Ticket, raw: str) -> dict[str, Any]:
    """Return a ticket in the venue's parameters."""
    words = {
        "category": CATEGORY, "symbol": raw, "side": "Buy" if ticket.side == 1 else "Sell",
        "qty": plain(ticket.qty), "orderLinkId": ticket.key,
        "isLeverage": 0,  # never borrows
    }  # fmt: skip
    if ticket.kind is Kind.MARKET:
        # without this a market order that buys is for so much of the quote currency
        return {**words, "orderType": "Market", "marketUnit": "baseCoin"}
    tif = "PostOnly" if ticket.post_only else ticket.tif.upper()
    price = plain(cast(Decimal, ticket.limit))
    return {**words, "orderType": "Limit", "price": price, "timeInForce": tif}


def unfit(ticket: Ticket, can: Capabilities, account: str) -> str:
    """Return why a ticket has no words at the venue; empty: it has."""
    rule = can.keys
    if not ticket.instrument.startswith(f"{account}:"):
        return f"instrument {ticket.instrument!r} is of another account"
    if len(ticket.key) > rule.max_len or not ticket.key or set(ticket.key) - set(rule.alphabet):
        return f"key {ticket.key!r} is not of the venue's form"
    if ticket.kind not in can.kinds or ticket.tif not in can.tifs:
        return f"no {ticket.kind.value} order with {ticket.tif} here"
    if ticket.kind is Kind.MARKET and ticket.tif == "fok":
        return "no market order with fok here"
    if ticket.post_only and (ticket.kind is not Kind.LIMIT or ticket.tif != "gtc"):
        return "only a limit order that stays may be post-only here"
    if ticket.kind is Kind.LIMIT and ticket.limit is None:
        return "a limit order without a limit price"
    return "a market order's price cannot be bounded here" if ticket.worst is not None else ""


# ---- from the venue ------------------------------------------------------------------------
def key_of(row: Mapping[str, Any]) -> Key | None:
    """Return our key; None: an order of somebody else's that has none."""
    return row.get("orderLinkId") or None


def side_of(row: Mapping[str, Any]) -> Side:
    """Return a side."""
    return 1 if row["side"] == "Buy" else -1


def order(row: Mapping[str, Any], names: Symbols, via: Via) -> OrderFact:
    """Return an order's state from a row of a reply or an event."""
    raw, why = row["symbol"], row.get("rejectReason") or ""
    instrument = names.id(raw)
    found, reason = _state(row, why)
    return OrderFact(
        at=moment(row.get("updatedTime") or row["createdTime"]), via=via, key=key_of(row),
        refs=refs_of(row, raw), instrument=instrument, state=found,
        filled=number(row.get("cumExecQty")), ticket=ticket(row, instrument), reason=reason,
        text="" if why in _NO_REJECTION else why,
    )  # fmt: skip


def _state(row: Mapping[str, Any], why: str) -> tuple[State, Reason | None]:
    """Return where an order stands, and why if the venue ended it."""
    found = STATES[row["orderStatus"]]
    reason = None if why in _NO_REJECTION else _REJECTIONS.get(why)
    if found is State.CANCELED and reason is not None and not number(row.get("cumExecQty")):
        return State.REFUSED, reason
    if found is State.REFUSED:
        return found, reason or Reason.OTHER
    by_user = row.get("cancelType") == "CancelByUser"
    at_once = row.get("timeInForce") in ("IOC", "FOK")
    if found is State.CANCELED and at_once and not by_user:
        return State.EXPIRED, None
    return found, reason if found is State.CANCELED else None


def ticket(row: Mapping[str, Any], instrument: str) -> Ticket | None:
    """Return an order as a ticket; None: it is of a kind that we do not send."""
    kind, tif = _KINDS.get(row["orderType"]), TIFS.get(row.get("timeInForce") or "GTC")
    qty = number(row.get("qty"))
    if kind is None or tif is None or qty <= 0 or number(row.get("triggerPrice")):
        return None
    if kind is Kind.MARKET and row.get("marketUnit") != "baseCoin" and row["side"] == "Buy":
        return None  # its quantity is of the quote currency
    limited = kind is Kind.LIMIT
    return Ticket(
        key=key_of(row) or "", instrument=instrument, side=side_of(row), qty=qty, kind=kind,
        limit=number(row["price"]) if limited else None, tif=tif if limited else "gtc",
        post_only=row.get("timeInForce") == "PostOnly",
    )  # fmt: skip


def fill(row: Mapping[str, Any], names: Symbols, via: Via) -> FillFact:
    """Return an execution; an id counts together with its symbol."""
    raw = row["symbol"]
    return FillFact(
        at=moment(row["execTime"]), via=via, exec=f"{raw}:{row['execId']}", version=1,
        key=key_of(row), refs=refs_of(row, raw), instrument=names.id(raw), bucket="net",
        side=side_of(row), qty=number(row["execQty"]), price=number(row["execPrice"]),
        fees=fees(row, names),
    )  # fmt: skip


def fees(row: Mapping[str, Any], names: Symbols) -> tuple[Fee, ...] | None:
    """Return what an execution cost, taxes too; None: in a currency that is not known.

    Where the venue does not name the currency, its rule does: a fee is taken of what is received,
    a maker's rebate is given in the other.
    """
    amount, paid = number(row.get("execFee")), []
    if amount:
        asset, pair = row.get("feeCurrency") or row.get("feeCoin"), names.pair(row["symbol"])
        if not asset and pair is None:
            return None
        if not asset and pair is not None:
            asset = pair[0] if (row["side"] == "Buy") == (amount > 0) else pair[1]
        paid.append(Fee(asset=str(asset), amount=amount))
    return (*paid, *taxes(row))


def taxes(row: Row) -> tuple[Fee, ...]:
    """Return what an execution cost besides the fee."""
    extra = row.get("extraFees")
    told = extra if isinstance(extra, list) else ()
    return tuple(Fee(asset=one["feeCoin"], amount=number(one["fee"])) for one in told)


SPOT = Reads(category=CATEGORY, order=order, fill=fill, executed=frozenset({"Trade"}))
