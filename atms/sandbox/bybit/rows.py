"""What the venue knows, as Bybit's rows have it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from atms.sandbox.venue.depth import best
from atms.sandbox.venue.klines import Forming
from atms.sandbox.venue.market import Market, Trade
from atms.sandbox.venue.orders import Fill, Order

if TYPE_CHECKING:
    from atms.sandbox.bybit.venue import BybitGrounds

# the venue's interval -> ours
INTERVALS = {
    "1": "1m", "3": "3m", "5": "5m", "15": "15m", "30": "30m", "60": "1h", "120": "2h",
    "240": "4h", "360": "6h", "720": "12h", "D": "1d", "W": "1w", "M": "1M",
}  # fmt: skip
_STATES = {"NEW": "New", "PARTIALLY_FILLED": "PartiallyFilled", "FILLED": "Filled",
           "REJECTED": "Rejected"}  # fmt: skip


def words(number: Decimal) -> str:
    """Return a number without zeros behind."""
    text = f"{number:.8f}"
    return text.rstrip("0").rstrip(".")


def status(order: Order) -> str:
    """Return where an order stands."""
    if order.status in _STATES:
        return _STATES[order.status]
    return "PartiallyFilledCanceled" if order.executed else "Cancelled"


def _fees(order: Order) -> dict[str, Decimal]:
    paid: dict[str, Decimal] = {}
    for fill in order.fills:
        paid[fill.fee_asset] = paid.get(fill.fee_asset, Decimal(0)) + fill.fee
    return paid


class Rows:
    """Rows of the spot market; another kind of market has others."""

    def __init__(self, venue: BybitGrounds) -> None:
        self.venue = venue

    # ---- the account ------------------------------------------------------------------------
    def why(self, order: Order) -> tuple[str, str]:
        """Return cancelType and rejectReason."""
        if order.id in self.venue.exchange.taken:
            return "UNKNOWN", "EC_PostOnlyWillTakeLiquidity"
        if order.status == "EXPIRED":
            full = order.wish.tif == "FOK"
            return "UNKNOWN", "EC_CancelForNoFullFill" if full else "EC_NoImmediateQtyToFill"
        if order.status == "CANCELED":
            return "CancelByUser", "EC_PerCancelRequest"
        return "UNKNOWN", "EC_NoError"

    def order(self, order: Order) -> dict[str, Any]:
        """Return an order; a spot order's row has no `tpslMode`."""
        wish = order.wish
        cancel_type, reason = self.why(order)
        left = order.left if order.is_open else Decimal(0)
        unit, qty = "", order.qty
        if wish.type == "MARKET":
            unit = "baseCoin" if wish.quote_qty is None else "quoteCoin"
            qty = order.qty if wish.quote_qty is None else wish.quote_qty
        tif = "PostOnly" if wish.type == "LIMIT_MAKER" else wish.tif
        fees = _fees(order)
        return {
            "category": self.venue.category, "symbol": order.symbol.name, "orderId": str(order.id),
            "orderLinkId": order.client_id, "blockTradeId": "", "side": order.side.capitalize(),
            "positionIdx": 0, "orderStatus": status(order), "cancelType": cancel_type,
            "rejectReason": reason, "timeInForce": tif, "isLeverage": "0",
            "price": words(wish.price or Decimal(0)), "qty": words(qty), "marketUnit": unit,
            "avgPrice": words(order.cost / order.executed) if order.executed else "",
            "leavesQty": words(left), "leavesValue": words(left * (wish.price or Decimal(0))),
            "cumExecQty": words(order.executed), "cumExecValue": words(order.cost),
            "cumExecFee": words(sum(fees.values(), Decimal(0))),
            "cumFeeDetail": {asset: words(fee) for asset, fee in fees.items()},
            "orderType": "Market" if wish.type == "MARKET" else "Limit", "stopOrderType": "",
            "orderIv": "", "triggerPrice": "0.0", "takeProfit": "", "stopLoss": "",
            "tpTriggerBy": "", "slTriggerBy": "", "triggerDirection": 0, "triggerBy": "",
            "lastPriceOnCreated": "", "reduceOnly": False, "closeOnTrigger": False,
            "smpType": "None", "smpGroup": 0, "smpOrderId": "",
            "createdTime": str(order.time), "updatedTime": str(order.updated),
        }  # fmt: skip

    def execution(self, fill: Fill) -> dict[str, Any]:
        """Return an execution as queries tell it."""
        order, rate = (
            fill.order,
            fill.fee / (fill.qty if fill.order.buys else fill.qty * fill.price),
        )
        return {
            "symbol": order.symbol.name, "orderId": str(order.id), "orderLinkId": order.client_id,
            "side": order.side.capitalize(), "orderPrice": words(order.wish.price or Decimal(0)),
            "orderQty": words(order.qty), "leavesQty": words(order.left),
            "orderType": "Market" if order.type == "MARKET" else "Limit", "stopOrderType": "",
            "execFee": words(fill.fee), "feeCurrency": fill.fee_asset, "execId": str(fill.id),
            "execPrice": words(fill.price), "execQty": words(fill.qty), "execType": "Trade",
            "execValue": words(fill.price * fill.qty), "execTime": str(fill.time),
            "isMaker": fill.maker, "feeRate": words(rate), "tradeIv": "", "markIv": "",
            "markPrice": "", "indexPrice": "", "underlyingPrice": "", "blockTradeId": "",
            "closedSize": "", "seq": fill.id, "extraFees": "",
        }  # fmt: skip

    def execution_event(self, fill: Fill) -> dict[str, Any]:
        """Return an execution as the stream tells it: there the fee's currency has another name."""
        row = self.execution(fill)
        asset = row.pop("feeCurrency")
        return {
            **row, "category": self.venue.category, "isLeverage": "0", "feeCoin": asset,
            "extraFees": [], "execPnl": "0", "marketUnit": "",
        }  # fmt: skip

    def wallet(self, assets: Iterable[str]) -> dict[str, Any]:
        """Return the account with these of its coins."""
        sums = ("totalEquity", "accountIMRate", "totalMarginBalance", "totalInitialMargin",
                "totalAvailableBalance", "accountMMRate", "totalPerpUPL", "totalWalletBalance",
                "totalMaintenanceMargin", "accountLTV")  # fmt: skip
        coins = [self.coin(asset) for asset in assets]
        return {"accountType": "UNIFIED", **dict.fromkeys(sums, ""), "coin": coins}

    def coin(self, asset: str) -> dict[str, Any]:
        """Return what is held of a coin."""
        wallet = self.venue.desk.wallet
        locked = wallet.locked[asset]
        held = words(wallet.free[asset] + locked)
        return {
            "coin": asset, "equity": held, "walletBalance": held, "locked": words(locked),
            "usdValue": "", "spotHedgingQty": "0", "borrowAmount": "0", "spotBorrow": "0",
            "availableToBorrow": "", "availableToWithdraw": "", "accruedInterest": "0",
            "totalOrderIM": "0", "totalPositionIM": "0", "totalPositionMM": "0",
            "unrealisedPnl": "0", "cumRealisedPnl": "0", "bonus": "0", "marginCollateral": True,
            "collateralSwitch": True,
        }  # fmt: skip

    # ---- the market -------------------------------------------------------------------------
    def instrument(self, market: Market) -> dict[str, Any]:
        """Return what may be traded."""
        symbol = market.symbol
        return {
            "symbolId": 1, "symbol": symbol.name, "baseCoin": symbol.base,
            "quoteCoin": symbol.quote, "innovation": "0", "status": "Trading",
            "marginTrading": "utaOnly", "stTag": "0",
            "lotSizeFilter": {
                "basePrecision": words(symbol.step), "quotePrecision": "0.00000001",
                "minOrderQty": words(symbol.step), "maxOrderQty": words(symbol.max_qty),
                "minOrderAmt": words(symbol.min_notional),
                "maxOrderAmt": words(symbol.max_notional),
                "maxLimitOrderQty": words(symbol.max_qty),
                "maxMarketOrderQty": words(symbol.max_market_qty),
                "postOnlyMaxLimitOrderSize": words(symbol.max_qty),
            },
            "priceFilter": {"tickSize": words(symbol.tick)},
            "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
            "symbolType": "",
        }  # fmt: skip

    def ticker(self, market: Market) -> dict[str, Any]:
        """Return last and best prices; the figures of a day are those of the last 1,440 minutes."""
        symbol = market.symbol.name
        bids, asks = best(market, self.venue.resting(symbol))
        rows = market.klines.rows("1d", None, None, 2)
        _, _, opened, high, low, _, volume, turnover, *_ = rows[-1] if rows else (0,) * 8
        last = market.last or Decimal(0)
        return {
            "symbol": symbol, "bid1Price": words(bids[0][0]) if bids else "",
            "bid1Size": words(bids[0][1]) if bids else "",
            "ask1Price": words(asks[0][0]) if asks else "",
            "ask1Size": words(asks[0][1]) if asks else "", "lastPrice": words(last),
            "prevPrice24h": f"{opened}", "price24hPcnt": "0", "highPrice24h": f"{high}",
            "lowPrice24h": f"{low}", "turnover24h": f"{turnover}", "volume24h": f"{volume}",
            "usdIndexPrice": words(last),
        }  # fmt: skip


