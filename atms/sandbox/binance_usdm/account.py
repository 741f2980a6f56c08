"""The futures account: wallet, positions, leverage, and the margin that all of it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from atms.sandbox.binance_usdm.config import UsdmConfig
from atms.sandbox.binance_usdm.orders import BOTH, Ask, Order, Place
from atms.sandbox.binance_usdm.symbols import Contract
from atms.sandbox.venue.futures.account import Position
from atms.sandbox.venue.numbers import ZERO


class Account:
    """What the venue holds of its one account; all margin is of one asset a contract.

    Args:
        mark: a symbol's mark price; 0: there is none yet.

    Attributes:
        wallet: asset -> balance, open profits not in it.
        positions: symbol and side -> position.
        leverage, margin_type: symbol -> what is set.
        dual_side: hedge mode.
    """

    def __init__(
        self,
        config: UsdmConfig,
        contracts: Mapping[str, Contract],
        mark: Callable[[str], Decimal],
    ) -> None:
        self.contracts = contracts
        self.wallet = dict.fromkeys((one.quote for one in contracts.values()), ZERO)
        self.wallet |= dict(config.balances)
        self.positions: dict[Place, Position] = {}
        self.leverage = dict.fromkeys(contracts, config.leverage)
        self.margin_type = dict.fromkeys(contracts, config.margin_type)
        self.dual_side = config.dual_side
        self.alias = "SgsR"  # the venue's word for the account, as in its documentation
        self._mark = mark

    def position(self, place: Place) -> Position:
        """Return a position, of no units if nothing is held."""
        return self.positions.setdefault(place, Position())

    def held(self) -> list[tuple[Place, Position]]:
        """Return the positions that are not nothing."""
        return [(place, one) for place, one in self.positions.items() if one.qty]

    def mark(self, symbol: str) -> Decimal:
        """Return a mark price."""
        return self._mark(symbol)

    # ---- margin -----------------------------------------------------------------------------
    def notional(self, place: Place) -> Decimal:
        """Return a position's value at the mark price, below 0 for a short."""
        return self.position(place).qty * self._mark(place[0])

    def initial(self, place: Place) -> Decimal:
        """Return the margin that a position takes."""
        return abs(self.notional(place)) / self.leverage[place[0]]

    def maintenance(self, place: Place) -> Decimal:
        """Return the margin that must stay: share of the notional less `cum` of its bracket."""
        notional = abs(self.notional(place))
        bracket = self.contracts[place[0]].bracket(notional)
        return max(ZERO, notional * bracket.maintenance - bracket.cum)

    def open_profit(self, asset: str) -> Decimal:
        """Return what positions of an asset would bring at the mark price."""
        return sum((one.profit_at(self._mark(place[0])) for place, one in self._of(asset)), ZERO)

    def balance(self, asset: str) -> Decimal:
        """Return the margin balance: wallet and open profits."""
        return self.wallet[asset] + self.open_profit(asset)

    def all_initial(self, asset: str) -> Decimal:
        """Return the margin that all positions of an asset take."""
        return sum((self.initial(place) for place, _ in self._of(asset)), ZERO)

    def all_maintenance(self, asset: str) -> Decimal:
        """Return the margin that must stay for all positions of an asset."""
        return sum((self.maintenance(place) for place, _ in self._of(asset)), ZERO)

    def opening(self, ask: Ask, qty: Decimal) -> Decimal:
        """Return how many of an order's units would make its position larger, or turn it."""
        if ask.reduces:
            return ZERO
        held = self.position(ask.place).qty
        if ask.side_of != BOTH:
            opens = (ask.side == "BUY") == (ask.side_of == "LONG")
            return qty if opens else ZERO
        against = held < 0 if ask.side == "BUY" else held > 0
        return max(ZERO, qty - abs(held)) if against else qty

    def of_orders(self, orders: Iterable[Order], asset: str) -> Decimal:
        """Return the margin that open orders take."""
        return sum(
            (self.needed(order.wish, order.left) for order in orders
             if order.symbol.quote == asset),
            ZERO,
        )  # fmt: skip

    def needed(self, ask: Ask, qty: Decimal) -> Decimal:
        """Return the margin that an order takes: of its opening units, at its price or the mark."""
        price = ask.price or self._mark(ask.symbol.name)
        return self.opening(ask, qty) * price / self.leverage[ask.symbol.name]

    def available(self, asset: str, orders: Iterable[Order]) -> Decimal:
        """Return what new orders may take."""
        taken = self.all_initial(asset) + self.of_orders(orders, asset)
        return max(ZERO, self.balance(asset) - taken)

    def _of(self, asset: str) -> list[tuple[Place, Position]]:
        return [
            (place, one) for place, one in self.held() if self.contracts[place[0]].quote == asset
        ]
