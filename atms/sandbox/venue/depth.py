"""The book that everyone sees: the market's levels and the account's own orders."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from atms.sandbox.venue.market import Market
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import Order
from atms.sandbox.venue.resting import Queue, Resting

Level = tuple[Decimal, Decimal]  # price, quantity
Levels = list[Level]


def best(market: Market, resting: Resting) -> tuple[Levels, Levels]:
    """Return the best bid and the best ask, each a list of one (price, quantity) or none."""
    bids = _top(market.ladder.bids, resting.buys, -1)
    asks = _top(market.ladder.asks, resting.sells, 1)
    if bids and asks and bids[0][0] >= asks[0][0]:
        both = levels(market, resting)
        return both[0][:1], both[1][:1]
    return bids, asks


def _top(ladder: list[list[Decimal]], own: Queue, sign: int) -> Levels:
    offered = next(((level[0], level[1]) for level in ladder if level[1] > ZERO), None)
    first = own.first()
    if first is None or first.wish.price is None:
        return [offered] if offered is not None else []
    price, qty = first.wish.price, ZERO
    if offered is not None and offered[0] * sign < price * sign:
        return [offered]
    if offered is not None and offered[0] == price:
        qty = offered[1]
    return [(price, qty + sum((one.left for one in own.up_to(price * sign)), ZERO))]


def levels(market: Market, resting: Iterable[Order]) -> tuple[Levels, Levels]:
    """Return bids and asks as (price, quantity), the best first; never crossed.

    What of the market's levels an own order has outbid is not shown: it is as good as taken.
    """
    bids = {price: qty for price, qty in market.ladder.bids if qty > ZERO}
    asks = {price: qty for price, qty in market.ladder.asks if qty > ZERO}
    own_bid = own_ask = None
    for order in resting:
        price = order.wish.price
        if price is None:
            continue
        if order.buys:
            bids[price] = bids.get(price, ZERO) + order.left
            own_bid = price if own_bid is None else max(own_bid, price)
        else:
            asks[price] = asks.get(price, ZERO) + order.left
            own_ask = price if own_ask is None else min(own_ask, price)
    if own_bid is not None:
        asks = {price: qty for price, qty in asks.items() if price > own_bid}
    if own_ask is not None:
        bids = {price: qty for price, qty in bids.items() if price < own_ask}
    return sorted(bids.items(), reverse=True), sorted(asks.items())
