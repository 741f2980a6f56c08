"""What the venue refuses, each with its code (errors.md, filters.md)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atms.sandbox.binance.config import Limits, SandboxConfig
from atms.sandbox.binance.server import Sandbox
from tests.sandbox.binance.bench import SYMBOL, client, order, played, refusal


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"foo": "1"}, -1104,
         "Not all sent parameters were read; read '10' parameter(s) but was sent '11'."),
        ({"price": None}, -1102,
         "Mandatory parameter 'price' was not sent, was empty/null, or malformed."),
        ({"quantity": None}, -1102,
         "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed."),
        ({"timeInForce": None}, -1102,
         "Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed."),
        ({"type": "MARKET", "timeInForce": None, "price": None, "quantity": None}, -1102,
         "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!"),
        ({"type": "STOP_LOSS_LIMIT"}, -1102,
         "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!"),
        ({"price": ""}, -1105, "Parameter 'price' was empty."),
        ({"stopPrice": "1"}, -1106, "Parameter 'stopPrice' sent when not required."),
        ({"type": "MARKET", "price": None}, -1106,
         "Parameter 'timeInForce' sent when not required."),
        ({"type": "LIMIT_MAKER"}, -1106, "Parameter 'timeInForce' sent when not required."),
        ({"quoteOrderQty": "100"}, -1106, "Parameter 'quoteOrderQty' sent when not required."),
        ({"price": "1e5"}, -1100,
         "Illegal characters found in parameter 'price'; legal range is "
         "'^([0-9]{1,20})(\\.[0-9]{1,20})?$'."),
        ({"price": "-5"}, -1100, None),
        ({"newClientOrderId": "a b"}, -1100,
         "Illegal characters found in parameter 'newClientOrderId'; legal range is "
         "'^[a-zA-Z0-9-_]{1,36}$'."),
        ({"newClientOrderId": "x" * 37}, -1100, None),
        ({"quantity": "0.123456789"}, -1111, "Parameter 'quantity' has too much precision."),
        ({"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
        ({"type": "STOP"}, -1116, "Invalid orderType."),
        ({"side": "LONG"}, -1117, "Invalid side."),
        ({"symbol": "XYZUSDT"}, -1121, "Invalid symbol."),
        ({"strategyType": "5"}, -1134, "strategyType was less than 1000000."),
        ({"newOrderRespType": "BIG"}, -1130,
         "Data sent for parameter 'newOrderRespType' is not valid."),
        ({"price": "49000.001"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"price": "2000000"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"price": "9000"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        ({"quantity": "0.000011"}, -1013, "Filter failure: LOT_SIZE"),
        ({"quantity": "0"}, -1013, "Filter failure: LOT_SIZE"),
        ({"quantity": "9001"}, -1013, "Filter failure: LOT_SIZE"),
        ({"quantity": "0.0001"}, -1013, "Filter failure: NOTIONAL"),
        ({"quantity": "600", "type": "MARKET", "price": None, "timeInForce": None}, -1013,
         "Filter failure: MARKET_LOT_SIZE"),
        ({"quantity": "0.00005", "type": "MARKET", "price": None, "timeInForce": None}, -1013,
         "Filter failure: NOTIONAL"),
        ({"type": "STOP_LOSS", "trailingDelta": "5", "price": None, "timeInForce": None}, -1013,
         "Filter failure: TRAILING_DELTA"),
        ({"type": "STOP_LOSS", "stopPrice": "40000", "price": None, "timeInForce": None}, -2010,
         "Order would trigger immediately."),
        ({"type": "TAKE_PROFIT_LIMIT", "stopPrice": "51000"}, -2010,
         "Order would trigger immediately."),
        ({"quantity": "1"}, -2010, "Account has insufficient balance for requested action."),
        ({"quantity": "1", "type": "MARKET", "price": None, "timeInForce": None}, -2010,
         "Account has insufficient balance for requested action."),
        ({"side": "SELL", "price": "60000", "quantity": "2"}, -2010,
         "Account has insufficient balance for requested action."),
    ],
)  # fmt: skip
def test_a_wrong_order_is_refused_with_the_code_of_its_fault(
    changes: dict[str, str | None], code: int, message: str | None
) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        found = await refusal(exchange, exchange.private_post_order(order(**changes)))
        assert found[0] == code, found
        assert message in (None, found[1])
        assert sandbox.truth.of("order") == []
        assert sandbox.truth.of("reject")[0]["code"] == code

    played(body)


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("public_get_time", {"x": 1}, -1101),
        ("public_get_klines", {"symbol": "BTCUSDT"}, -1102),
        ("public_get_klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120),
        ("public_get_klines", {"symbol": "NOPE", "interval": "1m"}, -1121),
        ("public_get_klines", {"symbol": "BTCUSDT", "interval": "1m", "x": 1}, -1104),
        ("public_get_exchangeinfo", {"symbol": "NOPE"}, -1121),
        ("public_get_ticker_price", {"symbols": "BTCUSDT"}, -1135),
        ("public_get_ticker_price", {"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'}, -1128),
        ("private_get_order", {"symbol": "BTCUSDT"}, -1102),
        ("private_get_order", {"symbol": "BTCUSDT", "orderId": "abc"}, -1100),
        ("private_get_allorders", {"symbol": "BTCUSDT", "startTime": 1, "endTime": 10**9}, -1127),
    ],
)
def test_a_wrong_question_is_refused_with_the_code_of_its_fault(
    method: str, params: dict[str, Any], code: int
) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        assert (await refusal(exchange, getattr(exchange, method)(params)))[0] == code

    played(body)


def test_a_signature_by_another_secret_is_refused() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        exchange.secret = "x" * 64
        assert await refusal(exchange, exchange.private_get_account()) == (
            -1022, "Signature for this request is not valid.",
        )  # fmt: skip

    played(body)


def test_an_unknown_key_and_a_malformed_one_are_refused() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        exchange.apiKey = "A" * 64
        assert (await refusal(exchange, exchange.private_get_account()))[0] == -2015
        exchange.apiKey = "no!"
        assert (await refusal(exchange, exchange.private_get_account()))[0] == -2014

    played(body)


@pytest.mark.parametrize(
    ("ahead", "message"),
    [
        (20_000, "Timestamp for this request is outside of the recvWindow."),
        (-5_000, "Timestamp for this request was 1000ms ahead of the server's time."),
    ],
)
def test_a_clock_that_is_off_is_refused(ahead: int, message: str) -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        sandbox.clock.offset = ahead
        assert await refusal(exchange, exchange.private_get_account()) == (-1021, message)
        await exchange.load_time_difference()
        exchange.options["adjustForTimeDifference"] = True
        await exchange.private_get_account()

    played(body)


def test_a_window_of_more_than_a_minute_is_refused() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        account = exchange.private_get_account({"recvWindow": 60_001})
        assert (await refusal(exchange, account))[0] == -1131

    played(body)


def test_no_more_orders_are_open_than_the_filters_let() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        stop = order(type="STOP_LOSS_LIMIT", stopPrice="52000", price="53000", quantity="0.001")
        await exchange.private_post_order(stop)
        assert await refusal(exchange, exchange.private_post_order(stop)) == (
            -1013, "Filter failure: MAX_NUM_ALGO_ORDERS",
        )  # fmt: skip
        await exchange.private_post_order(order())
        assert await refusal(exchange, exchange.private_post_order(order())) == (
            -1013, "Filter failure: MAX_NUM_ORDERS",
        )  # fmt: skip
        await exchange.private_delete_openorders({"symbol": "BTCUSDT"})
        await exchange.private_post_order(stop)

    played(body, SandboxConfig(limits=Limits(open_orders=2, algo_orders=1)))


def test_a_key_tells_whether_it_may_withdraw() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        assert sandbox.withdrawal_key is not None
        safe = await exchange.sapi_get_account_apirestrictions()
        assert (safe["enableWithdrawals"], safe["enableSpotAndMarginTrading"]) == (False, True)
        exchange.apiKey, exchange.secret = sandbox.withdrawal_key
        assert (await exchange.sapi_get_account_apirestrictions())["enableWithdrawals"]
        account = await exchange.private_get_account()
        assert account["canWithdraw"]
        assert account["uid"] == 354937868

    played(body, SandboxConfig(may_withdraw=True))


def test_a_key_of_ones_own_is_taken() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        assert (exchange.apiKey, exchange.secret) == ("k" * 64, "s" * 64)
        await exchange.fetch_balance()

    played(body, SandboxConfig(key="k" * 64, secret="s" * 64))


def test_nothing_fills_before_the_first_print() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        assert made["info"]["status"] == "EXPIRED"
        assert (await exchange.fetch_order_book(SYMBOL))["bids"] == []

    played(body, last=None)


def test_two_clients_share_the_account() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        other = client(sandbox)
        try:
            made = await exchange.create_order(SYMBOL, "limit", "buy", 0.01, 49_000)
            assert (await other.fetch_open_orders(SYMBOL))[0]["id"] == made["id"]
            assert (await other.fetch_balance())["USDT"]["used"] == float(Decimal(490))
        finally:
            await other.close()

    played(body)
