"""What the venue refuses: a code and a message, as its documentation has them (errors.md)."""

from __future__ import annotations

from typing import Any

from atms.sandbox.venue.refusals import Why


class Refused(Exception):  # noqa: N818 - read as a sentence: raise Refused
    """A request is answered with an error; it leaves this package as a reply, never as an error.

    Attributes:
        code: the venue's own, negative.
        status: of HTTP, and of the websocket API.
        retry_after: seconds, for 429 and 418.
        data: what else stands in the error's body.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        status: int = 400,
        retry_after: int | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.retry_after = retry_after
        self.data = data

    def body(self) -> dict[str, Any]:
        """Return the error as JSON has it."""
        body: dict[str, Any] = {"code": self.code, "msg": self.message}
        return body | {"data": self.data} if self.data is not None else body


def missing(name: str) -> Refused:
    """Return the refusal of a request without the mandatory parameter *name*."""
    return Refused(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def missing_both(one: str, other: str) -> Refused:
    """Return the refusal of a request that has neither of two parameters."""
    return Refused(-1102, f"Param '{one}' or '{other}' must be sent, but both were empty/null!")


def not_required(name: str) -> Refused:
    """Return the refusal of a parameter that has no place in such a request."""
    return Refused(-1106, f"Parameter '{name}' sent when not required.")


def rejected(message: str) -> Refused:
    """Return the matching engine's refusal of a new order."""
    return Refused(-2010, message)


def filter_failure(name: str) -> Refused:
    """Return the refusal by the filter *name*."""
    return Refused(-1013, f"Filter failure: {name}")


def unknown_order() -> Refused:
    """Return the refusal to cancel what is not open."""
    return Refused(-2011, "Unknown order sent.")


def no_such_order() -> Refused:
    """Return the answer to a query for what is not there."""
    return Refused(-2013, "Order does not exist.")


def maintenance() -> Refused:
    """Return the answer to everything while the venue is in maintenance."""
    return Refused(-1016, "This service is no longer available.", status=503)


INVALID_SYMBOL = (-1121, "Invalid symbol.")
INSUFFICIENT = "Account has insufficient balance for requested action."
WOULD_TRIGGER = "Order would trigger immediately."
WOULD_MATCH = "Order would immediately match and take."
BAD_PRICES = "The relationship of the prices for the orders is not correct."
DUPLICATE = "Duplicate order sent."
CLOSED = "Market is closed."

_WORDS = {
    Why.UNKNOWN_SYMBOL: INVALID_SYMBOL,
    Why.DUPLICATE: (-2010, DUPLICATE),
    Why.INSUFFICIENT: (-2010, INSUFFICIENT),
    Why.WOULD_TAKE: (-2010, WOULD_MATCH),
    Why.WOULD_TRIGGER: (-2010, WOULD_TRIGGER),
    Why.CLOSED: (-2010, CLOSED),
}


def refuse(why: Why) -> Refused:
    """Return the refusal of what venues refuse alike; filters have their own words."""
    code, message = _WORDS[why]
    return Refused(code, message)
