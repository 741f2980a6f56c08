"""One sandbox venue without its wires: markets, the account, keys, limits and faults."""

from __future__ import annotations

from decimal import Decimal

from atms.sandbox.binance.chains import Chains
from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.desk import Desk
from atms.sandbox.binance.exchange import Exchange
from atms.sandbox.binance.fees import BinanceCommission
from atms.sandbox.binance.grounds import BinanceGrounds
from atms.sandbox.venue.config import MarketConfig
from atms.sandbox.venue.resting import Resting
from atms.sandbox.venue.symbols import Symbol
from atms.sandbox.venue.wallet import Wallet

UID = 354_937_868  # of the one account


class Venue(BinanceGrounds):
    """The spot venue behind the wires.

    Raises:
        ConfigError, DataError: in what it is made of.
    """

    def __init__(self, config: SandboxConfig) -> None:
        super().__init__(config)
        wallet = Wallet(config.balances, self._assets(), self.refuse)
        commission = BinanceCommission(config.commission, config.fee_asset, self._fee_price, wallet)
        self.desk = Desk(self.clock, wallet, self.truth, self.ids, commission)
        self.desk.first_fills.append(self.meter.uncount)
        self.exchange = Exchange(self.desk, self.markets)
        self.chains = Chains(self.exchange)

    def resting(self, symbol: str) -> Resting:
        """Return the account's orders on a symbol's book."""
        return self.exchange.resting(symbol)

    def hide_until(self, time: int) -> None:
        """Let queries tell an order that is placed now from *time* on, venue milliseconds."""
        self.exchange.hidden_until = time

    def _symbol(self, market: MarketConfig, base: str, quote: str, tick: Decimal) -> Symbol:
        return Symbol(
            name=base + quote,
            base=base,
            quote=quote,
            tick=tick,
            step=market.step or Decimal("0.00001"),
            max_orders=self.config.limits.open_orders,
            max_algo_orders=self.config.limits.algo_orders,
        )

    def _assets(self) -> tuple[str, ...]:
        found = dict.fromkeys(self.config.balances)
        for market in self.markets.values():
            found |= dict.fromkeys((market.symbol.base, market.symbol.quote))
        if self.config.fee_asset is not None:
            found[self.config.fee_asset] = None
        return tuple(found)

    def _fee_price(self, symbol: Symbol) -> Decimal:
        asset = self.config.fee_asset
        market = self.markets.get(f"{asset}{symbol.quote}")
        last = market.last if market is not None else None
        return last or self.config.fee_price