def kline_row(row: tuple[Any, ...]) -> list[str]:
    """Return a bar of the history."""
    start, _, opened, high, low, close, volume, turnover, *_ = row
    numbers = (opened, high, low, close, volume, turnover)
    return [str(start), *(words(Decimal(f"{one:.8f}")) for one in numbers)]


def kline_event(kline: Forming, interval: str, now: int, *, over: bool) -> dict[str, Any]:
    """Return a bar as the stream tells it."""
    return {
        "start": kline.start, "end": kline.end - 1, "interval": interval,
        "open": words(kline.open), "close": words(kline.close), "high": words(kline.high),
        "low": words(kline.low), "volume": words(kline.volume), "turnover": words(kline.quote),
        "confirm": over, "timestamp": now,
    }  # fmt: skip


def trade_row(market: Market, trade: Trade) -> dict[str, Any]:
    """Return a public trade as queries tell it."""
    return {
        "execId": str(trade.id), "symbol": market.symbol.name, "price": words(trade.price),
        "size": words(trade.qty), "side": "Buy" if trade.buyer_took else "Sell",
        "time": str(trade.time), "isBlockTrade": False, "isRPITrade": False,
    }  # fmt: skip


def trade_event(market: Market, trade: Trade) -> dict[str, Any]:
    """Return a public trade as the stream tells it."""
    return {
        "T": trade.time, "s": market.symbol.name, "S": "Buy" if trade.buyer_took else "Sell",
        "v": words(trade.qty), "p": words(trade.price), "i": str(trade.id), "BT": False,
        "seq": trade.id,
    }  # fmt: skip
