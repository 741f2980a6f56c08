"""Kelly, from trades that were closed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from atms.sizers.kelly import KellySizer, closed_profits, kelly_share
from tests.sizers.trading import Plan, buy, close, run


@pytest.mark.parametrize(
    ("profits", "share"),
    [
        ([200.0, 100.0, -100.0, -50.0], 0.25),  # W = 1/2, R = 150 / 75 = 2: 1/2 - (1/2) / 2
        ([100.0, -100.0], 0.0),  # even money, even odds
        ([60.0, 60.0, 60.0, -30.0], 0.625),  # 3/4 - (1/4) / 2
        ([50.0, -100.0], -0.5),  # 1/2 - (1/2) / (1/2)
        ([10.0, 20.0], 1.0),  # nothing was lost
        ([10.0, 0.0], 0.5),  # what won nothing did not win
        ([-10.0, 0.0], -np.inf),
    ],
)
def test_the_kelly_share(profits: list[float], share: float) -> None:
    assert kelly_share(profits) == pytest.approx(share)


def one(strategy: Any) -> Any:
    return strategy.buy(size=1)


def trades(moves: list[float]) -> tuple[list[float], Plan]:
    """Return closes and a plan: one unit bought at 100 and sold at 100 + move, for each move."""
    closes: list[float] = [100.0]
    plan: Plan = {}
    for move in moves:
        plan[len(closes)] = one  # filled at the next bar's open, which is its close
        closes.append(100.0)
        plan[len(closes)] = close
        closes.append(100.0 + move)
        closes.append(100.0)
    return closes, plan


def test_kelly_takes_its_fraction_of_what_closed_trades_say() -> None:
    # Profits 20, 10, -10, -5: W = 1/2, R = 15 / 7.5 = 2, share 1/4, half of it 12.5 %; the account
    # is worth 10,015: 1251.875 / 100 = 12.51875
    closes, plan = trades([20.0, 10.0, -10.0, -5.0])
    plan[len(closes)] = buy
    sized = run(KellySizer, [*closes, 100.0], plan, min_trades=4, step="0.0001")
    assert sized.sizes[-1] == 12.5187


@pytest.mark.parametrize(
    ("moves", "percent"),
    [([-10.0, -10.0], 2.0), ([10.0, 10.0], 30.0)],
)
def test_kelly_stays_between_floor_and_cap(moves: list[float], percent: float) -> None:
    closes, plan = trades(moves)
    plan[len(closes)] = buy
    sized = run(KellySizer, [*closes, 100.0], plan, min_trades=2, floor=2, cap=30, step="0.001")
    worth = 10_000 + sum(moves)
    assert sized.sizes[-1] == pytest.approx(worth * percent / 100 / 100, abs=0.001)


def test_only_the_window_counts() -> None:
    # The last two: 20 and -10: W = 1/2, R = 2: 1/4; half of it 12.5 % of 9,980 / 100 = 12.475
    closes, plan = trades([-10.0, -20.0, 20.0, -10.0])
    plan[len(closes)] = buy
    sized = run(KellySizer, [*closes, 100.0], plan, window=2, min_trades=2, step="0.001")
    assert sized.sizes[-1] == 12.475


def test_before_there_are_enough_trades_the_floor_is_taken_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    closes, plan = trades([20.0, 10.0])
    plan[1] = buy
    plan[len(closes)] = buy
    sized = run(KellySizer, [*closes, 100.0], plan, min_trades=3, floor=2, step="0.001")
    # 2 % of 10,000 / 100 = 2; those two units and the one of the other trade made 50: 2.01
    assert (sized.sizes[0], sized.sizes[-1]) == (2.0, 2.01)
    assert [record.getMessage() for record in caplog.records] == [
        "sizer kelly: toy at 2024-01-01 00:00:00: 0 of 3 closed trades: the floor of 2 percent is "
        "taken until then"
    ]


def test_an_open_trade_does_not_count() -> None:
    closes, plan = trades([20.0, 10.0])
    plan[len(closes)] = one
    sized = run(KellySizer, [*closes, 100.0, 100.0], plan)
    assert sized.position.size == 1
    assert closed_profits(sized, 10) == [20.0, 10.0]
    assert closed_profits(sized, 1) == [10.0]


def test_profits_are_after_fees() -> None:
    def fees(cerebro: Any) -> None:
        cerebro.broker.setcommission(commission=0.01)

    closes, plan = trades([20.0])
    # 20 - 1 % of 100 - 1 % of 120
    assert closed_profits(run(KellySizer, closes, plan, equip=fees), 5) == pytest.approx([17.8])
