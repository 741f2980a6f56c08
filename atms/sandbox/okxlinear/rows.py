"""Rows of OKX's swaps, where they differ from spot's: margin, positions, stops, bills."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from atms.sandbox.okx import rows as spot
from atms.sandbox.okx.grounds import client_id, far, plain
from atms.sandbox.okxlinear.venue import OkxLinearVenue
from atms.sandbox.venue.futures.contracts import Contract
from atms.sandbox.venue.futures.desk import CashRow
from atms.sandbox.venue.futures.orders import Conditional, Fill, Order
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import Fill as AnyFill
from atms.sandbox.venue.orders import Order as AnyOrder

Row = dict[str, Any]
_CATEGORIES = {"order": "normal", "liquidation": "full_liquidation", "adl": "adl"}
_STATES = {
    "NEW": "live", "TRIGGERING": "live", "TRIGGERED": "effective", "FINISHED": "effective",
    "CANCELED": "canceled", "REJECTED": "order_failed",
}  # fmt: skip
_OF_STOPS = "7"  # an order's source: it was made by one
# a bill's type and subtypes: money in, money out
_BILLS = {"FUNDING": ("8", "174", "173"), "TRANSFER": ("1", "11", "12"),
          "INSURANCE": ("10", "108", "108")}  # fmt: skip
_SUBTYPES = {  # of executions: a buyer's and a seller's
    "order": ("2", "1", "2"), "liquidation": ("5", "106", "107"), "adl": ("9", "127", "128"),
}  # fmt: skip


def words(yes: bool) -> str:
    """Return yes or no as the venue writes it in rows."""
    return "true" if yes else "false"


# ---- orders --------------------------------------------------------------------------------
def order_row(venue: OkxLinearVenue, order: AnyOrder) -> Row:
    """Return an order as queries tell it."""
    return spot.order_row(venue, order) | _more(venue, cast(Order, order))


def order_event(venue: OkxLinearVenue, order: AnyOrder, fill: AnyFill | None) -> Row:
    """Return an order as its stream tells it, with the execution that this is of."""
    row = spot.order_event(venue, order, fill) | _more(venue, cast(Order, order))
    if fill is not None:
        row["fillPnl"] = plain(cast(Fill, fill).profit)
        if cast(Order, order).cause != "order":
            row["tradeId"] = "0"
    return row


def _more(venue: OkxLinearVenue, order: Order) -> Row:
    """Return what an order of swaps has, or has otherwise than one of spot."""
    stop, asset = venue.made_by.get(order.id), order.symbol.quote
    pnl = sum((cast(Fill, one).profit for one in order.fills), ZERO)
    return {
        "tdMode": "cross", "lever": plain(venue.account.leverage[order.symbol.name]), "tgtCcy": "",
        "reduceOnly": words(order.wish.reduces), "ccy": asset, "feeCcy": asset, "rebateCcy": asset,
        "pnl": plain(pnl), "category": _CATEGORIES[order.cause],
        "algoId": far(stop.id) if stop else "", "algoClOrdId": stop.client_id if stop else "",
        "source": _OF_STOPS if stop else "",
    }  # fmt: skip


def fill_row(venue: OkxLinearVenue, fill: AnyFill) -> Row:
    """Return an execution as queries tell it."""
    order = cast(Order, fill.order)
    own = order.cause == "order"
    return spot.fill_row(venue, fill) | {
        "tradeId": str(fill.id if own else -fill.id), "feeRate": "", "clOrdId": client_id(order),
        "subType": _SUBTYPES[order.cause][1 if order.buys else 2],
        "fillPnl": plain(cast(Fill, fill).profit), "execType": taker_or_maker(fill) if own else "",
        "fillMarkPx": plain(venue.account.mark(order.symbol.name)),
    }  # fmt: skip


def taker_or_maker(fill: AnyFill) -> str:
    """Return who provided liquidity."""
    return "M" if fill.maker else "T"


def algo_row(venue: OkxLinearVenue, one: Conditional) -> Row:
    """Return a stop."""
    ask, made = one.ask, one.order
    number = far(made.id) if made is not None else ""
    price = "-1" if ask.price is None else plain(ask.price)
    empty = dict.fromkeys(
        ("activePx", "callbackRatio", "callbackSpread", "ccy", "closeFraction", "moveTriggerPx",
         "ordPx", "pxLimit", "pxSpread", "pxVar", "szLimit", "tag", "tgtCcy", "timeInterval",
         "tpOrdPx", "tpTriggerPx", "tpTriggerPxType", "triggerPx", "triggerPxType", "clOrdId"), "",
    )  # fmt: skip
    return empty | {
        "instType": venue.kind, "instId": venue.inst_of(ask.symbol), "algoId": far(one.id),
        "algoClOrdId": one.client_id, "ordId": number, "ordIdList": [number] if number else [],
        "ordType": "conditional", "side": ask.side.lower(), "posSide": "net", "tdMode": "cross",
        "sz": venue.told(ask.symbol, ask.qty or ZERO), "reduceOnly": words(ask.reduces),
        "lever": plain(venue.account.leverage[ask.symbol.name]), "state": _STATES[one.status],
        "slTriggerPx": plain(one.trigger), "slOrdPx": price,
        "slTriggerPxType": "mark" if one.by_mark else "last",
        "actualSz": venue.told(ask.symbol, made.qty) if made else "0", "actualPx": "",
        "actualSide": "sl" if made else "", "triggerTime": str(one.fired) if one.fired else "",
        "failCode": one.reason.partition(" ")[0] if one.status == "REJECTED" else "",
        "last": plain(venue.exchange.markets[ask.symbol.name].last), "attachAlgoOrds": [],
        "linkedOrd": {"ordId": ""}, "cTime": str(one.time), "uTime": str(one.updated),
    }  # fmt: skip


# ---- the account ---------------------------------------------------------------------------
def account_row(venue: OkxLinearVenue, assets: Iterable[str]) -> Row:
    """Return what there is of some assets, with the margin that is taken of it."""
    account, now = venue.account, str(venue.clock.now())
    details = [
        {
            "ccy": asset, "cashBal": plain(account.free[asset]),
            "eq": plain(account.balance(asset)), "upl": plain(account.all_profit(asset)),
            "availBal": plain(account.available(asset, venue.desk.all_open())),
            "availEq": plain(account.available(asset, venue.desk.all_open())),
            "frozenBal": plain(account.all_initial(asset)), "ordFrozen": "0", "liab": "",
            "imr": plain(account.all_initial(asset)), "mmr": plain(account.all_maintenance(asset)),
            "isoEq": "0", "uTime": now,
        }
        for asset in assets
    ]  # fmt: skip
    return {"uTime": now, "totalEq": "", "details": details}


def position_row(venue: OkxLinearVenue, symbol: str) -> Row:
    """Return a position."""
    account, contract = venue.account, venue.account.contracts[symbol]
    held, mark = account.positions[symbol], account.mark(symbol)
    entry = plain(held.entry) if held.qty else ""
    return {
        "instType": venue.kind, "instId": venue.inst_of(contract), "mgnMode": "cross",
        "posId": far(place_of(venue, symbol)), "posSide": "net",
        "pos": venue.told(contract, held.qty), "avgPx": entry, "markPx": plain(mark),
        "last": plain(venue.exchange.markets[symbol].last), "upl": plain(account.profit(symbol)),
        "lever": plain(account.leverage[symbol]), "liqPx": "", "ccy": contract.quote,
        "imr": plain(account.initial(symbol)), "mmr": plain(account.maintenance(symbol)),
        "margin": "", "mgnRatio": "", "notionalUsd": plain(abs(account.notional(symbol))),
        "adl": "1", "realizedPnl": plain(held.realised), "posCcy": "", "tradeId": "",
        "uplRatio": "", "cTime": str(held.updated), "uTime": str(held.updated),
    }  # fmt: skip


def place_of(venue: OkxLinearVenue, symbol: str) -> int:
    """Return the number of a symbol's position."""
    return list(venue.exchange.markets).index(symbol)


