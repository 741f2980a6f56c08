"""The plain ccxt, which knows nothing of us, talks to the sandbox as it talks to Kraken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from atms.sandbox.kraken.config import KrakenConfig
from atms.sandbox.kraken.server import KrakenSandbox
from atms.sandbox.venue.config import MarketConfig

ccxt = pytest.importorskip("ccxt.pro", reason="it is ccxt that is asked")
BTC = "BTC/USD"
MARKETS = (MarketConfig(symbol="BTC/USD", tick=Decimal("0.1"), depth=Decimal(5)),)
Body = Callable[[KrakenSandbox, Any], Awaitable[None]]


def pointed(exchange: Any, url: str) -> Any:
    """Point ccxt's object at the sandbox."""
    socket = url.replace("http", "ws")
    api = exchange.urls["api"]
    api["public"] = api["private"] = url
    api["ws"] |= {"publicV2": f"{socket}/v2", "privateV2": f"{socket}/v2", "private": socket}
    return exchange


def play(body: Body, **more: Any) -> None:
    """Run a body with a sandbox of one market at 50,000, and ccxt with the account's key."""

    async def played() -> None:
        given = {"markets": MARKETS, "balances": {"USD": Decimal(10_000), "BTC": Decimal(1)}}
        config = KrakenConfig(**{**given, "limits_times": 1000, **more})
        async with KrakenSandbox(config) as sandbox:
            sandbox.market.print(50_000, 1)
            exchange = ccxt.kraken(
                {"apiKey": sandbox.key, "secret": sandbox.secret, "enableRateLimit": False}
            )
            try:
                await body(sandbox, pointed(exchange, sandbox.url))
            finally:
                await exchange.close()

    asyncio.run(played())


def test_markets_prices_and_bars_are_read() -> None:
    async def body(sandbox: KrakenSandbox, exchange: Any) -> None:
        market = (await exchange.load_markets())[BTC]
        assert (market["id"], market["precision"]["price"]) == ("XXBTZUSD", 0.1)
        assert market["limits"]["cost"]["min"] == 0.5
        sandbox.market.bar(50_000, 50_100, 49_900, 50_050, 4)
        bars = await exchange.fetch_ohlcv(BTC, "1m", limit=5)
        assert bars[-1][1:] == [50_000, 50_100, 49_900, 50_050, 4]
        assert (await exchange.fetch_ticker(BTC))["last"] == 50_050
        book = await exchange.fetch_order_book(BTC, 5)
        assert len(book["bids"]) == 5 and book["bids"][0][0] < book["asks"][0][0]
        assert (await exchange.fetch_trades(BTC))[-1]["price"] == 50_050
        assert abs(await exchange.fetch_time() - sandbox.clock.now()) < 2000

    play(body)


def test_an_order_is_placed_filled_in_parts_and_found() -> None:
    async def body(sandbox: KrakenSandbox, exchange: Any) -> None:
        placed = await exchange.create_order(
            BTC, "limit", "buy", 0.1, 49_000, {"clientOrderId": "mine-1"}
        )
        (opened,) = await exchange.fetch_open_orders(BTC)
        assert (opened["id"], opened["clientOrderId"]) == (placed["id"], "mine-1")
        assert (opened["amount"], opened["price"], opened["side"]) == (0.1, 49_000, "buy")
        sandbox.market.print(49_000, "0.04")
        found = await exchange.fetch_order(placed["id"])
        assert (found["status"], found["filled"]) == ("open", 0.04)
        await exchange.cancel_order(placed["id"])
        found = await exchange.fetch_order(placed["id"])
        assert (found["status"], found["filled"]) == ("canceled", 0.04)
        (trade,) = await exchange.fetch_my_trades(BTC)
        # a thousandth of 0.04 x 49,000 = 1,960, in dollars
        assert (trade["amount"], trade["price"], trade["fee"]["cost"]) == (0.04, 49_000, 1.96)
        assert (trade["order"], trade["fee"]["currency"]) == (placed["id"], "USD")
        balance = await exchange.fetch_balance()
        assert balance["BTC"]["total"] == 1.04
        assert balance["USD"]["total"] == pytest.approx(10_000 - 1_961.96)
        assert balance["USD"]["used"] == 0
        (closed,) = await exchange.fetch_closed_orders(BTC)
        assert closed["clientOrderId"] == "mine-1"

    play(body)


