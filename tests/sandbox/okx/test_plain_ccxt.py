"""The sandbox speaks OKX's language: ccxt's own objects, without ours, understand it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest

from atms.sandbox.okx.config import OkxConfig
from atms.sandbox.okx.server import OkxSandbox
from atms.sandbox.venue.config import MarketConfig

CONFIG = OkxConfig(
    balances={"USDT": Decimal(10_000), "BTC": Decimal(2)},
    markets=(MarketConfig(symbol="BTCUSDT", step=Decimal("0.001")),),
)
PAIR = "BTC/USDT"


def played(
    body: Callable[[OkxSandbox, Any], Awaitable[None]], config: OkxConfig = CONFIG, **keys: str
) -> None:
    """Run a body with a sandbox and a plain exchange object that knows nothing but its address."""

    async def run() -> None:
        async with OkxSandbox(config) as sandbox:
            sandbox.market.print(100, 1)
            given = {
                "apiKey": sandbox.key, "secret": sandbox.secret, "password": sandbox.passphrase,
                "enableRateLimit": False, **keys,
            }  # fmt: skip
            exchange = ccxt.pro.okx(given)
            exchange.urls["api"] = {
                "rest": sandbox.url, "ws": sandbox.url.replace("http", "ws") + "/ws/v5",
            }  # fmt: skip
            try:
                await body(sandbox, exchange)
            finally:
                await exchange.close()

    asyncio.run(run())


def test_a_life_of_orders_as_ccxt_sees_it() -> None:
    async def body(sandbox: OkxSandbox, okx: Any) -> None:
        markets = await okx.load_markets()
        assert markets[PAIR]["precision"] == {"amount": 0.001, "price": 0.01}
        taken = await okx.create_order(PAIR, "market", "buy", 0.5)
        order = await okx.fetch_order(taken["id"], PAIR)
        # half a coin at 100 and one tick above; a thousandth of it is the fee
        assert (order["status"], order["filled"], order["average"]) == ("closed", 0.5, 100.0)
        assert order["fee"] == {"cost": 0.0005, "currency": "BTC"}
        stands = await okx.create_order(PAIR, "limit", "sell", 0.4, 110, {"clientOrderId": "mine1"})
        (found,) = await okx.fetch_open_orders(PAIR)
        assert (found["clientOrderId"], found["remaining"]) == ("mine1", 0.4)
        sandbox.market.print(110, Decimal("0.1"))
        balance = await okx.fetch_balance()
        # 2 + 0.4995 - 0.1 coins, of which 0.3 stand; 10 000 - 50 + 11 less a thousandth of it
        assert (balance["BTC"]["total"], balance["BTC"]["used"]) == (2.3995, 0.3)
        assert balance["USDT"]["total"] == 9960.989
        await okx.cancel_order(stands["id"], PAIR)
        over = await okx.fetch_order(stands["id"], PAIR)
        assert (over["status"], over["filled"]) == ("canceled", 0.1)
        trades = await okx.fetch_my_trades(PAIR)
        assert [(one["side"], one["amount"], one["takerOrMaker"]) for one in trades] == [
            ("buy", 0.5, "taker"), ("sell", 0.1, "maker"),
        ]  # fmt: skip

    played(body)


def test_bars_and_prices_as_ccxt_sees_them() -> None:
    async def body(sandbox: OkxSandbox, okx: Any) -> None:
        start = 4_102_444_800_000  # 2100-01-01
        for number in range(3):
            sandbox.market.bar(
                100, 102, 99, 101 + number, 4, start=start + number * 60_000,
            )  # fmt: skip
        bars = await okx.fetch_ohlcv(PAIR, "1m", since=start, limit=2)
        assert [bar[0] - start for bar in bars] == [0, 60_000]
        assert bars[1] == [start + 60_000, 100, 102, 99, 102, 4]
        ticker = await okx.fetch_ticker(PAIR)
        assert ticker["last"] == 103
        book = await okx.fetch_order_book(PAIR, 5)
        assert book["bids"][0][0] < book["asks"][0][0]
        assert (await okx.fetch_trades(PAIR, limit=1))[0]["price"] == 103

    played(body)


def test_what_ccxt_watches_comes() -> None:
    async def body(sandbox: OkxSandbox, okx: Any) -> None:
        watched = {
            "orders": asyncio.ensure_future(okx.watch_orders(PAIR)),
            "mine": asyncio.ensure_future(okx.watch_my_trades(PAIR)),
            "bars": asyncio.ensure_future(okx.watch_ohlcv(PAIR, "1m")),
            "trades": asyncio.ensure_future(okx.watch_trades(PAIR)),
            "book": asyncio.ensure_future(okx.watch_order_book(PAIR)),
            "balance": asyncio.ensure_future(okx.watch_balance()),
            "ticker": asyncio.ensure_future(okx.watch_ticker(PAIR)),
        }
        for _ in range(100):
            await asyncio.sleep(0.05)
            asked = [one.channels for one in sandbox.wires.values()]
            if sum(map(len, asked)) == 6:  # orders and executions are one stream
                break
        await okx.create_order(PAIR, "market", "buy", 0.5)
        sandbox.market.print(101, 1)
        async with asyncio.timeout(5):
            told = dict(zip(watched, await asyncio.gather(*watched.values()), strict=True))
        assert told["orders"][0]["symbol"] == PAIR
        assert (told["mine"][0]["amount"], told["mine"][0]["price"]) == (0.5, 100)
        assert told["bars"][-1][4] == 101
        assert told["trades"][-1]["amount"] == 1
        assert told["book"]["bids"]
        assert told["balance"]["BTC"]["total"] > 0
        assert told["ticker"]["last"] > 0

    played(body)


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"secret": "wrong"}, "50113"), ({"password": "wrong"}, "50105"),
        ({"apiKey": "wrong"}, "50119"),
    ],
)  # fmt: skip
def test_who_may_not_ask_is_told_why(keys: dict[str, str], code: str) -> None:
    async def body(sandbox: OkxSandbox, okx: Any) -> None:
        with pytest.raises(
            ccxt.AuthenticationError if code != "50119" else ccxt.ExchangeError
        ) as told:
            await okx.private_get_account_balance()
        assert code in str(told.value)

    played(body, **keys)


@pytest.mark.parametrize(
    ("wish", "kind", "code"),
    [
        ((PAIR, "limit", "buy", 200, 100), ccxt.InsufficientFunds, "51008"),
        ((PAIR, "market", "sell", 3, None), ccxt.InsufficientFunds, "51008"),
        ((PAIR, "limit", "buy", 0.01, 100.001), ccxt.BadRequest, "51000"),
    ],
)
def test_an_order_that_is_not_taken_is_refused_in_the_venues_words(
    wish: tuple[Any, ...], kind: type[Exception], code: str
) -> None:
    async def body(sandbox: OkxSandbox, okx: Any) -> None:
        await okx.load_markets()
        okx.markets[PAIR]["precision"] = {"amount": 1e-8, "price": 1e-8}
        with pytest.raises(kind) as told:
            await okx.create_order(*wish, {"banAmend": True} if wish[1] == "market" else {})
        assert code in str(told.value)

    played(body)


def test_an_order_that_must_not_take_is_taken_and_ended() -> None:
    async def body(sandbox: OkxSandbox, okx: Any) -> None:
        await okx.load_markets()
        made = await okx.create_order(PAIR, "limit", "buy", 0.1, 105, {"postOnly": True})
        order = await okx.fetch_order(made["id"], PAIR)
        assert (order["status"], order["filled"]) == ("canceled", 0)
        assert order["info"]["cancelSource"] == "31"

    played(body)


def test_more_requests_than_the_limit_are_turned_away() -> None:
    async def body(sandbox: OkxSandbox, okx: Any) -> None:
        answers = await asyncio.gather(
            *(okx.private_get_account_config() for _ in range(12)), return_exceptions=True
        )
        refused = [one for one in answers if isinstance(one, ccxt.RateLimitExceeded)]
        assert 2 <= len(refused) <= 7  # five in each two seconds; they may lie in two of them

    played(body)


def test_what_is_not_served_is_answered_as_by_the_venue() -> None:
    async def body(sandbox: OkxSandbox, okx: Any) -> None:
        with pytest.raises(ccxt.BadSymbol, match="51001"):
            await okx.public_get_market_ticker({"instId": "NO-SUCH"})
        with pytest.raises(ccxt.BadRequest, match="50014"):
            await okx.public_get_market_ticker()
        with pytest.raises(ccxt.ExchangeError, match="404"):
            await okx.private_get_account_positions()

    played(body, replace(CONFIG, seed=1))
