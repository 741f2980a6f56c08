"""The venue behind the wires of Bybit's linear contracts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from atms.sandbox.bybit.refusals import Refused
from atms.sandbox.bybit.venue import BybitGrounds, Execution, TakesIn
from atms.sandbox.bybitlinear.config import BybitLinearConfig
from atms.sandbox.bybitlinear.refusals import LINEAR
from atms.sandbox.bybitlinear.rows import LinearRows
from atms.sandbox.venue.config import MarketConfig
from atms.sandbox.venue.futures.contracts import Contract
from atms.sandbox.venue.futures.desk import CashRow, FuturesDesk
from atms.sandbox.venue.futures.exchange import FuturesExchange
from atms.sandbox.venue.futures.venue import FuturesVenue
from atms.sandbox.venue.orders import ALGO, Wish
from atms.sandbox.venue.refusals import Why


class LinearExchange(FuturesExchange, TakesIn):
    """What the account may do; a conditional order is one order, before it fires and after."""

    def check(self, wish: Wish) -> None:
        """Check bounds first, which have codes of their own, and what has waited to be met."""
        symbol = wish.symbol
        most = symbol.max_market_qty if wish.price is None else symbol.max_qty
        if wish.qty is not None and wish.qty > most:
            raise Refused(10001, "The number of contracts exceeds maximum limit allowed: too large")
        if wish.price is not None and wish.price > symbol.max_price:
            raise Refused(110003, "Order price exceeds the allowable range.")
        waiting = sum(order.type in ALGO and not order.working
                      for order in self.desk.open(symbol.name))  # fmt: skip
        if wish.type in ALGO and waiting >= symbol.max_algo_orders:
            raise Refused(110009, "The number of stop orders exceeds the maximum allowable limit.")
        super().check(wish)

    def admit(self, wish: Wish) -> None:
        """Check ids, what reduces, and the trigger: it says where it stands to the last price."""
        if wish.stop is not None and self._is_met(wish):
            rises = (wish.side == "BUY") == wish.type.startswith("STOP_LOSS")
            last = self.markets[wish.symbol.name].last
            code, words, sign = (110092, "Rising", "<=") if rises else (110093, "Falling", ">=")
            raise Refused(
                code, f"expect {words}, but trigger_price[{wish.stop}] {sign} current[{last}]??"
                "LastPrice",
            )  # fmt: skip
        super().admit(wish)


class BybitLinearVenue(BybitGrounds, FuturesVenue):
    """The linear contracts of one unified trading account."""

    category = "linear"
    refusals = LINEAR
    places = LinearExchange
    config: BybitLinearConfig
    desk: FuturesDesk
    exchange: LinearExchange
    rows: LinearRows

    def __init__(self, config: BybitLinearConfig) -> None:
        super().__init__(config)
        self.rows = LinearRows(self)

    def refuse(self, why: Why) -> Exception:
        """Return the error that this venue answers with."""
        return Refused(*self.refusals[why])

    def executions(self) -> list[Execution]:
        """Return fills, and funding, which the venue lists among them."""
        paid = [
            Execution(row.id, row.time, row.symbol, None, self._funding(row))
            for row in self.desk.cash
            if row.kind == "FUNDING"
        ]
        return [*super().executions(), *paid]

    def _funding(self, row: CashRow) -> Callable[[], dict[str, Any]]:
        return lambda: self.rows.funding(row)

    def _symbol(self, market: MarketConfig, base: str, quote: str, tick: Decimal) -> Contract:
        made = super()._symbol(market, base, quote, tick)
        return replace(
            made, max_orders=self.config.open_orders,
            max_algo_orders=self.config.conditional_orders,
        )  # fmt: skip
