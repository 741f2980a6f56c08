"""The account's events, to the connections that asked for them."""

from __future__ import annotations

from decimal import Decimal

from atms.sandbox.kucoin import events
from atms.sandbox.kucoin.replies import Json
from atms.sandbox.kucoin.venue import KucoinVenue
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import Fill, Order
from atms.sandbox.venue.wires import Wire

PRIVATE = (events.ORDERS, events.ORDERS_V1, events.BALANCES)
_KINDS = {"NEW": "received", "CANCELED": "canceled", "EXPIRED": "canceled"}
_FROM_WITHOUT = "transfer"  # what moves a balance that no order has moved


class Users:
    """Who listens to the account; watches its desk."""

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue
        self._listeners: dict[str, dict[Wire, None]] = {topic: {} for topic in PRIVATE}
        wallet = venue.desk.wallet
        self._told: dict[str, tuple[Decimal, Decimal]] = {
            asset: (wallet.free[asset], wallet.locked[asset]) for asset in wallet.free
        }
        self._number = 354_689_988_084_000
        self._event = _FROM_WITHOUT
        venue.desk.watchers.append(self.changed)
        venue.desk.balance_watchers.append(self.balances)

    def join(self, topic: str, wire: Wire) -> None:
        """Let a connection hear a topic."""
        self._listeners[topic][wire] = None

    def leave(self, topic: str, wire: Wire) -> None:
        """Let a connection hear a topic no more."""
        self._listeners[topic].pop(wire, None)

    def changed(self, order: Order, kind: str, fill: Fill | None) -> None:
        """Tell what happened to an order; one that is filled is told as over besides."""
        now = self._venue.clock.now()
        self._event = "trade" if fill is not None else "hold"
        if fill is not None:
            self._order(events.order_change(order, "match", now, fill))
            if order.status == "FILLED":
                self._order(events.order_change(order, "filled", now))
        elif kind in _KINDS:
            self._order(events.order_change(order, _KINDS[kind], now))

    def rests(self, order: Order) -> None:
        """Tell that an order stands on the book."""
        self._order(events.order_change(order, "open", self._venue.clock.now()))

    def _order(self, message: Json) -> None:
        """Say an order's change; the older topic has no word for one that was just received."""
        self._say(events.ORDERS, message)
        if message["data"]["type"] != "received":
            self._say(events.ORDERS_V1, message | {"topic": events.ORDERS_V1})

    def balances(self, assets: tuple[str, ...]) -> None:
        """Tell what balances have become."""
        wallet, now = self._venue.desk.wallet, self._venue.clock.now()
        event, self._event = self._event, _FROM_WITHOUT
        for asset in assets:
            held, before = (wallet.free[asset], wallet.locked[asset]), self._told.get(asset)
            self._told[asset] = held
            self._number += 1
            message = events.balance(
                asset, *held, before or (ZERO, ZERO), event=event, number=self._number, now=now
            )
            self._say(events.BALANCES, message)

    def _say(self, topic: str, message: Json) -> None:
        for wire in list(self._listeners[topic]):
            wire.event(message)
