"""What an instrument's rules let through, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.simulation import Rules, SimulatedBroker

Play = Callable[..., Any]
Bars = Callable[..., Any]
Order = bt.Order


def status(
    play: Play, frame: Any, rules: dict[str, str], side: str = "buy", **how: Any
) -> tuple[str, str]:
    """Return the order's status after two bars, and the reason it was rejected for, or ''."""
    held = Rules(**{key: Decimal(number) for key, number in rules.items()})
    step = {0: lambda s: getattr(s, side)(**how)}
    run = play(frame, step, SimulatedBroker(rules={"X": held}), cash=1e6)
    reason = run.orders[0].info.get("reason") or ""
    assert bool(run.fills) is (run.statuses == ["Completed"])
    return run.statuses[0], reason


# ---- size ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("step", "size", "fits"),
    [
        ("0.1", 0.3, True),
        ("0.1", 0.1 + 0.2, False),  # 0.30000000000000004 is not the nearest float of 0.3
        ("0.1", 3 * 0.1, False),  # neither is this
        ("0.1", 0.7, True),
        ("0.1", 7 * 0.1, False),  # 0.7000000000000001
        ("0.1", 8 * 0.1, True),  # 0.8 itself: this product is rounded well
        ("0.1", 0.35, False),
        ("1", 3, True),
        ("1", 3.0, True),
        ("1", 2.5, False),
        ("10", 30, True),
        ("10", 35, False),
        ("0.00001", 0.00123, True),
        ("0.00001", 0.001235, False),
        ("0.25", 0.75, True),
        ("0.25", 0.8, False),
    ],
)
def test_a_size_is_the_nearest_float_of_a_multiple_of_its_step(
    play: Play, bars: Bars, step: str, size: float, fits: bool
) -> None:
    found, reason = status(play, bars([100, 100]), {"step": step}, size=size)
    assert found == ("Completed" if fits else "Rejected")
    assert ("step" in reason) is not fits


def test_a_sale_is_held_to_its_step_too(play: Play, bars: Bars) -> None:
    frame = bars([100, 100])
    assert status(play, frame, {"step": "0.1"}, "sell", size=0.3)[0] == "Completed"
    assert status(play, frame, {"step": "0.1"}, "sell", size=0.35)[0] == "Rejected"


@pytest.mark.parametrize(("size", "fits"), [(0.5, True), (0.499, False), (0.6, True)])
def test_a_size_is_at_least_the_smallest(play: Play, bars: Bars, size: float, fits: bool) -> None:
    found, reason = status(play, bars([100, 100]), {"min_size": "0.5"}, size=size)
    assert found == ("Completed" if fits else "Rejected")
    assert bool(reason) is not fits


# ---- price --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "price", "plimit", "fits"),
    [
        (Order.Limit, 100.3, None, True),
        (Order.Limit, 100.35, None, False),
        (Order.Limit, 100.1 + 0.2, None, True),  # adds up to 100.3, its nearest float
        (Order.Limit, 1001 * 0.1, None, False),  # 100.10000000000001
        (Order.Stop, 99.9, None, True),
        (Order.Stop, 99.95, None, False),
        (Order.StopLimit, 99.9, 100.5, True),
        (Order.StopLimit, 99.95, 100.5, False),
        (Order.StopLimit, 99.9, 100.55, False),
    ],
)
def test_limit_and_stop_price_are_on_the_tick(
    play: Play, bars: Bars, kind: int, price: float, plimit: Any, fits: bool
) -> None:
    how = {"size": 1, "exectype": kind, "price": price, "plimit": plimit}
    found, reason = status(play, bars([100, 100]), {"tick": "0.1"}, **how)
    assert found == ("Completed" if fits else "Rejected")
    assert ("tick" in reason) is not fits


def test_a_market_order_has_no_price_to_be_on_a_tick(play: Play, bars: Bars) -> None:
    frame = bars([100.07, 100.03])
    assert status(play, frame, {"tick": "0.1"}, size=1)[0] == "Completed"


# ---- value --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("how", "fits"),
    [
        ({"size": 0.1}, True),  # 0.1 x 100, the last close, = 10
        ({"size": 0.09}, False),  # 9; the open of 200 to come makes it 18 and does not count
        ({"size": 0.1, "exectype": Order.Limit, "price": 99}, False),  # 9.9
        ({"size": 0.125, "exectype": Order.Limit, "price": 250}, True),  # 31.25
        ({"size": 0.09, "exectype": Order.Stop, "price": 150}, True),  # 13.5
        ({"size": 0.06, "exectype": Order.Stop, "price": 150}, False),  # 9
    ],
)
def test_an_order_is_worth_at_least_the_smallest_notional(
    play: Play, bars: Bars, how: dict[str, Any], fits: bool
) -> None:
    found, reason = status(play, bars([100, 200]), {"min_notional": "10"}, **how)
    assert found == ("Completed" if fits else "Rejected")
    assert bool(reason) is not fits


# ---- when ---------------------------------------------------------------------------------------
def test_an_order_is_rejected_when_it_is_made(play: Play, bars: Bars) -> None:
    seen: list[str] = []
    broker = SimulatedBroker(rules={"X": Rules(step=Decimal(1))})
    play(bars([100]), {0: lambda s: seen.append(s.buy(size=0.5).getstatusname())}, broker)
    assert seen == ["Rejected"]


def test_what_is_rejected_moves_nothing(play: Play, bars: Bars) -> None:
    broker = SimulatedBroker(rules={"X": Rules(step=Decimal(1))})
    run = play(bars([100, 100, 50]), {0: lambda s: s.buy(size=0.5)}, broker)
    assert run.trades == []
    assert run.cash == run.value == [10_000] * 3


def test_another_feeds_orders_are_free(play: Play, bars: Bars) -> None:
    broker = SimulatedBroker(rules={"A": Rules(step=Decimal(1))})
    frames = {"A": bars([100, 100]), "B": bars([50, 50])}
    step = {0: lambda s: [s.buy(data=data, size=0.5) for data in s.datas]}
    run = play(frames, step, broker)
    assert run.statuses == ["Rejected", "Completed"]
