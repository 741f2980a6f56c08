"""Coinbase's websockets: channels of products, and of the account."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from atms.sandbox.coinbase import replies
from atms.sandbox.coinbase.refusals import Refused
from atms.sandbox.coinbase.venue import USER, CoinbaseVenue, product_id
from atms.sandbox.venue.depth import best, levels
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import ALGO, Fill, Order
from atms.sandbox.venue.wires import Wire

Json = dict[str, Any]
Sides = dict[str, dict[Decimal, Decimal]]
_OF_PRODUCTS = frozenset({"ticker", "ticker_batch", "market_trades", "level2"})
_CHANNELS = _OF_PRODUCTS | {"heartbeats", "user"}
_FIRST = 5.0  # seconds within which something must be subscribed to
_BATCH = 50  # open orders in a message


class Session:
    """One connection, and what it listens to."""

    def __init__(self, hub: Hub, wire: Wire) -> None:
        self.channels: dict[str, set[str]] = {}
        self._hub, self._wire = hub, wire
        self._number = 0
        self._late = wire.loop.call_later(_FIRST, wire.cut)

    def hear(self, text: str) -> None:
        """Take a message of the client's."""
        try:
            message = json.loads(text)
            kind, channel = message["type"], message["channel"]
            products = set(map(str, message.get("product_ids", ())))
        except (ValueError, KeyError, TypeError):
            return self._error("failure to parse message")
        if kind not in ("subscribe", "unsubscribe") or channel not in _CHANNELS:
            return self._error(f"{kind} {channel}: no such channel")
        token = message.get("jwt", "")
        if channel == "user" and self._hub.venue.tokens.of_stream(str(token)) is None:
            return self._error("authentication failure")
        self._late.cancel()
        return self._change(kind == "subscribe", channel, products)

    def end(self) -> None:
        """Listen to nothing any more."""
        self._late.cancel()

    def _change(self, on: bool, channel: str, products: set[str]) -> None:
        try:
            for name in products if channel in _OF_PRODUCTS else ():
                self._hub.venue.product(name)
        except Refused:
            return self._error(f"{channel}: unknown product")
        now = self.channels.get(channel, set())
        if not on:
            left = now - products if products else set()
            self.channels[channel] = left
            if not left:
                del self.channels[channel]
        else:
            self.channels[channel] = now | products
            for event in self._hub.snapshot(channel, sorted(products)):
                self.say("l2_data" if channel == "level2" else channel, [event])
        told = {
            name: [USER] if name == "user" else sorted(names) or ["heartbeats"]
            for name, names in self.channels.items()
        }
        return self.say("subscriptions", [{"subscriptions": told}])

    def wants(self, channel: str, product: str) -> bool:
        """Return whether the connection listens to a product's channel."""
        return product in self.channels.get(channel, ())

    def say(self, channel: str, events: Sequence[Json], *, account: bool = False) -> None:
        """Send a message; one of the account may be struck by a fault."""
        message = {
            "channel": channel, "client_id": "",
            "timestamp": replies.stamp(self._hub.venue.clock.now()),
            "sequence_num": self._number, "events": list(events),
        }  # fmt: skip
        self._number += 1
        (self._wire.event if account else self._wire.say)(message)

    def _error(self, text: str) -> None:
        self._wire.say({"type": "error", "message": text})


