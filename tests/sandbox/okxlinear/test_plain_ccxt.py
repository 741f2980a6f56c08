"""The sandbox speaks OKX's language of swaps: ccxt's own objects, without ours, understand it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest

from atms.sandbox.okxlinear.config import OkxLinearConfig
from atms.sandbox.okxlinear.server import OkxLinearSandbox
from atms.sandbox.venue.config import MarketConfig

CONFIG = OkxLinearConfig(
    balances={"USDT": Decimal(10_000)}, markets=(MarketConfig(symbol="BTCUSDT"),), limits_times=10
)
SWAP = "BTC/USDT:USDT"


def played(
    body: Callable[[OkxLinearSandbox, Any], Awaitable[None]], config: OkxLinearConfig = CONFIG
) -> None:
    """Run a body with a sandbox and a plain exchange object that knows nothing but its address."""

    async def run() -> None:
        async with OkxLinearSandbox(config) as sandbox:
            sandbox.market.print(100, 1)
            given = {
                "apiKey": sandbox.key, "secret": sandbox.secret, "password": sandbox.passphrase,
                "enableRateLimit": False, "options": {"defaultType": "swap"},
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


def test_a_life_of_orders_and_a_position_as_ccxt_sees_it() -> None:
    async def body(sandbox: OkxLinearSandbox, okx: Any) -> None:
        swap = (await okx.load_markets())[SWAP]
        assert (swap["linear"], swap["swap"], swap["contractSize"]) == (True, True, 0.01)
        assert swap["precision"] == {"amount": 0.01, "price": 0.01}
        taken = await okx.create_order(SWAP, "market", "buy", 50)  # half a coin
        order = await okx.fetch_order(taken["id"], SWAP)
        assert (order["status"], order["filled"], order["average"]) == ("closed", 50, 100.0)
        # 50 in money at five hundredths of a percent
        assert order["fee"] == {"cost": 0.025, "currency": "USDT"}
        (held,) = await okx.fetch_positions([SWAP])
        assert (held["side"], held["contracts"], held["entryPrice"]) == ("long", 50, 100)
        assert (held["marginMode"], held["hedged"], held["leverage"]) == ("cross", False, 20)
        stands = await okx.create_order(SWAP, "limit", "sell", 30, 110, {"reduceOnly": True})
        (found,) = await okx.fetch_open_orders(SWAP)
        assert (found["id"], found["remaining"], found["reduceOnly"]) == (stands["id"], 30, True)
        sandbox.market.print(110, Decimal("0.1"))  # ten contracts of it, at a maker's 0.02 %
        await okx.cancel_order(stands["id"], SWAP)
        cash = (await okx.fetch_balance())["info"]["data"][0]["details"][0]
        # 10,000 - 0.025 + 0.1 * 10 - 0.1 * 110 * 0.0002
        assert (cash["ccy"], cash["cashBal"]) == ("USDT", "10000.9728")
        trades = await okx.fetch_my_trades(SWAP)
        assert [(one["side"], one["amount"], one["takerOrMaker"]) for one in trades] == [
            ("buy", 50, "taker"), ("sell", 10, "maker"),
        ]  # fmt: skip

    played(body)


def test_a_stop_and_what_it_becomes_as_ccxt_sees_it() -> None:
    async def body(sandbox: OkxLinearSandbox, okx: Any) -> None:
        await okx.create_order(SWAP, "market", "buy", 50)
        more = {"stopLossPrice": 95, "reduceOnly": True, "clientOrderId": "guard"}
        stop = await okx.create_order(SWAP, "market", "sell", 50, None, more)
        (waits,) = await okx.fetch_open_orders(
            SWAP, params={"trigger": True, "ordType": "conditional"}
        )
        assert (waits["id"], waits["stopLossPrice"], waits["amount"]) == (stop["id"], 95, 50)
        told = asyncio.ensure_future(
            okx.watch_orders(SWAP, params={"trigger": True, "ordType": "conditional"})
        )
        for _ in range(100):
            await asyncio.sleep(0.02)
            if any("orders-algo" in one.channels for one in sandbox.wires.values()):
                break
        sandbox.market.print(95, 100)
        async with asyncio.timeout(5):
            (fired,) = await told
        assert (fired["id"], fired["info"]["state"]) == (stop["id"], "effective")
        made = await okx.fetch_order(fired["info"]["ordId"], SWAP)
        assert (made["status"], made["filled"], made["reduceOnly"]) == ("closed", 50, True)
        assert (made["info"]["algoClOrdId"], made["info"]["algoId"]) == ("guard", stop["id"])
        assert await okx.fetch_positions([SWAP]) == []

    played(body)


def test_leverage_funding_and_bills_as_ccxt_sees_them() -> None:
    async def body(sandbox: OkxLinearSandbox, okx: Any) -> None:
        leverage = await okx.fetch_leverage(SWAP, {"mgnMode": "cross"})
        assert (leverage["longLeverage"], leverage["marginMode"]) == (20, "cross")
        tiers = await okx.fetch_market_leverage_tiers(SWAP)
        # 2,000,000 at 100 are 20,000 coins
        assert (tiers[0]["maxLeverage"], tiers[0]["maxNotional"]) == (100, 2_000_000)
        assert (await okx.fetch_position_mode(SWAP))["hedged"] is False
        await okx.create_order(SWAP, "market", "buy", 50)
        sandbox.venue.risk.fund("BTCUSDT")
        (paid,) = [one for one in await okx.fetch_ledger() if one["type"] == "fee"][:1]
        # 50 in money at a hundredth of a percent
        assert (paid["amount"], paid["currency"], paid["direction"]) == (-0.005, "USDT", "out")
        assert (await okx.fetch_funding_rate(SWAP))["fundingRate"] == 0.0001
        assert (await okx.fetch_mark_price(SWAP))["markPrice"] == 100

    played(body)


def test_what_ccxt_watches_comes() -> None:
    async def body(sandbox: OkxLinearSandbox, okx: Any) -> None:
        await okx.load_markets()
        watched = {
            "orders": asyncio.ensure_future(okx.watch_orders(SWAP)),
            "positions": asyncio.ensure_future(okx.watch_positions([SWAP])),
            "bars": asyncio.ensure_future(okx.watch_ohlcv(SWAP, "1m")),
            "trades": asyncio.ensure_future(okx.watch_trades(SWAP)),
            "book": asyncio.ensure_future(okx.watch_order_book(SWAP)),
            "balance": asyncio.ensure_future(okx.watch_balance()),
            "mark": asyncio.ensure_future(okx.watch_mark_price(SWAP)),
        }
        for _ in range(100):
            await asyncio.sleep(0.05)
            if sum(len(one.channels) for one in sandbox.wires.values()) == 7:
                break
        await okx.create_order(SWAP, "market", "buy", 50)
        sandbox.market.print(101, 2)
        async with asyncio.timeout(5):
            told = dict(zip(watched, await asyncio.gather(*watched.values()), strict=True))
        assert told["orders"][0]["symbol"] == SWAP
        assert told["positions"][-1]["contracts"] == 50
        assert told["bars"][-1][4] == 101
        assert told["trades"][-1]["amount"] == 200  # contracts
        assert told["book"]["bids"]
        assert told["balance"]["USDT"]["total"] > 0
        assert told["mark"]["markPrice"] in (100, 101)

    played(body)


@pytest.mark.parametrize(
    ("wish", "kind", "code"),
    [
        ((SWAP, "limit", "buy", 90_000, 1000), ccxt.InsufficientFunds, "51008"),
        ((SWAP, "limit", "buy", 1, 100.001), ccxt.BadRequest, "51000"),
        ((SWAP, "limit", "buy", 0.015, 100), ccxt.InvalidOrder, "51121"),
        ((SWAP, "market", "sell", 1, None, {"reduceOnly": True}), ccxt.ExchangeError, "51169"),
        ((SWAP, "market", "sell", 1, None, {"stopLossPrice": 101}), ccxt.InvalidOrder, "51280"),
        ((SWAP, "market", "buy", 1, None, {"positionSide": "long"}), ccxt.BadRequest, "51000"),
    ],
)
def test_an_order_that_is_not_taken_is_refused_in_the_venues_words(
    wish: tuple[Any, ...], kind: type[Exception], code: str
) -> None:
    async def body(sandbox: OkxLinearSandbox, okx: Any) -> None:
        await okx.load_markets()
        okx.markets[SWAP]["precision"] = {"amount": 1e-8, "price": 1e-8}
        with pytest.raises(kind) as told:
            await okx.create_order(*wish)
        assert code in str(told.value)

    played(body)
