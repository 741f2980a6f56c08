"""The plain ccxt, which knows nothing of us, talks to the sandbox as it talks to Bybit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from atms.sandbox.bybit.config import BybitConfig
from atms.sandbox.bybit.server import BybitSandbox
from atms.sandbox.venue.config import MarketConfig

ccxt = pytest.importorskip("ccxt.pro", reason="it is ccxt that is asked")
BTC = "BTC/USDT"
Body = Callable[[BybitSandbox, Any], Awaitable[None]]


def pointed(urls: Any, host: str) -> Any:
    """Return addresses with another host and their own paths."""
    if isinstance(urls, dict):
        return {name: pointed(url, host) for name, url in urls.items()}
    parts = urlsplit(urls)
    return f"{'ws' if parts.scheme == 'wss' else 'http'}://{host}{parts.path}"


def play(body: Body, **more: Any) -> None:
    """Run a body with a sandbox of one market at 50,000, and ccxt with the account's key."""

    async def played() -> None:
        markets = (MarketConfig(tick=Decimal("0.1"), depth=Decimal(5)),)
        async with BybitSandbox(BybitConfig(markets=markets, **more)) as sandbox:
            sandbox.market.print(50_000, 1)
            exchange = ccxt.bybit({
                "apiKey": sandbox.key, "secret": sandbox.secret, "enableRateLimit": False,
                "options": {"defaultType": "spot"},
            })  # fmt: skip
            exchange.urls["api"] = pointed(exchange.urls["api"], urlsplit(sandbox.url).netloc)
            try:
                await asyncio.wait_for(body(sandbox, exchange), 30)
            finally:
                await exchange.close()

    asyncio.run(played())


def test_markets_prices_and_bars_are_read() -> None:
    async def body(sandbox: BybitSandbox, exchange: Any) -> None:
        market = (await exchange.load_markets())[BTC]
        assert (market["id"], market["precision"]["price"]) == ("BTCUSDT", 0.1)
        assert (market["precision"]["amount"], market["limits"]["cost"]["min"]) == (0.000001, 5)
        sandbox.market.bar(50_000, 50_100, 49_900, 50_050, 4)
        sandbox.market.bar(50_050, 50_060, 50_040, 50_055, 2)
        bars = await exchange.fetch_ohlcv(BTC, "1m", limit=5)
        assert [bar[1:] for bar in bars[-2:]] == [
            [50_000, 50_100, 49_900, 50_050, 4], [50_050, 50_060, 50_040, 50_055, 2],
        ]  # fmt: skip
        (since,) = await exchange.fetch_ohlcv(BTC, "1m", since=bars[-1][0], limit=1)
        assert since == bars[-1]
        ticker = await exchange.fetch_ticker(BTC)
        assert (ticker["last"], ticker["ask"] - ticker["bid"]) == (50_055, pytest.approx(0.1))
        book = await exchange.fetch_order_book(BTC, 5)
        assert len(book["bids"]) == 5 and book["bids"][0][0] < book["asks"][0][0]
        assert (await exchange.fetch_trades(BTC))[-1]["price"] == 50_055
        assert abs(await exchange.fetch_time() - sandbox.clock.now()) < 2000

    play(body)


def test_an_order_is_placed_filled_in_parts_and_found() -> None:
    async def body(sandbox: BybitSandbox, exchange: Any) -> None:
        placed = await exchange.create_order(
            BTC, "limit", "buy", 0.1, 49_000, {"clientOrderId": "mine-1"}
        )
        (opened,) = await exchange.fetch_open_orders(BTC)
        assert (opened["id"], opened["clientOrderId"]) == (placed["id"], "mine-1")
        assert (opened["amount"], opened["price"], opened["side"]) == (0.1, 49_000, "buy")
        sandbox.market.print(49_000, "0.04")
        found = await exchange.fetch_order(placed["id"], BTC, {"acknowledged": True})
        assert (found["status"], found["filled"]) == ("open", 0.04)
        await exchange.cancel_order(placed["id"], BTC)
        found = await exchange.fetch_closed_order(placed["id"], BTC)
        assert (found["info"]["orderStatus"], found["filled"]) == ("PartiallyFilledCanceled", 0.04)
        (trade,) = await exchange.fetch_my_trades(BTC)
        # a thousandth of the 0.04 that were received
        assert (trade["amount"], trade["price"], trade["fee"]["cost"]) == (0.04, 49_000, 0.00004)
        assert (trade["order"], trade["fee"]["currency"]) == (placed["id"], "BTC")
        balance = await exchange.fetch_balance()
        assert balance["BTC"]["total"] == pytest.approx(1.03996)
        assert balance["USDT"]["total"] == pytest.approx(10_000 - 1_960)

    play(body)


def test_a_market_order_is_for_base_or_for_quote_currency() -> None:
    async def body(sandbox: BybitSandbox, exchange: Any) -> None:
        await exchange.create_order(BTC, "market", "buy", 0.01)
        await exchange.create_market_buy_order_with_cost(BTC, 1_000)
        first, second = await exchange.fetch_my_trades(BTC)
        # 1,000 buy 0.02 at 50,000: the last print was a buyer's, so its price is what is asked
        assert (first["amount"], second["amount"]) == (0.01, 0.02)
        await exchange.create_order(BTC, "market", "sell", 0.5)
        assert (await exchange.fetch_my_trades(BTC))[-1]["fee"]["currency"] == "USDT"

    play(body)


