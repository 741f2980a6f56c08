"""What Coinbase says when it refuses: status, body, and the reasons of orders."""

from __future__ import annotations

from typing import Any

from atms.sandbox.venue.refusals import Why

REASONS = {
    Why.UNKNOWN_SYMBOL: "INVALID_PRODUCT_ID",
    Why.PRICE_STEP: "INVALID_PRICE_PRECISION",
    Why.QTY_STEP: "INVALID_SIZE_PRECISION",
    Why.NOTIONAL: "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL",
    Why.TOO_MANY_OPEN: "TOO_MANY_OPEN_ORDERS",
    Why.DUPLICATE: "DUPLICATE_CLIENT_ORDER_ID",
    Why.INSUFFICIENT: "INSUFFICIENT_FUND",
    Why.WOULD_TAKE: "INVALID_LIMIT_PRICE_POST_ONLY",
    Why.WOULD_TRIGGER: "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE",
    Why.CLOSED: "ORDER_ENTRY_DISABLED",
}


class Refused(Exception):  # noqa: N818 - read as a sentence: raise Refused
    """An answer that is none of success."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


class NotTaken(Exception):  # noqa: N818
    """An order that is not taken: told with status 200 and a reason."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(reason)
        self.reason, self.text = reason, text

    def body(self, configuration: Any) -> dict[str, Any]:
        """Return the answer."""
        preview = self.reason.startswith("PREVIEW_")
        first = "UNKNOWN_FAILURE_REASON" if preview else self.reason
        return {
            "success": False,
            "failure_reason": "UNKNOWN_FAILURE_REASON",
            "order_id": "",
            "error_response": {
                "error": first, "message": self.text, "error_details": "",
                "preview_failure_reason": self.reason if preview else f"PREVIEW_{self.reason}",
                "new_order_failure_reason": first,
            },
            "order_configuration": configuration,
        }  # fmt: skip


def invalid(text: str) -> Refused:
    """Return the answer to a request that is not of the form."""
    return Refused(400, {"error": "INVALID_ARGUMENT", "error_details": text, "message": text})


def unknown_order() -> Refused:
    """Return the answer to a question about an order that is not there."""
    text = "order with this orderID was not found"
    return Refused(404, {"error": "NOT_FOUND", "error_details": text, "message": text})


def unknown_product(name: str) -> Refused:
    """Return the answer to a question about a product that is not there."""
    text = f"product with product_id {name} was not found"
    return Refused(404, {"error": "NOT_FOUND", "error_details": text, "message": text})


def too_many() -> Refused:
    """Return the answer to a request beyond the rate."""
    said = {"id": "rate_limit_exceeded", "message": "Too many requests"}
    return Refused(429, {"errors": [said]})
