"""Bybit's refusals: retCode and retMsg, mostly with HTTP 200."""

from __future__ import annotations

from collections.abc import Mapping

from atms.sandbox.venue.refusals import Why


class Refused(Exception):  # noqa: N818 - it is what the venue does
    """A request is not done.

    Attributes:
        status: of HTTP; a refusal is an answer like others here, 200.
    """

    def __init__(self, code: int, text: str, status: int = 200) -> None:
        super().__init__(code, text)
        self.code, self.text, self.status = code, text, status


SPOT: Mapping[Why, tuple[int, str]] = {
    Why.UNKNOWN_SYMBOL: (170121, "Invalid symbol."),
    Why.PRICE_STEP: (170134, "Order price decimal too long."),
    Why.QTY_STEP: (170137, "Order volume decimal too long"),
    Why.NOTIONAL: (170140, "Order value exceeded lower limit."),
    Why.TOO_MANY_OPEN: (170810, "Cannot exceed maximum of 500 orders."),
    Why.DUPLICATE: (170141, "Duplicate clientOrderId"),
    Why.INSUFFICIENT: (170131, "Insufficient balance."),
    Why.WOULD_TAKE: (170218, "The LIMIT-MAKER order is rejected due to invalid price."),
    Why.CLOSED: (170210, "New order rejected."),
}  # fmt: skip


def wrong(name: str) -> Refused:
    """Return the refusal of a parameter that is missing or makes no sense."""
    return Refused(10001, f"Request parameter error: {name}")


def no_order() -> Refused:
    """Return the refusal of what concerns an order that is not open."""
    return Refused(170213, "Order does not exist.")
