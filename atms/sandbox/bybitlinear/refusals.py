"""Bybit's refusals where contracts are traded."""

from __future__ import annotations

from collections.abc import Mapping

from atms.sandbox.venue.refusals import Why

LINEAR: Mapping[Why, tuple[int, str]] = {
    Why.UNKNOWN_SYMBOL: (10001, "params error: symbol invalid"),
    Why.PRICE_STEP: (10001, "params error: price invalid"),
    Why.QTY_STEP: (10001, "Qty invalid"),
    Why.NOTIONAL: (110094, "Order does not meet minimum order value 5USDT"),
    Why.TOO_MANY_OPEN: (110020, "Not allowed to have more than 500 active orders."),
    Why.DUPLICATE: (110072, "OrderLinkedID is duplicate"),
    Why.INSUFFICIENT: (110007, "CheckMarginRatio fail! InsufficientAB"),
    Why.WOULD_TAKE: (110103, "Only Post-Only orders are available at this stage"),
    Why.REDUCE_ONLY: (110017, "current position is zero, cannot fix reduce-only order qty"),
    Why.LEVERAGE: (110090, "Order placement failed as your position may exceed the max limit."),
    Why.CLOSED: (110066, "Trading is currently not allowed."),
}  # fmt: skip
