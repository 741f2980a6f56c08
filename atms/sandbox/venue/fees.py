"""Commission: a share of what is received, or of the quote currency."""

from __future__ import annotations

from decimal import Decimal

from atms.sandbox.venue.numbers import ZERO, down
from atms.sandbox.venue.symbols import Symbol


class Commission:
    """What a fill costs.

    Args:
        rate: share of what is received, or of the price of the fill.
        in_quote: it is always paid in the quote currency, a buyer's on top of the price.

    Attributes:
        on_top: the share that a buyer pays, and must have, besides the price.
    """

    def __init__(self, rate: Decimal, *, in_quote: bool = False) -> None:
        self.rate = rate
        self.in_quote = in_quote
        self.on_top = rate if in_quote else ZERO

    def of(self, symbol: Symbol, buys: bool, price: Decimal, qty: Decimal) -> tuple[Decimal, str]:
        """Return amount and asset of the commission on a fill."""
        if buys and not self.in_quote:
            return down(qty * self.rate), symbol.base
        return down(qty * price * self.rate), symbol.quote
