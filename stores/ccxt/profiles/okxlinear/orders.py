"""Orders of OKX's swaps in the venue's words: tickets to parameters, rows to facts.

Sizes are contracts there and units of the base currency here. A stop is another thing than an
order: it has endpoints and a number of its own, and when its price is met it makes an order, which
bears the stop's number and key.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, cast

from atms.stores.capabilities import Capabilities
from atms.stores.ccxt.profiles.called import order_ref
from atms.stores.ccxt.profiles.conditional import (
    CONDITIONAL,
    algo_client_ref,
    algo_ref,
    number_of,
)
from atms.stores.ccxt.profiles.okx import orders as spot
from atms.stores.ccxt.profiles.okx.codes import REASONS
from atms.stores.ccxt.profiles.okx.orders import plain, side
from atms.stores.ccxt.profiles.okxlinear.contracts import Row, Swaps
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import Fee, FillFact, OrderFact, State, Via
from atms.stores.outcomes import Reason
from atms.stores.requests import Bucket, Key, Kind, Refs, Ticket

Cause = Literal["order", "liquidation", "margin", "assignment", "manual", "unknown"]
# effective: it has made an order, which tells the rest
_ALGO_STATES: Mapping[str, State] = {
    "live": State.WORKING, "pause": State.WORKING, "effective": State.WORKING,
    "partially_effective": State.WORKING, "canceled": State.CANCELED,
    "order_failed": State.REFUSED, "partially_failed": State.CANCELED,
}  # fmt: skip
_BUCKETS: Mapping[str, Bucket] = {"long": "long", "short": "short"}
_LIMITS = {"limit": "gtc", "post_only": "gtc", "ioc": "ioc", "fok": "fok"}
# Why an execution was: the kinds of bills ("subType") that are not of an order of the account's.
_CAUSES: Mapping[str, Cause] = {
    **dict.fromkeys(map(str, range(100, 108)), "liquidation"),
    **dict.fromkeys(("125", "126", "127", "128", "112", "113"), "assignment"),
}
# Orders that the venue makes by itself: their executions are in the log alone.
SYSTEM = frozenset({"full_liquidation", "partial_liquidation", "adl", "delivery"})
_AT_MARKET = "-1"
_CANCELS = {  # kind of a name -> endpoint and parameter, the surest first
    "order": ("privatePostTradeCancelOrder", "ordId"),
    "algo": ("privatePostTradeCancelAlgos", "algoId"),
    "client": ("privatePostTradeCancelOrder", "clOrdId"),
    "algoclient": ("privatePostTradeCancelAlgos", "algoClOrdId"),
}


def bucket(word: str) -> Bucket:
    """Return the position that a side of the venue's is."""
    return _BUCKETS.get(word, "net")


# ---- tickets -------------------------------------------------------------------------------
def unfit(ticket: Ticket, can: Capabilities, names: Swaps) -> str:
    """Return why a ticket has no words at the venue; empty: it has."""
    account = names.account
    if ticket.bucket != "net":
        return f"no position {ticket.bucket!r} in one-way mode"
    if ticket.kind not in CONDITIONAL:
        return spot.unfit(ticket, can, account)
    if ticket.trigger is None or (ticket.kind is Kind.STOP_LIMIT) != (ticket.limit is not None):
        return f"a {ticket.kind.value} order without its prices"
    if ticket.tif != "gtc" or ticket.post_only or ticket.worst is not None:
        return f"a {ticket.kind.value} order stays here, may take, and its price is not bounded"
    if ticket.kind is Kind.STOP and names.splits(names.raw(ticket.instrument), ticket.qty):
        return "a stop at the market of so much would become several orders here"
    return spot.unfit_key(ticket, can, account)


def parameters(ticket: Ticket, raw: str, names: Swaps) -> dict[str, Any]:
    """Return an order in the venue's parameters."""
    given: dict[str, Any] = {
        "instId": raw, "tdMode": "cross", "clOrdId": ticket.key,
        "side": "buy" if ticket.side == 1 else "sell",
        "sz": plain(names.contracts(raw, ticket.qty)), "reduceOnly": ticket.reduces,
    }  # fmt: skip
    if ticket.kind in CONDITIONAL:
        # one that protects tells by itself from which side its price is met; the other kind of
        # the venue's that waits, a trigger order, makes itself smaller where money is short
        price = _AT_MARKET if ticket.limit is None else plain(ticket.limit)
        return given | {
            "algoClOrdId": ticket.key, "ordType": "conditional", "slOrdPx": price,
            "slTriggerPx": plain(cast(Decimal, ticket.trigger)), "slTriggerPxType": "last",
        }  # fmt: skip
    if ticket.kind is Kind.MARKET:
        return given | {"ordType": "market"}
    word = "post_only" if ticket.post_only else "limit" if ticket.tif == "gtc" else ticket.tif
    return given | {"ordType": word, "px": plain(cast(Decimal, ticket.limit))}


def target(named: Refs) -> tuple[str, dict[str, str]] | None:
    """Return endpoint and parameters that cancel an order of these names; None: it has none."""
    for kind, (method, parameter) in _CANCELS.items():
        found = number_of(named, kind)
        if found is not None:
            return method, {"instId": found[0], parameter: found[1]}
    return None


