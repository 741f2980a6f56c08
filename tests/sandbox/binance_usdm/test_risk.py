"""What the venue does by itself: funding, liquidation, auto-deleveraging; and its listen keys."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import Any

import aiohttp

from atms.sandbox.binance_usdm.server import UsdmSandbox
from atms.sandbox.binance_usdm.symbols import BRACKETS
from tests.sandbox.binance_usdm.bench import D, Heard, market, order, played, refused, stop

HOUR = 3_600_000


def test_funding_is_paid_every_eight_hours_of_market_time() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        start = 4_102_444_800_000  # midnight of 2100, long after now
        sandbox.market.print(50_000, 5, time=start + HOUR)
        await exchange.fapiPrivatePostOrder(market("BUY", "0.1"))
        before = sandbox.venue.account.wallet["USDT"]
        sandbox.market.print(50_000, 5, time=start + 8 * HOUR - 1)
        assert sandbox.venue.account.wallet["USDT"] == before
        sandbox.market.print(52_000, 5, time=start + 8 * HOUR)
        # a long pays 0.1 x 52,000, the mark price, x 0.0001
        assert sandbox.venue.account.wallet["USDT"] == before - D("0.52")
        sandbox.market.print(52_000, 5, time=start + 9 * HOUR)
        rows = await exchange.fapiPrivateGetIncome({"incomeType": "FUNDING_FEE"})
        assert [(one["symbol"], D(one["income"])) for one in rows] == [("BTCUSDT", D("-0.52"))]
        told = await exchange.fapiPublicGetPremiumIndex({"symbol": "BTCUSDT"})
        assert int(told["nextFundingTime"]) == start + 16 * HOUR

    played(body)


def test_a_balance_under_what_must_stay_is_liquidated() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        heard = await Heard(exchange).start()
        await exchange.fapiPrivatePostOrder(market("BUY", "1"))
        await exchange.fapiPrivatePostOrder(order(quantity="0.1", price="40000"))
        await heard.until("NEW", "TRADE", "account ORDER", "NEW")
        # 10,000 less a fee of 25; at 41,000 9,000 are lost, 975 are left, and 41,000 need 164
        sandbox.market.print(41_000, 5)
        assert sandbox.venue.account.held()
        # at 40,150 9,850 are lost, 125 are left, and 40,150 x 0.004 = 160.6 need to stay
        sandbox.venue.risk.set_mark("BTCUSDT", D(40_150))
        assert sandbox.venue.account.held() == []
        await heard.until("EXPIRED", "NEW", "CALCULATED", "account ORDER",
                          "account INSURANCE_CLEAR")  # fmt: skip
        # the fee of the liquidation, 401.5, is more than was left: the fund pays what is missing
        assert sandbox.venue.account.wallet["USDT"] == 0
        (forced,) = [one for one in sandbox.venue.desk.every("BTCUSDT") if one.liquidates]
        assert forced.client_id.startswith("autoclose-")
        heard.stop()

    played(body)


def test_a_winner_may_be_deleveraged() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        await exchange.fapiPrivatePostOrder(market("BUY", "0.2"))
        sandbox.market.print(60_000, 5)
        taken = sandbox.venue.risk.deleverage("BTCUSDT", D("0.05"))
        assert (taken.client_id, taken.side, taken.average) == ("adl_autoclose", "SELL", 60_000)
        assert sandbox.venue.account.position(("BTCUSDT", "BOTH")).qty == D("0.15")

    played(body)


def test_what_must_stay_has_no_step_between_brackets() -> None:
    for lower, upper in itertools.pairwise(BRACKETS):
        at = lower.cap
        assert at == upper.floor
        assert at * lower.maintenance - lower.cum == at * upper.maintenance - upper.cum


def test_a_mode_is_changed_only_while_nothing_is_open() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        await exchange.fapiPrivatePostOrder(order())
        dual = exchange.fapiPrivatePostPositionSideDual({"dualSidePosition": "true"})
        assert "-4067" in await refused(dual)
        margin = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}
        assert "-4047" in await refused(exchange.fapiPrivatePostMarginType(margin))
        await exchange.fapiPrivateDeleteAllOpenOrders({"symbol": "BTCUSDT"})
        await exchange.fapiPrivatePostMarginType(margin)
        (told,) = await exchange.fapiPrivateGetSymbolConfig({"symbol": "BTCUSDT"})
        assert (told["marginType"], told["leverage"]) == ("ISOLATED", 20)
        assert "-4046" in await refused(exchange.fapiPrivatePostMarginType(margin))

    played(body)


# ---- the account's stream ------------------------------------------------------------------
def test_a_listen_key_that_nobody_prolongs_is_over_and_told() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        heard = await Heard(exchange).start()
        await heard.until("listenKeyExpired")
        prolong = exchange.fapiPrivatePutListenKey({})
        assert "-1125" in await refused(prolong)
        heard.stop()

    played(body, listen_life=0.5)


def test_a_stream_is_carried_by_its_own_path_alone() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:

        heard: dict[str, list[str]] = {"public": [], "market": []}
        names = "btcusdt@markPrice/btcusdt@bookTicker/btcusdt@trade/btcusdt@kline_1m"
        async with aiohttp.ClientSession() as session:
            for path, kinds in heard.items():
                url = f"{sandbox.url}/{path}/stream?streams={names}"
                async with session.ws_connect(url) as socket:
                    sandbox.market.print(50_100, 1)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.5):
                            async for message in socket:
                                kinds.append(message.json()["data"]["e"])
        assert set(heard["public"]) == {"trade", "bookTicker"}
        assert set(heard["market"]) == {"markPriceUpdate", "kline"}

    played(body)


def test_of_a_conditional_order_only_the_fired_one_is_a_trade() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        await exchange.fapiPrivatePostAlgoOrder(stop("BUY", "0.1", "51000"))
        assert await exchange.fapiPrivateGetUserTrades({"symbol": "BTCUSDT"}) == []
        sandbox.market.print(51_000, 5)
        (trade,) = await exchange.fapiPrivateGetUserTrades({"symbol": "BTCUSDT"})
        assert D(trade["price"]) == 51_000
        assert D(trade["commission"]) == D("2.55")  # 0.1 x 51,000 x 0.0005

    played(body)
