"""An order as Coinbase is asked for it -> what the venue matches."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from atms.sandbox.coinbase.refusals import NotTaken, Refused, invalid
from atms.sandbox.coinbase.venue import CoinbaseVenue
from atms.sandbox.venue.orders import Wish
from atms.sandbox.venue.refusals import Why

_UP, _DOWN = "STOP_DIRECTION_STOP_UP", "STOP_DIRECTION_STOP_DOWN"
_NEEDED = {
    "market_market_ioc": (),
    "limit_limit_gtc": ("base_size", "limit_price"),
    "limit_limit_fok": ("base_size", "limit_price"),
    "sor_limit_ioc": ("base_size", "limit_price"),
    "stop_limit_stop_limit_gtc": ("base_size", "limit_price", "stop_price", "stop_direction"),
}
_MAY = {
    "market_market_ioc": ("base_size", "quote_size"), "limit_limit_gtc": ("post_only",),
}  # fmt: skip
_TIFS = {"limit_limit_fok": "FOK", "sor_limit_ioc": "IOC"}


def wish_of(venue: CoinbaseVenue, body: Mapping[str, Any]) -> Wish:
    """Return what is wished for.

    Raises:
        Refused: 400, it is not of the form.
        NotTaken: the product is unknown, or the stop's prices do not fit.
    """
    name, words = _configuration(body)
    side = body.get("side")
    if side not in ("BUY", "SELL"):
        raise NotTaken("INVALID_SIDE")
    try:
        symbol = venue.product(str(body.get("product_id"))).symbol
    except Refused:
        raise venue.refuse(Why.UNKNOWN_SYMBOL) from None
    wish = Wish(
        symbol=symbol, side=side, type="LIMIT", client_id=str(body["client_order_id"]),
        tif=_TIFS.get(name, "GTC"), qty=_number(words, "base_size"),
        quote_qty=_number(words, "quote_size"), price=_number(words, "limit_price"),
        stop=_number(words, "stop_price"),
    )  # fmt: skip
    if name == "market_market_ioc":
        if (wish.qty is None) == (wish.quote_qty is None):
            raise invalid("one of base_size and quote_size is required")
        wish.type = "MARKET"
    elif words.get("post_only"):
        wish.type = "LIMIT_MAKER"
    elif name == "stop_limit_stop_limit_gtc":
        wish.type = _stop(wish, str(words["stop_direction"]))
    return wish


def _configuration(body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    told = body.get("order_configuration")
    if not isinstance(told, dict) or len(told) != 1:
        raise invalid("order_configuration is required, with one configuration")
    name, words = next(iter(told.items()))
    if name not in _NEEDED:
        raise NotTaken("UNSUPPORTED_ORDER_CONFIGURATION")
    missing = [one for one in _NEEDED[name] if not words.get(one)]
    if missing:
        raise invalid(f"{name}: {missing[0]} is required")
    for one in words:
        if one not in (*_NEEDED[name], *_MAY.get(name, ())):
            raise invalid(f'proto: unknown field "{one}"')
    return name, words


def _number(words: Mapping[str, Any], name: str) -> Decimal | None:
    if name not in words:
        return None
    try:
        return Decimal(words[name])
    except (InvalidOperation, TypeError, ValueError):
        raise NotTaken("PREVIEW_NON_NUMERIC_ORDER_SIZE") from None


def _stop(wish: Wish, direction: str) -> str:
    """Return the kind of a stop: a loss is stopped where the price goes against the position."""
    assert wish.price is not None
    assert wish.stop is not None
    if direction not in (_UP, _DOWN):
        raise invalid(f"stop_direction: {direction!r}")
    if wish.side == "BUY" and wish.stop > wish.price:
        raise NotTaken("PREVIEW_STOP_PRICE_ABOVE_LIMIT_PRICE")
    if wish.side == "SELL" and wish.stop < wish.price:
        raise NotTaken("PREVIEW_STOP_PRICE_BELOW_LIMIT_PRICE")
    rises = direction == _UP
    return "STOP_LOSS_LIMIT" if rises == (wish.side == "BUY") else "TAKE_PROFIT_LIMIT"
