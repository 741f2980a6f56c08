"""Rows of KuCoin's replies (docs-new, "Spot Trading": get order, get trade history)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atms.sandbox.kucoin.venue import dashed_name, order_id
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import Fill, Order
from atms.sandbox.venue.symbols import Symbol

Json = dict[str, Any]


def plain(value: Decimal) -> str:
    """Return a number without zeros behind."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def kind_of(order: Order) -> str:
    """Return the venue's word for what an order is."""
    return "market" if order.type == "MARKET" else "limit"


def size_of(order: Order) -> Decimal:
    """Return the units that an order was placed with; none: it was placed with money."""
    return order.wish.qty or ZERO


def symbol_row(symbol: Symbol) -> Json:
    """Return a symbol as the list of symbols has it."""
    name = f"{symbol.base}-{symbol.quote}"
    return {
        "symbol": name, "name": name, "baseCurrency": symbol.base, "quoteCurrency": symbol.quote,
        "feeCurrency": symbol.quote, "market": symbol.quote, "baseMinSize": plain(symbol.step),
        "quoteMinSize": plain(symbol.min_notional), "baseMaxSize": plain(symbol.max_qty),
        "quoteMaxSize": "99999999", "baseIncrement": plain(symbol.step),
        "quoteIncrement": "0.000001", "priceIncrement": plain(symbol.tick),
        "priceLimitRate": "0.1", "minFunds": plain(symbol.min_notional), "isMarginEnabled": False,
        "enableTrading": True, "feeCategory": 1, "makerFeeCoefficient": "1.00",
        "takerFeeCoefficient": "1.00", "st": False, "callauctionIsEnabled": False,
    }  # fmt: skip


def order_row(order: Order) -> Json:
    """Return an order as queries have it."""
    wish, size = order.wish, size_of(order)
    fee = sum((one.fee for one in order.fills), ZERO)
    left = ZERO if not order.is_open else size - order.executed
    canceled = size - order.executed if order.status in ("CANCELED", "EXPIRED") else ZERO
    return {
        "id": order_id(order), "clientOid": order.client_id or None, "symbol": dashed_name(order),
        "opType": "DEAL", "type": kind_of(order), "side": order.side.lower(),
        "price": plain(wish.price or ZERO), "size": plain(size),
        "funds": plain(wish.quote_qty or (wish.price or ZERO) * size),
        "dealSize": plain(order.executed), "dealFunds": plain(order.cost),
        "remainSize": plain(left), "remainFunds": plain((wish.price or ZERO) * left),
        "cancelledSize": plain(canceled), "cancelledFunds": plain((wish.price or ZERO) * canceled),
        "fee": plain(fee), "feeCurrency": order.symbol.quote, "stp": None,
        "timeInForce": wish.tif, "postOnly": order.type == "LIMIT_MAKER", "hidden": False,
        "iceberg": False, "visibleSize": "0", "cancelAfter": 0, "channel": "API", "remark": None,
        "tags": None, "cancelExist": order.status in ("CANCELED", "EXPIRED"),
        "tradeType": "TRADE", "inOrderBook": order.is_open, "active": order.is_open, "tax": "0",
        "createdAt": order.time, "lastUpdatedAt": order.updated,
    }  # fmt: skip


def sync_row(order: Order) -> Json:
    """Return an order as the endpoints answer that wait for the matching."""
    row = order_row(order)
    return {
        "orderId": row["id"], "clientOid": row["clientOid"], "orderTime": order.time,
        "originSize": row["size"], "dealSize": row["dealSize"], "remainSize": row["remainSize"],
        "canceledSize": row["cancelledSize"], "status": "open" if order.is_open else "done",
        "matchTime": order.updated,
    }  # fmt: skip


def fill_row(fill: Fill, rate: Decimal) -> Json:
    """Return an execution as the trade history has it; its number and its trade's are apart."""
    order = fill.order
    return {
        "id": 19_000_000_000_000 + fill.id, "symbol": dashed_name(order), "tradeId": fill.id,
        "orderId": order_id(order), "counterOrderId": "6717422bd51c29000775ea03",
        "side": order.side.lower(), "liquidity": "maker" if fill.maker else "taker",
        "forceTaker": False, "price": plain(fill.price), "size": plain(fill.qty),
        "funds": plain(fill.price * fill.qty), "fee": plain(fill.fee), "feeRate": plain(rate),
        "feeCurrency": fill.fee_asset, "stop": "", "tradeType": "TRADE", "taxRate": "0",
        "tax": "0", "type": kind_of(order), "createdAt": fill.time,
    }  # fmt: skip


def ticker_row(market: Market, bid: Decimal, ask: Decimal) -> Json:
    """Return the last day of a market, as far as it is known; *bid*, *ask*: 0 where none is."""
    last = plain(market.last or ZERO)
    return {
        "symbol": f"{market.symbol.base}-{market.symbol.quote}",
        "symbolName": f"{market.symbol.base}-{market.symbol.quote}", "buy": plain(bid),
        "sell": plain(ask), "bestBidSize": "1", "bestAskSize": "1", "changeRate": "0",
        "changePrice": "0", "high": last, "low": last, "vol": "0", "volValue": "0", "last": last,
        "averagePrice": last, "takerFeeRate": "0.001", "makerFeeRate": "0.001",
        "takerCoefficient": "1", "makerCoefficient": "1",
    }  # fmt: skip
