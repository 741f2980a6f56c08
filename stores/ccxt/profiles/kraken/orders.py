"""Orders in Kraken's words: tickets to parameters, rows of REST to facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from atms.stores.capabilities import Capabilities
from atms.stores.ccxt.profiles.kraken.names import KrakenSymbols
from atms.stores.ccxt.profiles.kraken.numbers import at, plain
from atms.stores.facts import Fee, FillFact, OrderFact, State, Via
from atms.stores.outcomes import Reason
from atms.stores.requests import Key, Kind, Refs, Ticket

WORDS: Mapping[Kind, str] = {
    Kind.MARKET: "market", Kind.LIMIT: "limit", Kind.STOP: "stop-loss",
    Kind.STOP_LIMIT: "stop-loss-limit",
}  # fmt: skip
KINDS: Mapping[str, Kind] = {word: kind for kind, word in WORDS.items()}
_STOPS = (Kind.STOP, Kind.STOP_LIMIT)
_TIFS = ("gtc", "ioc", "fok")
_STATES: Mapping[str, State] = {
    "pending": State.WORKING, "open": State.WORKING, "closed": State.FILLED,
    "canceled": State.CANCELED, "expired": State.EXPIRED,
}  # fmt: skip


# ---- what is sent --------------------------------------------------------------------------
def parameters(ticket: Ticket, pair: str) -> dict[str, Any]:
    """Return a new order in the venue's parameters.

    The fee is asked for in the quote currency: the account's log tells it in that one alone.
    """
    given = {
        "pair": pair, "type": "buy" if ticket.side == 1 else "sell",
        "ordertype": WORDS[ticket.kind], "volume": plain(ticket.qty), "cl_ord_id": ticket.key,
        "oflags": "fciq,post" if ticket.post_only else "fciq",
    }  # fmt: skip
    if ticket.kind is Kind.LIMIT:
        given["price"] = plain(cast(Decimal, ticket.limit))
    if ticket.kind in _STOPS:
        given |= {"price": plain(cast(Decimal, ticket.trigger)), "trigger": "last"}
    if ticket.kind is Kind.STOP_LIMIT:
        given["price2"] = plain(cast(Decimal, ticket.limit))
    if ticket.kind is Kind.LIMIT and ticket.tif != "gtc":
        given["timeinforce"] = ticket.tif.upper()
    return given


def unfit(ticket: Ticket, can: Capabilities, account: str) -> str:
    """Return why a ticket has no words here; empty: it has."""
    rule, kind = can.keys, ticket.kind
    if not ticket.instrument.startswith(f"{account}:"):
        return f"instrument {ticket.instrument!r} is of another account"
    if len(ticket.key) > rule.max_len or not ticket.key or set(ticket.key) - set(rule.alphabet):
        return f"key {ticket.key!r} is not of the venue's form"
    if kind not in can.kinds or ticket.tif not in can.tifs:
        return f"no {kind.value} order with {ticket.tif} here"
    if (ticket.tif == "fok" and kind is not Kind.LIMIT) or (ticket.tif == "ioc" and kind in _STOPS):
        return f"no {kind.value} order with {ticket.tif} here"
    if ticket.post_only and (kind is not Kind.LIMIT or ticket.tif != "gtc"):
        return "only a limit order that stays may be post-only here"
    if kind in (Kind.LIMIT, Kind.STOP_LIMIT) and ticket.limit is None:
        return f"a {kind.value} order without a limit price"
    if kind in _STOPS and ticket.trigger is None:
        return f"a {kind.value} order without a trigger price"
    return "a market order's price cannot be bounded here" if ticket.worst is not None else ""


# ---- names ---------------------------------------------------------------------------------
def client_ref(key: Key) -> str:
    """Return the name that an order has from us."""
    return f"client:{key}"


def order_ref(number: str) -> str:
    """Return the name that an order has from the venue."""
    return f"order:{number}"


def refs(number: str, key: Key | None) -> Refs:
    """Return all names of an order."""
    return frozenset({order_ref(number), *([client_ref(key)] if key else ())})


def named(names: Refs, kind: str) -> str:
    """Return an order's name of one kind; empty: it has none."""
    found = (name.partition(":")[2] for name in sorted(names) if name.startswith(f"{kind}:"))
    return next(found, "")


# ---- what REST tells -----------------------------------------------------------------------
def ticket(row: Mapping[str, Any], key: Key, instrument: str) -> Ticket | None:
    """Return an order as a ticket; None: it is of a kind that we do not send."""
    told = row["descr"]
    kind, tif = KINDS.get(told["ordertype"]), str(row.get("time_in_force") or "gtc").lower()
    qty = Decimal(row["vol"])
    if kind is None or tif not in _TIFS or qty <= 0 or "%" in told["price"]:
        return None
    stop = kind in _STOPS
    limit = {Kind.LIMIT: "price", Kind.STOP_LIMIT: "price2"}.get(kind)
    return Ticket(
        key=key, instrument=instrument, side=1 if told["type"] == "buy" else -1, qty=qty, kind=kind,
        limit=Decimal(told[limit]) if limit else None,
        trigger=Decimal(told["price"]) if stop else None,
        tif="gtc" if kind is Kind.MARKET else tif,  # type: ignore[arg-type]
        post_only="post" in str(row.get("oflags", "")).split(","),
    )  # fmt: skip


def order(number: str, row: Mapping[str, Any], names: KrakenSymbols, via: Via) -> OrderFact:
    """Return an order's state from a row of REST."""
    instrument = names.id(row["descr"]["pair"])
    key, filled = row.get("cl_ord_id") or None, Decimal(row["vol_exec"])
    state, why = _STATES[row["status"]], row.get("reason") or ""
    if state is State.FILLED and filled < Decimal(row["vol"]):
        state = State.CANCELED  # over, and not whole
    return OrderFact(
        at=at(row.get("closetm") or row["opentm"]), via=via, key=key, refs=refs(number, key),
        instrument=instrument, state=state, filled=filled,
        ticket=ticket(row, key or number, instrument), reason=reason(why), text=why,
    )  # fmt: skip


def reason(why: str) -> Reason | None:
    """Return what the venue's words of an order's end mean; None: nothing in particular."""
    low = why.lower()
    if "post only" in low:
        return Reason.WOULD_TAKE
    return Reason.FUNDS if "insufficient" in low else None


def fill(
    exec_: str, row: Mapping[str, Any], names: KrakenSymbols, key: Key | None, when: datetime
) -> FillFact:
    """Return an execution from a row of the account's log."""
    instrument = names.id(row["pair"])
    quote = instrument.rpartition("/")[2]
    paid = Decimal(row["fee"])
    return FillFact(
        at=when, via="poll", exec=exec_, version=1, key=key,
        refs=refs(row["ordertxid"], key), instrument=instrument, bucket="net",
        side=1 if row["type"] == "buy" else -1, qty=Decimal(row["vol"]),
        price=Decimal(row["price"]), fees=(Fee(asset=quote, amount=paid),) if paid else (),
    )  # fmt: skip
