"""Coinbase's own JSON: orders, fills, products, wallets, the account's events."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from atms.sandbox.coinbase.venue import PORTFOLIO, USER, order_id, product_id
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import ALGO, Fill, Order, Wish

Json = dict[str, Any]
_AT_ONCE = ("IOC", "FOK")
_TIFS = {"GTC": "GOOD_UNTIL_CANCELLED", "IOC": "IMMEDIATE_OR_CANCEL", "FOK": "FILL_OR_KILL"}
_STATES = {
    "NEW": "OPEN", "PARTIALLY_FILLED": "OPEN", "FILLED": "FILLED", "CANCELED": "CANCELLED",
    "REJECTED": "FAILED",
}  # fmt: skip


def stamp(milliseconds: int) -> str:
    """Return a time as the venue writes it."""
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def number(value: Decimal) -> str:
    """Return a number as the venue writes it: no zeros behind."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def status(order: Order) -> str:
    """Return where an order stands; what could not trade at once is cancelled."""
    if order.status == "EXPIRED":
        at_once = order.type == "MARKET" or order.wish.tif in _AT_ONCE
        return "CANCELLED" if at_once else "EXPIRED"
    return _STATES[order.status]


def configuration(wish: Wish) -> Json:
    """Return what an order is."""
    if wish.type == "MARKET":
        if wish.qty is None:
            return {"market_market_ioc": {"quote_size": number(wish.quote_qty or ZERO)}}
        return {"market_market_ioc": {"base_size": number(wish.qty)}}
    words: Json = {"base_size": number(wish.qty or ZERO), "limit_price": number(wish.price or ZERO)}
    if wish.stop is not None:
        way = "STOP_DIRECTION_STOP_UP" if _rises(wish) else "STOP_DIRECTION_STOP_DOWN"
        stop = {"stop_price": number(wish.stop), "stop_direction": way}
        return {"stop_limit_stop_limit_gtc": words | stop}
    if wish.tif == "IOC":
        return {"sor_limit_ioc": words}
    if wish.tif == "FOK":
        return {"limit_limit_fok": words}
    return {"limit_limit_gtc": words | {"post_only": wish.type == "LIMIT_MAKER"}}


def _rises(wish: Wish) -> bool:
    """Return whether a stop fires when the price has risen to it."""
    return (wish.side == "BUY") == wish.type.startswith("STOP_LOSS")


def order_row(order: Order) -> Json:
    """Return an order as the questions about orders tell it."""
    fees = sum((fill.fee for fill in order.fills), ZERO)
    average = order.cost / order.executed if order.executed else ZERO
    after = order.cost + fees if order.buys else order.cost - fees
    share = order.executed * 100 / order.qty if order.qty else ZERO
    last = stamp(order.fills[-1].time) if order.fills else None
    return {
        "order_id": order_id(order.id), "product_id": product_id(order.symbol), "user_id": USER,
        "order_configuration": configuration(order.wish), "side": order.side,
        "client_order_id": order.client_id, "status": status(order),
        "time_in_force": _time_in_force(order), "created_time": stamp(order.time),
        "completion_percentage": number(share), "filled_size": number(order.executed),
        "average_filled_price": number(average), "fee": "",
        "number_of_fills": str(len(order.fills)), "filled_value": number(order.cost),
        "pending_cancel": False, "size_in_quote": order.wish.quote_qty is not None,
        "total_fees": number(fees), "size_inclusive_of_fees": False,
        "total_value_after_fees": number(after), "trigger_status": _trigger(order),
        "order_type": _order_type(order), "reject_reason": "REJECT_REASON_UNSPECIFIED",
        "settled": not order.is_open, "product_type": "SPOT", "reject_message": "",
        "cancel_message": "", "order_placement_source": "RETAIL_ADVANCED",
        "outstanding_hold_amount": number(order.lock.amount if order.lock else ZERO),
        "is_liquidation": False, "last_fill_time": last, "retail_portfolio_id": PORTFOLIO,
    }  # fmt: skip


