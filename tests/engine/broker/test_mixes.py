"""Random mixes of orders: what a strategy is told, and all that it can read, to the last bit."""

from __future__ import annotations

import random
from typing import Any

import backtrader as bt
import pytest

from tests.engine.broker.mixing import Mixer
from tests.engine.broker.running import differences, frame

SCHEMES: list[dict[str, Any]] = [
    dict(commission=0.001),
    dict(),
    dict(commission=0.5, commtype=bt.CommInfoBase.COMM_FIXED, stocklike=True),
    dict(commission=0.001, leverage=3.0),
]


@pytest.mark.parametrize("seed", range(30))
def test_a_mix_of_orders_is_told_and_read_as_by_backtrader(seed: int) -> None:
    rng = random.Random(seed)
    gaps = rng.choice((0, 0, 0.2))
    frames = [frame(seed * 10 + n, 250, gaps) for n in range(rng.choice((1, 1, 2, 3)))]
    cash, scheme = rng.choice((100000.0, 3000, 1000)), rng.choice(SCHEMES)
    slips, shortcash = rng.random() < 0.3, rng.random() < 0.8

    def equip(cerebro: Any) -> None:
        cerebro.broker.setcash(cash)
        cerebro.broker.setcommission(**scheme)
        cerebro.broker.set_shortcash(shortcash)
        if slips:
            cerebro.broker.set_slippage_perc(0.001, slip_match=seed % 2 == 0)

    ours, wrong, rows = differences(Mixer, frames, equip, seed=seed, reads=seed % 3)
    assert wrong == []
    assert rows > 100
    assert ours.slept > 0
    assert ours.light == ours.turns - ours.slept
