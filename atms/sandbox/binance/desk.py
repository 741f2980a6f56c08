"""Binance's desk: order lists, and events as the user data stream has them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atms.sandbox.binance import events
from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.desk import Desk as AnyDesk
from atms.sandbox.venue.fees import Commission
from atms.sandbox.venue.ids import Counters
from atms.sandbox.venue.lists import OrderList
from atms.sandbox.venue.orders import Fill, Order
from atms.sandbox.venue.truth import Truth
from atms.sandbox.venue.wallet import Wallet

Listener = Callable[[dict[str, Any]], None]


class Desk(AnyDesk):
    """What the venue knows of its one account.

    Attributes:
        lists: id -> order list.
        listeners: told of every event, at once and in order.
    """

    def __init__(
        self, clock: Clock, wallet: Wallet, truth: Truth, ids: Counters, commission: Commission
    ) -> None:
        super().__init__(clock, wallet, truth, ids, commission)
        self.lists: dict[int, OrderList] = {}
        self.listeners: list[Listener] = []
        self.balance_watchers.append(self._tell_position)

    def relabel(self, order: Order, cancel_id: str) -> None:
        """Let a cancelled order go by the id of its cancel (web-socket-api.md, order.cancel)."""
        symbol = order.symbol.name
        if self._latest.get((symbol, order.client_id)) is order:
            del self._latest[symbol, order.client_id]
        order.before, order.client_id = order.client_id, cancel_id
        self._latest[symbol, cancel_id] = order

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

    def _tell_position(self, changed: tuple[str, ...]) -> None:
        free, locked = self.wallet.free, self.wallet.locked
        self.tell(events.account_position(changed, free, locked, self.clock.now()))

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
