"""The life of an order, as the real ccxt sees it."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from atms.sandbox.binance.config import SandboxConfig
from atms.sandbox.binance.server import Sandbox
from tests.sandbox.binance.bench import SYMBOL, Events, free, locked, order, played, refusal


def test_markets_load_with_their_filters() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        markets = await exchange.load_markets()
        market = markets[SYMBOL]
        assert list(markets) == [SYMBOL]
        assert market["spot"]
        assert market["active"]
        assert market["precision"]["price"] == 0.01
        assert market["precision"]["amount"] == 0.00001
        assert market["limits"]["cost"]["min"] == 5
        assert market["limits"]["amount"]["max"] == 9000

    played(body)


def test_balances_are_those_of_the_config() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        balance = await exchange.fetch_balance()
        assert balance["USDT"] == {"free": 500.0, "used": 0.0, "total": 500.0}
        assert balance["BTC"]["total"] == 0

    played(body, SandboxConfig(balances={"USDT": Decimal(500)}))


def test_a_limit_order_rests_fills_in_parts_and_is_done() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        made = await exchange.create_order(SYMBOL, "limit", "buy", 0.01, 49_000)
        assert made["status"] == "open"
        assert locked(sandbox, "USDT") == 490
        sandbox.market.print(49_000, "0.004")
        part = await exchange.fetch_order(made["id"], SYMBOL)
        assert (part["filled"], part["status"], part["average"]) == (0.004, "open", 49_000)
        sandbox.market.print(48_990, 1)
        done = await exchange.fetch_order(made["id"], SYMBOL)
        assert (done["filled"], done["status"], done["cost"]) == (0.01, "closed", 490)
        assert locked(sandbox, "USDT") == 0
        await events.until("NEW", "TRADE", "TRADE")
        last = events.reports()[-1]
        assert (last["X"], last["z"], last["l"], last["m"]) == (
            "FILLED", "0.01000000", "0.00600000", True,
        )  # fmt: skip
        assert last["n"] == "0.00000600"
        assert last["N"] == "BTC"

    played(body)


def test_a_market_order_walks_the_book() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        sandbox.market.book([(49_999, 1)], [(50_000, "0.01"), (50_010, "0.02"), (50_020, 5)])
        made = await exchange.create_order(SYMBOL, "market", "buy", 0.05)
        assert made["status"] == "closed"
        assert [(one["price"], one["amount"]) for one in made["trades"]] == [
            (50_000, 0.01), (50_010, 0.02), (50_020, 0.02),
        ]  # fmt: skip
        assert free(sandbox, "USDT") == 10_000 - Decimal("2500.60")
        assert free(sandbox, "BTC") == 1 + Decimal("0.05") * Decimal("0.999")

    played(body)


def test_a_market_order_larger_than_the_book_expires_with_what_it_got() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        sandbox.market.book([(49_999, 1)], [(50_000, "0.01")])
        made = await exchange.create_order(SYMBOL, "market", "buy", 0.05)
        assert made["filled"] == 0.01
        assert made["info"]["status"] == "EXPIRED"

    played(body)


def test_a_market_order_by_quote_quantity_spends_no_more() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        reply = await exchange.private_post_order(
            order(type="MARKET", timeInForce=None, price=None, quantity=None, quoteOrderQty="100")
        )
        assert reply["status"] == "FILLED"
        assert reply["origQty"] == reply["executedQty"] == "0.00200000"
        assert reply["cummulativeQuoteQty"] == "100.00000000"
        assert reply["origQuoteOrderQty"] == "100.00000000"

    played(body)


def test_an_order_takes_first_and_rests_with_what_is_left() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        sandbox.market.book([(49_999, 1)], [(50_000, "0.01")])
        made = await exchange.create_order(SYMBOL, "limit", "buy", 0.03, 50_000)
        assert (made["status"], made["filled"]) == ("open", 0.01)
        book = await exchange.fetch_order_book(SYMBOL)
        assert book["bids"][0] == [50_000, 0.02]
        assert locked(sandbox, "USDT") == 1000

    played(body)


def test_a_print_is_shared_by_price_and_then_by_time() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        ids = [
            (await exchange.create_order(SYMBOL, "limit", "buy", 0.01, price))["id"]
            for price in (49_000, 49_100, 49_000)
        ]
        sandbox.market.print(49_000, "0.015")
        filled = [(await exchange.fetch_order(one, SYMBOL))["filled"] for one in ids]
        assert filled == [0.005, 0.01, 0]

    played(body)


def test_what_was_taken_is_gone_until_the_next_print() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        sandbox.market.book([(49_999, 1)], [(50_000, "0.01"), (50_010, 1)])
        prices = [
            (await exchange.create_order(SYMBOL, "market", "buy", 0.01))["average"]
            for _ in range(2)
        ]
        assert prices == [50_000, 50_010]
        sandbox.market.print(50_000, 1)
        again = await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        assert again["average"] == 50_000

    played(body)


def test_what_a_better_price_saves_is_free_at_once() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        sandbox.market.book([(49_999, 1)], [(49_999.5, "0.01")])
        await exchange.create_order(SYMBOL, "limit", "buy", 0.03, 50_000)
        assert locked(sandbox, "USDT") == 1000
        assert free(sandbox, "USDT") == 10_000 - 1000 - Decimal("499.995")

    played(body)


def test_ioc_expires_and_fok_takes_all_or_nothing() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        sandbox.market.book([(49_999, 1)], [(50_000, "0.01")])
        fok = await exchange.private_post_order(order(price="50000", quantity="0.02",
                                                      timeInForce="FOK"))  # fmt: skip
        ioc = await exchange.private_post_order(order(price="50000", quantity="0.02",
                                                      timeInForce="IOC"))  # fmt: skip
        assert (fok["status"], fok["executedQty"]) == ("EXPIRED", "0.00000000")
        assert (ioc["status"], ioc["executedQty"]) == ("EXPIRED", "0.01000000")
        assert locked(sandbox, "USDT") == 0

    played(body)


def test_post_only_is_refused_where_it_would_take() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        maker = order(type="LIMIT_MAKER", timeInForce=None, price="50000")
        code, message = await refusal(exchange, exchange.private_post_order(maker))
        assert (code, message) == (-2010, "Order would immediately match and take.")
        good = await exchange.private_post_order(maker | {"price": "49999"})
        assert set(good) == {
            "symbol", "orderId", "orderListId", "clientOrderId", "transactTime",
        }  # fmt: skip

    played(body)


def test_the_reply_has_the_shape_that_was_asked_for() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        shapes = {
            shape: await exchange.private_post_order(order(newOrderRespType=shape))
            for shape in ("ACK", "RESULT", "FULL")
        }
        assert "status" not in shapes["ACK"]
        assert "fills" not in shapes["RESULT"]
        assert shapes["FULL"]["fills"] == []
        assert shapes["FULL"]["workingTime"] == shapes["FULL"]["transactTime"]

    played(body)


def test_a_cancel_frees_the_funds_and_renames_the_order() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        made = await exchange.private_post_order(order(newClientOrderId="mine-1"))
        reply = await exchange.private_delete_order(
            {"symbol": "BTCUSDT", "origClientOrderId": "mine-1", "newClientOrderId": "cancel-1"}
        )
        assert (reply["status"], reply["origClientOrderId"], reply["clientOrderId"]) == (
            "CANCELED", "mine-1", "cancel-1",
        )  # fmt: skip
        assert locked(sandbox, "USDT") == 0
        await events.until("NEW", "CANCELED")
        report = events.reports()[-1]
        assert (report["c"], report["C"]) == ("cancel-1", "mine-1")
        by_id = await exchange.private_get_order({"symbol": "BTCUSDT", "orderId": made["orderId"]})
        assert by_id["clientOrderId"] == "cancel-1"
        old = {"symbol": "BTCUSDT", "origClientOrderId": "mine-1"}
        assert (await refusal(exchange, exchange.private_get_order(old)))[0] == -2013

    played(body)


def test_a_cancel_can_be_restricted_to_a_status() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.private_post_order(order())
        which = {"symbol": "BTCUSDT", "orderId": made["orderId"]}
        partly = which | {"cancelRestrictions": "ONLY_PARTIALLY_FILLED"}
        assert await refusal(exchange, exchange.private_delete_order(partly)) == (
            -2011, "Order was not canceled due to cancel restrictions.",
        )  # fmt: skip
        wrong = which | {"cancelRestrictions": "ONLY_OLD"}
        assert (await refusal(exchange, exchange.private_delete_order(wrong)))[0] == -1145
        assert (await exchange.private_delete_order(which))["status"] == "CANCELED"

    played(body)


def test_what_is_not_open_cannot_be_cancelled() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        unknown = (-2011, "Unknown order sent.")
        which = {"symbol": "BTCUSDT", "orderId": 77}
        assert await refusal(exchange, exchange.private_delete_order(which)) == unknown
        assert (
            await refusal(exchange, exchange.private_delete_openorders({"symbol": "BTCUSDT"}))
            == unknown
        )
        assert (await refusal(exchange, exchange.private_get_order(which)))[0] == -2013

    played(body)


def test_all_open_orders_of_a_symbol_are_cancelled_at_once() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        for price in (49_000, 48_000, 47_000):
            await exchange.create_order(SYMBOL, "limit", "buy", 0.01, price)
        reply = await exchange.private_delete_openorders({"symbol": "BTCUSDT"})
        assert [one["status"] for one in reply] == ["CANCELED"] * 3
        assert await exchange.fetch_open_orders(SYMBOL) == []
        assert free(sandbox, "USDT") == 10_000

    played(body)


def test_a_client_id_is_unique_among_open_orders_only() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        mine = order(newClientOrderId="once")
        await exchange.private_post_order(mine)
        assert await refusal(exchange, exchange.private_post_order(mine)) == (
            -2010,
            "Duplicate order sent.",
        )
        sandbox.market.print(48_000, 1)
        later = await exchange.private_post_order(mine | {"price": "47000"})
        found = {"symbol": "BTCUSDT", "origClientOrderId": "once"}
        assert (await exchange.private_get_order(found))["orderId"] == later["orderId"]

    played(body)


def test_cancel_and_replace_tells_what_became_of_both() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        made = await exchange.private_post_order(order())
        both = order(
            cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=made["orderId"], price="48000"
        )
        replace = exchange.private_post_order_cancelreplace
        reply = await replace(both)
        assert (reply["cancelResult"], reply["newOrderResult"]) == ("SUCCESS", "SUCCESS")
        assert reply["newOrderResponse"]["price"] == "48000.00000000"
        assert (await refusal(exchange, replace(both)))[0] == -2022
        half = both | {"cancelReplaceMode": "ALLOW_FAILURE"}
        assert (await refusal(exchange, replace(half)))[0] == -2021
        rest = await exchange.fetch_open_orders(SYMBOL)
        poor = both | {"cancelOrderId": rest[0]["id"], "quantity": "5"}
        assert (await refusal(exchange, replace(poor)))[0] == -2021
        await events.until("NEW", "CANCELED", "NEW", "NEW", "CANCELED", "REJECTED")
        assert events.reports()[-1]["r"] == "INSUFFICIENT_BALANCES"

    played(body)


def test_an_amended_order_keeps_its_id_and_frees_what_it_gives_up() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        made = await exchange.private_post_order(order(newClientOrderId="first"))
        which = {"symbol": "BTCUSDT", "orderId": made["orderId"], "newClientOrderId": "second"}
        reply = await exchange.fetch2(
            "order/amend/keepPriority", ["private"], "PUT", which | {"newQty": "0.004"}
        )
        assert reply["amendedOrder"]["qty"] == "0.00400000"
        assert reply["amendedOrder"]["origClientOrderId"] == "first"
        assert locked(sandbox, "USDT") == 196
        await events.until("NEW", "REPLACED")
        found = {"symbol": "BTCUSDT", "origClientOrderId": "second"}
        assert (await exchange.private_get_order(found))["origQty"] == "0.00400000"
        more = which | {"newQty": "0.02"}
        put = exchange.fetch2("order/amend/keepPriority", ["private"], "PUT", more)
        assert (await refusal(exchange, put))[0] == -2038

    played(body)


def test_a_test_order_is_checked_and_not_placed() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        assert await exchange.private_post_order_test(order()) == {}
        assert (
            await refusal(exchange, exchange.private_post_order_test(order(price="49000.001")))
        )[0] == (-1013)
        assert await exchange.fetch_open_orders(SYMBOL) == []

    played(body)


def test_trades_are_found_by_id_by_order_and_by_time() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        ids = []
        for _ in range(3):
            made = await exchange.create_order(SYMBOL, "market", "buy", 0.01)
            ids.append(made["trades"][0]["id"])
        rows = await exchange.fetch_my_trades(SYMBOL)
        assert [row["id"] for row in rows] == ids
        assert rows[0]["fee"] == {"currency": "BTC", "cost": 0.00001}
        later = await exchange.private_get_mytrades({"symbol": "BTCUSDT", "fromId": ids[1]})
        assert [str(row["id"]) for row in later] == ids[1:]
        one = await exchange.private_get_mytrades({"symbol": "BTCUSDT", "orderId": made["id"]})
        assert [str(row["id"]) for row in one] == ids[2:]
        soon = {"symbol": "BTCUSDT", "startTime": rows[-1]["timestamp"] + 60_000}
        assert await exchange.private_get_mytrades(soon) == []
        two = {"symbol": "BTCUSDT", "startTime": 1, "fromId": 1}
        assert (await refusal(exchange, exchange.private_get_mytrades(two)))[0] == -1128
        day = {"symbol": "BTCUSDT", "startTime": 1, "endTime": 90_000_000}
        assert (await refusal(exchange, exchange.private_get_mytrades(day)))[0] == -1127

    played(body)


def test_all_orders_are_told_from_an_id_on() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        ids = [
            (await exchange.create_order(SYMBOL, "limit", "buy", 0.01, 40_000 + k))["id"]
            for k in range(3)
        ]
        found = await exchange.private_get_allorders({"symbol": "BTCUSDT", "orderId": ids[1]})
        assert [str(row["orderId"]) for row in found] == ids[1:]

    played(body)


def test_fees_are_paid_in_another_asset_at_a_discount() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        fee = made["trades"][0]["fee"]
        assert fee["currency"] == "BNB"
        assert fee["cost"] == float(Decimal(500) * Decimal("0.00075") / 600)
        assert free(sandbox, "BTC") == Decimal("0.01")

    config = SandboxConfig(fee_asset="BNB", balances={"USDT": Decimal(1000), "BNB": Decimal(1)})
    played(body, config)


def test_a_deposit_is_told() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        sandbox.venue.desk.deposit("USDT", Decimal(5))
        await events.until("balanceUpdate")
        assert events.all[0]["d"] == "5.00000000"
        assert events.all[1]["B"] == [{"a": "USDT", "f": "10005.00000000", "l": "0.00000000"}]

    played(body)


def test_a_thousand_open_orders_slow_nothing_down() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.load_markets()
        jobs = [
            exchange.create_order(SYMBOL, "limit", "buy", 0.001, 20_000 + k) for k in range(1000)
        ]
        await asyncio.gather(*jobs)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for k in range(1000):
            sandbox.market.print(50_000 + k % 7, 1)
        assert loop.time() - began < 1
        assert len(await exchange.fetch_open_orders(SYMBOL)) == 1000

    from atms.sandbox.binance.config import Limits

    limits = Limits(open_orders=5000, orders_10s=10**6, weight=10**6)
    played(body, SandboxConfig(limits=limits, balances={"USDT": Decimal(10**6)}))
