"""Binance's commission: a share of what is received, or BNB at a discount (commission_faq)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from atms.sandbox.venue.fees import Commission
from atms.sandbox.venue.numbers import down
from atms.sandbox.venue.symbols import Symbol
from atms.sandbox.venue.wallet import Wallet

DISCOUNT = Decimal("0.25")


class BinanceCommission(Commission):
    """What a fill costs.

    Args:
        rate: share of what is received.
        asset: paid in while there is enough of it; None: always what is received.
        price: a unit of the fee asset, in the quote currency of a symbol.
    """

    def __init__(
        self, rate: Decimal, asset: str | None, price: Callable[[Symbol], Decimal], wallet: Wallet
    ) -> None:
        super().__init__(rate)
        self.asset = asset
        self._price = price
        self._wallet = wallet

    def of(self, symbol: Symbol, buys: bool, price: Decimal, qty: Decimal) -> tuple[Decimal, str]:
        """Return amount and asset of the commission on a fill."""
        amount, asset = super().of(symbol, buys, price, qty)
        if self.asset is None or self.asset == asset:
            return amount, asset
        discounted = qty * price * self.rate * (1 - DISCOUNT)
        discounted = down(discounted / self._price(symbol))
        if self._wallet.free.get(self.asset, Decimal(0)) >= discounted:
            return discounted, self.asset
        return amount, asset