def test_streams_tell_the_account_and_the_market() -> None:
    async def body(sandbox: BybitSandbox, exchange: Any) -> None:
        orders = asyncio.create_task(exchange.watch_orders(BTC))
        trades = asyncio.create_task(exchange.watch_my_trades(BTC))
        balance = asyncio.create_task(exchange.watch_balance())
        bars = asyncio.create_task(exchange.watch_ohlcv(BTC, "1m"))
        prints = asyncio.create_task(exchange.watch_trades(BTC))
        book = await exchange.watch_order_book(BTC, 50)
        assert book["asks"][0][0] == 50_000
        while len(sandbox.wires) < 2 or not all(one.topics for one in sandbox.wires.values()):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)  # so that each of the account's three topics is subscribed to
        await exchange.create_order(BTC, "limit", "buy", 0.1, 50_000)
        assert (await orders)[-1]["symbol"] == BTC
        assert (await trades)[-1]["amount"] == 0.1
        assert (await balance)["USDT"]["total"] == pytest.approx(5_000)
        sandbox.market.print(50_010, "0.5")
        assert (await bars)[-1][4] == 50_010
        assert (await prints)[-1]["price"] == 50_010
        assert (await exchange.watch_order_book(BTC, 50))["asks"][0][0] == 50_010

    play(body)


@pytest.mark.parametrize(
    ("price", "amount", "params", "kind", "words"),
    [
        ("49000.05", "0.1", {}, "InvalidOrder", "170134"),
        ("49000", "0.0000001", {}, "InvalidOrder", "170137"),
        ("49000", "0.0001", {}, "InvalidOrder", "170140"),  # 4.90 are less than 5
        ("49000", "9", {}, "InsufficientFunds", "170131"),
        ("49000", "0.1", {"clientOrderId": "a b"}, "BadRequest", "orderLinkId"),
        ("49000", "0.1", {"clientOrderId": "twice"}, "InvalidOrder", "170141"),
        ("49000", "0.1", {"triggerPrice": 48_000}, "ExchangeError", "170227"),
    ],
    ids=["tick", "step", "amount", "funds", "id", "duplicate", "conditional"],
)
def test_what_the_venue_would_refuse_is_refused_in_its_words(
    price: str, amount: str, params: dict[str, Any], kind: str, words: str
) -> None:
    async def body(sandbox: BybitSandbox, exchange: Any) -> None:
        await exchange.load_markets()
        twice = {"clientOrderId": "twice"}
        first = await exchange.create_order(BTC, "limit", "buy", 0.01, 49_000, twice)
        await exchange.cancel_order(first["id"], BTC)  # an id is never free again
        exchange.price_to_precision = lambda symbol, one: str(one)
        exchange.amount_to_precision = lambda symbol, one: amount
        with pytest.raises(getattr(ccxt, kind), match=words):
            await exchange.create_order(BTC, "limit", "buy", 1, price, params)

    play(body)


def test_a_post_only_order_that_would_take_is_taken_in_and_ended() -> None:
    async def body(sandbox: BybitSandbox, exchange: Any) -> None:
        placed = await exchange.create_order(BTC, "limit", "buy", 0.1, 51_000, {"postOnly": True})
        found = await exchange.fetch_closed_order(placed["id"], BTC)
        assert (found["status"], found["filled"]) == ("canceled", 0)
        assert found["info"]["rejectReason"] == "EC_PostOnlyWillTakeLiquidity"
        assert await exchange.fetch_open_orders(BTC) == []
        assert (await exchange.fetch_balance())["USDT"]["total"] == 10_000

    play(body)


def test_a_wrong_secret_and_a_wrong_time_are_refused() -> None:
    async def body(sandbox: BybitSandbox, exchange: Any) -> None:
        await exchange.fetch_balance()
        sandbox.clock.offset = 6000
        with pytest.raises(ccxt.InvalidNonce):
            await exchange.fetch_balance()
        sandbox.clock.offset = -2000
        with pytest.raises(ccxt.InvalidNonce):
            await exchange.fetch_balance()
        sandbox.clock.offset = 0
        exchange.secret = "another"
        with pytest.raises(ccxt.AuthenticationError, match="10004"):
            await exchange.fetch_balance()

    play(body)


def test_who_asks_too_often_is_told_so_for_a_second() -> None:
    async def body(sandbox: BybitSandbox, exchange: Any) -> None:
        await exchange.load_markets()
        frozen = sandbox.clock.now()
        sandbox.clock.now = lambda: frozen  # type: ignore[method-assign]
        exchange.options["timeDifference"] = exchange.milliseconds() - frozen
        for _ in range(3):
            await exchange.fetch_open_orders(BTC)
        with pytest.raises(ccxt.RateLimitExceeded, match="10006"):
            await exchange.fetch_open_orders(BTC)
        assert await exchange.fetch_my_trades(BTC) == []  # another endpoint, another count
        headers = exchange.last_response_headers
        assert (headers["X-Bapi-Limit"], headers["X-Bapi-Limit-Status"]) == ("3", "2")
        frozen += 1000
        assert await exchange.fetch_open_orders(BTC) == []

    play(body, reads=3)