def leverage_row(venue: OkxLinearVenue, market: Market, side: str) -> Row:
    """Return a symbol's leverage."""
    return {
        "ccy": "", "instId": venue.inst_of(market.symbol), "mgnMode": "cross", "posSide": side,
        "lever": plain(venue.account.leverage[market.symbol.name]),
    }  # fmt: skip


def bill_row(venue: OkxLinearVenue, row: CashRow) -> Row:
    """Return what moved the cash."""
    told: Row = {
        "billId": far(row.id), "ccy": row.asset, "balChg": plain(row.amount),
        "bal": plain(row.balance), "ts": str(row.time), "instType": "", "instId": "",
        "mgnMode": "", "ordId": "", "clOrdId": "", "tradeId": "", "execType": "", "fee": "0",
        "pnl": "0", "px": "", "sz": plain(abs(row.amount)), "interest": "0", "from": "", "to": "",
        "notes": "", "posBal": "0", "posBalChg": "0", "tag": "", "fillTime": "",
    }  # fmt: skip
    if row.symbol:
        symbol = venue.account.contracts[row.symbol]
        told |= {"instType": venue.kind, "instId": venue.inst_of(symbol), "mgnMode": "cross"}
    if row.fill is not None:
        return told | _trade(venue, row.fill)
    kind, gain, loss = _BILLS[row.kind]
    told |= {"type": kind, "subType": gain if row.amount > 0 else loss}
    if row.kind == "FUNDING":
        size = venue.told(venue.account.contracts[row.symbol], abs(row.qty))
        told |= {"pnl": plain(row.amount), "px": plain(row.price), "sz": size}
    return told


