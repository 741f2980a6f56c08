"""TradeAnalyzer's dictionaries are Backtrader's, bit for bit, after any trades."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import backtrader as bt
import numpy as np
import pytest

from atms.engine.watching.trading import taker


def analyzer() -> Any:
    made = object.__new__(bt.analyzers.TradeAnalyzer)
    made.create_analysis()
    return made


def trade(dice: random.Random, opened: bool) -> SimpleNamespace:
    pnl = dice.choice((0.0, dice.gauss(0, 100), dice.gauss(0, 1e9), 0.1))
    return SimpleNamespace(
        justopened=opened,
        status=dice.choice((1, 2, 2, 2)),
        Closed=2,
        pnl=pnl,
        pnlcomm=pnl - dice.choice((0.0, 0.3)),
        long=dice.random() < 0.5,
        barlen=dice.choice((0, 0, 1, 5, 90)),
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_statistics_are_backtraders(seed: int) -> None:
    dice = random.Random(seed)
    stock, ours = analyzer(), analyzer()
    take = taker(ours)
    for _ in range(dice.choice((1, 2, 3, 30, 300))):
        one = trade(dice, dice.random() < 0.3)
        stock.notify_trade(one)
        take(one)
        assert repr(ours.rets) == repr(stock.rets)


@pytest.mark.parametrize(
    "odd",
    [
        {"pnlcomm": np.float64(3.0)},
        {"pnl": 3, "pnlcomm": 3},
        {"pnlcomm": float("nan")},
        {"pnlcomm": float("inf")},
        {"long": np.True_},
        {"barlen": np.int64(4)},
    ],
)
def test_figures_of_another_type_are_backtraders_too(odd: dict[str, Any]) -> None:
    dice = random.Random(1)
    stock, ours = analyzer(), analyzer()
    take = taker(ours)
    for number in range(60):
        one = trade(dice, False)
        if number % 7 == 3:
            vars(one).update(odd)
        stock.notify_trade(one)
        take(one)
    assert repr(ours.rets) == repr(stock.rets)
