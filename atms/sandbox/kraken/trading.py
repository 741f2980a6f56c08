"""New orders and cancellations over REST (api-specs, spot-rest)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from atms.sandbox.kraken.counters import ORDER, of_cancel
from atms.sandbox.kraken.names import Pair, decoded, txid
from atms.sandbox.kraken.refusals import KrakenError, argument
from atms.sandbox.kraken.rows import sentence
from atms.sandbox.kraken.venue import KrakenVenue, client_id
from atms.sandbox.venue.keys import ApiKey
from atms.sandbox.venue.orders import Order, Wish

Json = dict[str, Any]
# A client id: a UUID with or without its dashes, or free text of up to 18 characters.
_CLIENT = re.compile(
    r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}|[\x21-\x7e]{1,18}"
)
_TYPES = ("market", "limit", "stop-loss", "stop-loss-limit", "take-profit", "take-profit-limit")
_UNKNOWN = "EOrder:Unknown order"


class Trading:
    """Orders of the one account."""

    def __init__(self, venue: KrakenVenue) -> None:
        self._venue = venue

    # ---- new orders -------------------------------------------------------------------------
    def add(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Take an order; with ``validate`` it is only looked at."""
        venue = self._venue
        market = venue.named(given.get("pair", ""))
        wish = self._wish(given, venue.pair(market.symbol.name))
        if given.get("validate", "").lower() == "true":
            venue.exchange.check(wish)
            return self._described(venue.exchange.new_order(wish))
        if not venue.counters.of_pair(market.symbol.name).take(ORDER):
            raise KrakenError("EOrder:Rate limit exceeded")
        venue.strike_order()
        order = venue.exchange.place(wish)
        return {**self._described(order), "txid": [txid(order.id)]}

    def _described(self, order: Order) -> Json:
        return {"descr": {"order": sentence(order, self._venue.pair(order.symbol.name))}}

    def _wish(self, given: Mapping[str, str], pair: Pair) -> Wish:
        kind, side = given.get("ordertype", ""), given.get("type", "")
        if kind not in _TYPES:
            raise argument("ordertype")
        if side not in ("buy", "sell"):
            raise argument("type")
        tif = given.get("timeinforce", "GTC").upper()
        if tif not in ("GTC", "IOC", "FOK") or (tif == "FOK" and not kind.endswith("limit")):
            raise argument("timeinforce")
        self._check_id(given)
        price, price2 = _price(given, "price", pair), _price(given, "price2", pair)
        stops, limited = "-" in kind, kind.endswith("limit")
        if ((stops or limited) and price is None) or (stops and limited and price2 is None):
            raise argument("price")
        flags = given.get("oflags", "").split(",")
        if "post" in flags and kind != "limit":
            raise argument("oflags")
        return Wish(
            symbol=pair.symbol, side=side.upper(),
            type="LIMIT_MAKER" if "post" in flags else kind.upper().replace("-", "_"),
            client_id=client_id(given, self._venue.ledger()), tif=tif, qty=_volume(given, pair),
            price=(price2 if stops else price) if limited else None,
            stop=price if stops else None,
        )  # fmt: skip

    def _check_id(self, given: Mapping[str, str]) -> None:
        name = given.get("cl_ord_id")
        if name is not None and (not _CLIENT.fullmatch(name) or "userref" in given):
            raise argument("cl_ord_id")

    # ---- cancellations ----------------------------------------------------------------------
    def cancel(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Cancel one order, by its number or by its client id."""
        order = self._found(given)
        if order is None or not order.is_open:
            raise KrakenError(_UNKNOWN)
        self._count(order)
        self._venue.exchange.cancel(order)
        return {"count": 1}

    def cancel_all(self, given: Mapping[str, str], key: ApiKey) -> Json:
        """Cancel every open order."""
        opened = [one for one in self._venue.desk.orders.values() if one.is_open]
        for order in opened:
            self._venue.exchange.cancel(order)
        return {"count": len(opened)}

    def _found(self, given: Mapping[str, str]) -> Order | None:
        desk = self._venue.desk
        if given.get("cl_ord_id"):
            return desk.named(given["cl_ord_id"])
        if not given.get("txid"):
            raise argument("txid")
        number = decoded(given["txid"], "O")
        return desk.orders.get(number) if number is not None else None

    def _count(self, order: Order) -> None:
        age = (self._venue.clock.now() - order.time) / 1000
        if not self._venue.counters.of_pair(order.symbol.name).take(of_cancel(age)):
            raise KrakenError("EOrder:Rate limit exceeded")


def _decimal(given: Mapping[str, str], name: str) -> Decimal | None:
    text = given.get(name, "")
    if text in ("", "0"):
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise argument(name) from None
    if not found.is_finite() or found <= 0:
        raise argument(name)
    return found


def _price(given: Mapping[str, str], name: str, pair: Pair) -> Decimal | None:
    """Return a price; one with more places than the pair has is refused by name."""
    price = _decimal(given, name)
    if price is not None and _places(price) > pair.price_places:
        raise KrakenError(
            f"EOrder:Invalid price:{pair.v2name} price can only be specified up to "
            f"{pair.price_places} decimals."
        )
    return price


def _volume(given: Mapping[str, str], pair: Pair) -> Decimal:
    volume = _decimal(given, "volume")
    if volume is None or _places(volume) > pair.qty_places:
        raise argument("volume")
    if volume < pair.symbol.step:
        raise KrakenError("EOrder:Order minimum not met")
    return volume


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
