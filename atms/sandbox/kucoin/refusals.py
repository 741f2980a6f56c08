"""How KuCoin refuses: its codes and messages (docs-new, "Enums Definitions", error codes).

Where its documents give a code without words, the words are those that users have shown.
"""

from __future__ import annotations

from typing import Any

from atms.sandbox.venue.refusals import Why

NOT_THERE = ("400100", "order_not_exist_or_not_allow_to_cancel")
BY_REASON = {
    Why.UNKNOWN_SYMBOL: ("900001", "symbol not exists"),
    Why.PRICE_STEP: ("600100", "Price increment invalid."),
    Why.QTY_STEP: ("600100", "Order size increment invalid."),
    Why.NOTIONAL: ("600100", "Funds below the minimum requirement."),
    Why.TOO_MANY_OPEN: ("200003", "Number of orders breached the limit."),
    Why.DUPLICATE: ("400100", "validation.createOrder.clientOidDuplicated"),
    Why.INSUFFICIENT: ("200004", "Balance insufficient!"),
    Why.CLOSED: ("200001", "Order creation for this pair suspended."),
}


class Refused(Exception):  # noqa: N818 - read as a sentence: raise Refused
    """The venue refuses.

    Attributes:
        code: the venue's own.
        status: of HTTP; most refusals have 200.
    """

    def __init__(self, code: str, text: str, status: int = 200) -> None:
        super().__init__(code, text)
        self.code, self.text, self.status = code, text, status

    def body(self) -> dict[str, Any]:
        """Return the reply."""
        return {"code": self.code, "msg": self.text}


def refused(why: Why) -> Refused:
    """Return the refusal of a reason."""
    return Refused(*BY_REASON[why])
