"""Kraken's errors: a list of words with HTTP 200 (docs.kraken.com, "Error messages")."""

from __future__ import annotations

from collections.abc import Mapping

from atms.sandbox.venue.refusals import Why


class KrakenError(Exception):
    """What the venue answers instead of a result."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


_WORDS: Mapping[Why, str] = {
    Why.UNKNOWN_SYMBOL: "EQuery:Unknown asset pair",
    Why.PRICE_STEP: "EOrder:Tick size check failed",
    Why.QTY_STEP: "EGeneral:Invalid arguments:volume",
    Why.NOTIONAL: "EOrder:Cost minimum not met",
    Why.TOO_MANY_OPEN: "EOrder:Orders limit exceeded",
    Why.DUPLICATE: "EOrder:Duplicate order",
    Why.INSUFFICIENT: "EOrder:Insufficient funds",
    Why.WOULD_TAKE: "EOrder:Post only order",
    Why.WOULD_TRIGGER: "EOrder:Invalid price",
    Why.CLOSED: "EService:Market in cancel_only mode",
}


def refuse(why: Why) -> KrakenError:
    """Return the error of a reason."""
    return KrakenError(_WORDS[why])


def argument(name: str) -> KrakenError:
    """Return the error of a parameter that is missing or malformed."""
    return KrakenError(f"EGeneral:Invalid arguments:{name}")
