"""The plain ccxt, which knows nothing of us, trades contracts on the sandbox as on Bybit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from atms.sandbox.bybitlinear.config import BybitLinearConfig
from atms.sandbox.bybitlinear.server import BybitLinearSandbox
from atms.sandbox.venue.config import MarketConfig
from tests.sandbox.bybit.test_plain_ccxt import pointed

ccxt = pytest.importorskip("ccxt.pro", reason="it is ccxt that is asked")
BTC = "BTC/USDT:USDT"
Body = Callable[[BybitLinearSandbox, Any], Awaitable[None]]


def play(body: Body, **more: Any) -> None:
    """Run a body with a sandbox of one market at 50,000, and ccxt with the account's key."""

    async def played() -> None:
        markets = (MarketConfig(tick=Decimal("0.1"), depth=Decimal(5)),)
        async with BybitLinearSandbox(BybitLinearConfig(markets=markets, **more)) as sandbox:
            sandbox.market.print(50_000, 1)
            exchange = ccxt.bybit({
                "apiKey": sandbox.key, "secret": sandbox.secret, "enableRateLimit": False,
                "options": {"defaultType": "swap", "fetchMarkets": {"types": ["linear"]}},
            })  # fmt: skip
            exchange.urls["api"] = pointed(exchange.urls["api"], urlsplit(sandbox.url).netloc)
            try:
                await asyncio.wait_for(body(sandbox, exchange), 30)
            finally:
                await exchange.close()

    asyncio.run(played())


def test_contracts_prices_and_bars_are_read() -> None:
    async def body(sandbox: BybitLinearSandbox, exchange: Any) -> None:
        market = (await exchange.load_markets())[BTC]
        assert (market["id"], market["settle"], market["linear"]) == ("BTCUSDT", "USDT", True)
        assert (market["precision"]["amount"], market["limits"]["leverage"]["max"]) == (0.001, 100)
        assert market["limits"]["cost"]["min"] == 5
        sandbox.market.bar(50_000, 50_100, 49_900, 50_050, 4)
        bars = await exchange.fetch_ohlcv(BTC, "1m", limit=5)
        assert bars[-1][1:] == [50_000, 50_100, 49_900, 50_050, 4]
        sandbox.venue.risk.set_mark("BTCUSDT", Decimal(50_040))
        ticker = await exchange.fetch_ticker(BTC)
        assert (ticker["last"], ticker["markPrice"]) == (50_050, 50_040)
        rate = await exchange.fetch_funding_rate(BTC)
        assert (rate["fundingRate"], rate["interval"]) == (0.0001, "8h")

    play(body)


def test_a_position_is_opened_valued_and_closed() -> None:
    async def body(sandbox: BybitLinearSandbox, exchange: Any) -> None:
        await exchange.create_order(BTC, "market", "buy", 0.2)
        sandbox.venue.risk.set_mark("BTCUSDT", Decimal(51_000))
        (held,) = await exchange.fetch_positions([BTC])
        assert (held["side"], held["contracts"], held["entryPrice"]) == ("long", 0.2, 50_000)
        assert (held["unrealizedPnl"], held["leverage"]) == (200, 20)
        balance = await exchange.fetch_balance()
        assert balance["USDT"]["total"] == pytest.approx(10_000 - 5.5)  # 0.00055 of 10,000
        assert balance["info"]["result"]["list"][0]["coin"][0]["equity"] == "10194.5"
        with pytest.raises(ccxt.InvalidOrder, match="110017"):
            await exchange.create_order(BTC, "market", "buy", 0.1, None, {"reduceOnly": True})
        await exchange.create_order(BTC, "market", "sell", 0.3, None, {"reduceOnly": True})
        (last,) = [one for one in await exchange.fetch_closed_orders(BTC) if one["side"] == "sell"]
        assert (last["filled"], last["info"]["cancelType"]) == (0.2, "CancelByReduceOnly")
        assert await exchange.fetch_positions() == []
        trades = await exchange.fetch_my_trades(BTC)
        assert [one["info"]["closedSize"] for one in trades] == ["0", "0.2"]
        assert (trades[0]["fee"]["cost"], trades[0]["fee"]["currency"]) == (5.5, "USDT")

    play(body)


def test_a_stop_keeps_its_id_when_it_fires() -> None:
    async def body(sandbox: BybitLinearSandbox, exchange: Any) -> None:
        await exchange.create_order(BTC, "market", "buy", 0.1)
        down = {"triggerPrice": 49_000, "triggerDirection": "descending", "reduceOnly": True}
        made = await exchange.create_order(
            BTC, "market", "sell", 0.1, None, {**down, "clientOrderId": "stop-1"}
        )
        (waits,) = await exchange.fetch_open_orders(BTC)
        assert (waits["info"]["orderStatus"], waits["triggerPrice"]) == ("Untriggered", 49_000)
        with pytest.raises(ccxt.InvalidOrder, match="110093"):
            await exchange.create_order(
                BTC, "market", "sell", 0.1, None, {**down, "triggerPrice": 50_000}
            )
        sandbox.market.print(48_990, 5)
        found = await exchange.fetch_order(made["id"], BTC, {"acknowledged": True})
        assert (found["status"], found["clientOrderId"]) == ("closed", "stop-1")
        assert found["info"]["stopOrderType"] == "Stop"
        trade = (await exchange.fetch_my_trades(BTC))[-1]
        assert (trade["order"], trade["price"]) == (made["id"], 48_990)
        second = await exchange.create_order(BTC, "market", "buy", 0.1, None, {
            "triggerPrice": 52_000, "triggerDirection": "ascending"})  # fmt: skip
        await exchange.cancel_order(second["id"], BTC)
        found = await exchange.fetch_order(second["id"], BTC, {"acknowledged": True})
        assert found["info"]["orderStatus"] == "Deactivated"

    play(body)


