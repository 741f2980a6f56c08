"""From a request's parameters to an order as it is wished (rest-api.md, New order)."""

from __future__ import annotations

from atms.sandbox.binance.parameters import Params
from atms.sandbox.binance.refusals import Refused, missing, missing_both, not_required
from atms.sandbox.binance.symbols import ORDER_TYPES, STP_MODES
from atms.sandbox.venue.ids import client_id
from atms.sandbox.venue.orders import ALGO, WITH_LIMIT, Wish
from atms.sandbox.venue.symbols import Symbol

TIMES = ("GTC", "IOC", "FOK")
SIDES = ("BUY", "SELL")
SHAPES = ("ACK", "RESULT", "FULL")
_STRATEGY_LEAST = 1_000_000


def read_wish(params: Params, symbol: Symbol, *, id_name: str = "newClientOrderId") -> Wish:
    """Read an order's parameters.

    Raises:
        Refused: for what is missing, malformed, or has no place in such an order.
    """
    side = params.needed("side")
    if side not in SIDES:
        raise Refused(-1117, "Invalid side.")
    kind = params.needed("type")
    if kind not in ORDER_TYPES:
        raise Refused(-1116, "Invalid orderType.")
    wish = Wish(symbol=symbol, side=side, type=kind, client_id="")
    wish.stp = params.one_of("selfTradePreventionMode", STP_MODES) or wish.stp
    _numbers(params, wish, "")
    wish.client_id = params.client_id(id_name) or client_id()
    _quantities(params, wish)
    return wish


def shape_of(params: Params, kind: str) -> str:
    """Return the shape of the reply: FULL for MARKET and LIMIT orders, else ACK, unless asked."""
    usual = "FULL" if kind in ("MARKET", "LIMIT") else "ACK"
    return params.one_of("newOrderRespType", SHAPES) or usual


def read_leg(params: Params, symbol: Symbol, prefix: str, side: str, kind: str) -> Wish:
    """Read one order of a list: its parameters have *prefix*, as in ``aboveStopPrice``.

    Raises:
        Refused: for what is missing, malformed, or has no place in such an order.
    """
    wish = Wish(symbol=symbol, side=side, type=kind, client_id="")
    _numbers(params, wish, prefix)
    wish.client_id = params.client_id(f"{prefix}ClientOrderId") or client_id()
    return wish


def _numbers(params: Params, wish: Wish, prefix: str) -> None:
    """Read prices and times of *wish*; each type has those that it needs and no others."""

    def named(name: str) -> str:
        return prefix + name[0].upper() + name[1:] if prefix else name

    wish.price = params.decimal(named("price"))
    wish.stop = params.decimal(named("stopPrice"))
    wish.trailing = params.integer(named("trailingDelta"))
    wish.iceberg = params.decimal(named("icebergQty"))
    wish.strategy_id = params.integer(named("strategyId"))
    wish.strategy_type = params.integer(named("strategyType"))
    tif = params.one_of(named("timeInForce"), TIMES, Refused(-1115, "Invalid timeInForce."))
    if wish.strategy_type is not None and wish.strategy_type < _STRATEGY_LEAST:
        raise Refused(-1134, "strategyType was less than 1000000.")
    if wish.type in WITH_LIMIT:
        if wish.price is None:
            raise missing(named("price"))
    elif wish.price is not None:
        raise not_required(named("price"))
    if wish.type in WITH_LIMIT - {"LIMIT_MAKER"}:
        if tif is None:
            raise missing(named("timeInForce"))
    elif tif is not None:
        raise not_required(named("timeInForce"))
    if wish.type in ALGO:
        if wish.stop is None and wish.trailing is None:
            raise missing_both(named("stopPrice"), named("trailingDelta"))
    elif wish.stop is not None or wish.trailing is not None:
        raise not_required(named("stopPrice" if wish.stop is not None else "trailingDelta"))
    wish.tif = tif or "GTC"
    if wish.iceberg and wish.tif != "GTC":
        raise Refused(-1014, "Unsupported order combination.")


def _quantities(params: Params, wish: Wish) -> None:
    wish.qty = params.decimal("quantity")
    wish.quote_qty = params.decimal("quoteOrderQty")
    if wish.type == "MARKET":
        if wish.qty is None and wish.quote_qty is None:
            raise missing_both("quantity", "quoteOrderQty")
        if wish.qty is not None and wish.quote_qty is not None:
            raise not_required("quoteOrderQty")
        return
    if wish.quote_qty is not None:
        raise not_required("quoteOrderQty")
    if wish.qty is None:
        raise missing("quantity")
