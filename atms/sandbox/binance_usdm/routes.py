"""Which path is which endpoint, and their weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atms.sandbox.binance import public as spot
from atms.sandbox.binance import wallets
from atms.sandbox.binance.endpoints import Endpoint
from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance_usdm import private, public, trading
from atms.sandbox.binance_usdm.asking import Request
from atms.sandbox.binance_usdm.users import Users

one_or_all = private.one_or_all


def _open(call: Callable[..., Any], weight: int | Callable[[Params], int] = 1) -> Endpoint:
    return Endpoint(call, weight, asks=Request)


def _signed(
    call: Callable[[Request], Any], weight: int | Callable[[Params], int] = 1, places: int = 0,
    places_longer: int = 0,
) -> Endpoint:  # fmt: skip
    return Endpoint(
        call, weight, signed=True, places=places, places_longer=places_longer, asks=Request
    )


REST: dict[tuple[str, str], Endpoint] = {
    ("GET", "/fapi/v1/ping"): _open(spot.ping),
    ("GET", "/fapi/v1/time"): _open(spot.time),
    ("GET", "/fapi/v1/exchangeInfo"): _open(public.exchange_info),
    ("GET", "/fapi/v1/klines"): _open(spot.klines, public.klines_weight),
    ("GET", "/fapi/v1/depth"): _open(public.depth, 10),
    ("GET", "/fapi/v1/trades"): _open(spot.trades, 5),
    ("GET", "/fapi/v1/aggTrades"): _open(spot.agg_trades, 20),
    ("GET", "/fapi/v1/ticker/bookTicker"): _open(spot.book_ticker, one_or_all(2, 5)),
    ("GET", "/fapi/v1/ticker/price"): _open(spot.price_ticker, one_or_all(1, 2)),
    ("GET", "/fapi/v1/ticker/24hr"): _open(spot.day_ticker, one_or_all(1, 40)),
    ("GET", "/fapi/v1/premiumIndex"): _open(public.premium_index, one_or_all(1, 10)),
    ("GET", "/fapi/v2/account"): _signed(private.account, 5),
    ("GET", "/fapi/v3/account"): _signed(private.account, 5),
    ("GET", "/fapi/v2/balance"): _signed(private.balance, 5),
    ("GET", "/fapi/v3/balance"): _signed(private.balance, 5),
    ("GET", "/fapi/v2/positionRisk"): _signed(private.position_risk, 5),
    ("GET", "/fapi/v3/positionRisk"): _signed(private.position_risk, 5),
    ("GET", "/fapi/v1/accountConfig"): _signed(private.account_config, 5),
    ("GET", "/fapi/v1/symbolConfig"): _signed(private.symbol_config, 5),
    ("GET", "/fapi/v1/leverageBracket"): _signed(private.brackets),
    ("GET", "/fapi/v1/commissionRate"): _signed(private.commission_rate, 20),
    ("GET", "/fapi/v1/positionSide/dual"): _signed(private.position_mode, 30),
    ("GET", "/fapi/v1/multiAssetsMargin"): _signed(private.assets_mode, 30),
    ("GET", "/fapi/v1/order"): _signed(private.query_order),
    ("GET", "/fapi/v1/openOrders"): _signed(private.open_orders, one_or_all(1, 40)),
    ("GET", "/fapi/v1/allOrders"): _signed(private.all_orders, 5),
    ("GET", "/fapi/v1/algoOrder"): _signed(private.query_algo),
    ("GET", "/fapi/v1/openAlgoOrders"): _signed(private.open_algos, one_or_all(1, 40)),
    ("GET", "/fapi/v1/allAlgoOrders"): _signed(private.all_algos, 5),
    ("GET", "/fapi/v1/userTrades"): _signed(private.user_trades, 5),
    ("GET", "/fapi/v1/income"): _signed(private.income, 30),
    ("POST", "/fapi/v1/order"): _signed(trading.new_order, 0, places=1),
    ("POST", "/fapi/v1/batchOrders"): _signed(trading.new_orders, 5, places=5, places_longer=1),
    ("DELETE", "/fapi/v1/order"): _signed(trading.cancel_order),
    ("DELETE", "/fapi/v1/allOpenOrders"): _signed(trading.cancel_all),
    ("POST", "/fapi/v1/algoOrder"): _signed(trading.new_algo, 0, places=1),
    ("DELETE", "/fapi/v1/algoOrder"): _signed(trading.cancel_algo),
    ("DELETE", "/fapi/v1/algoOpenOrders"): _signed(trading.cancel_all_algos),
    ("POST", "/fapi/v1/leverage"): _signed(trading.set_leverage),
    ("POST", "/fapi/v1/marginType"): _signed(trading.set_margin_type),
    ("POST", "/fapi/v1/positionSide/dual"): _signed(trading.set_position_mode),
    ("GET", "/sapi/v1/account/apiRestrictions"): _signed(wallets.restrictions),  # type: ignore[arg-type]
    ("GET", "/sapi/v1/capital/config/getall"): _signed(private.coins, 10),
    ("GET", "/sapi/v1/margin/allPairs"): _open(wallets.no_pairs),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): _open(wallets.no_pairs),
}


def with_listen_keys(users: Users) -> dict[tuple[str, str], Endpoint]:
    """Return all paths, with those of listen keys: a key is needed for them, and no signature."""

    def begin(request: Request) -> Any:
        request.params.done()
        return {"listenKey": users.begin()}

    def prolong(request: Request) -> Any:
        request.params.text("listenKey")
        request.params.done()
        users.prolong()
        return {"listenKey": users.key}

    def end(request: Request) -> Any:
        request.params.text("listenKey")
        request.params.done()
        users.end()
        return {}

    path = "/fapi/v1/listenKey"
    calls = {"POST": begin, "PUT": prolong, "DELETE": end}
    own = {
        (method, path): Endpoint(call, 1, keyed=True, asks=Request)
        for method, call in calls.items()
    }
    return REST | own
