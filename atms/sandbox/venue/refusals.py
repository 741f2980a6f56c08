"""Why a venue refuses, in nobody's words: a dialect puts them into its own."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class Why(Enum):
    """What is wrong with a request."""

    UNKNOWN_SYMBOL = "there is no such symbol"
    PRICE_STEP = "the price is no multiple of the tick, or out of bounds"
    QTY_STEP = "the quantity is no multiple of the step, or out of bounds"
    NOTIONAL = "price times quantity is too small"
    TOO_MANY_OPEN = "too many orders are open on the symbol"
    DUPLICATE = "the client id is taken"
    INSUFFICIENT = "the balance is too small"
    WOULD_TAKE = "an order that must not take would trade at once"
    WOULD_TRIGGER = "a stop would fire at once"
    REDUCE_ONLY = "an order that may only reduce would open a position"
    LEVERAGE = "the position would be too large for its leverage"
    CLOSED = "the market takes no orders now"


Refuse = Callable[[Why], Exception]  # a reason -> the error that a dialect answers with
