"""Orders in KuCoin's words: tickets to parameters, replies to facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.stores.capabilities import Capabilities
from atms.stores.ccxt.profile import Names
from atms.stores.ccxt.profiles.called import client_ref, order_ref
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import Fee, FeeFact, FillFact, OrderFact, State, Via
from atms.stores.requests import Key, Kind, Refs, Side, Ticket

_TIFS = {"GTC": "gtc", "IOC": "ioc", "FOK": "fok"}


def instant(nanoseconds: int | str) -> datetime:
    """Return a time of the venue's streams, in milliseconds as its replies have them."""
    return moment(int(nanoseconds) // 1_000_000)


def number(told: Any) -> Decimal:
    """Return an amount; where there is none the venue writes nothing, or null."""
    return Decimal(str(told or 0))


def plain(amount: Decimal) -> str:
    """Return an amount as the venue reads it: no exponent, no zeros behind."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# ---- tickets -------------------------------------------------------------------------------
def unfit(ticket: Ticket, can: Capabilities, account: str) -> str:
    """Return why a ticket has no words at the venue; empty: it has."""
    rule, limited = can.keys, ticket.kind is Kind.LIMIT
    if not ticket.instrument.startswith(f"{account}:"):
        return f"instrument {ticket.instrument!r} is of another account"
    if len(ticket.key) > rule.max_len or not ticket.key or set(ticket.key) - set(rule.alphabet):
        return f"key {ticket.key!r} is not of the venue's form"
    if ticket.kind not in can.kinds or ticket.tif not in can.tifs:
        return f"no {ticket.kind.value} order with {ticket.tif} here"
    if ticket.tif == "fok" and not limited:
        return "no market order with fok here"
    if ticket.post_only and (not limited or ticket.tif != "gtc"):
        return "only a limit order that stays may be post-only here"
    if limited and ticket.limit is None:
        return "a limit order without a limit price"
    return "a market order's price cannot be bounded here" if ticket.worst is not None else ""


def parameters(ticket: Ticket, raw: str) -> dict[str, Any]:
    """Return an order in the venue's parameters."""
    given: dict[str, Any] = {
        "clientOid": ticket.key, "symbol": raw, "side": "buy" if ticket.side == 1 else "sell",
        "type": ticket.kind.value, "size": plain(ticket.qty),
    }  # fmt: skip
    if ticket.limit is not None:
        given |= {"price": plain(ticket.limit), "timeInForce": ticket.tif.upper()}
    if ticket.post_only:
        given["postOnly"] = True
    return given


# ---- names ---------------------------------------------------------------------------------
def refs(raw: str, order: str, key: Key | None) -> Refs:
    """Return the names of an order that are known."""
    return frozenset({order_ref(raw, order)} | ({client_ref(raw, key)} if key else set()))


# ---- replies -------------------------------------------------------------------------------
def side(word: str) -> Side:
    """Return a side."""
    return 1 if word == "buy" else -1


def order(row: Mapping[str, Any], names: Names, via: Via) -> OrderFact:
    """Return an order's state from a reply that shows an order."""
    raw, key = row["symbol"], row.get("clientOid") or None
    instrument, filled, size = names.id(raw), number(row["dealSize"]), number(row["size"])
    return OrderFact(
        at=moment(row.get("lastUpdatedAt") or row["createdAt"]), via=via, key=key,
        refs=refs(raw, row["id"], key), instrument=instrument,
        state=_state(row["active"], row["cancelExist"], filled, size), filled=filled,
        ticket=_ticket(row, key or "", instrument),
    )  # fmt: skip


def _state(active: bool, canceled: bool, filled: Decimal, size: Decimal) -> State:
    if active:
        return State.WORKING
    # a market order by an amount of money has no size, and is over when nothing took it back
    return State.CANCELED if canceled or filled < size else State.FILLED


def _ticket(row: Mapping[str, Any], key: Key, instrument: str) -> Ticket | None:
    """Return an order as a ticket; None: it is of a kind that we do not send."""
    tif, qty, limited = _TIFS.get(row["timeInForce"]), number(row["size"]), row["type"] == "limit"
    if tif is None or not qty:
        return None
    return Ticket(
        key=key, instrument=instrument, side=side(row["side"]), qty=qty,
        kind=Kind.LIMIT if limited else Kind.MARKET,
        limit=number(row["price"]) if limited else None,
        tif=tif if limited else "gtc", post_only=bool(row.get("postOnly")),  # type: ignore[arg-type]
    )  # fmt: skip


def sent(ticket: Ticket, raw: str, reply: Mapping[str, Any]) -> OrderFact:
    """Return how an order stands once the venue has matched it, from the reply to its sending."""
    filled = number(reply["dealSize"])
    over = reply["status"] == "done"
    return OrderFact(
        at=moment(reply.get("matchTime") or reply["orderTime"]), via="reply", key=ticket.key,
        refs=refs(raw, reply["orderId"], ticket.key), instrument=ticket.instrument,
        state=_state(not over, False, filled, ticket.qty), filled=filled, ticket=ticket,
    )  # fmt: skip


# ---- executions ----------------------------------------------------------------------------
def exec_id(raw: str, trade: int | str, word: str) -> str:
    """Return an execution's name: one trade may have both sides of it from this account."""
    return f"{raw}:{trade}:{word}"


def fill(row: Mapping[str, Any], names: Names, key: Key | None) -> tuple[FillFact, FeeFact]:
    """Return an execution of the account's history, and what it cost.

    The fee is apart: the stream tells an execution without one.
    """
    raw, at = row["symbol"], moment(row["createdAt"])
    named = exec_id(raw, row["tradeId"], row["side"])
    paid = Fee(asset=row["feeCurrency"], amount=number(row["fee"]) + number(row.get("tax")))
    return (
        FillFact(
            at=at, via="poll", exec=named, version=1, key=key, refs=refs(raw, row["orderId"], key),
            instrument=names.id(raw), bucket="net", side=side(row["side"]),
            qty=number(row["size"]), price=number(row["price"]), fees=None,
        ),
        FeeFact(at=at, id=f"fee:{named}", exec=named, key=key, fee=paid),
    )  # fmt: skip
