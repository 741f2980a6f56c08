"""One sandbox venue of futures without its wires."""

from __future__ import annotations

from decimal import Decimal

from atms.errors import ConfigError
from atms.sandbox.binance.grounds import BinanceGrounds
from atms.sandbox.binance.limits import A_MINUTE
from atms.sandbox.binance_usdm.account import Account
from atms.sandbox.binance_usdm.conditional import Algos
from atms.sandbox.binance_usdm.config import UsdmConfig
from atms.sandbox.binance_usdm.desk import Desk
from atms.sandbox.binance_usdm.exchange import Exchange
from atms.sandbox.binance_usdm.risk import Risk
from atms.sandbox.binance_usdm.symbols import BRACKETS, Contract
from atms.sandbox.venue.config import MarketConfig
from atms.sandbox.venue.futures.risk import Marks
from atms.sandbox.venue.resting import Resting


class UsdmVenue(BinanceGrounds):
    """The USD-M futures venue behind the wires.

    Attributes:
        usdm: what it is made with.
        risk: ``set_mark``, ``pay`` and ``deleverage`` do by hand what the venue does by itself.

    Raises:
        ConfigError, DataError: in what it is made of.
    """

    longer = A_MINUTE

    def __init__(self, config: UsdmConfig) -> None:
        if not 1 <= config.leverage <= BRACKETS[0].leverage:
            raise ConfigError(f"leverage {config.leverage}: write one from 1 to 125")
        self.usdm = config
        super().__init__(config)
        contracts = {name: self.contract(name) for name in self.markets}
        marks = Marks(dict(self.markets))
        self.account = Account(config, contracts, marks)
        self.desk = Desk(self.clock, self.account, self.truth, self.ids)
        self.exchange = Exchange(self.desk, self.markets, config)
        self.algos = Algos(self.exchange, config.keeps_id)
        self.risk = Risk(self.exchange, marks, config.funding_rate, config.liquidation_fee)

    def contract(self, name: str) -> Contract:
        """Return a contract.

        Raises:
            Refused: -1121.
        """
        found = self.symbol(name)
        assert isinstance(found, Contract)
        return found

    def resting(self, symbol: str) -> Resting:
        """Return the account's orders on a symbol's book."""
        return self.exchange.matchers[symbol].resting

    def hide_until(self, time: int) -> None:
        """Let queries tell an order that is placed now from *time* on, venue milliseconds."""
        self.desk.hidden_until = time

    def _symbol(self, market: MarketConfig, base: str, quote: str, tick: Decimal) -> Contract:
        limits = self.config.limits
        return Contract(
            name=base + quote, base=base, quote=quote, tick=tick,
            step=market.step or Decimal("0.001"), liquidation_fee=self.usdm.liquidation_fee,
            max_orders=limits.open_orders, max_algo_orders=limits.algo_orders,
        )  # fmt: skip
