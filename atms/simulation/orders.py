"""What the matcher and the rules need to know of a Backtrader order."""

from __future__ import annotations

import backtrader as bt

from atms.simulation.matching import Kind
from atms.simulation.rules import Rules, refusal

_KINDS = {
    bt.Order.Market: Kind.MARKET,
    bt.Order.Limit: Kind.LIMIT,
    bt.Order.Stop: Kind.STOP,
    bt.Order.StopTrail: Kind.STOP,
    bt.Order.StopLimit: Kind.STOP_LIMIT,
    bt.Order.StopTrailLimit: Kind.STOP_LIMIT,
}


def kind_of(order: bt.Order) -> Kind:
    """Return what an order waits for; a close order and a historical one have no kind."""
    return _KINDS[order.exectype]


def trails(order: bt.Order) -> bool:
    """Return whether its stop follows the price."""
    return order.exectype in (bt.Order.StopTrail, bt.Order.StopTrailLimit)


def limit_of(order: bt.Order) -> float | None:
    """Return the price that an order may not fill beyond; Backtrader gives one to every order."""
    limit: float | None = None
    if order.exectype == bt.Order.Limit:
        limit = order.created.price
    elif order.exectype in (bt.Order.StopLimit, bt.Order.StopTrailLimit):
        limit = order.created.pricelimit
    return limit


def refusal_of(order: bt.Order, rules: Rules) -> str:
    """Return why the instrument's rules refuse an order; an empty string if they do not."""
    created = order.created
    # A trailing order's prices come from the bars, a market order has none.
    named = {
        bt.Order.Limit: [created.price],
        bt.Order.Stop: [created.price],
        bt.Order.StopLimit: [created.price, created.pricelimit],
    }.get(order.exectype, [])
    return refusal(rules, abs(created.size), named, named[-1] if named else created.pclose)