# ---- orders --------------------------------------------------------------------------------
def refs_of(row: Row) -> Refs:
    """Return all names of an order, those of the stop that made it too."""
    raw, found = row["instId"], set(spot.refs_of(row, row["instId"]))
    if row.get("algoId"):
        found.add(algo_ref(raw, row["algoId"]))
    if row.get("algoClOrdId"):
        found.add(algo_client_ref(raw, row["algoClOrdId"]))
    return frozenset(found)


def key_of(row: Row) -> Key | None:
    """Return our key of an order: the stop's, where it was made by one."""
    return row.get("algoClOrdId") or row.get("clOrdId") or None


def order(row: Row, names: Swaps, via: Via) -> OrderFact:
    """Return an order's state from a row, or from an event of the account's stream."""
    raw, key = row["instId"], key_of(row)
    state, reason = spot.ended(row)
    return OrderFact(
        at=moment(row["uTime"]), via=via, key=key, refs=refs_of(row), instrument=names.id(raw),
        state=state, filled=names.units(raw, row["accFillSz"]), reason=reason,
        ticket=_ticket(row, key or "", names), text=row.get("cancelSourceReason") or "",
    )  # fmt: skip


def _ticket(row: Row, key: Key, names: Swaps) -> Ticket | None:
    """Return an order as a ticket; None: it is of a kind that we do not send."""
    kind, shape = row["ordType"], _shape(row, key, names)
    if shape is None or (kind != "market" and kind not in _LIMITS):
        return None
    if kind == "market":
        return Ticket(kind=Kind.MARKET, **shape)
    return Ticket(
        kind=Kind.LIMIT, limit=Decimal(row["px"]), post_only=kind == "post_only",
        tif=_LIMITS[kind],  # type: ignore[arg-type]
        **shape,
    )  # fmt: skip


def _shape(row: Row, key: Key, names: Swaps) -> dict[str, Any] | None:
    qty = names.units(row["instId"], row["sz"])
    if not qty:
        return None
    return {
        "key": key, "instrument": names.id(row["instId"]), "side": side(row["side"]), "qty": qty,
        "bucket": bucket(row["posSide"]), "reduces": row.get("reduceOnly") == "true",
    }  # fmt: skip


# ---- stops ---------------------------------------------------------------------------------
def conditional(row: Row, names: Swaps, via: Via) -> OrderFact:
    """Return where a stop stands; how much of what it has made is filled, that order tells."""
    raw, key = row["instId"], row.get("algoClOrdId") or None
    known = {algo_ref(raw, row["algoId"])}
    if key:
        known.add(algo_client_ref(raw, key))
    made = [one for one in (row.get("ordIdList") or [row.get("ordId")]) if one]
    state, code = _ALGO_STATES[row["state"]], row.get("failCode") or ""
    reason = None
    if state is State.REFUSED:
        reason = REASONS.get(code, Reason.OTHER)
    return OrderFact(
        at=moment(row.get("uTime") or row["cTime"]), via=via, key=key, instrument=names.id(raw),
        refs=frozenset(known | {order_ref(raw, one) for one in made}), state=state,
        filled=None if made else Decimal(0), ticket=_stop(row, key or "", names), reason=reason,
        text=code if reason is not None else "",
    )  # fmt: skip


def _stop(row: Row, key: Key, names: Swaps) -> Ticket | None:
    shape = _shape(row, key, names)
    if shape is None or row["ordType"] != "conditional" or not row.get("slTriggerPx"):
        return None
    at_market = row["slOrdPx"] == _AT_MARKET
    return Ticket(
        kind=Kind.STOP if at_market else Kind.STOP_LIMIT, trigger=Decimal(row["slTriggerPx"]),
        limit=None if at_market else Decimal(row["slOrdPx"]), **shape,
    )  # fmt: skip


# ---- executions ----------------------------------------------------------------------------
def cause_of(row: Row) -> Cause:
    """Return why an execution of the log was."""
    return _CAUSES.get(row.get("subType") or "", "order")


def fill(row: Row, names: Swaps, key: Key | None) -> FillFact:
    """Return an execution from a row of the account's log."""
    cause = cause_of(row)
    # of the venue's own the trade's number only says that it is of none; the bill is one of a kind
    exec_ = f"bill:{row['billId']}" if cause != "order" else row["tradeId"]
    return _execution(row, names, "poll", exec_, key, cause, row["fee"], row["feeCcy"])


def streamed_fill(row: Row, names: Swaps) -> FillFact | None:
    """Return the execution that an event of an order speaks of; None: of none."""
    if not Decimal(row.get("fillSz") or 0):
        return None
    return _execution(
        row, names, "stream", row["tradeId"], key_of(row), "order", row["fillFee"],
        row["fillFeeCcy"],
    )  # fmt: skip


def _execution(
    row: Row, names: Swaps, via: Via, exec_: str, key: Key | None, cause: Cause, fee: str,
    asset: str,
) -> FillFact:  # fmt: skip
    raw, paid = row["instId"], -Decimal(fee or 0)
    return FillFact(
        at=moment(row["fillTime"]), via=via, exec=f"{raw}:{exec_}", version=1, key=key,
        refs=refs_of(row), instrument=names.id(raw), bucket=bucket(row["posSide"]),
        side=side(row["side"]), qty=names.units(raw, row["fillSz"]), price=Decimal(row["fillPx"]),
        fees=(Fee(asset=asset, amount=paid),) if paid else (), cause=cause,
    )  # fmt: skip
