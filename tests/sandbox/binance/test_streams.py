"""Market streams and the account's events, as ccxt's websocket client and a plain one hear them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.server import Sandbox
from atms.sandbox.venue.config import MarketConfig
from tests.sandbox.binance.bench import SYMBOL, Events, client, order, played

aiohttp = pytest.importorskip("aiohttp")
_HOUR = 3_600_000
_START = 1_700_000_000_000 // _HOUR * _HOUR


class Plain:
    """A plain websocket client."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    async def ask(self, method: str, params: Any, number: int = 1) -> Any:
        """Send a request, and return the next message."""
        await self._socket.send_str(json.dumps({"method": method, "params": params, "id": number}))
        return await self.next()

    async def next(self) -> Any:
        """Return the next message; None when the connection has ended."""
        message = await asyncio.wait_for(self._socket.receive(), 5)
        return json.loads(message.data) if message.type == aiohttp.WSMsgType.TEXT else None


@asynccontextmanager
async def plain(sandbox: Sandbox, path: str) -> AsyncIterator[Plain]:
    """Connect a plain websocket client."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(sandbox.url + path) as socket,
    ):
        yield Plain(socket)


def test_subscriptions_are_made_listed_and_ended() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws") as wire:
            assert await wire.ask("SUBSCRIBE", ["btcusdt@trade"], 7) == {"result": None, "id": 7}
            assert (await wire.ask("LIST_SUBSCRIPTIONS", []))["result"] == ["btcusdt@trade"]
            assert (await wire.ask("UNSUBSCRIBE", ["btcusdt@trade"]))["result"] is None
            sandbox.market.print(50_001, 1)
            assert (await wire.ask("LIST_SUBSCRIPTIONS", []))["result"] == []

    played(body)


def test_wrong_requests_on_a_stream_are_answered_with_their_error() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws") as wire:
            assert (await wire.ask("SUBSCIBE", []))["error"]["code"] == 2
            assert (await wire.ask("SET_PROPERTY", ["combine", True]))["error"]["code"] == 0
            assert (await wire.ask("GET_PROPERTY", ["combined"]))["result"] is False

    played(body)


def test_more_messages_a_second_than_allowed_end_the_connection() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws") as wire:
            heard = 0
            while await wire.ask("LIST_SUBSCRIPTIONS", []) is not None and heard < 20:
                heard += 1
        assert heard in range(5, 12)  # the count starts anew with a second

    played(body)


def test_a_print_is_told_as_trade_and_as_aggregate() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        streams = "/stream?streams=btcusdt@trade/btcusdt@aggTrade"
        async with plain(sandbox, streams) as wire:
            await wire.ask("LIST_SUBSCRIPTIONS", [])
            sandbox.market.print(49_999, "0.5", time=_START + 10 * _HOUR**2)
            trade, aggregate = await wire.next(), await wire.next()
        assert (trade["stream"], aggregate["stream"]) == ("btcusdt@trade", "btcusdt@aggTrade")
        data = trade["data"]
        assert (data["p"], data["q"], data["m"]) == ("49999.00000000", "0.50000000", True)
        assert data["T"] == _START + 10 * _HOUR**2
        assert abs(data["E"] - sandbox.clock.now()) < 5000
        assert aggregate["data"]["a"] == data["t"]

    played(body)


def test_a_kline_grows_and_is_told_closed_once() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws/btcusdt@kline_1h") as wire:
            await wire.ask("LIST_SUBSCRIPTIONS", [])
            sandbox.market.bar(100, 110, 90, 105, 12, start=_START)
            told = [await wire.next() for _ in range(len(sandbox.market.trades) + 1)]
        klines = [one["k"] for one in told]
        assert [one["x"] for one in klines] == [False] * (len(klines) - 1) + [True]
        last = klines[-1]
        assert (last["t"], last["T"]) == (_START, _START + _HOUR - 1)
        assert [float(last[name]) for name in "ohlcv"] == [100, 110, 90, 105, 12]
        assert last["n"] == len(sandbox.market.trades)

    played(body, SandboxConfig(markets=(MarketConfig(timeframe="1h"),)), last=None)


def test_klines_over_rest_are_those_that_the_stream_closed() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws/btcusdt@kline_1h") as wire:
            await wire.ask("LIST_SUBSCRIPTIONS", [])
            sandbox.market.bar(100, 110, 90, 105, 12, start=_START)
            told = [await wire.next() for _ in range(len(sandbox.market.trades) + 1)]
        k = told[-1]["k"]
        row = (await exchange.public_get_klines({"symbol": "BTCUSDT", "interval": "1h"}))[0]
        names = ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q")
        assert row == [*(k[name] for name in names), "0"]

    played(body, SandboxConfig(markets=(MarketConfig(timeframe="1h"),)), last=None)


def test_the_best_prices_are_told_when_they_move() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws/btcusdt@bookTicker") as wire:
            await wire.ask("LIST_SUBSCRIPTIONS", [])
            sandbox.market.print(50_010, 1)
            first = await wire.next()
            assert (first["b"], first["a"]) == ("50009.99000000", "50010.00000000")
            await exchange.private_post_order(order(price="50009.99"))
            second = await wire.next()
            assert float(second["B"]) == float(first["B"]) + 0.01

    played(body)


def test_ccxt_keeps_the_book_by_the_diffs() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        task = asyncio.create_task(exchange.watch_order_book(SYMBOL))
        for k in range(40):
            sandbox.market.print(50_000 + k, 1)
            await asyncio.sleep(0.05)
            if task.done():
                break
        await task
        sandbox.market.print(50_500, 1)
        for _ in range(30):
            book = await exchange.watch_order_book(SYMBOL)
            if book["asks"][0][0] == 50_500:
                break
        want = await exchange.fetch_order_book(SYMBOL)
        assert book["bids"][:5] == want["bids"][:5]
        assert book["asks"][:5] == want["asks"][:5]

    played(body)


def test_a_part_of_the_book_is_told_at_its_pace() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws/btcusdt@depth5@100ms") as wire:
            heard = await wire.next()
        assert len(heard["bids"]) == len(heard["asks"]) == 5

    played(body)


def test_ccxt_hears_orders_trades_and_balances() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.load_markets()
        orders = asyncio.create_task(exchange.watch_orders(SYMBOL))
        trades = asyncio.create_task(exchange.watch_my_trades(SYMBOL))
        balance = asyncio.create_task(exchange.watch_balance())
        while not sandbox.truth.of("request") or not any(
            "subscribe" in one["name"] for one in sandbox.truth.of("request")
        ):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        made = await exchange.create_order_ws(SYMBOL, "market", "buy", 0.01)
        assert made["status"] == "closed"
        assert (await orders)[0]["id"] == made["id"]
        trade = (await trades)[0]
        assert (trade["amount"], trade["price"], trade["takerOrMaker"]) == (0.01, 50_000, "taker")
        assert (await balance)["BTC"]["free"] == 1.00999

    played(body)


def test_ccxt_hears_bars_and_prints() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.load_markets()
        bars = asyncio.create_task(exchange.watch_ohlcv(SYMBOL, "1m"))
        trades = asyncio.create_task(exchange.watch_trades(SYMBOL))
        for _ in range(200):
            await asyncio.sleep(0.01)
            sandbox.market.print(50_001, 1)
            if bars.done() and trades.done():
                break
        assert (await trades)[0]["price"] == 50_001
        assert (await bars)[0][4] == 50_001

    played(body)


def test_a_fill_is_told_to_every_connection_that_listens() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        other = client(sandbox)
        try:
            mine, theirs = await Events(exchange).start(), await Events(other).start()
            await exchange.create_order(SYMBOL, "market", "buy", 0.01)
            await mine.until("NEW", "TRADE")
            await theirs.until("NEW", "TRADE")
            assert mine.all == theirs.all
        finally:
            await other.close()

    played(body)


def test_nobody_hears_what_happened_before() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        events = await Events(exchange).start()
        await exchange.create_order(SYMBOL, "limit", "buy", 0.01, 40_000)
        await events.until("NEW")

    played(body)


def test_a_connection_that_was_cut_is_made_again_by_ccxt() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.load_markets()
        task = asyncio.create_task(exchange.watch_trades(SYMBOL))
        await asyncio.sleep(0.2)
        sandbox.disconnect()
        with pytest.raises(Exception, match="1006"):
            await task
        again = asyncio.create_task(exchange.watch_trades(SYMBOL))
        for _ in range(200):
            await asyncio.sleep(0.01)
            sandbox.market.print(50_001, 1)
            if again.done():
                break
        assert (await again)[0]["price"] == 50_001

    played(body)


def test_pings_come_and_a_life_ends() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(sandbox.url + "/ws", autoping=False) as socket,
        ):
            heard = []
            while True:
                message = await asyncio.wait_for(socket.receive(), 5)
                heard.append(message.type)
                if message.type == aiohttp.WSMsgType.PING:
                    await socket.pong(message.data)
                else:
                    break
        assert heard.count(aiohttp.WSMsgType.PING) >= 2
        assert heard[-1] == aiohttp.WSMsgType.CLOSE

    played(body, SandboxConfig(ping=0.05, life=0.3))


def test_a_shutdown_is_announced_on_every_wire() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with (
            plain(sandbox, "/ws") as raw,
            plain(sandbox, "/stream?streams=btcusdt@trade") as combined,
            plain(sandbox, "/ws-api/v3") as api,
        ):
            await raw.ask("LIST_SUBSCRIPTIONS", [])
            await combined.ask("LIST_SUBSCRIPTIONS", [])
            await api.ask("ping", {})
            sandbox.announce_shutdown()
            assert (await raw.next())["e"] == "serverShutdown"
            assert (await combined.next())["stream"] == "!serverShutdown"
            assert (await api.next())["event"]["e"] == "serverShutdown"

    played(body)
