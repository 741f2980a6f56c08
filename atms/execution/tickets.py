"""Backtrader's orders -> tickets, rounded to what the instrument allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
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


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why an order is not sent: a code, words, and of a limit its number and what it came to."""

    code: str
    why: str
    limit: Decimal | None = None
    value: Decimal | None = None


def ticket_of(
    order: bt.Order, instrument: Instrument, venue: Capabilities, *, reduces: bool = False
) -> Ticket | Refusal:
    """Return what an order asks for: its size rounded down to the step, prices to the tick.

    A limit is rounded away from the market, so that it is never worse than what was asked.
    """
    kind = _KINDS[order.exectype]
    if kind not in venue.kinds:
        return Refusal(code="UNSUPPORTED", why=f"the venue has no {kind.value} orders")
    side: Side = 1 if order.isbuy() else -1
    size = exact(order.created.size)
    if not size.is_finite():
        return Refusal(code="FILTER", why=f"size {order.created.size} is no number")
    qty = _stepped(abs(size), instrument.qty_step, ROUND_DOWN)
    refusal = _too_small_or_large(qty, abs(size), kind, instrument)
    if refusal is not None:
        return refusal
    limit, trigger = _prices(order, kind, side, instrument)
    price = limit or trigger or exact(order.created.pclose)
    least = instrument.min_notional
    if least is not None and price.is_finite() and qty * price * instrument.multiplier < least:
        value = qty * price * instrument.multiplier
        return Refusal(code="FILTER", why=f"a value of {value:f} is under the minimum of {least:f}")
    expires = _expires(order)
    if expires is not None and "gtd" not in venue.tifs:
        return Refusal(code="UNSUPPORTED", why="the venue has no orders that end by themselves")
    return Ticket(
        key="", instrument=instrument.id, side=side, qty=qty, kind=kind, limit=limit,
        trigger=trigger, **_trail(order, kind), tif="gtc" if expires is None else "gtd",
        expires=expires, reduces=reduces,
    )  # fmt: skip


def exact(value: float) -> Decimal:
    """Return a float as the decimal that it is written as."""
    return Decimal(repr(float(value)))


def _too_small_or_large(
    qty: Decimal, asked: Decimal, kind: Kind, instrument: Instrument
) -> Refusal | None:
    if qty < instrument.min_qty or not qty:
        least = max(instrument.min_qty, instrument.qty_step)
        return Refusal(code="FILTER", why=f"size {asked:f} is under the minimum of {least:f}")
    most = instrument.max_market_qty if kind is Kind.MARKET else None
    most = min((one for one in (most, instrument.max_qty) if one is not None), default=None)
    if most is not None and qty > most:
        return Refusal(code="FILTER", why=f"size {asked:f} is over the maximum of {most:f}")
    return None


def _prices(
    order: bt.Order, kind: Kind, side: Side, instrument: Instrument
) -> tuple[Decimal | None, Decimal | None]:
    created = order.created
    limit = trigger = None
    if kind in _LIMITED:
        given = created.price if kind is Kind.LIMIT else created.pricelimit
        away = ROUND_FLOOR if side > 0 else ROUND_CEILING
        limit = _ticked(exact(given), instrument, away)
    if kind in _TRIGGERED:
        trigger = _ticked(exact(created.price), instrument, ROUND_HALF_EVEN)
    return limit, trigger


def _trail(order: bt.Order, kind: Kind) -> dict[str, Any]:
    if kind not in (Kind.TRAIL, Kind.TRAIL_LIMIT):
        return {}
    if order.trailamount:
        return {"trail": exact(order.trailamount)}
    return {"trail": exact(order.trailpercent), "trail_is_fraction": True}


def _expires(order: bt.Order) -> datetime | None:
    if not order.valid:
        return None
    return bt.num2date(order.valid).replace(tzinfo=UTC)  # type: ignore[no-any-return]


def _stepped(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (value / step).to_integral_value(rounding) * step


def _ticked(price: Decimal, instrument: Instrument, rounding: str) -> Decimal:
    steps = [step for start, step in instrument.price_steps if price >= start]
    return _stepped(price, steps[-1], rounding) if steps else price