def order_event(order: Order, state: str) -> Json:
    """Return an order as the channel ``user`` tells it."""
    fees = sum((fill.fee for fill in order.fills), ZERO)
    average = order.cost / order.executed if order.executed else ZERO
    over = state not in ("PENDING", "OPEN")
    share = order.executed * 100 / order.qty if order.qty else ZERO
    return {
        "avg_price": number(average), "cancel_reason": "",
        "client_order_id": order.client_id, "completion_percentage": number(share),
        "contract_expiry_type": "UNKNOWN_CONTRACT_EXPIRY_TYPE",
        "cumulative_quantity": number(order.executed), "filled_value": number(order.cost),
        "leaves_quantity": "0" if over else number(order.left),
        "limit_price": number(order.wish.price or ZERO),
        "number_of_fills": str(len(order.fills)), "order_id": order_id(order.id),
        "order_side": order.side, "order_type": _event_type(order),
        "outstanding_hold_amount": number(order.lock.amount if order.lock else ZERO),
        "post_only": str(order.type == "LIMIT_MAKER").lower(),
        "product_id": product_id(order.symbol), "product_type": "SPOT", "reject_reason": "",
        "retail_portfolio_id": PORTFOLIO, "risk_managed_by": "UNKNOWN_RISK_MANAGEMENT_TYPE",
        "status": state, "stop_price": number(order.wish.stop or ZERO),
        "time_in_force": _time_in_force(order), "total_fees": number(fees),
        "total_value_after_fees": number(order.cost + fees if order.buys else order.cost - fees),
        "trigger_status": _trigger(order), "creation_time": stamp(order.time),
        "end_time": "0001-01-01T00:00:00Z", "start_time": "0001-01-01T00:00:00Z",
    }  # fmt: skip


def _trigger(order: Order) -> str:
    if order.type not in ALGO:
        return "INVALID_ORDER_TYPE"
    return "STOP_TRIGGERED" if order.working else "STOP_PENDING"


def _order_type(order: Order) -> str:
    if order.type in ALGO:
        return "STOP_LIMIT"
    return "MARKET" if order.type == "MARKET" else "LIMIT"


def _event_type(order: Order) -> str:
    return {"MARKET": "Market", "LIMIT": "Limit", "STOP_LIMIT": "Stop Limit"}[_order_type(order)]


def _time_in_force(order: Order) -> str:
    return _TIFS["IOC" if order.type == "MARKET" else order.wish.tif]


def fill_row(fill: Fill) -> Json:
    """Return an execution."""
    at = stamp(fill.time)
    return {
        "entry_id": f"{fill.id:064x}", "trade_id": order_id(fill.id),
        "order_id": order_id(fill.order.id), "trade_time": at, "trade_type": "FILL",
        "price": number(fill.price), "size": number(fill.qty), "commission": number(fill.fee),
        "product_id": product_id(fill.order.symbol), "sequence_timestamp": at,
        "liquidity_indicator": "MAKER" if fill.maker else "TAKER", "size_in_quote": False,
        "user_id": USER, "side": fill.order.side, "retail_portfolio_id": PORTFOLIO,
    }  # fmt: skip


def product_row(market: Market) -> Json:
    """Return a product."""
    symbol = market.symbol
    shut = ("is_disabled", "cancel_only", "limit_only", "post_only", "trading_disabled",
            "auction_mode", "view_only", "watched", "new")  # fmt: skip
    return {
        "product_id": product_id(symbol), "price": number(market.last or ZERO),
        "price_percentage_change_24h": "0", "volume_24h": "0",
        "volume_percentage_change_24h": "0", "base_increment": number(symbol.step),
        "quote_increment": number(symbol.tick), "quote_min_size": number(symbol.min_notional),
        "quote_max_size": number(symbol.max_notional), "base_min_size": number(symbol.step),
        "base_max_size": number(symbol.max_qty), "base_name": symbol.base,
        "quote_name": symbol.quote, "status": "online", **dict.fromkeys(shut, False),
        "product_type": "SPOT", "quote_currency_id": symbol.quote,
        "base_currency_id": symbol.base, "fcm_trading_session_details": None,
        "mid_market_price": "", "alias": "", "alias_to": [],
        "base_display_symbol": symbol.base, "quote_display_symbol": symbol.quote,
        "price_increment": number(symbol.tick), "display_name": product_id(symbol),
        "product_venue": "CBE",
    }  # fmt: skip


def wallet_row(asset: str, free: Decimal, held: Decimal) -> Json:
    """Return what an account holds of an asset."""
    fiat = asset in ("USD", "EUR", "GBP")
    made = "2024-01-04T06:20:06.456Z"
    return {
        "uuid": f"wallet-{asset.lower()}", "name": f"{asset} Wallet", "currency": asset,
        "available_balance": {"value": number(free), "currency": asset}, "default": True,
        "active": True, "created_at": made, "updated_at": made, "deleted_at": None,
        "type": "ACCOUNT_TYPE_FIAT" if fiat else "ACCOUNT_TYPE_CRYPTO", "ready": True,
        "hold": {"value": number(held), "currency": asset}, "retail_portfolio_id": PORTFOLIO,
    }  # fmt: skip


def trade_row(market: Market, trade: Trade) -> Json:
    """Return a public trade; its side is that of the order that stood in the book."""
    return {
        "trade_id": str(trade.id), "product_id": product_id(market.symbol),
        "price": number(trade.price), "size": number(trade.qty), "time": stamp(trade.time),
        "side": "SELL" if trade.buyer_took else "BUY",
    }  # fmt: skip
