"""Orders in Coinbase's words: tickets to configurations, rows to facts, names both ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from atms.stores.capabilities import Capabilities
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Names
from atms.stores.ccxt.profiles.called import client_ref, order_ref
from atms.stores.facts import OrderFact, State, Via
from atms.stores.outcomes import Reason
from atms.stores.requests import Key, Kind, Refs, Side, Ticket

STATES: Mapping[str, State] = {
    "PENDING": State.PENDING, "OPEN": State.WORKING, "QUEUED": State.WORKING,
    "CANCEL_QUEUED": State.WORKING, "EDIT_QUEUED": State.WORKING, "FILLED": State.FILLED,
    "CANCELLED": State.CANCELED, "EXPIRED": State.EXPIRED, "FAILED": State.REFUSED,
}  # fmt: skip
_LIMITS = {"gtc": "limit_limit_gtc", "ioc": "sor_limit_ioc", "fok": "limit_limit_fok"}
_TIFS = {name: tif for tif, name in _LIMITS.items()}
_STOP = "stop_limit_stop_limit_gtc"
_UP, _DOWN = "STOP_DIRECTION_STOP_UP", "STOP_DIRECTION_STOP_DOWN"


class Products(Symbols):
    """Symbols, ``BTC/USDT`` as people write it, ``BTC-USDT`` as the venue does.

    Attributes:
        aliases: product -> the one whose book and trades it shares: what its streams are called.
    """

    def __init__(self) -> None:
        super().__init__()
        self.aliases: dict[str, str] = {}

    def guess(self, symbol: str) -> str:
        """Return the venue's way to write a symbol that was not read yet."""
        return symbol.replace("/", "-")

    def id(self, raw: str) -> str:
        """Return the id of a product; of one that nobody named as it would be written here.

        What shares a book with a product that was named is that one.
        """
        if raw not in self._symbols:
            raw = next((mine for mine, other in self.aliases.items() if other == raw), raw)
        return super().id(raw) if raw in self._symbols else super().id(raw.replace("-", "/"))


def moment(text: str) -> datetime:
    """Return a time of the venue's, which it writes to the nanosecond."""
    return datetime.fromisoformat(text)


def written(at: datetime) -> str:
    """Return a time as the venue writes it."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def plain(number: Decimal) -> str:
    """Return a number as the venue reads it: no exponent, no zeros behind."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def configuration(ticket: Ticket) -> dict[str, Any]:
    """Return what an order is, in the venue's words."""
    size = {"base_size": plain(ticket.qty)}
    if ticket.kind is Kind.MARKET:
        return {"market_market_ioc": size}
    limit = {**size, "limit_price": plain(cast(Decimal, ticket.limit))}
    if ticket.kind is Kind.STOP_LIMIT:
        stop = {
            "stop_price": plain(cast(Decimal, ticket.trigger)),
            "stop_direction": _UP if ticket.side == 1 else _DOWN,
        }
        return {_STOP: {**limit, **stop}}
    if ticket.tif == "gtc":
        limit = {**limit, "post_only": ticket.post_only}  # type: ignore[dict-item]
    return {_LIMITS[ticket.tif]: limit}


def unfit(ticket: Ticket, can: Capabilities, account: str) -> str:
    """Return why a ticket has no words at the venue; empty: it has."""
    rule, kind, limited = can.keys, ticket.kind, ticket.kind is not Kind.MARKET
    if not ticket.instrument.startswith(f"{account}:"):
        return f"instrument {ticket.instrument!r} is of another account"
    if len(ticket.key) > rule.max_len or not ticket.key or set(ticket.key) - set(rule.alphabet):
        return f"key {ticket.key!r} is not of the venue's form"
    fits = {Kind.MARKET: {"gtc", "ioc"}, Kind.LIMIT: set(can.tifs), Kind.STOP_LIMIT: {"gtc"}}
    if ticket.tif not in fits.get(kind, ()):
        return f"no {kind.value} order with {ticket.tif} here"
    if ticket.post_only and (kind is not Kind.LIMIT or ticket.tif != "gtc"):
        return "only a limit order that stays may be post-only here"
    if limited and ticket.limit is None:
        return f"a {kind.value} order without a limit price"
    if kind is Kind.STOP_LIMIT and ticket.trigger is None:
        return "a stop_limit order without a trigger price"
    if kind is Kind.STOP_LIMIT and _crossed(ticket):
        return "here a stop's limit lies at its trigger or beyond it"
    return "a market order's price cannot be bounded here" if ticket.worst is not None else ""