def test_a_market_order_and_a_stop_trade() -> None:
    async def body(sandbox: KrakenSandbox, exchange: Any) -> None:
        await exchange.create_order(BTC, "market", "sell", 0.1)
        stop = await exchange.create_order(
            BTC, "market", "sell", 0.2, None, {"stopLossPrice": 48_000}
        )
        assert (await exchange.fetch_order(stop["id"]))["status"] == "open"
        sandbox.market.print(48_000, 1)
        assert (await exchange.fetch_order(stop["id"]))["status"] == "closed"
        assert (await exchange.fetch_balance())["BTC"]["total"] == pytest.approx(0.7)

    play(body)


@pytest.mark.parametrize(
    ("price", "amount", "params", "words"),
    [
        (49_000.05, 0.1, {}, "EOrder:Invalid price"),
        (49_000, 0.00001, {}, "EOrder:Cost minimum not met"),  # 49 cents
        (49_000, 9, {}, "EOrder:Insufficient funds"),
        (51_000, 0.1, {"postOnly": True}, "EOrder:Post only order"),
    ],
    ids=["places", "cost", "funds", "post only"],
)
def test_what_the_venue_would_refuse_is_refused_in_its_words(
    price: float, amount: float, params: dict[str, Any], words: str
) -> None:
    async def body(sandbox: KrakenSandbox, exchange: Any) -> None:
        await exchange.load_markets()
        exchange.price_to_precision = lambda symbol, one: str(one)
        with pytest.raises(ccxt.BaseError, match=words):
            await exchange.create_order(BTC, "limit", "buy", amount, price, params)

    play(body)


def test_a_wrong_secret_and_an_old_nonce_are_refused() -> None:
    async def body(sandbox: KrakenSandbox, exchange: Any) -> None:
        await exchange.fetch_balance()
        exchange.options["timeDifference"], exchange.options["lastNonce"] = 60_000, 0
        with pytest.raises(ccxt.InvalidNonce):
            await exchange.fetch_balance()
        exchange.secret = "bm90IGl0"
        with pytest.raises(ccxt.ExchangeError, match="EAPI:Invalid signature"):
            await exchange.fetch_balance()

    play(body)


def test_who_asks_too_often_is_told_so_until_the_counter_has_fallen() -> None:
    async def body(sandbox: KrakenSandbox, exchange: Any) -> None:
        await exchange.load_markets()
        for _ in range(20):  # an intermediate account's counter holds 20
            await exchange.privatePostBalance()
        with pytest.raises(ccxt.DDoSProtection, match="EAPI:Rate limit exceeded"):
            await exchange.privatePostBalance()
        sandbox.clock.offset += 2000  # it falls by one in two seconds
        await exchange.privatePostBalance()

    play(body, limits_times=1)


def test_streams_of_the_market_and_of_the_account_are_heard() -> None:
    async def body(sandbox: KrakenSandbox, exchange: Any) -> None:
        await exchange.load_markets()
        watching = [
            asyncio.ensure_future(one)
            for one in (
                exchange.watch_ohlcv(BTC, "1m"), exchange.watch_ticker(BTC),
                exchange.watch_order_book(BTC, 10), exchange.watch_orders(),
            )
        ]  # fmt: skip
        await asyncio.sleep(0.5)
        order = await exchange.create_order(BTC, "limit", "buy", 0.1, 49_000)
        sandbox.market.print(49_500, 1)
        bars, ticker, book, orders = await asyncio.wait_for(asyncio.gather(*watching), 5)
        assert bars[-1][4] in (49_500, 50_000)
        assert ticker["bid"] and book["bids"]
        assert orders[-1]["id"] == order["id"]
        trades = asyncio.ensure_future(exchange.watch_my_trades())
        await asyncio.sleep(0.2)
        sandbox.market.print(49_000, 1)
        (trade,) = await asyncio.wait_for(trades, 5)
        assert (trade["order"], trade["amount"], trade["price"]) == (order["id"], 0.1, 49_000)

    play(body)
