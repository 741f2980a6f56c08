"""What happened on a bar, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from atms.report.why import OnBar, Row, Said

_STILL = ("submitted", "accepted", "partial")
_MARGIN = "refused, margin: the account's cash was too small"


def bar_lines(bar: OnBar) -> Iterator[str]:
    """Yield a bar: prices, signals with their gates, orders and what became of them."""
    yield f"bar {moment(bar.at)}"
    for row in bar.prices:
        shown = [(name, value) for name, value in row.items() if name != "feed"]
        prices = ", ".join(f"{name} {number(value)}" for name, value in shown if value is not None)
        yield f"  {row['feed']}: {prices}"
    for said in bar.said:
        yield from _said_lines(said)
    whys = {order["order_id"]: order["why"] for order in bar.orders}
    for order in bar.orders:
        # Backtrader gives a bracket's words to its legs too.
        same = order["why"] is not None and whys.get(order["parent_id"]) == order["why"]
        yield from _order_lines({**order, "why": None, "tag": None} if same else order)
    if not bar:
        yield "  nothing: no signal, no refusal, no order"
    elif not bar.orders:
        yield "  no order was made"


def summary(bar: OnBar) -> str:
    """Return what happened on a bar, in a few words."""
    parts = []
    for said in bar.said:
        outcome = f"refused by {said.refused}" if said.refused else "passed"
        parts.append(f"{said.signal or 'no signal'}, {outcome}")
    if bar.orders:
        parts.append(f"{len(bar.orders)} order" + "s" * (len(bar.orders) > 1))
    return f"{moment(bar.at)} ({'; '.join(parts)})"


def moment(at: pd.Timestamp) -> str:
    """Return a time, seconds only where there are some."""
    shown = f"{at.tz_convert('UTC'):%Y-%m-%d %H:%M:%S.%f}"
    return (
        f"{shown.removesuffix('.000000').removesuffix(':00') if not at.microsecond else shown} UTC"
    )


def number(value: Any) -> str:
    """Return a number as short as it can be read; other values as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if abs(value) < 1000:
        return f"{value:,.6g}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _said_lines(said: Said) -> Iterator[str]:
    sure = "" if said.confidence is None else f", confidence {number(said.confidence)}"
    numbers = ", ".join(f"{name} {number(value)}" for name, value in said.numbers.items())
    what = f"signal {said.signal}{sure}" if said.signal else "no signal"
    yield f"  {what}{': ' * bool(numbers)}{numbers}"
    for gate in said.gates:
        outcome = "passed" if gate["passed"] else "refused"
        value, limit = gate["value"], gate["limit_value"]
        found = "" if value is None else f"{number(value)}"
        found += "" if limit is None else f" of {number(limit)}" if found else f"of {number(limit)}"
        yield f"    {gate['name']}: {found}{', ' * bool(found)}{outcome}"


def _order_lines(order: Row) -> Iterator[str]:
    price = order["price"] if order["price"] is not None else order["limit_price"]
    at = "" if price is None else f" at {number(price)}"
    both = order["price"] is not None and order["limit_price"] is not None
    limit = f", limit {number(order['limit_price'])}" * both if both else ""
    leg = "" if order["parent_id"] is None else f", leg of order {order['parent_id']}"
    words = [
        f"why: {order['why']}" if order["why"] else "",
        f"tag: {order['tag']}" if order["tag"] else "",
    ]
    said = "".join(f"; {word}" for word in words if word)
    name = f"order {order['order_id']}"
    yield f"  {name}: {order['side']} {number(order['size'])} {order['type']}{at}{limit}{leg}{said}"
    for fill in order["fills"]:
        undone = " undone" if fill.get("row") == "reversal" else ""
        fee = f", fee {number(fill['fee'])} {fill['fee_currency']}" if fill["fee"] else ""
        filled = f"{number(fill['size'])} at {number(fill['price'])}{fee}"
        yield f"    filled{undone} {moment(fill['ts'])}: {filled}"
    yield from _end(order)


def _end(order: Row) -> Iterator[str]:
    status, reason = order["status"], order["reason"]
    if status == "completed":
        if reason:
            yield f"    {reason}"
    elif status == "margin":
        yield f"    {_MARGIN}" + (f" ({reason})" if reason else "")
    elif status == "rejected":
        numbers = ""
        if order["risk_limit"] is not None and order["risk_value"] is not None:
            limit, value = number(order["risk_limit"]), number(order["risk_value"])
            numbers = f" (limit {limit}, value {value})"
        yield f"    refused, {reason or 'without a word'}{numbers}"
    elif status in _STILL:
        yield f"    {status}: it was still open at the run's end, or is now"
    else:
        yield f"    {status} {moment(order['updated_ts'])}" + (f": {reason}" if reason else "")
