"""OKX's swaps without their wires: contracts, the margin account, stops, bills."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from atms.sandbox.okx.grounds import OkxExchange, OkxGrounds
from atms.sandbox.okx.refusals import Refused
from atms.sandbox.okxlinear.config import OkxLinearConfig
from atms.sandbox.venue.config import MarketConfig
from atms.sandbox.venue.futures.conditional import Conditionals
from atms.sandbox.venue.futures.contracts import Contract
from atms.sandbox.venue.futures.desk import CashRow, FuturesDesk
from atms.sandbox.venue.futures.exchange import FuturesExchange
from atms.sandbox.venue.futures.orders import Conditional, Order
from atms.sandbox.venue.futures.venue import FuturesVenue
from atms.sandbox.venue.orders import Fill
from atms.sandbox.venue.orders import Order as AnyOrder
from atms.sandbox.venue.symbols import Symbol

_LOTS = Decimal("0.01")  # of a contract: the smallest step of an order
_STOPS = 100  # that may wait at once
_SOURCES = {"reduce_only": "17", "margin": "2", "liquidation": "3"}


class SwapExchange(OkxExchange, FuturesExchange):
    """What the account may do."""

    desk: FuturesDesk

    def source(self, order: AnyOrder) -> str:
        """Return why an order has ended, by the venue's code; empty: it has not, or is filled."""
        ended = cast(Order, order).ended
        return _SOURCES[ended] if ended else super().source(order)


class OkxLinearVenue(OkxGrounds, FuturesVenue):
    """The venue behind the wires.

    Attributes:
        stops: the service that holds conditional orders.
        made_by: id of an order -> the stop that made it.
    """

    kind = "SWAP"
    config: OkxLinearConfig
    desk: FuturesDesk
    exchange: SwapExchange
    least = Decimal(0)
    places = SwapExchange

    def __init__(self, config: OkxLinearConfig) -> None:
        super().__init__(config)
        self.stops = Conditionals(self.exchange, Refused)
        self.made_by: dict[int, Conditional] = {}
        self._bills: dict[int, int] = {}  # an execution's id -> its bill's
        self.desk.cash_watchers.append(self._billed)
        self.desk.conditional_watchers.append(self._stood)

    def inst_of(self, symbol: Symbol) -> str:
        """Return how the venue writes a symbol: ``BTC-USDT-SWAP``."""
        return f"{super().inst_of(symbol)}-{self.kind}"

    def size_of(self, symbol: Symbol) -> Decimal:
        """Return units of the base asset in one contract."""
        return cast(Contract, symbol).multiplier

    def bill_of(self, fill: Fill) -> int:
        """Return the number of an execution's bill."""
        return self._bills[fill.id]

    def _billed(self, row: CashRow) -> None:
        if row.fill is not None:
            self._bills[row.fill.id] = row.id

    def _stood(self, one: Conditional) -> None:
        if one.order is not None:
            self.made_by[one.order.id] = one

    def _symbol(self, market: MarketConfig, base: str, quote: str, tick: Decimal) -> Contract:
        size = self.config.contract
        return Contract(
            name=base + quote, base=base, quote=quote, tick=tick, multiplier=size,
            step=market.step or size * _LOTS, min_notional=self.least, brackets=self.brackets,
            max_algo_orders=_STOPS,
        )  # fmt: skip
