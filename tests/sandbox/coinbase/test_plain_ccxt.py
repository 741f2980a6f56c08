"""The plain ccxt, which knows nothing of us, talks to the sandbox as it talks to Coinbase."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from atms.sandbox.coinbase.config import CoinbaseConfig
from atms.sandbox.coinbase.server import CoinbaseSandbox
from atms.sandbox.coinbase.tokens import new_key
from atms.sandbox.venue.config import MarketConfig

ccxt = pytest.importorskip("ccxt.pro", reason="it is ccxt that is asked")
BTC = "BTC/USDT"
KEY = new_key(None, None, may_withdraw=False, created=0)
Body = Callable[[CoinbaseSandbox, Any], Awaitable[None]]


def play(body: Body, key: str = KEY.key, **more: Any) -> None:
    """Run a body with a sandbox of one market at 50,000, and ccxt with the account's key."""

    async def played() -> None:
        given: dict[str, Any] = {
            "markets": (MarketConfig(depth=Decimal(5)),), "key": KEY.key, "secret": KEY.secret,
            "private_limit": 1000, "public_limit": 1000, "commission": Decimal("0.006"), **more,
        }  # fmt: skip
        async with CoinbaseSandbox(CoinbaseConfig(**given)) as sandbox:
            sandbox.market.print(50_000, 1)
            exchange = ccxt.coinbase(
                {"apiKey": key, "secret": KEY.secret, "enableRateLimit": False}
            )
            exchange.urls["api"] = {"rest": sandbox.url, "ws": sandbox.url.replace("http", "ws")}
            try:
                await body(sandbox, exchange)
            finally:
                await exchange.close()

    asyncio.run(played())


def test_markets_prices_and_bars_are_read() -> None:
    async def body(sandbox: CoinbaseSandbox, exchange: Any) -> None:
        market = (await exchange.load_markets())[BTC]
        assert (market["id"], market["taker"]) == ("BTC-USDT", 0.006)
        assert (market["precision"]["price"], market["precision"]["amount"]) == (0.01, 0.00001)
        sandbox.market.bar(50_000, 50_100, 49_900, 50_050, 4)
        since = sandbox.clock.now() - 600_000
        bars = await exchange.fetch_ohlcv(BTC, "1m", since=since)
        assert bars[-1][1:] == [50_000, 50_100, 49_900, 50_050, 4]
        book = await exchange.fetch_order_book(BTC, 5)
        assert len(book["bids"]) == 5 and book["bids"][0][0] < book["asks"][0][0]
        assert (await exchange.fetch_trades(BTC))[-1]["price"] == 50_050
        assert abs(await exchange.fetch_time() - sandbox.clock.now()) < 2000

    play(body)


def test_an_order_is_placed_filled_in_parts_and_taken_back() -> None:
    async def body(sandbox: CoinbaseSandbox, exchange: Any) -> None:
        placed = await exchange.create_order(BTC, "limit", "buy", 0.1, 49_000)
        (opened,) = await exchange.fetch_open_orders(BTC)
        assert opened["id"] == placed["id"]
        assert (opened["amount"], opened["price"], opened["side"]) == (0.1, 49_000, "buy")
        sandbox.market.print(49_000, "0.04")
        found = await exchange.fetch_order(placed["id"])
        assert (found["status"], found["filled"]) == ("open", 0.04)
        await exchange.cancel_order(placed["id"])
        found = await exchange.fetch_order(placed["id"])
        assert (found["status"], found["filled"]) == ("canceled", 0.04)
        assert await exchange.fetch_open_orders(BTC) == []
        with pytest.raises(ccxt.BadRequest):
            await exchange.cancel_order(placed["id"])
        # 0.04 at 49,000 are 1,960, of which 0.6 % are 11.76 on top
        (trade,) = await exchange.fetch_my_trades(BTC)
        assert (trade["order"], trade["amount"], trade["cost"]) == (placed["id"], 0.04, 1960)
        assert trade["fee"] == {"cost": 11.76, "currency": "USDT"}
        for params in ({}, {"v3": True}):
            held = await exchange.fetch_balance(params)
            assert held["USDT"]["total"] == pytest.approx(10_000 - 1960 - 11.76)
            assert held["BTC"]["total"] == 1.04

    play(body)


def test_a_market_order_is_filled_at_once_and_what_cannot_be_is_refused() -> None:
    async def body(sandbox: CoinbaseSandbox, exchange: Any) -> None:
        sold = await exchange.create_order(BTC, "market", "sell", 0.01)
        assert (await exchange.fetch_order(sold["id"]))["status"] == "closed"
        bought = await exchange.create_order(BTC, "market", "buy", 0.01, 50_000)
        assert (await exchange.fetch_order(bought["id"]))["filled"] > 0.0099
        with pytest.raises(ccxt.InsufficientFunds):
            await exchange.create_order(BTC, "limit", "buy", 1, 40_000)
        with pytest.raises(ccxt.ExchangeError, match="trade at once"):
            await exchange.create_order(BTC, "limit", "sell", 0.1, 40_000, {"postOnly": True})
        stop = {"stopLossPrice": 48_000}
        stopped = await exchange.create_order(BTC, "limit", "sell", 0.1, 47_900, stop)
        sandbox.market.print(48_000, 1)
        assert (await exchange.fetch_order(stopped["id"]))["status"] == "closed"
        with pytest.raises(ccxt.ExchangeError, match="was not found"):
            await exchange.fetch_order("00000000-0000-0000-0000-000000000001")

    play(body)


def test_streams_tell_trades_the_book_prices_and_orders() -> None:
    async def body(sandbox: CoinbaseSandbox, exchange: Any) -> None:
        await exchange.load_markets()
        assert (await exchange.watch_trades(BTC))[-1]["price"] == 50_000
        book = await exchange.watch_order_book(BTC)
        assert book["bids"][0][0] < book["asks"][0][0]
        assert (await exchange.watch_ticker(BTC))["last"] == 50_000
        watching = asyncio.create_task(exchange.watch_orders(BTC))
        placed = await exchange.create_order(BTC, "limit", "buy", 0.1, 49_000)
        (told,) = await watching
        assert told["id"] == placed["id"]
        sandbox.market.print(49_000, 1)
        while told["status"] != "closed":
            told = (await exchange.watch_orders(BTC))[-1]
        assert (told["id"], told["filled"], told["average"]) == (placed["id"], 0.1, 49_000)
        await exchange.watch_order_book(BTC)
        assert exchange.orderbooks[BTC]["asks"][0][0] > book["bids"][0][0]

    play(body)


def test_a_key_of_another_name_and_a_stolen_secret_are_turned_away() -> None:
    async def body(sandbox: CoinbaseSandbox, exchange: Any) -> None:
        with pytest.raises(ccxt.BaseError, match="Unauthorized"):
            await exchange.v3PrivateGetBrokerageAccounts()

    play(body, key="organizations/x/apiKeys/y")
    other = new_key(KEY.key, None, may_withdraw=False, created=0)
    play(body, secret=other.secret)


def test_too_many_requests_are_turned_away() -> None:
    async def body(sandbox: CoinbaseSandbox, exchange: Any) -> None:
        with pytest.raises(ccxt.RateLimitExceeded):
            for _ in range(8):
                await exchange.v3PublicGetBrokerageMarketProducts()

    play(body, public_limit=3)
