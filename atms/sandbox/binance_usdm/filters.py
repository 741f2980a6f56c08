"""The venue's filters on a new order, each with a code of its own."""

from __future__ import annotations

from decimal import Decimal

from atms.sandbox.binance.refusals import Refused
from atms.sandbox.binance_usdm import refusals
from atms.sandbox.binance_usdm.orders import Ask
from atms.sandbox.binance_usdm.symbols import Contract


def check(ask: Ask, contract: Contract, mark: Decimal) -> None:
    """Check price, quantity and value of an order.

    Raises:
        Refused: by the first filter that fails.
    """
    assert ask.qty is not None
    _quantity(ask.qty, ask, contract)
    if ask.price is not None:
        price(ask.price, contract)
        _band(ask, contract, mark)
    value = (ask.price or mark) * ask.qty
    if value < contract.min_notional and not ask.reduces:
        raise refusals.too_small(contract.min_notional)


def price(value: Decimal, contract: Contract) -> None:
    """Check a price.

    Raises:
        Refused: it is no multiple of the tick, too low or too high.
    """
    _fine(value, contract.tick)
    if value < contract.tick:
        raise Refused(-4013, f"Price less than min price. {contract.tick:f}")
    if value > contract.max_price:
        raise Refused(-4002, "Price greater than max price.")
    if value % contract.tick:
        raise Refused(-4014, "Price not increased by tick size.")


def _quantity(qty: Decimal, ask: Ask, contract: Contract) -> None:
    if qty <= 0:
        raise Refused(-4003, "Quantity less than or equal to zero.")
    _fine(qty, contract.step)
    most = contract.max_market_qty if ask.type == "MARKET" else contract.max_qty
    if qty > most:
        raise Refused(-4005, "Quantity greater than max quantity.")
    if qty % contract.step:
        raise Refused(-4023, "Qty not increased by step size.")


def _fine(value: Decimal, step: Decimal) -> None:
    places = [-int(one.normalize().as_tuple().exponent) for one in (value, step)]
    if places[0] > max(0, places[1]):
        raise Refused(-1111, "Precision is over the maximum defined for this asset.")


def _band(ask: Ask, contract: Contract, mark: Decimal) -> None:
    """A buy may not lie far above the mark price, a sale not far below it."""
    assert ask.price is not None
    if ask.side == "BUY" and mark and ask.price > mark * contract.band_up:
        raise Refused(-4016, "Limit price can't be higher than the mark price multiplier cap.")
    if ask.side == "SELL" and ask.price < mark * contract.band_down:
        raise Refused(-4024, "Limit price can't be lower than the mark price multiplier floor.")
