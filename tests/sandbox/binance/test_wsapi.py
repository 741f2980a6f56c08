"""The websocket API: requests one by one, limits in the reply, subscriptions."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from atms.sandbox.binance.server import Sandbox
from tests.sandbox.binance.bench import SYMBOL, Events, order, played
from tests.sandbox.binance.test_streams import plain


def signed(sandbox: Sandbox, **params: Any) -> dict[str, Any]:
    """Return *params* with key, time and signature."""
    sent = {**params, "apiKey": sandbox.key, "timestamp": sandbox.clock.now()}
    text = "&".join(f"{name}={sent[name]}" for name in sorted(sent))
    mark = hmac.new(sandbox.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return {**sent, "signature": mark}


def test_public_requests_need_no_key() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws-api/v3") as wire:
            assert (await wire.ask("ping", {}))["result"] == {}
            reply = await wire.ask("v3/time", {}, 5)
            assert (reply["id"], reply["status"]) == (5, 200)
            limits = reply["rateLimits"][0]
            assert (limits["rateLimitType"], limits["limit"], limits["count"]) == (
                "REQUEST_WEIGHT", 6000, 4,
            )  # fmt: skip
            assert "rateLimits" not in await wire.ask("time", {"returnRateLimits": False})
            rows = await wire.ask("klines", {"symbol": "BTCUSDT", "interval": "1m"})
            assert len(rows["result"]) == 1

    played(body)


def test_an_order_goes_its_way() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws-api/v3") as wire:
            made = await wire.ask("order.place", signed(sandbox, **order(newClientOrderId="ws-1")))
            assert made["result"]["status"] == "NEW"
            assert [one["rateLimitType"] for one in made["rateLimits"]] == [
                "ORDERS", "ORDERS", "REQUEST_WEIGHT",
            ]  # fmt: skip
            which = {"symbol": "BTCUSDT", "origClientOrderId": "ws-1"}
            found = await wire.ask("order.status", signed(sandbox, **which))
            assert found["result"]["orderId"] == made["result"]["orderId"]
            rows = await wire.ask("openOrders.status", signed(sandbox, symbol="BTCUSDT"))
            assert len(rows["result"]) == 1
            gone = await wire.ask("order.cancel", signed(sandbox, **which))
            assert gone["result"]["status"] == "CANCELED"
            balances = (await wire.ask("account.status", signed(sandbox)))["result"]["balances"]
            assert {one["asset"] for one in balances} == {"USDT", "BTC"}

    played(body)


@pytest.mark.parametrize(
    ("method", "changes", "code"),
    [
        ("order.place", {"signature": "0" * 64}, -1022),
        ("order.place", {"apiKey": "B" * 64}, -2015),
        ("order.place", {"price": None}, -1022),
        ("order.place", {"timestamp": 5}, -1021),
        ("order.fly", {}, -1020),
    ],
)
def test_a_wrong_request_is_answered_with_its_code(
    method: str, changes: dict[str, Any], code: int
) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws-api/v3") as wire:
            params = {**signed(sandbox, **order()), **changes}
            sent = {name: value for name, value in params.items() if value is not None}
            reply = await wire.ask(method, sent)
        assert reply["error"]["code"] == code
        assert reply["status"] in (400, 401)

    played(body)


def test_events_of_the_account_carry_the_subscription() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws-api/v3") as wire:
            subscribe = "userDataStream.subscribe.signature"
            assert (await wire.ask(subscribe, signed(sandbox)))["result"] == {"subscriptionId": 0}
            assert (await wire.ask(subscribe, signed(sandbox)))["error"]["code"] == -2035
            await exchange.create_order(SYMBOL, "limit", "buy", 0.01, 40_000)
            event = await wire.next()
            assert event["subscriptionId"] == 0
            assert (event["event"]["e"], event["event"]["X"]) == ("executionReport", "NEW")
            assert (await wire.next())["event"]["e"] == "outboundAccountPosition"
            ended = await wire.ask("userDataStream.unsubscribe", {})
            assert ended["event"]["e"] == "eventStreamTerminated"
            assert (await wire.next())["status"] == 200

    played(body)


def test_an_execution_report_has_every_documented_field() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        await exchange.private_post_order(
            order(strategyId="5", strategyType="1000001", newClientOrderId="mine")
        )
        await events.until("NEW")
        report = events.reports()[0]
        assert set(report) == set("eEscSofqpPFgCxXriLzlnNTtIwmMOZYQWVjJ")
        assert (report["j"], report["J"], report["c"], report["r"]) == (5, 1000001, "mine", "NONE")

    played(body)


def test_order_lists_are_placed_over_the_websocket_too() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        async with plain(sandbox, "/ws-api/v3") as wire:
            made = await wire.ask(
                "orderList.place.oco",
                signed(
                    sandbox, symbol="BTCUSDT", side="SELL", quantity="0.01",
                    aboveType="LIMIT_MAKER", abovePrice="52000", belowType="STOP_LOSS",
                    belowStopPrice="48000",
                ),
            )  # fmt: skip
            number = made["result"]["orderListId"]
            gone = await wire.ask(
                "orderList.cancel", signed(sandbox, symbol="BTCUSDT", orderListId=number)
            )
        assert gone["result"]["listOrderStatus"] == "ALL_DONE"

    played(body)
