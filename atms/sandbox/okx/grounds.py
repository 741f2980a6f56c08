"""What each kind of OKX's markets stands on: names, sizes, keys with passphrases, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from atms.sandbox.okx.refusals import WOULD_TAKE, Refused, refuse
from atms.sandbox.venue.desk import Desk
from atms.sandbox.venue.exchange import Exchange
from atms.sandbox.venue.grounds import Grounds
from atms.sandbox.venue.ids import api_key
from atms.sandbox.venue.keys import ApiKey
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.matching import facts
from atms.sandbox.venue.orders import Fill, Order, Wish
from atms.sandbox.venue.refusals import Why
from atms.sandbox.venue.symbols import Symbol
from atms.sandbox.venue.throttle import Throttle

UID = "44705892343619584"  # of the one account
NAMELESS = "~"  # begins the client id of an order that came without one
PER = 2000  # milliseconds in which every limit counts
_AWAY = 1_700_000_000_000_000_000  # where a busy venue's numbers stand


class OkxExchange(Exchange):
    """Client ids are taken while an order of any symbol that has one is open.

    Attributes:
        sources: order's id -> why the venue ended it, by its code.
    """

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.sources: dict[int, str] = {}

    def admit(self, wish: Wish) -> None:
        """Check what the matching engine checks, but the balance."""
        named = self.desk.named(wish.client_id)
        if named is not None and named.is_open:
            raise self.refuse(Why.DUPLICATE)
        super().admit(wish)

    def place(self, wish: Wish) -> Order:
        """Take an order and let it trade; one that must not take and would is ended at once."""
        try:
            return super().place(wish)
        except Refused as refused:
            if refused.code != WOULD_TAKE:
                raise
        order = self.new_order(wish)
        self.desk.add(order)
        self.sources[order.id] = "31"
        self.desk.report(order, "NEW")
        self.desk.truth.note("order", **facts(order))
        self.cancel(order)
        return order

    def source(self, order: Order) -> str:
        """Return why an order has ended, by the venue's code; empty: it has not, or is filled."""
        if order.status == "CANCELED":
            return self.sources.get(order.id, "1")
        if order.status == "EXPIRED":
            return "13" if order.wish.tif == "FOK" else "14"
        return ""


class OkxGrounds(Grounds):
    """Markets by the venue's names, its keys and limits.

    Attributes:
        kind: of its instruments.
        limits: name of an endpoint's limit -> what counts it.
    """

    kind = "SPOT"
    config: Any  # with what every OKX of the sandbox is made with
    desk: Desk
    exchange: OkxExchange

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.limits: dict[str, Throttle] = {}

    def refuse(self, why: Why) -> Exception:
        """Return the error that this venue answers with."""
        return refuse(why)

    def _make_keys(self) -> dict[str, ApiKey]:
        word = self.config.passphrase or api_key()[:16]
        keys: Mapping[str, ApiKey] = super()._make_keys()
        return {name: replace(key, passphrase=word) for name, key in keys.items()}

    def take(self, name: str, limit: int, of: str) -> None:
        """Count a request.

        Raises:
            Refused: it is one too many of its endpoint's.
        """
        most = limit * self.config.limits_times
        throttle = self.limits.setdefault(name, Throttle(self.clock, PER, most))
        if not throttle.take(of):
            raise Refused("50011")

    # ---- names and sizes --------------------------------------------------------------------
    def inst_of(self, symbol: Symbol) -> str:
        """Return how the venue writes a symbol: ``BTC-USDT``."""
        return f"{symbol.base}-{symbol.quote}"

    def size_of(self, symbol: Symbol) -> Decimal:
        """Return what the venue counts as one, in units of the base asset."""
        return Decimal(1)

    def told(self, symbol: Symbol, qty: Decimal) -> str:
        """Return a quantity as the venue counts and writes it."""
        return plain(qty / self.size_of(symbol))

    def named(self, inst_id: str) -> Market:
        """Return the market of ``BTC-USDT``.

        Raises:
            Refused: there is none.
        """
        for market in self.markets.values():
            if self.inst_of(market.symbol) == inst_id:
                return market
        raise Refused("51001")

    def fills(self) -> list[Fill]:
        """Return the account's executions that queries tell, the newest first."""
        now = self.clock.now()
        every = [fill for fills in self.desk.fills.values() for fill in fills]
        told = [fill for fill in every if fill.seen_from <= now]
        return sorted(told, key=lambda fill: fill.id, reverse=True)

    def bill_of(self, fill: Fill) -> int:
        """Return the number of an execution's bill."""
        return fill.id


def plain(number: Decimal | None) -> str:
    """Return a number as the venue writes it; empty: there is none."""
    if number is None:
        return ""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def far(number: int) -> str:
    """Return a number of an order or of a bill as the venue has them."""
    return str(_AWAY + number)


def near(text: str) -> int:
    """Return the number that the venue wrote so."""
    return int(text) - _AWAY if text.isdigit() else -1


def client_id(order: Order) -> str:
    """Return the client id that an order came with; empty: none."""
    return "" if order.own_id.startswith(NAMELESS) else order.own_id