def _trade(venue: OkxLinearVenue, fill: Fill) -> Row:
    order = cast(Order, fill.order)
    kind, buys, sells = _SUBTYPES[order.cause]
    return {
        "type": kind, "subType": buys if order.buys else sells, "ordId": far(order.id),
        "clOrdId": client_id(order), "fee": plain(-fill.fee), "pnl": plain(fill.profit),
        "px": plain(fill.price), "sz": venue.told(order.symbol, fill.qty),
        "tradeId": str(fill.id if order.cause == "order" else -fill.id),
        "execType": taker_or_maker(fill), "fillTime": str(fill.time),
    }  # fmt: skip


# ---- what is traded ------------------------------------------------------------------------
def swap_row(venue: OkxLinearVenue, market: Market) -> Row:
    """Return a swap."""
    symbol = cast(Contract, market.symbol)
    family = f"{symbol.base}-{symbol.quote}"
    lot = venue.told(symbol, symbol.step)
    most, at_market = venue.told(symbol, symbol.max_qty), venue.told(symbol, symbol.max_market_qty)
    return spot.pair_row(venue, market) | {
        "instType": venue.kind, "instId": venue.inst_of(symbol), "baseCcy": "", "quoteCcy": "",
        "settleCcy": symbol.quote, "instFamily": family, "uly": family, "ctType": "linear",
        "ctVal": plain(symbol.multiplier), "ctMult": "1", "ctValCcy": symbol.base,
        "lever": str(symbol.most_leverage), "lotSz": lot, "minSz": lot, "maxLmtSz": most,
        "maxMktSz": at_market, "maxStopSz": at_market, "maxTriggerSz": most,
        "maxLmtAmt": "20000000", "maxMktAmt": "",
    }  # fmt: skip


def tier_rows(venue: OkxLinearVenue, symbol: Contract) -> list[Row]:
    """Return the brackets of leverage, their sizes in contracts at the mark price."""
    mark, family = venue.account.mark(symbol.name) or Decimal(1), f"{symbol.base}-{symbol.quote}"
    return [
        {
            "tier": str(place), "instFamily": family, "uly": family, "instId": "",
            "minSz": venue.told(symbol, round(one.floor / mark, 8)),
            "maxSz": venue.told(symbol, round(one.cap / mark, 8)), "mmr": plain(one.maintenance),
            "imr": plain(round(Decimal(1) / one.leverage, 8)), "maxLever": str(one.leverage),
            "optMgnFactor": "0", "quoteMaxLoan": "", "baseMaxLoan": "",
        }
        for place, one in enumerate(symbol.brackets, 1)
    ]  # fmt: skip
