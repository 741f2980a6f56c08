"""Symbols and what an order on them must keep to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atms.errors import ConfigError

# The longest first: ETHUSDT ends with USDT, not with USD.
QUOTES = (
    "FDUSD", "USDT", "USDC", "TUSD", "BUSD", "BTC", "ETH", "BNB", "EUR", "TRY", "BRL", "JPY",
    "USD",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One symbol; prices in quote currency, quantities in units of the base asset.

    Attributes:
        name: base and quote in one word, ``BTCUSDT``; a dialect writes it as it likes.
        band_up, band_down: bounds of a price as multiples of the average price.
        min_trailing, max_trailing: hundredths of a percent.
        max_orders, max_algo_orders, max_lists: open at once: all, stop orders, order lists.
        max_amends: of one order.
    """

    name: str
    base: str
    quote: str
    tick: Decimal = Decimal("0.01")
    step: Decimal = Decimal("0.00001")
    max_price: Decimal = Decimal(1_000_000)
    max_qty: Decimal = Decimal(9000)
    max_market_qty: Decimal = Decimal(500)
    min_notional: Decimal = Decimal(5)
    max_notional: Decimal = Decimal(9_000_000)
    band_up: Decimal = Decimal(5)
    band_down: Decimal = Decimal("0.2")
    min_trailing: int = 10
    max_trailing: int = 2000
    max_orders: int = 200
    max_algo_orders: int = 5
    max_lists: int = 20
    max_amends: int = 10


def assets_of(name: str) -> tuple[str, str]:
    """Return base and quote asset of ``BTCUSDT``, ``BTC/USDT`` or ``BTC-USDT``.

    Raises:
        ConfigError: the quote asset cannot be told.
    """
    base, slash, quote = name.upper().replace("-", "/").partition("/")
    if slash and base and quote:
        return base, quote
    for known in QUOTES:
        if base.endswith(known) and base != known:
            return base.removesuffix(known), known
    raise ConfigError(
        f"symbol {name!r}: its quote asset cannot be told; write it with a slash: BTC/USDT"
    )