def _crossed(ticket: Ticket) -> bool:
    """Return whether a stop's limit is better than its trigger, which the venue refuses."""
    limit, trigger = cast(Decimal, ticket.limit), cast(Decimal, ticket.trigger)
    return (limit - trigger) * ticket.side < 0


# ---- names ---------------------------------------------------------------------------------
def refs_of(row: Mapping[str, Any]) -> Refs:
    """Return all names of an order, of a row or of an event."""
    raw = row["product_id"]
    ours = {client_ref(raw, row["client_order_id"])} if row.get("client_order_id") else set()
    return frozenset(ours | {order_ref(raw, row["order_id"])})


# ---- rows ----------------------------------------------------------------------------------
def side(word: str) -> Side:
    """Return a side."""
    return 1 if word == "BUY" else -1


def order(row: Mapping[str, Any], names: Names, via: Via, at: datetime) -> OrderFact:
    """Return an order's state from a row of the venue's, which does not tell of when it is."""
    instrument = names.id(row["product_id"])
    key = row.get("client_order_id") or None
    return OrderFact(
        at=at, via=via, key=key, refs=refs_of(row), instrument=instrument,
        state=STATES[row["status"]], filled=Decimal(row.get("filled_size") or 0),
        ticket=ticket(row, key or "", instrument),
        text=row.get("reject_message") or row.get("cancel_message") or "",
    )  # fmt: skip


def streamed(row: Mapping[str, Any], names: Names, at: datetime) -> OrderFact:
    """Return an order's state from the account's stream."""
    return OrderFact(
        at=at, via="stream", key=row.get("client_order_id") or None, refs=refs_of(row),
        instrument=names.id(row["product_id"]), state=STATES[row["status"]],
        filled=Decimal(row.get("cumulative_quantity") or 0), ticket=None,
        reason=_reason(row.get("reject_reason") or ""),
        text=row.get("reject_reason") or row.get("cancel_reason") or "",
    )  # fmt: skip


def _reason(word: str) -> Reason | None:
    if not word or "UNSPECIFIED" in word.upper():
        return None
    return Reason.FUNDS if "INSUFFICIENT" in word.upper() else Reason.OTHER


def ticket(row: Mapping[str, Any], key: Key, instrument: str) -> Ticket | None:
    """Return an order as a ticket; None: it is of a kind that we do not send."""
    told = row.get("order_configuration") or {}
    name = next(iter(told), "")
    words = told.get(name) or {}
    if not Decimal(words.get("base_size") or 0):
        return None
    way = side(row["side"])
    shape: dict[str, Any] = {
        "key": key, "instrument": instrument, "side": way, "qty": Decimal(words["base_size"]),
    }  # fmt: skip
    if name == "market_market_ioc":
        return Ticket(kind=Kind.MARKET, **shape)
    if name in _TIFS:
        return Ticket(
            kind=Kind.LIMIT, limit=Decimal(words["limit_price"]), tif=_TIFS[name],  # type: ignore[arg-type]
            post_only=bool(words.get("post_only")), **shape,
        )  # fmt: skip
    if name == _STOP and words.get("stop_direction") == (_UP if way == 1 else _DOWN):
        limit, trigger = Decimal(words["limit_price"]), Decimal(words["stop_price"])
        return Ticket(kind=Kind.STOP_LIMIT, limit=limit, trigger=trigger, **shape)
    return None