class Hub:
    """Tells all connections what happens."""

    def __init__(self, venue: CoinbaseVenue) -> None:
        self.venue = venue
        self.sessions: dict[Wire, Session] = {}
        self._books: dict[str, Sides] = {}  # as they were told last
        self._beats = 0
        for market in venue.markets.values():
            market.watchers.append(self)
        venue.desk.watchers.append(self.changed)

    # ---- what a subscription begins with ----------------------------------------------------
    def snapshot(self, channel: str, products: Sequence[str]) -> list[Json]:
        """Return the events that a subscription begins with."""
        markets = [self.venue.product(name) for name in products if channel in _OF_PRODUCTS]
        if channel == "user":
            rows = self._open_orders()
            parts = [rows[at : at + _BATCH] for at in range(0, len(rows), _BATCH)] or [[]]
            return [{"type": "snapshot", "orders": part} for part in parts]
        if channel == "level2":
            self.tell_book_changes()
            return [self._whole_book(market) for market in markets]
        if channel == "market_trades":
            rows = [
                replies.trade_row(market, trade)
                for market in markets
                for trade in reversed(list(market.trades)[-_BATCH:])
            ]
            return [{"type": "snapshot", "trades": rows}]
        if channel.startswith("ticker"):
            return [{"type": "snapshot", "tickers": [self._ticker(one) for one in markets]}]
        return []

    def _open_orders(self) -> list[Json]:
        return [
            replies.order_event(order, replies.status(order))
            for order in self.venue.desk.orders.values()
            if order.is_open
        ]

    # ---- what happens -----------------------------------------------------------------------
    def printed(self, market: Market, trade: Trade) -> None:
        """Tell of a public trade, and of the prices after it."""
        name = product_id(market.symbol)
        rows, tickers = [replies.trade_row(market, trade)], None
        for session in list(self.sessions.values()):
            if session.wants("market_trades", name):
                session.say("market_trades", [{"type": "update", "trades": rows}])
            for channel in ("ticker", "ticker_batch"):
                if session.wants(channel, name):
                    tickers = tickers or [self._ticker(market)]
                    session.say(channel, [{"type": "update", "tickers": tickers}])

    def closed(self, market: Market, klines: Sequence[Forming]) -> None:
        """Say nothing: bars are asked for."""

    def changed(self, order: Order, kind: str, fill: Fill | None) -> None:
        """Tell of an order of the account's."""
        states = [replies.status(order)]
        if kind == "NEW" and not (order.type in ALGO and order.working):
            states = ["PENDING"] if order.type == "MARKET" else ["PENDING", "OPEN"]
        for state in states:
            row = replies.order_event(order, state)
            for session in list(self.sessions.values()):
                if "user" in session.channels:
                    session.say("user", [{"type": "update", "orders": [row]}], account=True)

    def _ticker(self, market: Market) -> Json:
        bids, asks = best(market, self.venue.resting(market.symbol.name))
        price = replies.number(market.last or ZERO)
        sides = {
            f"best_{side}{end}": replies.number(level[0][place]) if level else ""
            for side, level in (("bid", bids), ("ask", asks))
            for end, place in (("", 0), ("_quantity", 1))
        }
        return {
            "type": "ticker", "product_id": product_id(market.symbol), "price": price,
            "volume_24_h": "0", "low_24_h": price, "high_24_h": price, "low_52_w": price,
            "high_52_w": price, "price_percent_chg_24_h": "0", **sides,
        }  # fmt: skip

    # ---- from time to time ------------------------------------------------------------------
    async def tell_books(self) -> None:
        """Tell of changes of the books, ten times a second."""
        while True:
            await asyncio.sleep(0.1)
            self.tell_book_changes()

    async def beat(self) -> None:
        """Tell every second that the connection is there."""
        while True:
            await asyncio.sleep(1)
            self._beats += 1
            now = replies.stamp(self.venue.clock.now())
            event = {"current_time": now, "heartbeat_counter": self._beats}
            for session in list(self.sessions.values()):
                if "heartbeats" in session.channels:
                    session.say("heartbeats", [event])

    def tell_book_changes(self) -> None:
        """Tell of what has changed since the last time."""
        for market in self.venue.markets.values():
            name = product_id(market.symbol)
            listening = [one for one in self.sessions.values() if one.wants("level2", name)]
            before, now = self._books.get(name), self._sides(market)
            self._books[name] = now
            if before is None or before == now or not listening:
                continue
            updates = [
                _level(side, price, now[side].get(price, ZERO))
                for side in ("bid", "offer")
                for price in before[side] | now[side]
                if before[side].get(price) != now[side].get(price)
            ]
            event = {"type": "update", "product_id": name, "updates": updates}
            for session in listening:
                session.say("l2_data", [event])

    def _sides(self, market: Market) -> Sides:
        bids, asks = levels(market, self.venue.resting(market.symbol.name))
        return {"bid": dict(bids), "offer": dict(asks)}

    def _whole_book(self, market: Market) -> Json:
        name = product_id(market.symbol)
        updates = [
            _level(side, price, qty)
            for side, found in self._books[name].items()
            for price, qty in found.items()
        ]
        return {"type": "snapshot", "product_id": name, "updates": updates}


def _level(side: str, price: Decimal, qty: Decimal) -> Json:
    return {
        "side": side, "event_time": "1970-01-01T00:00:00Z",
        "price_level": replies.number(price), "new_quantity": replies.number(qty),
    }  # fmt: skip
