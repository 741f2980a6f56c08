"""Which path, and which method of the websocket API, is which endpoint; and their weights."""

from __future__ import annotations

from atms.sandbox.binance import listing, private, public, trading, wallets
from atms.sandbox.binance.endpoints import Endpoint

_PING = Endpoint(public.ping)
_TIME = Endpoint(public.time)
_INFO = Endpoint(public.exchange_info, 20)
_KLINES = Endpoint(public.klines, 2)
_DEPTH = Endpoint(public.depth, public.depth_weight)
_TRADES = Endpoint(public.trades, 25)
_AGG = Endpoint(public.agg_trades, 4)
_AVERAGE = Endpoint(public.average_price, 2)
_BEST = Endpoint(public.book_ticker, public.few_or_all(2, 4))
_PRICE = Endpoint(public.price_ticker, public.few_or_all(2, 4))
_DAY = Endpoint(public.day_ticker, public.few_or_all(2, 80))
_ACCOUNT = Endpoint(private.account, 20, signed=True)
_COMMISSION = Endpoint(private.commission, 20, signed=True)
_QUERY = Endpoint(private.query_order, 4, signed=True)
_OPEN = Endpoint(private.open_orders, private.open_orders_weight, signed=True)
_ALL = Endpoint(private.all_orders, 20, signed=True)
_MINE = Endpoint(private.my_trades, private.my_trades_weight, signed=True)
_USAGE = Endpoint(private.order_usage, 40, signed=True)
_AMENDMENTS = Endpoint(private.amendments, 4, signed=True)
_NEW = Endpoint(trading.new_order, 1, signed=True, places=1)
_TEST = Endpoint(trading.test_order, trading.test_weight, signed=True)
_CANCEL = Endpoint(trading.cancel_order, 1, signed=True)
_CANCEL_ALL = Endpoint(trading.cancel_all, 1, signed=True)
_REPLACE = Endpoint(trading.cancel_replace, 1, signed=True, places=1)
_AMEND = Endpoint(trading.amend_order, 4, signed=True)
_OCO = Endpoint(listing.new_oco, 1, signed=True, places=2)
_OTO = Endpoint(listing.new_oto, 1, signed=True, places=2)
_OTOCO = Endpoint(listing.new_otoco, 1, signed=True, places=3)
_LIST = Endpoint(listing.query_list, 4, signed=True)
_LISTS = Endpoint(listing.all_lists, 20, signed=True)
_OPEN_LISTS = Endpoint(listing.open_lists, 6, signed=True)
_CANCEL_LIST = Endpoint(listing.cancel_list, 1, signed=True)

REST: dict[tuple[str, str], Endpoint] = {
    ("GET", "/api/v3/ping"): _PING,
    ("GET", "/api/v3/time"): _TIME,
    ("GET", "/api/v3/exchangeInfo"): _INFO,
    ("GET", "/api/v3/klines"): _KLINES,
    ("GET", "/api/v3/uiKlines"): _KLINES,
    ("GET", "/api/v3/depth"): _DEPTH,
    ("GET", "/api/v3/trades"): _TRADES,
    ("GET", "/api/v3/aggTrades"): _AGG,
    ("GET", "/api/v3/avgPrice"): _AVERAGE,
    ("GET", "/api/v3/ticker/bookTicker"): _BEST,
    ("GET", "/api/v3/ticker/price"): _PRICE,
    ("GET", "/api/v3/ticker/24hr"): _DAY,
    ("GET", "/api/v3/account"): _ACCOUNT,
    ("GET", "/api/v3/account/commission"): _COMMISSION,
    ("GET", "/api/v3/order"): _QUERY,
    ("POST", "/api/v3/order"): _NEW,
    ("DELETE", "/api/v3/order"): _CANCEL,
    ("POST", "/api/v3/order/test"): _TEST,
    ("POST", "/api/v3/order/cancelReplace"): _REPLACE,
    ("PUT", "/api/v3/order/amend/keepPriority"): _AMEND,
    ("GET", "/api/v3/order/amendments"): _AMENDMENTS,
    ("GET", "/api/v3/openOrders"): _OPEN,
    ("DELETE", "/api/v3/openOrders"): _CANCEL_ALL,
    ("GET", "/api/v3/allOrders"): _ALL,
    ("GET", "/api/v3/myTrades"): _MINE,
    ("POST", "/api/v3/order/oco"): Endpoint(listing.old_oco, 1, signed=True, places=2),
    ("POST", "/api/v3/orderList/oco"): _OCO,
    ("POST", "/api/v3/orderList/oto"): _OTO,
    ("POST", "/api/v3/orderList/otoco"): _OTOCO,
    ("GET", "/api/v3/orderList"): _LIST,
    ("DELETE", "/api/v3/orderList"): _CANCEL_LIST,
    ("GET", "/api/v3/openOrderList"): _OPEN_LISTS,
    ("GET", "/api/v3/allOrderList"): _LISTS,
    ("GET", "/api/v3/rateLimit/order"): _USAGE,
    ("GET", "/sapi/v1/account/apiRestrictions"): Endpoint(wallets.restrictions, 1, signed=True),
    ("GET", "/sapi/v1/capital/config/getall"): Endpoint(wallets.coins, 10, signed=True),
    ("GET", "/sapi/v1/system/status"): Endpoint(wallets.system_status),
    ("GET", "/sapi/v1/margin/allPairs"): Endpoint(wallets.no_pairs),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Endpoint(wallets.no_pairs),
    ("GET", "/fapi/v1/exchangeInfo"): Endpoint(wallets.no_contracts),
    ("GET", "/dapi/v1/exchangeInfo"): Endpoint(wallets.no_contracts),
}

WEBSOCKET: dict[str, Endpoint] = {
    "ping": _PING,
    "time": _TIME,
    "exchangeInfo": _INFO,
    "klines": _KLINES,
    "uiKlines": _KLINES,
    "depth": _DEPTH,
    "trades.recent": _TRADES,
    "trades.aggregate": _AGG,
    "avgPrice": _AVERAGE,
    "ticker.book": _BEST,
    "ticker.price": _PRICE,
    "ticker.24hr": _DAY,
    "account.status": _ACCOUNT,
    "account.commission": _COMMISSION,
    "account.rateLimits.orders": _USAGE,
    "order.place": _NEW,
    "order.test": _TEST,
    "order.status": _QUERY,
    "order.cancel": _CANCEL,
    "order.cancelReplace": _REPLACE,
    "order.amend.keepPriority": _AMEND,
    "order.amendments": _AMENDMENTS,
    "openOrders.status": _OPEN,
    "openOrders.cancelAll": _CANCEL_ALL,
    "orderList.place.oco": _OCO,
    "orderList.place.oto": _OTO,
    "orderList.place.otoco": _OTOCO,
    "orderList.status": _LIST,
    "orderList.cancel": _CANCEL_LIST,
    "openOrderLists.status": _OPEN_LISTS,
    "allOrderLists": _LISTS,
    "allOrders": _ALL,
    "myTrades": _MINE,
}
