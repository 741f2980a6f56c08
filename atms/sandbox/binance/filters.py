"""The venue's filters on a new order (filters.md); each refusal names its filter."""

from __future__ import annotations

from decimal import Decimal

from atms.sandbox.binance.refusals import filter_failure, rejected
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.numbers import ZERO
from atms.sandbox.venue.orders import Wish
from atms.sandbox.venue.symbols import Symbol

_ICEBERG_PARTS = 50


def check(wish: Wish, market: Market) -> None:
    """Check prices, quantities and the notional value of *wish*.

    Raises:
        Refused: -1013 with the filter's name.
    """
    symbol = wish.symbol
    for price in (wish.price, wish.stop):
        if price is not None:
            _price(price, symbol)
    average = market.average()
    if wish.price is not None and average is not None:
        low, high = average * symbol.band_down, average * symbol.band_up
        if not low <= wish.price <= high:
            raise filter_failure("PERCENT_PRICE_BY_SIDE")
    if wish.qty is not None:
        _quantity(wish.qty, symbol)
        if wish.type == "MARKET" and wish.qty > symbol.max_market_qty:
            raise filter_failure("MARKET_LOT_SIZE")
    if wish.iceberg is not None and wish.qty is not None:
        if wish.iceberg > wish.qty:
            raise rejected("IcebergQty exceeds QTY.")
        if wish.iceberg and -(-wish.qty // wish.iceberg) > _ICEBERG_PARTS:
            raise filter_failure("ICEBERG_PARTS")
    if wish.trailing is not None and not (
        symbol.min_trailing <= wish.trailing <= symbol.max_trailing
    ):
        raise filter_failure("TRAILING_DELTA")
    _notional(wish, average)


def _price(price: Decimal, symbol: Symbol) -> None:
    if not symbol.tick <= price <= symbol.max_price or price % symbol.tick:
        raise filter_failure("PRICE_FILTER")


def _quantity(qty: Decimal, symbol: Symbol) -> None:
    if not symbol.step <= qty <= symbol.max_qty or qty % symbol.step:
        raise filter_failure("LOT_SIZE")


def _notional(wish: Wish, average: Decimal | None) -> None:
    symbol = wish.symbol
    price = wish.price or wish.stop or average
    notional = wish.quote_qty
    if notional is None:
        if price is None or wish.qty is None:
            return
        notional = price * wish.qty
    if notional <= ZERO:
        raise rejected("Price * QTY is zero or less.")
    if notional < symbol.min_notional:
        raise filter_failure("NOTIONAL")
    if notional > symbol.max_notional and wish.type != "MARKET":
        raise filter_failure("NOTIONAL")


def check_counts(symbol: Symbol, orders: int, algo_orders: int) -> None:
    """Check how many orders would be open on a symbol, all and stop orders.

    Raises:
        Refused: -1013 with the filter's name.
    """
    if orders > symbol.max_orders:
        raise filter_failure("MAX_NUM_ORDERS")
    if algo_orders > symbol.max_algo_orders:
        raise filter_failure("MAX_NUM_ALGO_ORDERS")


def check_amended(qty: Decimal, symbol: Symbol) -> None:
    """Check the quantity that an order is reduced to.

    Raises:
        Refused: -1013 with the filter's name.
    """
    _quantity(qty, symbol)
