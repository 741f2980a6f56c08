"""The account's orders, fills and lists, each found by id, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atms.sandbox.binance import events
from atms.sandbox.binance.clock import Clock
from atms.sandbox.binance.fees import Commission
from atms.sandbox.binance.ids import Counters
from atms.sandbox.binance.lists import OrderList
from atms.sandbox.binance.numbers import text
from atms.sandbox.binance.orders import ALGO, Fill, Order
from atms.sandbox.binance.truth import Truth
from atms.sandbox.binance.wallet import Wallet

Listener = Callable[[dict[str, Any]], None]


class Desk:
    """What the venue knows of its one account.

    Attributes:
        orders: id -> order, every one since the start.
        fills: symbol -> fills, the oldest first.
        lists: id -> order list.
        listeners: told of every event, at once and in order.
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
        self.lists: dict[int, OrderList] = {}
        self.listeners: list[Listener] = []
        self.first_fills: list[Callable[[Order], None]] = []
        self._by_symbol: dict[str, dict[int, Order]] = {}
        self._open: dict[str, dict[int, Order]] = {}
        self._open_algo: dict[str, int] = {}
        self._latest: dict[tuple[str, str], Order] = {}
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

    def close(self, order: Order) -> None:
        """Take an order that is over out of those that are open; its client id is free again."""
        symbol = order.symbol.name
        if self._open[symbol].pop(order.id, None) is not None:
            self._open_algo[symbol] -= order.type in ALGO
        if self._holders.get((symbol, order.client_id)) is order:
            del self._holders[symbol, order.client_id]

    def relabel(self, order: Order, cancel_id: str) -> None:
        """Let a cancelled order go by the id of its cancel (web-socket-api.md, order.cancel)."""
        symbol = order.symbol.name
        if self._latest.get((symbol, order.client_id)) is order:
            del self._latest[symbol, order.client_id]
        order.before, order.client_id = order.client_id, cancel_id
        self._latest[symbol, cancel_id] = order

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

    def open(self, symbol: str) -> list[Order]:
        """Return the open orders of a symbol, the oldest first."""
        return list(self._open.get(symbol, {}).values())

    def open_counts(self, symbol: str) -> tuple[int, int]:
        """Return how many orders are open on a symbol: all, and stop orders."""
        return len(self._open.get(symbol, {})), self._open_algo.get(symbol, 0)

    def every(self, symbol: str) -> list[Order]:
        """Return all orders of a symbol, the oldest first."""
        return list(self._by_symbol.get(symbol, {}).values())

    def list_by_name(self, client_id: str) -> OrderList | None:
        """Return the latest order list of that client id."""
        found = [one for one in self.lists.values() if one.client_id == client_id]
        return found[-1] if found else None

    # ---- what is told -----------------------------------------------------------------------
    def tell(self, event: dict[str, Any]) -> None:
        """Tell every listener."""
        for listener in self.listeners:
            listener(event)

    def report(self, order: Order, kind: str, fill: Fill | None = None, **more: Any) -> int:
        """Tell of an order, then of the balances that it changed; return the execution id."""
        execution = self.ids.execution()
        now = self.clock.now()
        self.tell(
            events.execution_report(order, kind, now=now, execution=execution, fill=fill, **more)
        )
        self.tell_balances()
        return execution

    def tell_balances(self) -> None:
        """Tell of the balances that changed since they were told."""
        changed = tuple(self.wallet.changed)
        if not changed:
            return
        self.wallet.changed.clear()
        free, locked = self.wallet.free, self.wallet.locked
        self.tell(events.account_position(changed, free, locked, self.clock.now()))
        self.truth.note(
            "balances", **{asset: [text(free[asset]), text(locked[asset])] for asset in changed}
        )

    def deposit(self, asset: str, amount: Decimal) -> None:
        """Add to a balance, or withdraw where *amount* is negative, and tell it."""
        self.wallet.receive(asset, amount)
        self.tell(events.balance_update(asset, amount, self.clock.now()))
        self.tell_balances()

    def tell_list(self, group: OrderList, kind: str, reason: str = "NONE") -> None:
        """Tell of an order list: EXEC_STARTED, UPDATED, or ALL_DONE."""
        group.status_type = kind
        group.order_status = "ALL_DONE" if kind == "ALL_DONE" else "EXECUTING"
        group.time = self.clock.now()
        self.tell(events.list_status(group, group.time, reason))
