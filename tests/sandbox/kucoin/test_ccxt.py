"""The sandbox speaks KuCoin's language: the plain ccxt object gets along with it.

ccxt knows nothing of this project: what it makes of the answers is an independent witness.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import ccxt
import ccxt.pro
import pytest

from atms.sandbox.kucoin.config import KucoinConfig
from atms.sandbox.kucoin.server import KucoinSandbox
from atms.sandbox.venue.config import MarketConfig

BTC = "BTC/USDT"
CONFIG = KucoinConfig(
    balances={"USDT": Decimal(10_000), "BTC": Decimal(1)},
    markets=(MarketConfig(tick=Decimal("0.1"), step=Decimal("0.0001"), depth=Decimal(5)),),
)
NOON = 1_772_452_800_000  # 2026-03-02 12:00 UTC


def moved(urls: Any, base: str) -> Any:
    if isinstance(urls, dict):
        return {name: moved(url, base) for name, url in urls.items()}
    return urlunsplit((*urlsplit(base)[:2], *urlsplit(urls)[2:]))


def with_ccxt(
    body: Callable[[Any, KucoinSandbox], Awaitable[None]], config: KucoinConfig = CONFIG
) -> None:
    async def played() -> None:
        async with KucoinSandbox(config) as sandbox:
            sandbox.market.print(100, 1, time=NOON)
            exchange = ccxt.pro.kucoin(
                {"apiKey": sandbox.key, "secret": sandbox.secret, "password": sandbox.passphrase,
                 "enableRateLimit": False}
            )  # fmt: skip
            exchange.urls["api"] = moved(exchange.urls["api"], sandbox.url)
            try:
                async with asyncio.timeout(60):
                    await body(exchange, sandbox)
            finally:
                await exchange.close()

    asyncio.run(played())


def test_orders_live_as_ccxt_knows_them() -> None:
    async def body(exchange: Any, sandbox: KucoinSandbox) -> None:
        markets = await exchange.load_markets()
        assert markets[BTC]["precision"] == {"amount": 0.0001, "price": 0.1}
        assert markets[BTC]["taker"] == 0.001
        resting = await exchange.create_order(BTC, "limit", "buy", 2, 90, {"clientOid": "mine-1"})
        held = (await exchange.fetch_balance())["USDT"]
        assert held == {"free": 9819.82, "used": 180.18, "total": 10_000}  # 2 * 90, and 0.1 % of it
        (shown,) = await exchange.fetch_open_orders(BTC)
        assert (shown["id"], shown["clientOrderId"], shown["status"]) == (
            resting["id"], "mine-1", "open",
        )  # fmt: skip
        sandbox.market.print(90, "0.5")
        part = await exchange.fetch_order(resting["id"], BTC)
        assert (part["status"], part["filled"], part["remaining"]) == ("open", 0.5, 1.5)
        await exchange.cancel_order(resting["id"], BTC)
        over = await exchange.fetch_order(None, BTC, {"clientOid": "mine-1"})
        assert (over["status"], over["filled"]) == ("canceled", 0.5)
        sold = await exchange.create_order(BTC, "market", "sell", 1)
        assert (await exchange.fetch_order(sold["id"], BTC))["status"] == "closed"
        trades = await exchange.fetch_my_trades(BTC)
        assert [(one["side"], one["amount"], one["takerOrMaker"]) for one in trades] == [
            ("buy", 0.5, "maker"), ("sell", 1, "taker"),
        ]  # fmt: skip
        # 0.5 bought at 90 cost 45 and a thousandth of it; what is sold brings a thousandth less
        assert trades[0]["fee"] == {"cost": 0.045, "currency": "USDT", "rate": 0.001}
        money = 10_000 - 45.045 + trades[1]["cost"] * 0.999
        assert (await exchange.fetch_balance())["USDT"]["total"] == pytest.approx(money, abs=1e-8)
        assert [one["id"] for one in await exchange.fetch_closed_orders(BTC)] == [
            resting["id"], sold["id"],
        ]  # fmt: skip

    with_ccxt(body)


def test_the_market_is_told_as_ccxt_knows_it() -> None:
    async def body(exchange: Any, sandbox: KucoinSandbox) -> None:
        for number in range(3):
            sandbox.market.bar(100, 110 + number, 90, 105, 8, start=NOON + 60_000 * (number + 1))
        bars = await exchange.fetch_ohlcv(BTC, "1m", NOON + 60_000, 2)
        assert bars == [
            [NOON + 60_000 * (number + 1), 100, 110 + number, 90, 105, 8] for number in range(2)
        ]
        ticker = await exchange.fetch_ticker(BTC)
        book = await exchange.fetch_order_book(BTC, 20)
        assert (ticker["bid"], ticker["ask"]) == (book["bids"][0][0], book["asks"][0][0])
        assert ticker["last"] == 105
        assert len(book["bids"]) == 20
        assert (await exchange.fetch_trades(BTC))[-1]["price"] == 105
        assert abs(await exchange.fetch_time() - sandbox.clock.now()) < 1000

    with_ccxt(body)


def test_streams_tell_ccxt_orders_trades_balances_and_the_market() -> None:
    async def body(exchange: Any, sandbox: KucoinSandbox) -> None:
        async def said(waiting: Awaitable[Any], act: Callable[[], Any]) -> Any:
            task = asyncio.ensure_future(waiting)
            async with asyncio.timeout(10):
                while not task.done():  # until it has subscribed, what is told is not heard
                    act()
                    await asyncio.sleep(0.05)
            return task.result()

        def tick() -> None:
            sandbox.market.print(101, "0.25", time=NOON + 5000)

        await exchange.load_markets()
        bars = await said(exchange.watch_ohlcv(BTC, "1m"), tick)
        assert bars[-1][:5] == [NOON, 100, 101, 100, 101]
        assert (await said(exchange.watch_trades(BTC), tick))[-1]["price"] == 101
        assert (await said(exchange.watch_bids_asks([BTC]), tick))[BTC]["ask"] == 101
        book = await said(exchange.watch_order_book(BTC, 5), tick)
        assert (len(book["bids"]), book["asks"][0][0]) == (5, 101)
        assert (await said(exchange.watch_ticker(BTC), tick))["last"] == 101

        mine = asyncio.ensure_future(exchange.watch_my_trades(BTC))
        money = asyncio.ensure_future(exchange.watch_balance())
        await asyncio.sleep(0.3)
        placed = await exchange.create_order(BTC, "limit", "buy", 1, 95, {"clientOid": "mine-2"})
        assert (await money)["USDT"]["used"] == 95.095
        changed = asyncio.ensure_future(exchange.watch_orders(BTC))
        await asyncio.sleep(0.1)
        sandbox.market.print(95, 1)
        (trade,) = await mine
        assert (trade["order"], trade["price"], trade["amount"]) == (placed["id"], 95, 1)
        (order,) = (await changed)[-1:]
        assert (order["clientOrderId"], order["filled"]) == ("mine-2", 1)

    with_ccxt(body)


@pytest.mark.parametrize(
    ("order", "error", "code"),
    [
        (("limit", "buy", 1000, 95), ccxt.InsufficientFunds, "200004"),
        (("limit", "buy", 0.0001, 95), ccxt.InsufficientFunds, "600100"),  # ccxt takes it for that
        (("limit", "buy", 1, 90, {"clientOid": "x" * 41}), ccxt.BadRequest, "clientOidIsInvalid"),
        (("limit", "buy", 1, 90, {"clientOid": "twice"}), ccxt.BadRequest, "clientOidDuplicated"),
    ],
)
def test_what_is_refused_is_refused_by_the_venues_code(
    order: tuple[Any, ...], error: type[Exception], code: str
) -> None:
    async def body(exchange: Any, sandbox: KucoinSandbox) -> None:
        await exchange.create_order(BTC, "limit", "buy", 1, 90, {"clientOid": "twice"})
        kind, side, amount, price, *more = order
        with pytest.raises(error, match=code):
            await exchange.create_order(BTC, kind, side, amount, price, *more)
        with pytest.raises(ccxt.OrderNotFound):
            await exchange.cancel_order("0" * 24, BTC)
        with pytest.raises(ccxt.OrderNotFound):
            await exchange.fetch_order("0" * 24, BTC)

    with_ccxt(body)


@pytest.mark.parametrize(
    ("change", "code"),
    [({"apiKey": "none"}, "400003"), ({"password": "other"}, "400004"),
     ({"secret": "other"}, "400004"), ({"options": {"timeDifference": 6000}}, "400002")],
    ids=["key", "passphrase", "secret", "clock"],
)  # fmt: skip
def test_who_may_not_ask_is_told_why(change: dict[str, Any], code: str) -> None:
    async def body(exchange: Any, sandbox: KucoinSandbox) -> None:
        for name, value in change.items():
            setattr(exchange, name, exchange.deep_extend({"o": getattr(exchange, name)},
                                                         {"o": value})["o"])  # fmt: skip
        with pytest.raises(ccxt.BaseError, match=code):
            await exchange.privateGetAccounts()

    with_ccxt(body)


def test_a_rate_limit_that_is_used_up_says_when_it_is_there_again() -> None:
    async def body(exchange: Any, sandbox: KucoinSandbox) -> None:
        with pytest.raises(ccxt.RateLimitExceeded, match="429000"):
            for _ in range(4):
                await exchange.publicGetTimestamp()
        left = {name.lower(): told for name, told in exchange.last_response_headers.items()}
        assert left["gw-ratelimit-remaining"] == "1"
        assert 0 < int(left["gw-ratelimit-reset"]) <= 30_000

    with_ccxt(body, KucoinConfig(markets=CONFIG.markets, public=10))
