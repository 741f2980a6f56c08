"""A futures venue without its wires: markets, the margin account, keys and faults."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from atms.errors import ConfigError
from atms.sandbox.venue.config import MarketConfig
from atms.sandbox.venue.fees import Commission
from atms.sandbox.venue.futures.account import MarginAccount
from atms.sandbox.venue.futures.config import FuturesConfig
from atms.sandbox.venue.futures.contracts import BRACKETS, Bracket, Contract
from atms.sandbox.venue.futures.desk import FuturesDesk
from atms.sandbox.venue.futures.exchange import FuturesExchange
from atms.sandbox.venue.futures.risk import Marks, Risk
from atms.sandbox.venue.grounds import Grounds
from atms.sandbox.venue.resting import Resting


class FuturesVenue(Grounds):
    """A futures venue behind the wires; a dialect gives `refuse`.

    Attributes:
        least: the smallest value of an order, in quote currency.
        brackets: of every contract.
        places: the kind of `exchange`, which places and cancels.
        desk: orders, fills, cash and positions; its watchers are told of each change.
        account: wallet, positions and margin.
        risk: ``set_mark``, ``pay``, ``fund`` and ``deleverage`` do by hand what the venue does by
            itself.

    Raises:
        ConfigError, DataError: in what it is made of.
    """

    config: FuturesConfig
    least = Decimal(5)
    brackets: tuple[Bracket, ...] = BRACKETS
    places: type[FuturesExchange] = FuturesExchange

    def __init__(self, config: FuturesConfig) -> None:
        most = self.brackets[0].leverage
        if not 1 <= config.leverage <= most:
            raise ConfigError(f"leverage {config.leverage}: write one from 1 to {most}")
        super().__init__(config)
        contracts = {name: cast(Contract, one.symbol) for name, one in self.markets.items()}
        marks = Marks(dict(self.markets))
        self.account = MarginAccount(config, contracts, marks, self.refuse)
        commission = Commission(config.commission, in_quote=True)
        self.desk = FuturesDesk(self.clock, self.account, self.truth, self.ids, commission)
        self.exchange = self.places(self.desk, self.markets, self.refuse)
        for matcher in self.exchange.contracts():
            matcher.maker = config.maker
        self.risk = Risk(self.exchange, marks, config.funding_rate, config.liquidation_fee)

    def contract(self, name: str) -> Contract:
        """Return a contract.

        Raises:
            Exception: this venue's, for UNKNOWN_SYMBOL.
        """
        return cast(Contract, self.symbol(name))

    def resting(self, symbol: str) -> Resting:
        """Return the account's orders on a symbol's book."""
        return self.exchange.resting(symbol)

    def hide_until(self, time: int) -> None:
        """Let queries tell an order that is placed now from *time* on, venue milliseconds."""
        self.exchange.hidden_until = time

    def _symbol(self, market: MarketConfig, base: str, quote: str, tick: Decimal) -> Contract:
        return Contract(
            name=base + quote, base=base, quote=quote, tick=tick,
            step=market.step or Decimal("0.001"), min_notional=self.least, brackets=self.brackets,
        )  # fmt: skip
