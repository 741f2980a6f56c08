"""Orders of futures: margin, profit, reduce-only, conditional ones, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from atms.sandbox.binance_usdm.server import UsdmSandbox
from tests.sandbox.binance_usdm.bench import D, Heard, market, order, played, refused, stop


def test_profit_and_fees_move_the_wallet_and_nothing_else_does() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        account = sandbox.venue.account
        await exchange.fapiPrivatePostOrder(market("BUY", "0.1"))  # at 50,000: the ask
        # a taker's fee: 0.1 x 50,000 x 0.0005
        assert account.wallet["USDT"] == D("9997.5")
        sandbox.market.print(51_000, 5)
        assert account.open_profit("USDT") == D(100)
        sold = await exchange.fapiPrivatePostOrder(order(side="SELL", price="51100"))
        sandbox.market.print(51_100, 5)
        assert sold["status"] == "NEW"
        # 0.1 x 1,100 won; a maker's fee: 0.1 x 51,100 x 0.0002
        assert account.wallet["USDT"] == D("9997.5") + D(110) - D("1.022")
        assert account.held() == []

    played(body)


def test_an_order_that_turns_a_position_closes_it_and_opens_the_rest() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        await exchange.fapiPrivatePostOrder(market("BUY", "0.1"))
        sandbox.market.print(49_000, 5)
        await exchange.fapiPrivatePostOrder(market("SELL", "0.3"))
        (risk,) = await exchange.fapiPrivateV3GetPositionRisk({})
        assert D(risk["positionAmt"]) == D("-0.2")
        assert D(risk["entryPrice"]) == D(49_000)  # the price that the last seller took
        # fees of 2.5 and 7.35, and 0.1 x 1,000 lost
        assert sandbox.venue.account.wallet["USDT"] == 10_000 - D("9.85") - 100

    played(body)


def test_what_the_margin_does_not_reach_for_is_refused() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        # 10,000 at a leverage of 20 carry 200,000: 4 units at 49,000, and not 4.1
        assert "-2019" in await refused(exchange.fapiPrivatePostOrder(order(quantity="4.1")))
        await exchange.fapiPrivatePostOrder(order(quantity="4"))
        assert "-2019" in await refused(exchange.fapiPrivatePostOrder(order(quantity="0.1")))

    played(body)


def test_more_than_a_leverage_allows_is_refused() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        set_ = await exchange.fapiPrivatePostLeverage({"symbol": "BTCUSDT", "leverage": 125})
        assert set_["maxNotionalValue"] == "50000"
        # 1.1 at 49,000 are 53,900, above the 50,000 of that bracket
        assert "-2027" in await refused(exchange.fapiPrivatePostOrder(order(quantity="1.1")))
        await exchange.fapiPrivatePostOrder(order(quantity="1"))
        refusal = await refused(
            exchange.fapiPrivatePostLeverage({"symbol": "BTCUSDT", "leverage": 126})
        )
        assert "-4028" in refusal

    played(body)


def test_an_order_that_reduces_never_turns_its_position() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        sell = {"side": "SELL", "reduceOnly": "true"}
        assert "-2022" in await refused(exchange.fapiPrivatePostOrder(market(qty="0.1", **sell)))
        await exchange.fapiPrivatePostOrder(market("BUY", "0.1"))
        assert "-2022" in await refused(
            exchange.fapiPrivatePostOrder(market("BUY", "0.1", reduceOnly="true"))
        )
        resting = await exchange.fapiPrivatePostOrder(order(price="52000", **sell))
        sold = await exchange.fapiPrivatePostOrder(market(qty="0.3", **sell))
        assert (sold["status"], D(sold["executedQty"])) == ("EXPIRED", D("0.1"))
        assert sandbox.venue.account.held() == []
        # what rested to reduce is knocked out with the position
        gone = await exchange.fapiPrivateGetOrder(
            {"symbol": "BTCUSDT", "orderId": resting["orderId"]}
        )
        assert gone["status"] == "EXPIRED"

    played(body)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": "0.1001"}, "-1111"), ({"price": "49000.001"}, "-1111"),
        ({"quantity": "0.0001"}, "-1111"), ({"quantity": "1001"}, "-4005"),
        ({"quantity": "0"}, "-4003"), ({"quantity": "0.001", "price": "4000"}, "-4164"),
        ({"price": "53000"}, "-4016"), ({"side": "SELL", "price": "47000"}, "-4024"),
        ({"symbol": "NOSUCH"}, "-1121"), ({"type": "STOP_MARKET"}, "-4120"),
        ({"positionSide": "LONG"}, "-4061"), ({"timeInForce": "GTX", "price": "50000"}, "-5022"),
        ({"timeInForce": "FOK", "quantity": "1", "price": "49999"}, "-5021"),
        ({"price": None}, "-1102"), ({"surplus": "1"}, "-1104"),
    ],
)  # fmt: skip
def test_a_refusal_has_the_venues_own_code(changes: dict[str, Any], code: str) -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        asked = exchange.fapiPrivatePostOrder(order(**changes))
        assert f'"code":{code},' in await refused(asked)

    played(body)


def test_a_client_id_of_an_open_order_is_refused_and_free_again_afterwards() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        named = {"newClientOrderId": "one"}
        await exchange.fapiPrivatePostOrder(order(**named))
        assert "-4116" in await refused(exchange.fapiPrivatePostOrder(order(**named)))
        gone = await exchange.fapiPrivateDeleteOrder(
            {"symbol": "BTCUSDT", "origClientOrderId": "one"}
        )
        assert (gone["clientOrderId"], gone["status"]) == ("one", "CANCELED")
        await exchange.fapiPrivatePostOrder(order(**named))

    played(body)


# ---- conditional orders --------------------------------------------------------------------
@pytest.mark.parametrize("keeps_id", [True, False])
def test_a_conditional_order_becomes_another_with_a_number_of_its_own(keeps_id: bool) -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        heard = await Heard(exchange).start()
        await exchange.fapiPrivatePostOrder(market("BUY", "0.1"))
        await heard.until("NEW", "TRADE", "account ORDER")
        made = await exchange.fapiPrivatePostAlgoOrder(
            stop("SELL", "0.1", "49000", reduceOnly="true", clientAlgoId="mine")
        )
        assert made["algoStatus"] == "NEW"
        await heard.until("algo NEW")
        assert await exchange.fapiPrivateGetOpenOrders({"symbol": "BTCUSDT"}) == []
        sandbox.market.print(48_999, 5)
        await heard.until(
            "algo TRIGGERING", "NEW", "algo TRIGGERED", "TRADE", "account ORDER", "algo FINISHED"
        )
        told = await exchange.fapiPrivateGetAlgoOrder({"clientAlgoId": "mine"})
        assert told["algoStatus"] == "FINISHED"
        became = await exchange.fapiPrivateGetOrder(
            {"symbol": "BTCUSDT", "orderId": told["actualOrderId"]}
        )
        assert (became["status"], became["clientOrderId"] == "mine") == ("FILLED", keeps_id)
        heard.stop()

    played(body, keeps_id=keeps_id)


def test_a_conditional_order_is_looked_at_for_its_margin_only_when_it_fires() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        await exchange.fapiPrivatePostAlgoOrder(stop("BUY", "100", "51000", clientAlgoId="large"))
        sandbox.market.print(51_000, 5)
        told = await exchange.fapiPrivateGetAlgoOrder({"clientAlgoId": "large"})
        assert (told["algoStatus"], told["actualOrderId"]) == ("REJECTED", "")

    played(body)


def test_a_conditional_order_is_cancelled_at_its_own_endpoint_alone() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        made = await exchange.fapiPrivatePostAlgoOrder(stop("SELL", "0.1", "49000"))
        elsewhere = {"symbol": "BTCUSDT", "orderId": made["algoId"]}
        assert "-2011" in await refused(exchange.fapiPrivateDeleteOrder(elsewhere))
        assert "-2013" in await refused(exchange.fapiPrivateGetOrder(elsewhere))
        gone = await exchange.fapiPrivateDeleteAlgoOrder({"algoId": made["algoId"]})
        assert gone["msg"] == "success"
        assert "-2011" in await refused(
            exchange.fapiPrivateDeleteAlgoOrder({"algoId": made["algoId"]})
        )

    played(body)


def test_a_trigger_that_the_market_has_met_is_refused() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        assert "-2021" in await refused(
            exchange.fapiPrivatePostAlgoOrder(stop("SELL", "0.1", "50001"))
        )
        take = stop("SELL", "0.1", "50001", type="TAKE_PROFIT_MARKET")
        await exchange.fapiPrivatePostAlgoOrder(take)

    played(body)


def test_a_trigger_may_look_at_the_mark_price() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        await exchange.fapiPrivatePostOrder(market("BUY", "0.1"))
        await exchange.fapiPrivatePostAlgoOrder(
            stop("SELL", "0.1", "49000", workingType="MARK_PRICE", reduceOnly="true")
        )
        sandbox.venue.risk.set_mark("BTCUSDT", D(50_000))
        sandbox.market.print(48_000, 5)
        assert len(sandbox.venue.desk.waiting()) == 1
        sandbox.venue.risk.set_mark("BTCUSDT", D(48_990))
        sandbox.market.print(48_000, 5)
        assert sandbox.venue.desk.waiting() == []
        assert sandbox.venue.account.held() == []

    played(body)


def test_in_hedge_mode_long_and_short_stand_beside_each_other() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        assert "-4061" in await refused(exchange.fapiPrivatePostOrder(market("BUY", "0.1")))
        await exchange.fapiPrivatePostOrder(market("BUY", "0.1", positionSide="LONG"))
        await exchange.fapiPrivatePostOrder(market("SELL", "0.2", positionSide="SHORT"))
        rows = await exchange.fapiPrivateV3GetPositionRisk({"symbol": "BTCUSDT"})
        assert {one["positionSide"]: D(one["positionAmt"]) for one in rows} == {
            "LONG": D("0.1"), "SHORT": D("-0.2"),
        }  # fmt: skip
        assert "-4068" in await refused(
            exchange.fapiPrivatePostPositionSideDual({"dualSidePosition": "false"})
        )

    played(body, dual_side=True)


# ---- several at once -----------------------------------------------------------------------
def test_several_orders_of_one_request_are_taken_or_refused_each_for_itself() -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        asked = [order(newClientOrderId="a"), order(quantity="4.1"), order(newClientOrderId="c")]
        rows = await exchange.fapiPrivatePostBatchOrders({"batchOrders": asked})
        assert [row.get("clientOrderId") for row in rows] == ["a", None, "c"]
        assert rows[1] == {"code": -2019, "msg": "Margin is insufficient."}
        # five of ten seconds' orders however few they are, and one of a minute's
        used = exchange.last_response_headers
        assert used["X-MBX-ORDER-COUNT-10S"] == "5"
        assert used["X-MBX-ORDER-COUNT-1M"] == "1"

    played(body)


@pytest.mark.parametrize("number", [0, 6])
def test_no_order_and_too_many_are_refused(number: int) -> None:
    async def body(sandbox: UsdmSandbox, exchange: Any) -> None:
        asked = exchange.fapiPrivatePostBatchOrders({"batchOrders": [order()] * number})
        assert '"code":-4082,' in await refused(asked)
        assert sandbox.truth.of("order") == []

    played(body)
