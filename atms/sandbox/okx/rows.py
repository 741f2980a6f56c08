"""Rows of OKX's answers and events: orders, executions, balances, pairs, bars."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from atms.sandbox.okx.grounds import UID, OkxGrounds, client_id, far, plain
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import Fill, Order

Row = dict[str, Any]
_KINDS = {"MARKET": "market", "LIMIT_MAKER": "post_only"}
_STATES = {
    "NEW": "live", "PARTIALLY_FILLED": "partially_filled", "FILLED": "filled",
    "CANCELED": "canceled", "EXPIRED": "canceled",
}  # fmt: skip
# what a plain spot order leaves empty
_EMPTY = (
    "algoClOrdId", "algoId", "attachAlgoClOrdId", "ccy", "lever", "pxType", "pxUsd", "pxVol",
    "quickMgnType", "slOrdPx", "slTriggerPx", "slTriggerPxType", "source", "stpId", "tag",
    "tpOrdPx", "tpTriggerPx", "tpTriggerPxType",
)  # fmt: skip


def kind_of(order: Order) -> str:
    """Return the venue's word for an order's type."""
    if order.type in _KINDS:
        return _KINDS[order.type]
    return "limit" if order.wish.tif == "GTC" else order.wish.tif.lower()


def order_row(venue: OkxGrounds, order: Order) -> Row:
    """Return an order as queries tell it."""
    last = order.fills[-1] if order.fills else None
    by_quote = order.wish.quote_qty is not None
    received = order.symbol.base if order.buys else order.symbol.quote
    fees = sum((fill.fee for fill in order.fills), ZERO)
    return dict.fromkeys(_EMPTY, "") | {
        "instType": venue.kind, "instId": venue.inst_of(order.symbol), "ordId": far(order.id),
        "clOrdId": client_id(order), "side": order.side.lower(), "ordType": kind_of(order),
        "px": plain(order.wish.price), "sz": (
            plain(order.wish.quote_qty) if by_quote else venue.told(order.symbol, order.qty)
        ),
        "tgtCcy": ("quote_ccy" if by_quote else "base_ccy") if order.type == "MARKET" else "",
        "state": _STATES[order.status], "accFillSz": venue.told(order.symbol, order.executed),
        "avgPx": plain(order.cost / order.executed) if order.executed else "",
        "fee": plain(-fees), "feeCcy": received, "rebate": "0",
        "rebateCcy": order.symbol.quote if order.buys else order.symbol.base,
        "fillPx": plain(last.price) if last else "",
        "fillSz": venue.told(order.symbol, last.qty) if last else "0",
        "fillTime": str(last.time) if last else "", "tradeId": str(last.id) if last else "",
        "cTime": str(order.time), "uTime": str(order.updated), "tdMode": "cash", "posSide": "net",
        "cancelSource": venue.exchange.source(order), "cancelSourceReason": "",
        "category": "normal", "pnl": "0", "reduceOnly": "false", "stpMode": "cancel_maker",
        "attachAlgoOrds": [], "isTpLimit": "false", "linkedAlgoOrd": {"algoId": ""},
        "tradeQuoteCcy": order.symbol.quote,
    }  # fmt: skip


def order_event(venue: OkxGrounds, order: Order, fill: Fill | None) -> Row:
    """Return an order as its stream tells it, with the execution that this is of."""
    row = order_row(venue, order) | {
        "amendResult": "", "amendSource": "", "reqId": "", "code": "0", "msg": "", "fillPnl": "0",
        "execType": "", "fillFee": "0", "fillFeeCcy": "", "fillNotionalUsd": "",
        "lastPx": plain(venue.exchange.markets[order.symbol.name].last), "notionalUsd": "",
        "fillPx": "", "fillSz": "0", "fillTime": "", "tradeId": "",
    }  # fmt: skip
    if fill is None:
        return row
    return row | {
        "fillPx": plain(fill.price), "fillSz": venue.told(order.symbol, fill.qty),
        "fillTime": str(fill.time), "tradeId": str(fill.id), "fillFee": plain(-fill.fee),
        "fillFeeCcy": fill.fee_asset,
        "execType": "M" if fill.maker else "T",
    }  # fmt: skip


def fill_row(venue: OkxGrounds, fill: Fill) -> Row:
    """Return an execution as queries tell it."""
    order = fill.order
    rate = fill.fee / (fill.qty if order.buys else fill.qty * fill.price)
    return {
        "instType": venue.kind, "instId": venue.inst_of(order.symbol), "tradeId": str(fill.id),
        "ordId": far(order.id), "clOrdId": client_id(order), "billId": far(venue.bill_of(fill)),
        "tag": "",
        "subType": "1" if order.buys else "2", "fillPx": plain(fill.price),
        "fillSz": venue.told(order.symbol, fill.qty), "fillPnl": "0", "side": order.side.lower(),
        "posSide": "net",
        "execType": "M" if fill.maker else "T", "fee": plain(-fill.fee), "feeCcy": fill.fee_asset,
        "feeRate": plain(-rate), "ts": str(fill.time), "fillTime": str(fill.time),
        "fillPxVol": "", "fillFwdPx": "", "fillPxUsd": "", "fillMarkVol": "", "fillIdxPx": "",
        "fillMarkPx": "", "tradeQuoteCcy": order.symbol.quote,
    }  # fmt: skip


def account_row(venue: OkxGrounds, assets: Iterable[str]) -> Row:
    """Return what there is of some assets."""
    wallet, now = venue.desk.wallet, str(venue.clock.now())
    details = [
        {
            "ccy": asset, "cashBal": plain(wallet.free[asset] + wallet.locked[asset]),
            "eq": plain(wallet.free[asset] + wallet.locked[asset]),
            "availBal": plain(wallet.free[asset]), "availEq": plain(wallet.free[asset]),
            "frozenBal": plain(wallet.locked[asset]), "ordFrozen": plain(wallet.locked[asset]),
            "liab": "", "uTime": now,
        }
        for asset in assets
    ]  # fmt: skip
    return {"uTime": now, "totalEq": "", "details": details}


def pair_row(venue: OkxGrounds, market: Market) -> Row:
    """Return a pair."""
    symbol = market.symbol
    return {
        "instType": "SPOT", "instId": venue.inst_of(symbol), "baseCcy": symbol.base,
        "quoteCcy": symbol.quote, "settleCcy": "", "instFamily": "", "uly": "", "category": "1",
        "ctVal": "", "ctMult": "", "ctValCcy": "", "ctType": "", "optType": "", "stk": "",
        "listTime": "1548133413000", "expTime": "", "lever": "", "alias": "", "state": "live",
        "tickSz": plain(symbol.tick), "lotSz": plain(symbol.step), "minSz": plain(symbol.step),
        "maxLmtSz": plain(symbol.max_qty), "maxMktSz": "1000000", "maxLmtAmt": "20000000",
        "maxMktAmt": "1000000", "maxStopSz": "1000000", "ruleType": "normal",
    }  # fmt: skip


def candle(venue: OkxGrounds, market: Market, row: tuple[Any, ...], now_over: bool) -> list[str]:
    """Return a bar: its start, prices, volumes, and whether it is over.

    Volumes are as the venue counts, in the base asset where it counts in contracts, and in money.
    """
    start, _, opened, high, low, close, volume, quote, *_ = row
    prices = (plain(Decimal(f"{value:.8f}")) for value in (opened, high, low, close))
    units, money = Decimal(f"{volume:.8f}"), plain(Decimal(f"{quote:.8f}"))
    counted = venue.told(market.symbol, units)
    second = money if venue.kind == "SPOT" else plain(units)
    return [str(start), *prices, counted, second, money, "1" if now_over else "0"]


def trade_row(venue: OkxGrounds, market: Market, trade: Trade) -> Row:
    """Return a public trade."""
    return {
        "instId": venue.inst_of(market.symbol), "tradeId": str(trade.id), "px": plain(trade.price),
        "sz": venue.told(market.symbol, trade.qty), "side": "buy" if trade.buyer_took else "sell",
        "ts": str(trade.time), "source": "0",
    }  # fmt: skip


def config_row(level: int, may_withdraw: bool, mode: str = "net_mode") -> Row:
    """Return what the account is like, and what the key may do."""
    return {
        "uid": UID, "mainUid": UID, "acctLv": str(level), "posMode": mode,
        "autoLoan": False, "greeksType": "PA", "feeType": "0", "level": "Lv1", "levelTmp": "",
        "ctIsoMode": "automatic", "mgnIsoMode": "automatic", "roleType": "0", "kycLv": "3",
        "label": "sandbox", "ip": "", "type": "0", "acctStpMode": "cancel_maker",
        "perm": "read_only,withdraw,trade" if may_withdraw else "read_only,trade",
        "enableSpotBorrow": False, "spotBorrowAutoRepay": False, "opAuth": "0",
    }  # fmt: skip
