"""How much of a bar's volume an order gets, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.simulation import Participation, Rules, SimulatedBroker

Play = Callable[..., Any]
Bars = Callable[..., Any]
LIMIT = bt.Order.Limit


def tenth(kind: str, **more: Any) -> Any:
    """Return a broker that fills a tenth of a bar: ours, or stock with the filler."""
    if kind == "ours":
        return SimulatedBroker(participation=0.1, **more)
    return bt.brokers.BackBroker(filler=Participation(share=0.1), **more)


both = pytest.mark.parametrize("kind", ["ours", "stock"])


@both
def test_the_rest_waits_for_the_next_bar(play: Play, bars: Bars, kind: str) -> None:
    # 10 % of 1000, 800, 1000: 100, 80, and the last 70 of 250, each at its bar's open
    frame = bars([10, 10, 11, 12], volume=[1, 1_000, 800, 1_000])
    run = play(frame, {0: lambda s: s.buy(size=250)}, tenth(kind))
    assert run.trades == [(1, 100, 10), (2, 80, 11), (3, 70, 12)]
    assert run.statuses == ["Completed"]
    # 10000 - 1000 - 880 - 840
    assert run.cash == [10_000, 9_000, 8_120, 7_280]


@both
def test_an_order_with_a_rest_is_partial(play: Play, bars: Bars, kind: str) -> None:
    run = play(bars([10, 10], volume=1_000), {0: lambda s: s.sell(size=250)}, tenth(kind))
    assert run.trades == [(1, -100, 10)]
    assert run.statuses == ["Partial"]


@both
def test_a_limits_rest_fills_only_where_its_price_is_reached(
    play: Play, bars: Bars, kind: str
) -> None:
    # 100 at 10 on bar 1; bar 2 stays above 10; the rest of 50 on bar 3, which opens at 9
    rows = [11, (11, 11, 10, 11), (11, 12, 10.5, 11), 9]
    step = {0: lambda s: s.buy(size=150, exectype=LIMIT, price=10)}
    run = play(bars(rows, volume=1_000), step, tenth(kind))
    assert run.trades == [(1, 100, 10), (3, 50, 9)]


def sixty_twice(s: bt.Strategy) -> list[Any]:
    return [s.buy(size=60), s.buy(size=60)]


@both
def test_two_orders_share_a_bar_in_their_order(play: Play, bars: Bars, kind: str) -> None:
    # 100 a bar: 60 for the first, 40 for the second, its last 20 on the next
    run = play(bars([10] * 3, volume=1_000), {0: sixty_twice}, tenth(kind))
    assert run.trades == [(1, 60, 10), (1, 40, 10), (2, 20, 10)]
    assert [fill.order.ref for fill in run.fills] == [
        run.orders[n].ref for n in (0, 1, 1)
    ]  # fmt: skip


@both
def test_a_buy_and_a_sale_share_a_bar_too(play: Play, bars: Bars, kind: str) -> None:
    # bought 80 of 100; the sale gets 20 of its 60, and 40 on the next bar
    step = {0: lambda s: [s.buy(size=80), s.sell(size=60)]}
    run = play(bars([10] * 3, volume=1_000), step, tenth(kind))
    assert run.trades == [(1, 80, 10), (1, -20, 10), (2, -40, 10)]


@both
def test_two_feeds_do_not_share(play: Play, bars: Bars, kind: str) -> None:
    # 10 % of 1000 and 10 % of 500
    frames = {"A": bars([10, 10], volume=1_000), "B": bars([20, 20], volume=500)}
    step = {0: lambda s: [s.buy(data=data, size=100) for data in s.datas]}
    run = play(frames, step, tenth(kind))
    assert run.trades == [(1, 100, 10), (1, 50, 20)]


@both
def test_a_bar_without_volume_fills_nothing(play: Play, bars: Bars, kind: str) -> None:
    frame = bars([10, 10, 10], volume=[1_000, 0, 1_000])
    run = play(frame, {0: lambda s: s.buy(size=50)}, tenth(kind))
    assert run.trades == [(2, 50, 10)]


# ---- whole steps --------------------------------------------------------------------------------
def test_a_part_is_rounded_down_to_the_instruments_step(play: Play, bars: Bars) -> None:
    # 10 % of 255 = 25.5 -> 20; of 300 = 30 -> 30; the last 10 of 60
    broker = tenth("ours", rules={"X": Rules(step=Decimal(10))})
    frame = bars([10] * 4, volume=[1, 255, 300, 1_000])
    run = play(frame, {0: lambda s: s.buy(size=60)}, broker)
    assert [fill.size for fill in run.fills] == [20, 30, 10]


def test_a_part_below_one_step_waits(play: Play, bars: Bars) -> None:
    # 10 % of 95 = 9.5 -> nothing; of 100 = 10
    broker = tenth("ours", rules={"X": Rules(step=Decimal(10))})
    frame = bars([10] * 3, volume=[1, 95, 100])
    run = play(frame, {0: lambda s: s.buy(size=20)}, broker)
    assert run.trades == [(2, 10, 10)]


def test_a_filler_with_a_step_rounds_down_on_any_broker(play: Play, bars: Bars) -> None:
    # 10 % of 255 = 25.5 -> 20
    broker = bt.brokers.BackBroker(filler=Participation(share=0.1, step=Decimal(10)))
    run = play(bars([10] * 2, volume=255), {0: lambda s: s.buy(size=60)}, broker)
    assert run.trades == [(1, 20, 10)]


def test_a_whole_step_is_not_lost_to_a_float(play: Play, bars: Bars) -> None:
    # 29 % of 100 is 29, though 0.29 * 100 is 28.999999999999996
    broker = SimulatedBroker(participation=0.29, rules={"X": Rules(step=Decimal(1))})
    run = play(bars([10] * 2, volume=100), {0: lambda s: s.buy(size=60)}, broker)
    assert run.trades == [(1, 29, 10)]


def test_a_part_is_the_nearest_float_of_its_steps(play: Play, bars: Bars) -> None:
    # 10 % of 3.5 = 0.35 -> three steps of 0.1, which is 0.3 and not 0.1 + 0.2
    broker = tenth("ours", rules={"X": Rules(step=Decimal("0.1"))})
    run = play(bars([10] * 2, volume=3.5), {0: lambda s: s.buy(size=5.0)}, broker)
    assert run.trades == [(1, 0.3, 10)]
