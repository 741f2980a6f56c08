"""A venue of Coinbase's kind without its wires."""

from __future__ import annotations

import uuid
from typing import Any

from atms.sandbox.coinbase.config import CoinbaseConfig
from atms.sandbox.coinbase.refusals import REASONS, NotTaken, unknown_product
from atms.sandbox.coinbase.tokens import Tokens, new_key
from atms.sandbox.venue.keys import ApiKey
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.refusals import Why
from atms.sandbox.venue.spot import SpotVenue
from atms.sandbox.venue.symbols import Symbol
from atms.sandbox.venue.throttle import Throttle

PORTFOLIO = "6f1c3f0e-58a0-4a0e-9d5c-2f2f8d1f7a10"
USER = "b5a0f6c2-0f0e-4f0b-8a55-0c3a5d7e9f21"
_SECOND = 1000


class CoinbaseVenue(SpotVenue):
    """The spot venue behind the wires; fees are paid in the quote currency.

    Raises:
        ConfigError, DataError: in what it is made of.
    """

    config: CoinbaseConfig
    fee_in_quote = True

    def __init__(self, config: CoinbaseConfig) -> None:
        super().__init__(config)
        self.exchange.unique = "forever"
        self.tokens = Tokens(self.clock, self.keys)
        self.private_rate = Throttle(self.clock, _SECOND, config.private_limit)
        self.public_rate = Throttle(self.clock, _SECOND, config.public_limit)
        self.banned_until = 0

    def refuse(self, why: Why) -> Exception:
        """Return the error of an order that is not taken."""
        return NotTaken(REASONS[why], why.value)

    def product(self, name: str) -> Market:
        """Return a market by the venue's name of it, ``BTC-USDT``.

        Raises:
            Refused: there is none.
        """
        market = self.markets.get(name.replace("-", ""))
        if market is None or product_id(market.symbol) != name:
            raise unknown_product(name)
        return market

    def _make_keys(self) -> dict[str, ApiKey]:
        config, now = self.config, self.clock.now()
        first = new_key(config.key, config.secret, may_withdraw=False, created=now)
        keys = {first.key: first}
        if config.may_withdraw:
            second = new_key(None, None, may_withdraw=True, created=now)
            keys[second.key] = second
        return keys


def product_id(symbol: Symbol) -> str:
    """Return how the venue writes a symbol."""
    return f"{symbol.base}-{symbol.quote}"


def order_id(number: int) -> str:
    """Return how the venue writes an order's number."""
    return str(uuid.UUID(int=number))


def order_number(text: Any) -> int:
    """Return the number that an order's id stands for; -1: it is none."""
    try:
        return uuid.UUID(str(text)).int
    except ValueError:
        return -1
