"""The account's orders and fills, each found by id, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.fees import Commission
from atms.sandbox.venue.ids import Counters
from atms.sandbox.venue.numbers import text
from atms.sandbox.venue.orders import ALGO, Fill, Order
from atms.sandbox.venue.truth import Truth
from atms.sandbox.venue.wallet import Wallet

# an order, what happened to it (NEW, TRADE, CANCELED, EXPIRED, REJECTED), and the fill of a TRADE
Watcher = Callable[[Order, str, Fill | None], None]
BalanceWatcher = Callable[[tuple[str, ...]], None]  # the assets that changed


class Desk:
    """What the venue knows of its one account.

    Attributes:
        orders: id -> order, every one since the start.
        fills: symbol -> fills, the oldest first.
        watchers, balance_watchers: told of every change, at once and in order.
        first_fills: called with an order when it trades for the first time.
    """

    def __init__(
        self, clock: Clock, wallet: Wallet, truth: Truth, ids: Counters, commission: Commission
    ) -> None:
        self.clock = clock
        self.wallet = wallet
        self.truth = truth
        self.ids = ids
        self.commission = commission
        self.orders: dict[int, Order] = {}
        self.fills: dict[str, list[Fill]] = {}
        self.watchers: list[Watcher] = []
        self.balance_watchers: list[BalanceWatcher] = []
        self.first_fills: list[Callable[[Order], None]] = []
        self._by_symbol: dict[str, dict[int, Order]] = {}
        self._open: dict[str, dict[int, Order]] = {}
        self._open_algo: dict[str, int] = {}
        self._latest: dict[tuple[str, str], Order] = {}
        self._named: dict[str, Order] = {}
        self._holders: dict[tuple[str, str], Order] = {}

    # ---- what is there ----------------------------------------------------------------------
    def add(self, order: Order) -> None:
        """Take a new order in."""
        symbol = order.symbol.name
        order.updated = order.time
        self.orders[order.id] = order
        self._by_symbol.setdefault(symbol, {})[order.id] = order
        self._open.setdefault(symbol, {})[order.id] = order
        self._open_algo[symbol] = self._open_algo.get(symbol, 0) + (order.type in ALGO)
        self.rename(order, order.client_id)

    def rename(self, order: Order, client_id: str) -> None:
        """Let *order* go by another client id from now on."""
        symbol = order.symbol.name
        if self._holders.get((symbol, order.client_id)) is order:
            del self._holders[symbol, order.client_id]
        order.client_id = client_id
        self._latest[symbol, client_id] = self._holders[symbol, client_id] = order
        self._named[client_id] = order

    def close(self, order: Order) -> None:
        """Take an order that is over out of those that are open; its client id is free again."""
        symbol = order.symbol.name
        if self._open[symbol].pop(order.id, None) is not None:
            self._open_algo[symbol] -= order.type in ALGO
        if self._holders.get((symbol, order.client_id)) is order:
            del self._holders[symbol, order.client_id]

    def holds(self, symbol: str, client_id: str) -> bool:
        """Return whether an open order goes by *client_id*."""
        return (symbol, client_id) in self._holders

    def find(self, symbol: str, order_id: int | None, client_id: str | None) -> Order | None:
        """Return an order by its id, by its client id, or by both, which must agree."""
        if order_id is not None:
            order = self._by_symbol.get(symbol, {}).get(order_id)
            agrees = order is not None and client_id in (None, order.client_id)
            return order if agrees else None
        return self._latest.get((symbol, client_id or ""))

    def named(self, client_id: str) -> Order | None:
        """Return the latest order of any symbol that went by *client_id*."""
        return self._named.get(client_id)

    def open(self, symbol: str) -> list[Order]:
        """Return the open orders of a symbol, the oldest first."""
        return list(self._open.get(symbol, {}).values())

    def open_counts(self, symbol: str) -> tuple[int, int]:
        """Return how many orders are open on a symbol: all, and stop orders."""
        return len(self._open.get(symbol, {})), self._open_algo.get(symbol, 0)

    def every(self, symbol: str) -> list[Order]:
        """Return all orders of a symbol, the oldest first."""
        return list(self._by_symbol.get(symbol, {}).values())

    # ---- what is told -----------------------------------------------------------------------
    def report(self, order: Order, kind: str, fill: Fill | None = None, **more: Any) -> int:
        """Tell of an order, then of the balances that it changed; return the execution id."""
        execution = self.ids.execution()
        for watcher in self.watchers:
            watcher(order, kind, fill)
        self.tell_balances()
        return execution

    def tell_balances(self) -> None:
        """Tell of the balances that changed since they were told."""
        changed = tuple(self.wallet.changed)
        if not changed:
            return
        self.wallet.changed.clear()
        for watcher in self.balance_watchers:
            watcher(changed)
        free, locked = self.wallet.free, self.wallet.locked
        self.truth.note(
            "balances", **{asset: [text(free[asset]), text(locked[asset])] for asset in changed}
        )

    def deposit(self, asset: str, amount: Decimal) -> None:
        """Add to a balance, or withdraw where *amount* is negative, and tell it."""
        self.wallet.receive(asset, amount)
        self.tell_balances()
