"""The futures account: wallet, positions, leverage, and the margin that all of it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from atms.sandbox.venue.futures.config import FuturesConfig
from atms.sandbox.venue.futures.contracts import Contract
from atms.sandbox.venue.futures.orders import Ask
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import Order
from atms.sandbox.venue.refusals import Refuse
from atms.sandbox.venue.wallet import Wallet


@dataclass(slots=True)
class Position:
    """Units, below 0 for a short, and the price that they were entered at.

    Attributes:
        realised: profits so far, before fees.
        updated: venue milliseconds.
    """

    qty: Decimal = ZERO
    entry: Decimal = ZERO
    realised: Decimal = ZERO
    updated: int = 0

    def profit_at(self, price: Decimal) -> Decimal:
        """Return the open profit at a price."""
        return self.qty * (price - self.entry)

    def closing(self, qty: Decimal) -> Decimal:
        """Return how many units an addition of *qty*, below 0: a removal, would close."""
        return ZERO if self.qty * qty >= 0 else min(abs(self.qty), abs(qty))

    def take(self, qty: Decimal, price: Decimal) -> Decimal:
        """Take units in, below 0: out; return the profit of what that closed."""
        after, closed = self.qty + qty, self.closing(qty)
        profit = closed * (price - self.entry) * (1 if self.qty > 0 else -1) if closed else ZERO
        if not after:
            self.entry = ZERO
        elif not closed:
            self.entry = (self.qty * self.entry + qty * price) / after
        elif (after > 0) != (self.qty > 0):
            self.entry = price
        self.qty = after
        self.realised += profit
        return profit


class MarginAccount(Wallet):
    """What the venue holds of its one account; the margin of a contract is of its quote asset.

    Args:
        mark: a symbol's mark price; 0: there is none yet.

    Attributes:
        free: asset -> wallet balance, open profits not in it; none of it is ever locked, margin
            is worked out when it is asked for.
        positions: symbol -> position.
        leverage: symbol -> what is set.
        margin_mode, hedge: of the whole account.
    """

    def __init__(
        self, config: FuturesConfig, contracts: Mapping[str, Contract],
        mark: Callable[[str], Decimal], refuse: Refuse,
    ) -> None:  # fmt: skip
        assets = tuple(dict.fromkeys(one.quote for one in contracts.values()))
        super().__init__(config.balances, assets, refuse)
        self.contracts = contracts
        self.positions = {name: Position() for name in contracts}
        self.leverage = dict.fromkeys(contracts, config.leverage)
        self.margin_mode: str = config.margin_mode
        self.hedge = config.hedge
        self.mark = mark

    def held(self) -> list[str]:
        """Return the symbols of which something is held."""
        return [name for name, one in self.positions.items() if one.qty]

    # ---- margin -----------------------------------------------------------------------------
    def notional(self, symbol: str) -> Decimal:
        """Return a position's value at the mark price, below 0 for a short."""
        return self.positions[symbol].qty * self.mark(symbol)

    def profit(self, symbol: str) -> Decimal:
        """Return a position's open profit at the mark price."""
        return self.positions[symbol].profit_at(self.mark(symbol))

    def initial(self, symbol: str) -> Decimal:
        """Return the margin that a position takes."""
        return abs(self.notional(symbol)) / self.leverage[symbol]

    def maintenance(self, symbol: str) -> Decimal:
        """Return the margin that must stay: share of the notional less `cum` of its bracket."""
        notional = abs(self.notional(symbol))
        bracket = self.contracts[symbol].bracket(notional)
        return max(ZERO, notional * bracket.maintenance - bracket.cum)

    def balance(self, asset: str) -> Decimal:
        """Return the margin balance: wallet and open profits."""
        return self.free[asset] + self._sum(self.profit, asset)

    def all_profit(self, asset: str) -> Decimal:
        """Return the open profits of all positions of an asset."""
        return self._sum(self.profit, asset)

    def all_initial(self, asset: str) -> Decimal:
        """Return the margin that all positions of an asset take."""
        return self._sum(self.initial, asset)

    def all_maintenance(self, asset: str) -> Decimal:
        """Return the margin that must stay for all positions of an asset."""
        return self._sum(self.maintenance, asset)

    def opening(self, ask: Ask, qty: Decimal) -> Decimal:
        """Return how many of an order's units would make its position larger, or turn it."""
        if ask.reduces:
            return ZERO
        signed = qty if ask.side == "BUY" else -qty
        return qty - self.positions[ask.symbol.name].closing(signed)

    def needed(self, ask: Ask, qty: Decimal) -> Decimal:
        """Return the margin that an order takes: of its opening units, at its price or the mark."""
        price = ask.price or self.mark(ask.symbol.name)
        return self.opening(ask, qty) * price / self.leverage[ask.symbol.name]

    def of_orders(self, orders: Iterable[Order], asset: str) -> Decimal:
        """Return the margin that orders take; those that wait for a price take none."""
        taken = ZERO
        for order in orders:
            if order.working and order.symbol.quote == asset and isinstance(order.wish, Ask):
                taken += self.needed(order.wish, order.left)
        return taken

    def available(self, asset: str, orders: Iterable[Order]) -> Decimal:
        """Return what new orders may take."""
        taken = self.all_initial(asset) + self.of_orders(orders, asset)
        return max(ZERO, self.balance(asset) - taken)

    def _sum(self, what: Callable[[str], Decimal], asset: str) -> Decimal:
        own = (name for name in self.held() if self.contracts[name].quote == asset)
        return sum(map(what, own), ZERO)
