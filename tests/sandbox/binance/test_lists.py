"""Order lists: OCO, OTO and OTOCO."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atms.sandbox.binance.server import Sandbox
from tests.sandbox.binance.bench import Events, free, locked, played, refusal


def oco(**changes: Any) -> dict[str, Any]:
    """Return the parameters of an OCO that protects what is held."""
    usual = {
        "symbol": "BTCUSDT", "side": "SELL", "quantity": "0.01", "aboveType": "LIMIT_MAKER",
        "abovePrice": "52000", "belowType": "STOP_LOSS_LIMIT", "belowStopPrice": "48000",
        "belowPrice": "47900", "belowTimeInForce": "GTC",
    }  # fmt: skip
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def otoco(**changes: Any) -> dict[str, Any]:
    """Return the parameters of a bracket: a buy with two ways out."""
    usual = {
        "symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY",
        "workingPrice": "49000", "workingQuantity": "0.02", "workingTimeInForce": "GTC",
        "pendingSide": "SELL", "pendingQuantity": "0.01", "pendingAboveType": "LIMIT_MAKER",
        "pendingAbovePrice": "52000", "pendingBelowType": "STOP_LOSS",
        "pendingBelowStopPrice": "48000",
    }  # fmt: skip
    return {**usual, **changes}


def test_an_oco_locks_its_funds_once() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        reply = await exchange.private_post_orderlist_oco(oco())
        assert (reply["contingencyType"], reply["listOrderStatus"]) == ("OCO", "EXECUTING")
        assert [one["type"] for one in reply["orderReports"]] == ["STOP_LOSS_LIMIT", "LIMIT_MAKER"]
        assert locked(sandbox, "BTC") == Decimal("0.01")
        assert len(await exchange.fetch_open_orders("BTC/USDT")) == 2

    played(body)


def test_when_the_limit_leg_trades_the_stop_expires() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        reply = await exchange.private_post_orderlist_oco(oco())
        sandbox.market.print(52_000, "0.004")
        sandbox.market.print(52_001, 1)
        await events.until("listStatus", "NEW", "NEW", "EXPIRED", "TRADE", "TRADE", "listStatus")
        assert [one["o"] for one in events.reports()][2:] == [
            "STOP_LOSS_LIMIT", "LIMIT_MAKER", "LIMIT_MAKER",
        ]  # fmt: skip
        done = await exchange.private_get_orderlist({"orderListId": reply["orderListId"]})
        assert done["listOrderStatus"] == "ALL_DONE"
        assert await exchange.private_get_openorderlist() == []
        assert locked(sandbox, "BTC") == 0
        assert free(sandbox, "BTC") == Decimal("0.99")

    played(body)


def test_when_the_stop_fires_the_limit_leg_expires() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        await exchange.private_post_orderlist_oco(oco())
        sandbox.market.print(48_000, 1)
        await events.until("listStatus", "NEW", "NEW", "EXPIRED", "NEW", "TRADE", "listStatus")
        assert events.reports()[2]["o"] == "LIMIT_MAKER"
        assert locked(sandbox, "BTC") == 0

    played(body)


def test_a_leg_that_is_cancelled_takes_the_list_with_it() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.private_post_orderlist_oco(oco())
        leg = {"symbol": "BTCUSDT", "orderId": made["orders"][0]["orderId"]}
        reply = await exchange.private_delete_order(leg)
        assert reply["listOrderStatus"] == "ALL_DONE"
        assert [one["status"] for one in reply["orderReports"]] == ["CANCELED"] * 2
        assert locked(sandbox, "BTC") == 0

    played(body)


def test_a_list_is_cancelled_by_its_own_name() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.private_post_orderlist_oco(oco(listClientOrderId="pair-1"))
        which = {"symbol": "BTCUSDT", "listClientOrderId": "pair-1"}
        reply = await exchange.private_delete_orderlist(which)
        assert reply["listClientOrderId"] == "pair-1"
        assert (await refusal(exchange, exchange.private_delete_orderlist(which)))[0] == -2011
        found = await exchange.private_get_allorderlist()
        assert [one["listOrderStatus"] for one in found] == ["ALL_DONE"]

    played(body)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"abovePrice": "49000"}, -2010),
        ({"belowStopPrice": "51000"}, -2010),
        ({"belowType": "LIMIT_MAKER", "belowStopPrice": None, "belowTimeInForce": None}, -1166),
        ({"aboveType": "STOP_LOSS", "aboveStopPrice": "52000", "abovePrice": None}, -1197),
        ({"belowType": "TAKE_PROFIT", "belowPrice": None, "belowTimeInForce": None}, -1199),
        ({"aboveType": "LIMIT"}, -1158),
        ({"belowTimeInForce": None}, -1102),
        ({"quantity": "5"}, -2010),
        ({"quantity": "0.00001"}, -1013),
    ],
)
def test_a_wrong_oco_is_refused(changes: dict[str, Any], code: int) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        found = await refusal(exchange, exchange.private_post_orderlist_oco(oco(**changes)))
        assert found[0] == code, found
        assert sandbox.venue.desk.open("BTCUSDT") == []
        assert locked(sandbox, "BTC") == 0

    played(body)


def test_the_old_form_of_an_oco_is_taken() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        reply = await exchange.private_post_order_oco(
            {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.01", "price": "52000",
             "stopPrice": "48000", "stopLimitPrice": "47900", "stopLimitTimeInForce": "GTC"}
        )  # fmt: skip
        assert [one["type"] for one in reply["orderReports"]] == ["STOP_LOSS_LIMIT", "LIMIT_MAKER"]

    played(body)


def test_a_bracket_waits_for_its_entry() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        reply = await exchange.private_post_orderlist_otoco(otoco())
        states = [one["status"] for one in reply["orderReports"]]
        assert states == ["NEW", "PENDING_NEW", "PENDING_NEW"]
        assert locked(sandbox, "BTC") == 0
        sandbox.market.print(49_000, 1)
        assert locked(sandbox, "BTC") == Decimal("0.01")
        sandbox.market.print(52_000, 1)
        await events.until(
            "listStatus", "NEW", "NEW", "NEW", "TRADE", "NEW", "NEW", "EXPIRED", "TRADE",
            "listStatus",
        )  # fmt: skip
        assert sandbox.venue.desk.open("BTCUSDT") == []

    played(body)


def test_a_bracket_whose_entry_fills_at_once_is_told_as_pending() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        reply = await exchange.private_post_orderlist_otoco(otoco(workingPrice="50000"))
        states = [one["status"] for one in reply["orderReports"]]
        assert states == ["FILLED", "PENDING_NEW", "PENDING_NEW"]
        assert [one["status"] for one in await exchange.private_get_openorders()] == ["NEW", "NEW"]

    played(body)


def test_a_bracket_whose_entry_is_cancelled_is_gone() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.private_post_orderlist_otoco(otoco())
        leg = {"symbol": "BTCUSDT", "orderId": made["orders"][0]["orderId"]}
        await exchange.private_delete_order(leg)
        assert sandbox.venue.desk.open("BTCUSDT") == []
        assert free(sandbox, "USDT") == 10_000

    played(body)


def test_a_bracket_whose_entry_expires_is_gone() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.private_post_orderlist_otoco(otoco(workingTimeInForce="IOC"))
        assert made["orderReports"][0]["status"] == "EXPIRED"
        assert sandbox.venue.desk.open("BTCUSDT") == []
        assert [one["status"] for one in sandbox.truth.of("expire")] == ["EXPIRED"] * 3

    played(body)


def test_one_order_triggers_the_other() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.private_post_orderlist_oto(
            {"symbol": "BTCUSDT", "workingType": "LIMIT_MAKER", "workingSide": "BUY",
             "workingPrice": "49000", "workingQuantity": "0.01", "pendingType": "MARKET",
             "pendingSide": "SELL", "pendingQuantity": "0.5"}
        )  # fmt: skip
        sandbox.market.print(49_000, 1)
        assert [one["side"] for one in sandbox.truth.of("fill")] == ["BUY", "SELL"]

    played(body)


def test_a_pending_order_without_funds_expires() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        await exchange.private_post_orderlist_otoco(otoco(pendingQuantity="3"))
        sandbox.market.print(49_000, 1)
        assert [one["status"] for one in sandbox.truth.of("expire")] == ["EXPIRED", "EXPIRED"]
        assert sandbox.venue.desk.open("BTCUSDT") == []

    played(body)
