"""Backtrader's orders -> tickets, rounded to what the instrument allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any

import backtrader as bt

from atms.stores.capabilities import Capabilities
from atms.stores.market import Instrument
from atms.stores.requests import Kind, Side, Ticket

_KINDS = {
    bt.Order.Market: Kind.MARKET,
    bt.Order.Close: Kind.ON_CLOSE,
    bt.Order.Limit: Kind.LIMIT,
    bt.Order.Stop: Kind.STOP,
    bt.Order.StopLimit: Kind.STOP_LIMIT,
    bt.Order.StopTrail: Kind.TRAIL,
    bt.Order.StopTrailLimit: Kind.TRAIL_LIMIT,
}
_LIMITED = (Kind.LIMIT, Kind.STOP_LIMIT, Kind.TRAIL_LIMIT)
_TRIGGERED = (Kind.STOP, Kind.STOP_LIMIT, Kind.TRAIL, Kind.TRAIL_LIMIT)
_TRAILING = (Kind.TRAIL, Kind.TRAIL_LIMIT)
# What a float may be short of the number that was meant: 0.3 * 3 is 0.8999999999999999. A part of
# the step, or where that is less, some units of the float's last place.
_NOISE_OF_STEP, _NOISE_OF_VALUE = Decimal("1e-9"), Decimal("1e-15")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why an order is not sent: a code, words, and of a limit its number and what it came to."""

    code: str
    why: str
    limit: Decimal | None = None
    value: Decimal | None = None


def ticket_of(
    order: bt.Order,
    instrument: Instrument,
    venue: Capabilities,
    *,
    now: datetime,
    reduces: bool = False,
) -> Ticket | Refusal:
    """Return what an order asks for, in the instrument's steps.

    A size is rounded down; a limit away from the market, so that it is never worse than what was
    asked; a trigger to the nearest tick. A number that misses a step by a float's noise alone is
    on it.
    """
    kind = _KINDS[order.exectype]
    side: Side = 1 if order.isbuy() else -1
    asked = abs(exact(order.created.size))
    if not asked.is_finite():
        return _filter(f"size {order.created.size} is no number")
    qty = on_step(asked, instrument.qty_step, ROUND_FLOOR)
    prices = _prices(order, kind, side, instrument)
    lifetime = _lifetime(order, venue, now)
    if isinstance(prices, Refusal):
        return prices
    if isinstance(lifetime, Refusal):
        return lifetime
    refusal = _out_of_bounds(order, qty, asked, kind, prices, instrument)
    if refusal is not None:
        return refusal
    return Ticket(
        key="", instrument=instrument.id, side=side, qty=qty, kind=kind, reduces=reduces,
        **prices, **lifetime,
    )  # fmt: skip


def exact(value: float) -> Decimal:
    """Return a float as the decimal that it is written as."""
    return Decimal(repr(float(value)))


def on_step(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    """Return a multiple of *step*: the nearest where only noise lies between, else rounded."""
    nearest = (value / step).to_integral_value(ROUND_HALF_EVEN) * step
    if abs(nearest - value) <= max(step * _NOISE_OF_STEP, abs(value) * _NOISE_OF_VALUE):
        return nearest
    return (value / step).to_integral_value(rounding) * step


def _filter(why: str) -> Refusal:
    return Refusal(code="FILTER", why=why)


def _out_of_bounds(
    order: bt.Order, qty: Decimal, asked: Decimal, kind: Kind, prices: Any, instrument: Instrument
) -> Refusal | None:
    if qty < instrument.min_qty or not qty:
        least = max(instrument.min_qty, instrument.qty_step)
        return _filter(f"size {asked:g} is under the minimum of {least:f}")
    most = [instrument.max_qty, instrument.max_market_qty if kind is Kind.MARKET else None]
    highest = min((one for one in most if one is not None), default=None)
    if highest is not None and qty > highest:
        return _filter(f"size {asked:g} is over the maximum of {highest:f}")
    price = prices.get("limit") or prices.get("trigger") or exact(order.created.pclose)
    least_value = instrument.min_notional
    if least_value is None or not price.is_finite():
        return None
    value = qty * price * instrument.multiplier
    if value < least_value:
        return _filter(f"a value of {value:f} is under the minimum of {least_value:f}")
    return None


def _prices(
    order: bt.Order, kind: Kind, side: Side, instrument: Instrument
) -> dict[str, Any] | Refusal:
    created = order.created
    given: dict[str, float] = {}
    if kind in _LIMITED:
        given["limit"] = created.price if kind is Kind.LIMIT else created.pricelimit
    if kind in _TRIGGERED:
        given["trigger"] = created.price
    found: dict[str, Any] = {}
    away = ROUND_FLOOR if side > 0 else ROUND_CEILING
    for what, value in given.items():
        price = exact(value)
        if not price.is_finite():
            return _filter(f"{what} {value} is no price")
        steps = [step for start, step in instrument.price_steps if price >= start]
        if not steps:
            return _filter(f"{what} {price:f} is under the lowest price")
        ticked = on_step(price, steps[-1], away if what == "limit" else ROUND_HALF_EVEN)
        if not ticked:
            return _filter(f"{what} {price:f} is under one tick of {steps[-1]:f}")
        found[what] = ticked
    trail = _trail(order) if kind in _TRAILING else {}
    return trail if isinstance(trail, Refusal) else {**found, **trail}


def _trail(order: bt.Order) -> dict[str, Any] | Refusal:
    amount, fraction = order.trailamount, order.trailpercent
    trail = exact(amount or fraction or 0.0)
    if not trail.is_finite() or trail <= 0:
        return _filter("a trailing stop needs a trailamount or a trailpercent above 0")
    return {"trail": trail, "trail_is_fraction": not amount}


def _lifetime(order: bt.Order, venue: Capabilities, now: datetime) -> dict[str, Any] | Refusal:
    if not order.valid:
        return {}
    is_day = order.p.valid == timedelta(0)  # Backtrader's Order.DAY
    if is_day and "gtd" not in venue.tifs and "day" in venue.tifs:
        return {"tif": "day"}
    try:
        expires = bt.num2date(order.valid).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return _filter(f"valid {order.valid} is no time")
    if expires <= now:
        return _filter(f"valid until {expires:%Y-%m-%d %H:%M:%S}, which is over")
    return {"tif": "gtd", "expires": expires}