def test_funding_and_transfers_are_told() -> None:
    async def body(sandbox: BybitLinearSandbox, exchange: Any) -> None:
        await exchange.create_order(BTC, "market", "sell", 0.1)
        sandbox.venue.risk.pay("BTCUSDT", Decimal("0.5"))
        sandbox.venue.desk.deposit("USDT", Decimal(7))
        (paid,) = await exchange.fetch_funding_history(BTC)
        assert (paid["amount"], paid["info"]["side"]) == (-0.5, "Sell")  # as ccxt tells execFee
        ledger = await exchange.fetch_ledger("USDT")
        told = {row["info"]["type"]: row for row in ledger}
        # 0.00055 of what 0.1 brought at a bid of 49,999.9
        assert {kind: (row["direction"], row["amount"]) for kind, row in told.items()} == {
            "TRADE": ("out", 2.7499945), "SETTLEMENT": ("in", 0.5), "TRANSFER_IN": ("in", 7),
        }  # fmt: skip
        assert told["SETTLEMENT"]["info"]["funding"] == "0.5"

    play(body)


def test_streams_tell_the_account_and_the_market() -> None:
    async def body(sandbox: BybitLinearSandbox, exchange: Any) -> None:
        exchange.options["watchPositions"] = {"fetchPositionsSnapshot": False}
        orders = asyncio.create_task(exchange.watch_orders(BTC))
        trades = asyncio.create_task(exchange.watch_my_trades(BTC))
        positions = asyncio.create_task(exchange.watch_positions([BTC]))
        bars = asyncio.create_task(exchange.watch_ohlcv(BTC, "1m"))
        book = await exchange.watch_order_book(BTC, 50)
        assert book["asks"][0][0] == 50_000
        while len(sandbox.wires) < 2 or not all(one.topics for one in sandbox.wires.values()):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)  # so that each of the account's three topics is subscribed to
        await exchange.create_order(BTC, "limit", "buy", 0.1, 50_000)
        assert (await orders)[-1]["symbol"] == BTC
        assert (await trades)[-1]["amount"] == 0.1
        (held,) = await positions
        assert (held["side"], held["contracts"]) == ("long", 0.1)
        sandbox.market.print(50_010, "0.5")
        assert (await bars)[-1][4] == 50_010

    play(body)


@pytest.mark.parametrize(
    ("price", "amount", "params", "kind", "words"),
    [
        ("49000.05", "0.1", {}, "BadRequest", "price invalid"),
        ("49000", "0.0001", {}, "BadRequest", "Qty invalid"),
        ("10", "0.1", {}, "InvalidOrder", "110094"),
        ("49000", "9", {}, "InsufficientFunds", "110007"),  # 22,050 of margin
        ("49000", "0.1", {"clientOrderId": "twice"}, "InvalidOrder", "110072"),
        ("49000", "0.1", {"positionIdx": 1}, "BadRequest", "position mode"),
        ("49000", "0.1", {"triggerPrice": 48_000, "triggerDirection": "ascending"},
         "InvalidOrder", "110092"),
    ],
    ids=["tick", "step", "value", "margin", "duplicate", "hedge", "trigger"],
)  # fmt: skip
def test_what_the_venue_would_refuse_is_refused_in_its_words(
    price: str, amount: str, params: dict[str, Any], kind: str, words: str
) -> None:
    async def body(sandbox: BybitLinearSandbox, exchange: Any) -> None:
        await exchange.load_markets()
        twice = {"clientOrderId": "twice"}
        first = await exchange.create_order(BTC, "limit", "buy", 0.01, 49_000, twice)
        await exchange.cancel_order(first["id"], BTC)  # an id is never free again
        exchange.price_to_precision = lambda symbol, one: str(one)
        exchange.amount_to_precision = lambda symbol, one: amount
        with pytest.raises(getattr(ccxt, kind), match=words):
            await exchange.create_order(BTC, "limit", "buy", 1, price, params)

    play(body)


def test_leverage_and_modes_are_set_and_told() -> None:
    async def body(sandbox: BybitLinearSandbox, exchange: Any) -> None:
        await exchange.set_leverage(7, BTC)
        assert (await exchange.fetch_leverage(BTC))["longLeverage"] == 7
        await exchange.set_position_mode(True, BTC)
        rows = (await exchange.private_get_v5_position_list(
            {"category": "linear", "symbol": "BTCUSDT"}))["result"]["list"]  # fmt: skip
        assert [row["positionIdx"] for row in rows] == [1, 2]
        await exchange.set_margin_mode("isolated")
        info = (await exchange.private_get_v5_account_info())["result"]
        assert info["marginMode"] == "ISOLATED_MARGIN"

    play(body)


def test_who_owes_too_much_is_taken_over() -> None:
    async def body(sandbox: BybitLinearSandbox, exchange: Any) -> None:
        await exchange.create_order(BTC, "market", "buy", 3)
        rests = await exchange.create_order(BTC, "limit", "buy", 0.1, 30_000)
        sandbox.venue.risk.set_mark("BTCUSDT", Decimal(46_500))  # 10,500 are lost
        trade = (await exchange.fetch_my_trades(BTC, params={"execType": "BustTrade"}))[-1]
        assert (trade["amount"], trade["price"]) == (3, 46_500)
        found = await exchange.fetch_order(rests["id"], BTC, {"acknowledged": True})
        assert (found["status"], found["info"]["cancelType"]) == ("canceled", "CancelAllBeforeLiq")
        assert await exchange.fetch_positions() == []

    play(body)
