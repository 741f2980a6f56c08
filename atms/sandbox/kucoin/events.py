"""What KuCoin's streams say (docs-new, websocket: "Order V2", "Balance", public channels)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atms.sandbox.kucoin.market_data import INTERVALS, book_rows, tops
from atms.sandbox.kucoin.replies import Json, kind_of, plain, size_of, ticker_row
from atms.sandbox.kucoin.venue import UID, KucoinVenue, dashed_name, order_id
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import Fill, Order

ORDERS, BALANCES = "/spotMarket/tradeOrdersV2", "/account/balance"
ORDERS_V1 = "/spotMarket/tradeOrders"
_BAR = {ours: theirs for theirs, ours in INTERVALS.items()}
_OVER = ("filled", "canceled")


def _message(topic: str, subject: str, data: Json, **more: Any) -> Json:
    return {"topic": topic, "type": "message", "subject": subject, **more, "data": data}


def _private(topic: str, subject: str, data: Json) -> Json:
    return _message(topic, subject, data, userId=str(UID), channelType="private")


# ---- the account ---------------------------------------------------------------------------
def order_change(order: Order, kind: str, now: int, fill: Fill | None = None) -> Json:
    """Return a change of an order; *kind*: received, open, match, filled or canceled."""
    status = {"received": "new", "open": "open"}.get(kind, "done")
    size = size_of(order)
    canceled = size - order.executed if kind == "canceled" else ZERO
    data: Json = {
        "canceledSize": plain(canceled), "clientOid": order.client_id,
        "filledSize": plain(order.executed), "orderId": order_id(order), "orderTime": order.time,
        "orderType": kind_of(order), "originSize": plain(size),
        "remainSize": "0" if kind in _OVER else plain(order.left), "side": order.side.lower(),
        "size": plain(size), "symbol": dashed_name(order), "ts": now * 1_000_000, "type": kind,
    }  # fmt: skip
    if order.wish.price is not None:
        data["price"] = plain(order.wish.price)
    if fill is not None:
        status = "open" if fill.maker else "match"
        data |= {
            "feeType": "makerFee" if fill.maker else "takerFee",
            "liquidity": "maker" if fill.maker else "taker", "matchPrice": plain(fill.price),
            "matchSize": plain(fill.qty), "tradeId": str(fill.id),
        }  # fmt: skip
    return _private(ORDERS, "orderChange", data | {"status": status})


def balance(
    asset: str, free: Decimal, held: Decimal, before: tuple[Decimal, Decimal], *, event: str,
    number: int, now: int,
) -> Json:  # fmt: skip
    """Return a change of a balance; *before*: free and held as they were told last."""
    data = {
        "accountId": "548674591753", "currency": asset, "total": plain(free + held),
        "available": plain(free), "hold": plain(held), "availableChange": plain(free - before[0]),
        "holdChange": plain(held - before[1]), "relationContext": {},
        "relationEvent": f"trade_hf.{event}", "relationEventId": str(number), "time": str(now),
    }  # fmt: skip
    return _private(BALANCES, "account.balance", data)


# ---- the market ----------------------------------------------------------------------------
def candle(topic: str, market: Market, forming: Forming, now: int) -> Json:
    """Return a bar as it stands."""
    told = (forming.open, forming.close, forming.high, forming.low, forming.volume, forming.quote)
    data = {
        "symbol": _name(market), "candles": [str(forming.start // 1000), *map(plain, told)],
        "time": now * 1_000_000,
    }  # fmt: skip
    return _message(topic, "trade.candles.update", data)


def match(topic: str, market: Market, trade: Trade) -> Json:
    """Return a public trade."""
    data = {
        "symbol": _name(market), "sequence": str(trade.id), "tradeId": str(trade.id),
        "side": "buy" if trade.buyer_took else "sell", "price": plain(trade.price),
        "size": plain(trade.qty), "time": str(trade.time * 1_000_000), "type": "match",
        "makerOrderId": "671b5007389355000701b1d3", "takerOrderId": "671b50161777ff00074c168d",
    }  # fmt: skip
    return _message(topic, "trade.l3match", data)


def best(topic: str, venue: KucoinVenue, market: Market, now: int) -> Json:
    """Return the best prices."""
    bids, asks = tops(venue, market)
    sides = {
        name: [plain(one) for one in side[0]] if side else []
        for name, side in (("asks", asks), ("bids", bids))
    }
    return _message(topic, "level1", sides | {"timestamp": now})


def book(topic: str, venue: KucoinVenue, market: Market, depth: int, now: int) -> Json:
    """Return the top of the order book."""
    return _message(topic, "level2", book_rows(venue, market, depth) | {"timestamp": now})


def ticker(topic: str, venue: KucoinVenue, market: Market, trade: Trade, now: int) -> Json:
    """Return the last trade and the best prices."""
    bids, asks = tops(venue, market)
    bid, ask = (side[0] if side else (ZERO, ZERO) for side in (bids, asks))
    data = {
        "sequence": str(trade.id), "price": plain(trade.price), "size": plain(trade.qty),
        "bestBid": plain(bid[0]), "bestBidSize": plain(bid[1]), "bestAsk": plain(ask[0]),
        "bestAskSize": plain(ask[1]), "Time": now,
    }  # fmt: skip
    return _message(topic, "trade.ticker", data)


def snapshot(topic: str, venue: KucoinVenue, market: Market, now: int) -> Json:
    """Return the last day of a market."""
    bids, asks = tops(venue, market)
    bid, ask = (side[0][0] if side else ZERO for side in (bids, asks))
    row = ticker_row(market, bid, ask)
    data = {
        "sequence": str(market.ladder.version),
        "data": row | {"lastTradedPrice": row["last"], "datetime": now, "market": "SPOT"},
    }
    return _message(topic, "trade.snapshot", data)


def _name(market: Market) -> str:
    return f"{market.symbol.base}-{market.symbol.quote}"
