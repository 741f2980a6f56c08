"""A spot venue without its wires: markets, the account, keys and faults."""

from __future__ import annotations

from decimal import Decimal

from atms.sandbox.venue.config import MarketConfig, VenueConfig
from atms.sandbox.venue.desk import Desk
from atms.sandbox.venue.exchange import Exchange
from atms.sandbox.venue.fees import Commission
from atms.sandbox.venue.grounds import Grounds
from atms.sandbox.venue.resting import Resting
from atms.sandbox.venue.symbols import Symbol
from atms.sandbox.venue.wallet import Wallet


class SpotVenue(Grounds):
    """A spot venue behind the wires; a dialect gives `refuse`.

    Attributes:
        fee_in_quote: fees are paid in the quote currency; else a share of what is received.
        least: the smallest value of an order, in quote currency.
        places: the kind of `exchange`, which places and cancels.
        desk: orders and fills; ``watchers`` are told of each change.

    Raises:
        ConfigError, DataError: in what it is made of.
    """

    fee_in_quote = False
    least = Decimal(5)
    places: type[Exchange] = Exchange

    def __init__(self, config: VenueConfig) -> None:
        super().__init__(config)
        wallet = Wallet(config.balances, self.assets(), self.refuse)
        commission = Commission(config.commission, in_quote=self.fee_in_quote)
        self.desk = Desk(self.clock, wallet, self.truth, self.ids, commission)
        self.exchange = self.places(self.desk, self.markets, self.refuse)

    def resting(self, symbol: str) -> Resting:
        """Return the account's orders on a symbol's book."""
        return self.exchange.resting(symbol)

    def hide_until(self, time: int) -> None:
        """Let queries tell an order that is placed now from *time* on, venue milliseconds."""
        self.exchange.hidden_until = time

    def assets(self) -> tuple[str, ...]:
        """Return every asset that the account has or may get."""
        found = dict.fromkeys(self.config.balances)
        for market in self.markets.values():
            found |= dict.fromkeys((market.symbol.base, market.symbol.quote))
        return tuple(found)

    def _symbol(self, market: MarketConfig, base: str, quote: str, tick: Decimal) -> Symbol:
        return Symbol(
            name=base + quote, base=base, quote=quote, tick=tick,
            step=market.step or Decimal("0.00001"), min_notional=self.least,
        )  # fmt: skip
