"""Replies have the fields that the venue documents, no more and no fewer (rest-api.md)."""

from __future__ import annotations

from typing import Any

from atms.sandbox.binance.server import Sandbox
from tests.sandbox.binance.bench import Events, order, played

ACK = {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
STATE = {
    "price", "origQty", "executedQty", "origQuoteOrderQty", "cummulativeQuoteQty", "status",
    "timeInForce", "type", "side", "selfTradePreventionMode",
}  # fmt: skip
RESULT = ACK | STATE | {"workingTime"}
QUERY = (RESULT - {"transactTime"}) | {
    "stopPrice", "icebergQty", "time", "updateTime", "isWorking",
}  # fmt: skip


def test_orders_have_the_documented_fields() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        made = await exchange.private_post_order(order())
        assert set(made) == RESULT | {"fills"}
        which = {"symbol": "BTCUSDT", "orderId": made["orderId"]}
        assert set(await exchange.private_get_order(which)) == QUERY
        assert set((await exchange.private_get_openorders({"symbol": "BTCUSDT"}))[0]) == QUERY
        gone = await exchange.private_delete_order(which)
        assert set(gone) == ACK | STATE | {"origClientOrderId"}

    played(body)


def test_conditional_fields_stand_where_they_are_documented() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        stop = order(
            type="STOP_LOSS_LIMIT", side="SELL", price="40000", trailingDelta="50",
            icebergQty="0.005", strategyId="1", newOrderRespType="RESULT",
        )  # fmt: skip
        made = await exchange.private_post_order(stop)
        more = {"stopPrice", "icebergQty", "trailingDelta", "trailingTime", "strategyId"}
        assert set(made) == RESULT | more

    played(body)


def test_trades_have_the_documented_fields() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        market = order(type="MARKET", price=None, timeInForce=None)
        made = await exchange.private_post_order(market)
        assert set(made["fills"][0]) == {
            "price", "qty", "commission", "commissionAsset", "tradeId",
        }  # fmt: skip
        row = (await exchange.private_get_mytrades({"symbol": "BTCUSDT"}))[0]
        assert set(row) == {
            "symbol", "id", "orderId", "orderListId", "price", "qty", "quoteQty", "commission",
            "commissionAsset", "time", "isBuyer", "isMaker", "isBestMatch",
        }  # fmt: skip
        assert row["id"] == made["fills"][0]["tradeId"]

    played(body)


def test_the_account_has_the_documented_fields() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        account = await exchange.private_get_account()
        assert set(account) == {
            "makerCommission", "takerCommission", "buyerCommission", "sellerCommission",
            "commissionRates", "canTrade", "canWithdraw", "canDeposit", "brokered",
            "requireSelfTradePrevention", "preventSor", "updateTime", "accountType", "balances",
            "permissions", "uid",
        }  # fmt: skip
        assert set(account["balances"][0]) == {"asset", "free", "locked"}

    played(body)


def test_symbols_have_the_documented_fields() -> None:
    async def body(sandbox: Sandbox, exchange: Any) -> None:
        info = await exchange.public_get_exchangeinfo()
        symbol = info["symbols"][0]
        assert set(symbol) == {
            "symbol", "status", "baseAsset", "baseAssetPrecision", "quoteAsset",
            "quotePrecision", "quoteAssetPrecision", "baseCommissionPrecision",
            "quoteCommissionPrecision", "orderTypes", "icebergAllowed", "ocoAllowed",
            "otoAllowed", "opoAllowed", "quoteOrderQtyMarketAllowed", "allowTrailingStop",
            "cancelReplaceAllowed", "amendAllowed", "pegInstructionsAllowed",
            "isSpotTradingAllowed", "isMarginTradingAllowed", "filters", "permissions",
            "permissionSets", "defaultSelfTradePreventionMode",
            "allowedSelfTradePreventionModes",
        }  # fmt: skip
        filters = {one["filterType"]: set(one) - {"filterType"} for one in symbol["filters"]}
        assert filters["PRICE_FILTER"] == {"minPrice", "maxPrice", "tickSize"}
        assert filters["LOT_SIZE"] == filters["MARKET_LOT_SIZE"] == {
            "minQty", "maxQty", "stepSize",
        }  # fmt: skip
        assert filters["NOTIONAL"] == {
            "minNotional", "applyMinToMarket", "maxNotional", "applyMaxToMarket", "avgPriceMins",
        }  # fmt: skip
        assert filters["PERCENT_PRICE_BY_SIDE"] == {
            "bidMultiplierUp", "bidMultiplierDown", "askMultiplierUp", "askMultiplierDown",
            "avgPriceMins",
        }  # fmt: skip

    played(body)


def test_lists_have_the_documented_fields() -> None:
    head = {
        "orderListId", "contingencyType", "listStatusType", "listOrderStatus",
        "listClientOrderId", "transactionTime", "symbol", "orders",
    }  # fmt: skip

    async def body(sandbox: Sandbox, exchange: Any) -> None:
        events = await Events(exchange).start()
        made = await exchange.private_post_orderlist_oco(
            {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.01", "aboveType": "LIMIT_MAKER",
             "abovePrice": "52000", "belowType": "STOP_LOSS", "belowStopPrice": "48000"}
        )  # fmt: skip
        assert set(made) == head | {"orderReports"}
        assert [set(one) for one in made["orderReports"]] == [RESULT | {"stopPrice"}, RESULT]
        which = {"orderListId": made["orderListId"]}
        assert set(await exchange.private_get_orderlist(which)) == head
        await events.until("listStatus", "NEW", "NEW")
        assert set(events.all[0]) == set("eEsgclLrCTO")

    played(body)
