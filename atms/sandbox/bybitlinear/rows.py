"""What the venue knows of contracts, as Bybit's rows have it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from atms.sandbox.bybit.rows import Rows, words
from atms.sandbox.venue.futures.contracts import Contract
from atms.sandbox.venue.futures.desk import CashRow
from atms.sandbox.venue.futures.orders import Fill, Order
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.orders import ALGO
from atms.sandbox.venue.orders import Fill as AnyFill
from atms.sandbox.venue.orders import Order as AnyOrder

if TYPE_CHECKING:
    from atms.sandbox.bybitlinear.venue import BybitLinearVenue

_ENDS = {"reduce_only": "CancelByReduceOnly", "margin": "CancelByCannotAffordOrderCost",
         "liquidation": "CancelAllBeforeLiq"}  # fmt: skip
_MADE = {"liquidation": "CreateByTakeOver_PassThrough", "adl": "CreateByAdl_PassThrough"}
_EXECUTED = {"order": "Trade", "liquidation": "BustTrade", "adl": "AdlTrade"}
_MOVED = {"FUNDING": "SETTLEMENT", "INSURANCE": "FEE_REFUND"}


class LinearRows(Rows):
    """Rows of linear contracts."""

    venue: BybitLinearVenue

    def __init__(self, venue: BybitLinearVenue) -> None:
        super().__init__(venue)

    # ---- orders -----------------------------------------------------------------------------
    def why(self, order: AnyOrder) -> tuple[str, str]:
        """Return cancelType and rejectReason."""
        ended = cast(Order, order).ended
        if ended:
            return _ENDS[ended], "EC_NoError"
        if order.status == "CANCELED" and _waits(order):
            return "CancelByUser", "EC_NoError"
        return super().why(order)

    def order(self, order: AnyOrder) -> dict[str, Any]:
        """Return an order; one that waits for a price keeps its id when it fires."""
        ask, ours = order.wish, cast(Order, order)
        conditional = ask.type in ALGO
        limited = ask.price is not None
        rises = (ask.side == "BUY") == ask.type.startswith("STOP_LOSS")
        return super().order(order) | {
            "orderStatus": self._status(order), "isLeverage": "", "marketUnit": "",
            "orderType": "Limit" if limited else "Market",
            "timeInForce": "PostOnly" if ask.type == "LIMIT_MAKER" else ask.tif,
            "stopOrderType": "Stop" if conditional else "",
            "triggerPrice": words(ask.stop) if ask.stop is not None else "",
            "triggerDirection": (1 if rises else 2) if conditional else 0,
            "triggerBy": "LastPrice" if conditional else "", "tpslMode": "",
            "reduceOnly": ours.wish.reduces, "createType": self._made(ours),
            "closedPnl": words(sum((cast(Fill, one).profit for one in order.fills), Decimal(0))),
        }  # fmt: skip

    def _status(self, order: AnyOrder) -> str:
        if order.type in ALGO and order.status == "NEW" and not order.working:
            return "Untriggered"
        if order.status == "CANCELED" and _waits(order):
            return "Deactivated"
        known = {"NEW": "New", "PARTIALLY_FILLED": "PartiallyFilled", "FILLED": "Filled"}
        return known.get(order.status, "Cancelled")

    def _made(self, order: Order) -> str:
        usual = "CreateByStopOrder" if order.type in ALGO else "CreateByUser"
        return _MADE.get(order.cause, usual)

    # ---- executions -------------------------------------------------------------------------
    def execution(self, fill: AnyFill) -> dict[str, Any]:
        """Return an execution as queries tell it."""
        own, order = cast(Fill, fill), cast(Order, fill.order)
        worth = fill.qty * fill.price
        return {
            "symbol": order.symbol.name, "orderId": str(order.id),
            "orderLinkId": order.client_id, "side": order.side.capitalize(),
            "orderPrice": words(order.wish.price or Decimal(0)), "orderQty": words(order.qty),
            "leavesQty": words(order.left),
            "orderType": "Market" if order.wish.price is None else "Limit",
            "stopOrderType": "Stop" if order.type in ALGO else "UNKNOWN",
            "execFee": words(fill.fee), "feeCurrency": fill.fee_asset, "execId": str(fill.id),
            "execPrice": words(fill.price), "execQty": words(fill.qty),
            "execType": _EXECUTED[order.cause], "execValue": words(worth),
            "execTime": str(fill.time), "isMaker": fill.maker, "feeRate": words(fill.fee / worth),
            "tradeIv": "", "markIv": "", "markPrice": words(self._mark(order.symbol.name)),
            "indexPrice": "", "underlyingPrice": "", "blockTradeId": "",
            "closedSize": words(own.closed), "seq": fill.id, "createType": self._made(order),
            "marketUnit": "", "extraFees": "",
        }  # fmt: skip

    def execution_event(self, fill: AnyFill) -> dict[str, Any]:
        """Return an execution as the stream tells it."""
        return self._event(self.execution(fill), cast(Fill, fill).profit)

    def funding(self, row: CashRow) -> dict[str, Any]:
        """Return a payment of funding as queries tell it: what is paid is above 0."""
        value = abs(row.qty) * row.price
        return {
            "symbol": row.symbol, "orderId": f"f-{row.id}", "orderLinkId": "",
            "side": "Buy" if row.qty > 0 else "Sell", "orderPrice": "0", "orderQty": "0",
            "leavesQty": "0", "orderType": "UNKNOWN", "stopOrderType": "UNKNOWN",
            "execFee": words(-row.amount), "feeCurrency": row.asset, "execId": str(row.id),
            "execPrice": words(row.price), "execQty": words(abs(row.qty)), "execType": "Funding",
            "execValue": words(value), "execTime": str(row.time), "isMaker": False,
            "feeRate": words(-row.amount / value) if value else "0", "tradeIv": "", "markIv": "",
            "markPrice": words(self._mark(row.symbol)), "indexPrice": "", "underlyingPrice": "",
            "blockTradeId": "", "closedSize": "0", "seq": row.id, "createType": "",
            "marketUnit": "", "extraFees": "",
        }  # fmt: skip

    def funding_event(self, row: CashRow) -> dict[str, Any]:
        """Return a payment of funding as the stream tells it."""
        return self._event(self.funding(row), Decimal(0))

    def _event(self, row: dict[str, Any], profit: Decimal) -> dict[str, Any]:
        return {
            **row, "category": self.venue.category, "isLeverage": "0", "extraFees": [],
            "execPnl": words(profit),
        }  # fmt: skip

    def cash(self, row: CashRow) -> dict[str, Any]:
        """Return what moved the wallet, as the transaction log tells it."""
        fill, kind = row.fill, _MOVED.get(row.kind, row.kind)
        fee = fill.fee if fill is not None else Decimal(0)
        if fill is not None and cast(Order, fill.order).cause != "order":
            kind = "LIQUIDATION" if cast(Order, fill.order).cause == "liquidation" else "ADL"
        if kind == "TRANSFER":
            kind = "TRANSFER_IN" if row.amount > 0 else "TRANSFER_OUT"
        funding = row.kind == "FUNDING"
        return {
            "id": f"sandbox_{row.id}", "symbol": row.symbol,
            "category": self.venue.category if row.symbol else "",
            "side": fill.order.side.capitalize() if fill is not None else "None",
            "transactionTime": str(row.time), "type": kind,
            "qty": words(fill.qty if fill is not None else abs(row.qty)), "size": "",
            "currency": row.asset,
            "tradePrice": words(fill.price if fill is not None else row.price),
            "funding": words(row.amount) if funding else "", "fee": words(fee),
            "cashFlow": "0" if funding else words(row.amount + fee), "change": words(row.amount),
            "cashBalance": words(row.balance), "feeRate": "0", "bonusChange": "",
            "tradeId": str(fill.id if fill is not None else row.id),
            "orderId": str(fill.order.id) if fill is not None else "",
            "orderLinkId": fill.order.client_id if fill is not None else "",
        }  # fmt: skip

    # ---- the account ------------------------------------------------------------------------
    def coin(self, asset: str) -> dict[str, Any]:
        """Return what is held of a coin, and the margin that is taken."""
        account = self.venue.account
        held = account.free[asset]
        profit = account.all_profit(asset)
        return super().coin(asset) | {
            "equity": words(held + profit), "unrealisedPnl": words(profit),
            "totalOrderIM": words(account.of_orders(self.venue.desk.all_open(), asset)),
            "totalPositionIM": words(account.all_initial(asset)),
            "totalPositionMM": words(account.all_maintenance(asset)),
        }  # fmt: skip

    def position(self, symbol: str, slot: int = 0) -> dict[str, Any]:
        """Return a position; one of nothing has no side.

        Args:
            slot: 0 in one-way mode, 1 and 2 in hedge mode.
        """
        account = self.venue.account
        one, contract = account.positions[symbol], account.contracts[symbol]
        side = "" if not one.qty else "Buy" if one.qty > 0 else "Sell"
        return {
            "positionIdx": slot, "riskId": 1,
            "riskLimitValue": words(contract.most_at(account.leverage[symbol])),
            "symbol": symbol, "side": side, "size": words(abs(one.qty)) or "0",
            "avgPrice": words(one.entry), "positionValue": words(abs(one.qty) * one.entry),
            "tradeMode": 0, "positionStatus": "Normal", "autoAddMargin": 0,
            "adlRankIndicator": 0, "leverage": words(account.leverage[symbol]),
            "positionBalance": "0", "markPrice": words(self._mark(symbol)), "liqPrice": "",
            "bustPrice": "", "positionMM": words(account.maintenance(symbol)),
            "positionIM": words(account.initial(symbol)), "tpslMode": "Full", "takeProfit": "",
            "stopLoss": "", "trailingStop": "0", "unrealisedPnl": words(account.profit(symbol)),
            "curRealisedPnl": words(one.realised), "cumRealisedPnl": words(one.realised),
            "seq": -1, "isReduceOnly": False, "mmrSysUpdatedTime": "",
            "leverageSysUpdatedTime": "", "sessionAvgPrice": "", "createdTime": str(one.updated),
            "updatedTime": str(one.updated),
        }  # fmt: skip

    def position_event(self, symbol: str) -> dict[str, Any]:
        """Return a position as the stream tells it: there its price has another name."""
        row = self.position(symbol)
        return {**row, "entryPrice": row.pop("avgPrice"), "category": self.venue.category}

    # ---- the market -------------------------------------------------------------------------
    def instrument(self, market: Market) -> dict[str, Any]:
        """Return what may be traded."""
        one = cast(Contract, market.symbol)
        return {
            "symbol": one.name, "contractType": "LinearPerpetual", "status": "Trading",
            "baseCoin": one.base, "quoteCoin": one.quote, "launchTime": "1585526400000",
            "deliveryTime": "0", "deliveryFeeRate": "", "priceScale": "2",
            "leverageFilter": {"minLeverage": "1", "maxLeverage": f"{one.most_leverage}.00",
                               "leverageStep": "0.01"},
            "priceFilter": {"minPrice": words(one.tick), "maxPrice": words(one.max_price),
                            "tickSize": words(one.tick)},
            "lotSizeFilter": {
                "maxOrderQty": words(one.max_qty), "minOrderQty": words(one.step),
                "qtyStep": words(one.step), "postOnlyMaxOrderQty": words(one.max_qty),
                "maxMktOrderQty": words(one.max_market_qty),
                "minNotionalValue": words(one.min_notional),
            },
            "unifiedMarginTrade": True, "fundingInterval": 480, "settleCoin": one.quote,
            "copyTrading": "both", "upperFundingRate": "0.00333", "lowerFundingRate": "-0.00333",
            "isPreListing": False, "preListingInfo": None,
            "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
            "displayName": one.name, "symbolType": "",
        }  # fmt: skip

    def ticker(self, market: Market) -> dict[str, Any]:
        """Return last, best and mark prices, and the next funding."""
        symbol = market.symbol.name
        row = super().ticker(market)
        row.pop("usdIndexPrice")
        mark = words(self._mark(symbol))
        return row | {
            "markPrice": mark, "indexPrice": mark, "prevPrice1h": row["prevPrice24h"],
            "openInterest": "0", "openInterestValue": "0",
            "fundingRate": words(self.venue.risk.rate),
            "nextFundingTime": str(self.venue.risk.next_funding(symbol)),
            "fundingIntervalHour": "8", "tickDirection": "PlusTick", "deliveryTime": "0",
            "deliveryFeeRate": "", "basisRate": "", "predictedDeliveryPrice": "",
        }  # fmt: skip

    def _mark(self, symbol: str) -> Decimal:
        return self.venue.account.mark(symbol)


def _waits(order: AnyOrder) -> bool:
    """Return whether an order's price was never met."""
    return order.type in ALGO and not order.working
