"""What moves cash between fills, worked out by hand: funding, borrow and interest.

Days are stamped at midnight UTC from Monday 1 January 2024. 3.65 % a year is 0.0001 a day.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

from atms.simulation import Commission, Funding, Interest, Margin, Percent, PerContract
from atms.simulation import SimulatedBroker as Broker

Play = Callable[..., Any]
Bars = Callable[..., Any]
near = partial(pytest.approx, rel=1e-12)
YEAR = 0.0365
NAN = float("nan")


def rows(run: Any) -> list[tuple[str, str | None, float]]:
    return [(charge.kind, charge.name, near(charge.amount)) for charge in run.charges]


def step(side: str, size: float = 10) -> dict[int, Any]:
    return {0: lambda s: getattr(s, side)(size=size)}


# ---- funding ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "rate", "amount"),
    [
        # 10 x 110 x 0.001 = 1.10: a long pays a positive rate, a short is paid it
        ("buy", 0.001, -1.1),
        ("sell", 0.001, 1.1),
        ("buy", -0.001, 1.1),
        ("sell", -0.001, -1.1),
    ],
)
def test_funding_at_the_start_is_on_what_was_held_before_at_the_open(
    play: Play, bars: Bars, side: str, rate: float, amount: float
) -> None:
    # bar 1 has a rate too, but nothing was held before it
    frame = bars(
        [100, 100, (110, 130, 90, 120)], funding_rate=[0.5, 0.5, rate], mark_open=[100, 100, 110]
    )
    run = play(frame, step(side), Broker(funding=Funding()))
    assert rows(run) == [("funding", "X", amount)]
    sign = 1 if side == "buy" else -1
    assert run.cash[2] == near(10_000 - sign * 1_000 + amount)
    assert run.charges[0].cash == near(run.cash[2])
    assert run.charges[0].days == bt.date2num(pd.Timestamp("2024-01-03"))


@pytest.mark.parametrize(("side", "sign"), [("buy", -1), ("sell", 1)])
def test_funding_at_the_end_is_on_what_is_held_after_at_the_close(
    play: Play, bars: Bars, side: str, sign: int
) -> None:
    # bar 1, where it was opened: 10 x 105 x 0.001 = 1.05; bar 2: 10 x 120 x 0.002 = 2.40
    ohlc = [100, (100, 105, 100, 105), (110, 130, 90, 120)]
    frame = bars(ohlc, funding_rate=[0, 0.001, 0.002], mark_close=[100, 105, 120])
    run = play(frame, step(side), Broker(funding=Funding(at="end")))
    assert rows(run) == [("funding", "X", sign * 1.05), ("funding", "X", sign * 2.4)]
    assert run.cash[1:] == near([10_000 + sign * 1_001.05, 10_000 + sign * 1_003.45])


def test_funding_at_the_end_leaves_out_what_was_closed_on_the_bar(play: Play, bars: Bars) -> None:
    steps = {**step("buy"), 1: lambda s: s.sell(size=10)}
    marks = {"mark_open": [100, 100, 110, 110], "mark_close": [100, 100, 110, 110]}
    frame = bars([100, 100, 110, 110], funding_rate=[0, 0, 0.001, 0.001], **marks)
    assert rows(play(frame, steps, Broker(funding=Funding(at="end")))) == []
    # at the start of bar 2 it was still held: 10 x 110 x 0.001
    assert rows(play(frame, steps, Broker(funding=Funding()))) == [("funding", "X", -1.1)]


def test_no_rate_and_a_rate_of_zero_move_nothing(play: Play, bars: Bars) -> None:
    frame = bars([100] * 5, funding_rate=[NAN, NAN, 0, NAN, 0.001], mark_open=100)
    run = play(frame, step("buy"), Broker(funding=Funding()))
    assert rows(run) == [("funding", "X", -1.0)]  # 10 x 100 x 0.001 on the last bar
    assert run.cash == near([10_000, 9_000, 9_000, 9_000, 8_999])


@pytest.mark.parametrize(("at", "amount"), [("start", -0.9), ("end", -1.3)])
def test_funding_is_on_the_mark(play: Play, bars: Bars, at: str, amount: float) -> None:
    # 10 x 90 x 0.001 at the mark's open, 10 x 130 x 0.001 at its close; the column has a name
    frame = bars([100, 100, 110], paid=[0, 0, 0.001], mark_open=90, mark_close=130)
    run = play(frame, step("buy"), Broker(funding=Funding(rate="paid", at=at)))
    assert rows(run) == [("funding", "X", amount)]


def test_funding_goes_with_the_multiplier(play: Play, bars: Bars) -> None:
    # 2 x 100 x 0.001 x 50 = 10
    frame = bars([100] * 3, funding_rate=[0, 0, 0.001], mark_open=100)
    future = Commission(schedule=PerContract(0.0), margin=1_000.0, mult=50.0)
    run = play(frame, step("sell", 2), Broker(funding=Funding()), commission=future)
    assert rows(run) == [("funding", "X", 10)]


@pytest.mark.parametrize(("at", "column"), [("start", "mark_open"), ("end", "mark_close")])
def test_funding_needs_the_mark_of_its_moment(play: Play, bars: Bars, at: str, column: str) -> None:
    frame = bars([100, 100], funding_rate=0.001)
    with pytest.raises(ValueError, match=column):
        play(frame, {}, Broker(funding=Funding(at=at)))


# ---- borrow -------------------------------------------------------------------------------------
def test_a_short_pays_its_borrow_every_night(play: Play, bars: Bars) -> None:
    # 10 short; night 2 to 3 January at the last close 102: 10 x 102 x 0.0001 = 0.102;
    # 3 to 4 January at 105: 0.105
    frame = bars([100, (100, 103, 99, 102), (104, 106, 103, 105), 110])
    run = play(frame, step("sell"), Broker(borrow=YEAR))
    assert rows(run) == [("borrow", "X", -0.102), ("borrow", "X", -0.105)]
    assert run.cash == near([10_000, 11_000, 10_999.898, 10_999.793])


def test_a_long_borrows_nothing(play: Play, bars: Bars) -> None:
    assert rows(play(bars([100] * 4), step("buy"), Broker(borrow=YEAR))) == []


def test_a_weekend_is_three_days_of_borrow(play: Play, bars: Bars) -> None:
    # Thursday, Friday, Monday: sold on Friday at 100; 3 x 10 x 100 x 0.0001 = 0.3
    stamps = ["2024-01-04", "2024-01-05", "2024-01-08"]
    run = play(bars([100] * 3, stamps=stamps), step("sell"), Broker(borrow=YEAR))
    assert rows(run) == [("borrow", "X", -0.3)]


def test_borrow_is_by_the_day_and_not_by_the_hour(play: Play, bars: Bars) -> None:
    # sold at 23:00, still held at 00:00 of the next day: one day; nothing for the hours after
    frame = bars([100] * 6, start="2024-01-01 22:00", step="1h")
    run = play(frame, step("sell"), Broker(borrow=YEAR))
    assert rows(run) == [("borrow", "X", -0.1)]
    assert run.charges[0].days == bt.date2num(pd.Timestamp("2024-01-02"))


def test_a_short_within_a_day_borrows_nothing(play: Play, bars: Bars) -> None:
    steps = {**step("sell"), 2: lambda s: s.buy(size=10)}
    frame = bars([100] * 6, start="2024-01-01 18:00", step="1h")
    assert rows(play(frame, steps, Broker(borrow=YEAR))) == []


def test_borrow_is_booked_before_orders_are_matched(play: Play, bars: Bars) -> None:
    # covered at the open of 3 January: the night before it is paid all the same
    steps = {**step("sell"), 1: lambda s: s.buy(size=10)}
    run = play(bars([100] * 4), steps, Broker(borrow=YEAR))
    assert rows(run) == [("borrow", "X", -0.1)]
    # 10000 + 1000 - 0.1 when it was booked, - 1000 afterwards
    assert run.charges[0].cash == near(10_999.9)
    assert run.cash[-1] == near(9_999.9)


# ---- interest -----------------------------------------------------------------------------------
def test_idle_cash_earns_its_interest_on_interest(play: Play, bars: Bars) -> None:
    # 10000 x 0.0001 = 1; 10001 x 0.0001 = 1.0001
    run = play(bars([100] * 3), {}, Broker(interest=Interest(credit=YEAR)))
    assert rows(run) == [("interest", None, 1), ("interest", None, 1.0001)]
    assert run.cash == near([10_000, 10_001, 10_002.0001])


def test_a_weekend_is_three_days_of_interest(play: Play, bars: Bars) -> None:
    # Friday to Monday: 3 x 10000 x 0.0001
    frame = bars([100] * 2, stamps=["2024-01-05", "2024-01-08"])
    run = play(frame, {}, Broker(interest=Interest(credit=YEAR)))
    assert rows(run) == [("interest", None, 3)]


def test_what_a_short_brought_in_earns_nothing(play: Play, bars: Bars) -> None:
    # bar 1: 1 on 10000, then sold 10 at 100: 11001; its close is 105
    # bar 2: 11001 - 1050 = 9951, x 0.0001 = 0.9951
    frame = bars([100, (100, 105, 100, 105), 105])
    run = play(frame, step("sell"), Broker(interest=Interest(credit=YEAR)))
    assert rows(run) == [("interest", None, 1), ("interest", None, 0.9951)]


def test_what_is_lent_to_a_long_pays_the_debit_rate(play: Play, bars: Bars) -> None:
    # 50 x 100 with leverage 5: 1000 of its own and 4000 lent; x 0.0001 = 0.4, whatever it is worth
    broker = Broker(interest=Interest(debit=YEAR), shortcash=False, margin=Margin())
    lever = Commission(schedule=Percent(0.0), leverage=5)
    frame = bars([100, (100, 120, 100, 120), 120])
    run = play(frame, step("buy", 50), broker, commission=lever)
    assert rows(run) == [("interest", None, -0.4)]
    assert run.cash == near([10_000, 9_000, 8_999.6])


def test_credit_and_debit_stand_side_by_side(play: Play, bars: Bars) -> None:
    # bar 1: 10000 x 0.0001 = 1, and nothing lent; then 1000 tied up: 9001
    # bar 2: 9001 x 0.0001 = 0.9001 earned; 4000 x 0.0002 = 0.8 paid
    interest = Interest(credit=YEAR, debit=2 * YEAR)
    broker = Broker(interest=interest, shortcash=False, margin=Margin())
    lever = Commission(schedule=Percent(0.0), leverage=5)
    run = play(bars([100] * 3), step("buy", 50), broker, commission=lever)
    assert sum(charge.amount for charge in run.charges) == near(1 + 0.9001 - 0.8)
    assert run.cash == near([10_000, 9_001, 9_001.1001])


def test_negative_cash_pays_the_debit_rate(play: Play, bars: Bars) -> None:
    # 100 + 10 x 100 = 1100; covered at 120 through a gap: 1100 - 1200 = -100
    # the next night: -100 x 0.0001 = -0.01
    steps = {**step("sell"), 1: lambda s: s.buy(size=10)}
    run = play(bars([100, 100, 120, 120]), steps, Broker(interest=Interest(debit=YEAR)), cash=100)
    assert rows(run) == [("interest", None, -0.01)]
    assert run.cash == near([100, 1_100, -100, -100.01])


def test_no_interest_within_a_day(play: Play, bars: Bars) -> None:
    frame = bars([100] * 4, start="2024-01-01 08:00", step="1h")
    assert rows(play(frame, {}, Broker(interest=Interest(credit=YEAR)))) == []
