"""Messages of Kraken's second websocket (docs.kraken.com, "Spot WebSocket v2")."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.sandbox.kraken.names import Pair, exec_id, txid
from atms.sandbox.kraken.rows import own_id, reason, word
from atms.sandbox.venue.depth import Level, Levels
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Trade
from atms.sandbox.venue.orders import Fill, Order

Json = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATUS = {
    "NEW": "new", "PARTIALLY_FILLED": "partially_filled", "FILLED": "filled",
    "CANCELED": "canceled", "EXPIRED": "canceled",
}  # fmt: skip
ZERO = Decimal(0)


def stamp(milliseconds: int) -> str:
    """Return a time as RFC 3339 with microseconds."""
    when = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{when:%Y-%m-%dT%H:%M:%S.%f}Z"


def answer(method: str, number: Any, now: int, **more: Any) -> Json:
    """Return the answer to a request."""
    told = {"method": method, **more, "time_in": stamp(now), "time_out": stamp(now)}
    return told if number is None else {**told, "req_id": number}


def status(connection: int) -> Json:
    """Return what each connection is greeted with."""
    data = {
        "api_version": "v2", "connection_id": connection, "system": "online", "version": "2.0.10",
    }  # fmt: skip
    return {"channel": "status", "type": "update", "data": [data]}


# ---- the market ----------------------------------------------------------------------------
def bar(pair: Pair, kline: Forming, minutes: int) -> Json:
    """Return a bar; it does not say whether it is over."""
    average = kline.quote / kline.volume if kline.volume else kline.close
    return {
        "symbol": pair.v2name, "open": float(kline.open), "high": float(kline.high),
        "low": float(kline.low), "close": float(kline.close), "trades": kline.count,
        "volume": float(kline.volume), "vwap": float(round(average, 8)),
        "interval_begin": stamp(kline.start).replace("Z", "000Z"), "interval": minutes,
        "timestamp": stamp(kline.end),
    }  # fmt: skip


def ticker(pair: Pair, bid: Level, ask: Level, last: Decimal | None) -> Json:
    """Return the best prices."""
    return {
        "symbol": pair.v2name, "bid": float(bid[0]), "bid_qty": float(bid[1]),
        "ask": float(ask[0]), "ask_qty": float(ask[1]), "last": float(last or ZERO),
        "volume": 0.0, "vwap": 0.0, "low": 0.0, "high": 0.0, "change": 0.0, "change_pct": 0.0,
    }  # fmt: skip


def trade(pair: Pair, one: Trade) -> Json:
    """Return a print."""
    return {
        "symbol": pair.v2name, "side": "buy" if one.buyer_took else "sell",
        "price": float(one.price), "qty": float(one.qty), "ord_type": "market",
        "trade_id": one.id, "timestamp": stamp(one.time),
    }  # fmt: skip


def book(pair: Pair, bids: Levels, asks: Levels, top: tuple[Levels, Levels], now: int) -> Json:
    """Return levels; the checksum is of the best ten of each side after them."""
    return {
        "symbol": pair.v2name, "bids": list(map(_level, bids)), "asks": list(map(_level, asks)),
        "checksum": _checksum(pair, *top), "timestamp": stamp(now),
    }  # fmt: skip


def _level(level: Level) -> Json:
    return {"price": float(level[0]), "qty": float(level[1])}


def _checksum(pair: Pair, bids: Levels, asks: Levels) -> int:
    def digits(value: Decimal, places: int) -> str:
        return f"{value:.{places}f}".replace(".", "").lstrip("0")

    told: Sequence[Level] = [*asks[:10], *bids[:10]]
    text = "".join(
        digits(price, pair.price_places) + digits(qty, pair.qty_places) for price, qty in told
    )
    return zlib.crc32(text.encode())


# ---- the account ---------------------------------------------------------------------------
def whole(order: Order, pair: Pair, kind: str) -> Json:
    """Return an order with everything that it was asked with."""
    wish = order.wish
    told: Json = {
        "order_id": txid(order.id), "symbol": pair.v2name, "side": order.side.lower(),
        "order_type": word(order.type), "order_qty": float(order.qty),
        "time_in_force": wish.tif, "exec_type": kind, "cum_cost": float(order.cost),
        "order_status": "pending_new" if kind == "pending_new" else _STATUS[order.status],
        "fee_usd_equiv": 0.0, "fee_ccy_pref": "fciq", "timestamp": stamp(order.updated),
    }  # fmt: skip
    if own_id(order) is not None:
        told["cl_ord_id"] = own_id(order)
    if wish.price is not None:
        told |= {"limit_price": float(wish.price), "limit_price_type": "static"}
    if wish.stop is not None:
        told |= {"triggers": {"reference": "last", "price": float(wish.stop)}}
    if order.type == "LIMIT_MAKER":
        told["post_only"] = True
    if kind != "pending_new":
        told |= {"cum_qty": float(order.executed)}
    return told


def sparse(order: Order, kind: str) -> Json:
    """Return a change of an order: what was told before is left out."""
    told: Json = {
        "order_id": txid(order.id), "exec_type": kind, "order_status": _STATUS[order.status],
        "timestamp": stamp(order.updated),
    }  # fmt: skip
    if own_id(order) is not None:
        told["cl_ord_id"] = own_id(order)
    if kind in ("filled", "canceled"):
        average = order.cost / order.executed if order.executed else ZERO
        told |= {
            "cum_qty": float(order.executed), "cum_cost": float(order.cost),
            "avg_price": float(round(average, 8)), "fee_usd_equiv": 0.0,
        }  # fmt: skip
    if reason(order) is not None:
        told |= {"reason": reason(order), "cancel_reason": reason(order)}
    return told


def execution(order: Order, fill: Fill, pair: Pair, executed: Decimal) -> Json:
    """Return an execution; the order's end is told by a message of its own."""
    return sparse(order, "trade") | {
        "symbol": pair.v2name, "side": order.side.lower(), "order_type": word(order.type),
        "exec_id": exec_id(fill.id), "trade_id": fill.id, "last_qty": float(fill.qty),
        "last_price": float(fill.price), "liquidity_ind": "m" if fill.maker else "t",
        "cost": float(fill.price * fill.qty), "order_status": "partially_filled",
        "cum_qty": float(executed), "fee_usd_equiv": float(fill.fee),
        "fees": [{"asset": fill.fee_asset, "qty": float(fill.fee)}],
    }  # fmt: skip


def wallet(asset: str, total: Decimal) -> Json:
    """Return a balance as it stands."""
    return {
        "asset": asset, "asset_class": "currency", "balance": float(total),
        "wallets": [{"type": "spot", "id": "main", "balance": float(total)}],
    }  # fmt: skip


def moved(asset: str, total: Decimal, amount: Decimal, line: str, why: str, now: int) -> Json:
    """Return a line of the ledger."""
    return {
        "asset": asset, "asset_class": "currency", "balance": float(total),
        "amount": float(amount), "fee": 0.0, "ledger_id": line, "ref_id": line,
        "timestamp": stamp(now), "type": why, "subtype": "", "category": why,
        "wallet_type": "spot", "wallet_id": "main",
    }  # fmt: skip
