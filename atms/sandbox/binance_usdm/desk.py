"""The account's orders, fills and income, each found by id, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from atms.sandbox.binance_usdm import events
from atms.sandbox.binance_usdm.account import Account
from atms.sandbox.binance_usdm.orders import Conditional, Fill, Order, Place
from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.ids import Counters
from atms.sandbox.venue.numbers import text
from atms.sandbox.venue.truth import Truth

Listener = Callable[[dict[str, Any]], None]


class Desk:
    """What the venue knows of its one account.

    Attributes:
        fills: symbol -> fills, the oldest first.
        income: what moved the wallet, the oldest first, as the venue tells it.
        listeners: told of every event, at once and in order.
        over: called with an order when it is over.
        hidden_until: queries tell what is placed from then on, venue milliseconds.
    """

    def __init__(self, clock: Clock, account: Account, truth: Truth, ids: Counters) -> None:
        self.clock, self.account, self.truth, self.ids = clock, account, truth, ids
        self.fills: dict[str, list[Fill]] = {}
        self.income: list[dict[str, Any]] = []
        self.listeners: list[Listener] = []
        self.over: list[Callable[[Order], None]] = []
        self.hidden_until = 0
        self._orders: dict[str, dict[int, Order]] = {}
        self._open: dict[str, dict[int, Order]] = {}
        self._latest: dict[tuple[str, str], Order] = {}
        self.conditionals: dict[int, Conditional] = {}
        self._waiting: dict[int, Conditional] = {}

    # ---- what is there ----------------------------------------------------------------------
    def add(self, order: Order) -> None:
        """Take a new order in."""
        symbol = order.symbol.name
        order.updated = order.time
        self._orders.setdefault(symbol, {})[order.id] = order
        self._open.setdefault(symbol, {})[order.id] = order
        self._latest[symbol, order.client_id] = order

    def close(self, order: Order) -> None:
        """Take an order that is over out of those that are open."""
        self._open[order.symbol.name].pop(order.id, None)
        order.updated = self.clock.now()

    def find(self, symbol: str, order_id: int | None, client_id: str | None) -> Order | None:
        """Return an order by its id, else by its client id."""
        if order_id is not None:
            return self._orders.get(symbol, {}).get(order_id)
        return self._latest.get((symbol, client_id or ""))

    def open(self, symbol: str) -> list[Order]:
        """Return the open orders of a symbol, the oldest first."""
        return list(self._open.get(symbol, {}).values())

    def every(self, symbol: str) -> list[Order]:
        """Return all orders of a symbol, the oldest first."""
        return list(self._orders.get(symbol, {}).values())

    def all_open(self) -> list[Order]:
        """Return the open orders of every symbol."""
        return [order for own in self._open.values() for order in own.values()]

    def holds(self, symbol: str, client_id: str) -> bool:
        """Return whether an open order, a conditional one too, goes by *client_id*."""
        order = self._latest.get((symbol, client_id))
        found = order is not None and order.is_open
        return found or any(one.client_id == client_id for one in self._waiting.values())

    def wait(self, one: Conditional) -> None:
        """Take a conditional order in."""
        self.conditionals[one.id] = self._waiting[one.id] = one
        one.updated = one.time

    def waiting(self, symbol: str | None = None) -> list[Conditional]:
        """Return the conditional orders that wait, the oldest first."""
        waiting = self._waiting.values()
        return [one for one in waiting if symbol in (None, one.ask.symbol.name)]

    def conditional(self, algo_id: int | None, client_id: str | None) -> Conditional | None:
        """Return a conditional order by its id, else the latest of its client id."""
        if algo_id is not None:
            return self.conditionals.get(algo_id)
        found = [one for one in self.conditionals.values() if one.client_id == client_id]
        return found[-1] if found else None

    # ---- what is told -----------------------------------------------------------------------
    def tell(self, event: dict[str, Any]) -> None:
        """Tell every listener."""
        for listener in self.listeners:
            listener(event)

    def report(self, order: Order, kind: str, fill: Fill | None = None) -> None:
        """Tell of an order."""
        self.tell(events.order_update(order, kind, self.clock.now(), fill))

    def stand(self, one: Conditional, status: str, reason: str = "") -> None:
        """Let a conditional order stand so, and tell it."""
        one.status, one.reason, one.updated = status, reason, self.clock.now()
        if status != "NEW":
            self._waiting.pop(one.id, None)
        self.tell(events.algo_update(one, one.updated))
        self.truth.note(
            "algo", algo=one.id, client_id=one.client_id, symbol=one.ask.symbol.name,
            status=status, order=one.order.id if one.order is not None else None, reason=reason,
        )  # fmt: skip

    def moved(
        self, why: str, asset: str, change: Decimal = Decimal(0), places: Iterable[Place] = ()
    ) -> None:
        """Tell of a balance, and of positions; *change*: what is neither profit nor fee."""
        now = self.clock.now()
        self.tell(events.account_update(self.account, why, asset, change, places, now))
        wallet = {one: [text(units), "0"] for one, units in self.account.wallet.items()}
        self.truth.note("balances", **{asset: wallet[asset]})

    def earn(
        self, kind: str, asset: str, amount: Decimal, symbol: str = "", trade: int | None = None
    ) -> None:
        """Add to the wallet what is no trade's, and note it; a trade's is noted only."""
        now = self.clock.now()
        row = {
            "symbol": symbol, "incomeType": kind, "income": text(amount), "asset": asset,
            "info": kind if trade is None else str(trade), "time": now,
            "tranId": self.ids.execution(), "tradeId": "" if trade is None else str(trade),
        }  # fmt: skip
        self.income.append(row)
        if trade is None:
            self.account.wallet[asset] = self.account.wallet.get(asset, Decimal(0)) + amount
            self.truth.note("income", kind=kind, asset=asset, amount=text(amount), symbol=symbol)

    def transfer(self, asset: str, amount: Decimal) -> None:
        """Bring cash in, or out where *amount* is negative, and tell it."""
        self.earn("TRANSFER", asset, amount)
        self.moved("DEPOSIT" if amount > 0 else "WITHDRAW", asset, amount)
