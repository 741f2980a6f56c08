"""Orders in OKX's words: tickets to parameters, rows to facts, names both ways."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from atms.stores.capabilities import Capabilities
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Names
from atms.stores.ccxt.profiles.called import client_ref, order_ref
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import Fee, FillFact, OrderFact, State, Via
from atms.stores.outcomes import Reason
from atms.stores.requests import Key, Kind, Refs, Side, Ticket

_STATES: Mapping[str, State] = {
    "live": State.WORKING, "partially_filled": State.WORKING, "filled": State.FILLED,
    "canceled": State.CANCELED, "mmp_canceled": State.CANCELED,
}  # fmt: skip
# Why the venue itself has ended an order ("cancelSource"); what is not here counts as a cancel.
_NEVER_STAYS = frozenset({"13", "14"})  # all or nothing, and now or never: it was not all there
_WOULD_TAKE = "31"
_NO_FUNDS = frozenset({"9", "44"})
_LIMITS = {"limit": "gtc", "post_only": "gtc", "ioc": "ioc", "fok": "fok"}


class Pairs(Symbols):
    """Symbols, ``BTC/USDT`` as people write it, ``BTC-USDT`` as the venue does."""

    def guess(self, symbol: str) -> str:
        """Return the venue's way to write a symbol that was not read yet."""
        return symbol.replace("/", "-")

    def id(self, raw: str) -> str:
        """Return the id of a pair; of one that nobody named as it would be written here."""
        return super().id(raw) if raw in self._symbols else super().id(raw.replace("-", "/"))


def plain(number: Decimal) -> str:
    """Return a number as the venue reads it: no exponent, no zeros behind."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def parameters(ticket: Ticket, raw: str) -> dict[str, Any]:
    """Return an order in the venue's parameters."""
    given: dict[str, Any] = {
        "instId": raw, "tdMode": "cash", "clOrdId": ticket.key,
        "side": "buy" if ticket.side == 1 else "sell", "sz": plain(ticket.qty),
    }  # fmt: skip
    if ticket.kind is Kind.MARKET:
        # else a buyer's quantity is money, and what cannot be paid is made smaller without a word
        return given | {"ordType": "market", "tgtCcy": "base_ccy", "banAmend": True}
    word = "post_only" if ticket.post_only else "limit" if ticket.tif == "gtc" else ticket.tif
    return given | {"ordType": word, "px": plain(cast(Decimal, ticket.limit))}


def unfit(ticket: Ticket, can: Capabilities, account: str) -> str:
    """Return why a ticket has no words at the venue; empty: it has."""
    why, kind = unfit_key(ticket, can, account), ticket.kind
    if why:
        return why
    fits = {Kind.MARKET: {"gtc", "ioc"}, Kind.LIMIT: set(can.tifs)}
    if ticket.tif not in fits.get(kind, ()):
        return f"no {kind.value} order with {ticket.tif} here"
    if ticket.post_only and (kind is not Kind.LIMIT or ticket.tif != "gtc"):
        return "only a limit order that stays may be post-only here"
    if kind is Kind.LIMIT and ticket.limit is None:
        return "a limit order without a limit price"
    return "a market order's price cannot be bounded here" if ticket.worst is not None else ""


def unfit_key(ticket: Ticket, can: Capabilities, account: str) -> str:
    """Return why a ticket's names do not fit; empty: they do."""
    rule = can.keys
    if not ticket.instrument.startswith(f"{account}:"):
        return f"instrument {ticket.instrument!r} is of another account"
    if len(ticket.key) > rule.max_len or not ticket.key or set(ticket.key) - set(rule.alphabet):
        return f"key {ticket.key!r} is not of the venue's form"
    return ""


# ---- names ---------------------------------------------------------------------------------
def refs_of(row: Mapping[str, Any], raw: str) -> Refs:
    """Return all names of an order, of a row, an event or an answer."""
    ours = {client_ref(raw, row["clOrdId"])} if row.get("clOrdId") else set()
    return frozenset(ours | {order_ref(raw, row["ordId"])})


# ---- rows ----------------------------------------------------------------------------------
def side(word: str) -> Side:
    """Return a side."""
    return 1 if word == "buy" else -1


def order(row: Mapping[str, Any], names: Names, via: Via) -> OrderFact:
    """Return an order's state from a row, or from an event of the account's stream."""
    raw, key = row["instId"], row.get("clOrdId") or None
    state, reason = ended(row)
    return OrderFact(
        at=moment(row["uTime"]), via=via, key=key, refs=refs_of(row, raw),
        instrument=names.id(raw), state=state, filled=Decimal(row["accFillSz"] or 0),
        ticket=ticket(row, key or "", names.id(raw)), reason=reason,
        text=row.get("cancelSourceReason") or "",
    )  # fmt: skip


def ended(row: Mapping[str, Any]) -> tuple[State, Reason | None]:
    """Return where an order stands, and why where the venue ended it by itself."""
    source, state = row.get("cancelSource") or "", _STATES[row["state"]]
    if state is not State.CANCELED:
        return state, None
    if source == _WOULD_TAKE:
        return State.REFUSED, Reason.WOULD_TAKE
    if source in _NEVER_STAYS:
        return State.EXPIRED, None
    return state, Reason.FUNDS if source in _NO_FUNDS else None


def ticket(row: Mapping[str, Any], key: Key, instrument: str) -> Ticket | None:
    """Return an order as a ticket; None: it is of a kind that we do not send."""
    kind = row["ordType"]
    shape: dict[str, Any] = {"key": key, "instrument": instrument, "side": side(row["side"])}
    if not Decimal(row["sz"] or 0):
        return None
    if kind == "market" and (row.get("tgtCcy") == "base_ccy" or row["side"] == "sell"):
        return Ticket(kind=Kind.MARKET, qty=Decimal(row["sz"]), **shape)
    if kind not in _LIMITS:
        return None
    return Ticket(
        kind=Kind.LIMIT, qty=Decimal(row["sz"]), limit=Decimal(row["px"]),
        tif=_LIMITS[kind],  # type: ignore[arg-type]
        post_only=kind == "post_only", **shape,
    )  # fmt: skip


def fill(row: Mapping[str, Any], names: Names, via: Via) -> FillFact:
    """Return an execution from a row of the account's log; a fee that is paid is below 0 there."""
    return _execution(row, names, via, row["fee"], row["feeCcy"])


def streamed_fill(row: Mapping[str, Any], names: Names) -> FillFact | None:
    """Return the execution that an event of an order speaks of; None: of none."""
    if not row.get("tradeId") or not Decimal(row.get("fillSz") or 0):
        return None
    return _execution(row, names, "stream", row["fillFee"], row["fillFeeCcy"])


def _execution(row: Mapping[str, Any], names: Names, via: Via, fee: str, asset: str) -> FillFact:
    raw, paid = row["instId"], -Decimal(fee or 0)
    return FillFact(
        at=moment(row["fillTime"]), via=via, exec=f"{raw}:{row['tradeId']}", version=1,
        key=row.get("clOrdId") or None, refs=refs_of(row, raw), instrument=names.id(raw),
        bucket="net", side=side(row["side"]), qty=Decimal(row["fillSz"]),
        price=Decimal(row["fillPx"]), fees=(Fee(asset=asset, amount=paid),) if paid else (),
    )  # fmt: skip
