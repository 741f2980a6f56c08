"""Values that nobody has read yet, and the whole run's curve."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from tests.engine.broker.mixing import Mixer
from tests.engine.broker.running import differences, frame


@pytest.mark.parametrize("shortcash", [True, False])
@pytest.mark.parametrize("leverage", [1.0, 3.0])
def test_the_curve_is_what_was_told_on_every_bar(shortcash: bool, leverage: float) -> None:
    def equip(cerebro: Any) -> None:
        cerebro.broker.setcommission(commission=0.001, leverage=leverage)
        cerebro.broker.set_shortcash(shortcash)

    how = dict(seed=5, reads=0, wild=0.02, meddles=["add_cash", "set_cash", "cash"])
    frames = [frame(n, 300, 0.1 * n) for n in range(3)]
    ours, wrong, _ = differences(Mixer, frames, equip, **how)
    assert wrong == []
    assert len(ours.curves[0]) == ours.timeline.steps


def test_a_future_s_gains_are_in_the_curve() -> None:
    def equip(cerebro: Any) -> None:
        cerebro.broker.setcommission(commission=1.0, margin=50.0, mult=2.0)

    ours, wrong, _ = differences(Mixer, [frame(1, 200)], equip, seed=1)
    assert wrong == []
    assert any("a future's gains are cash on every bar" in part.why for part in ours.said)


def test_interest_on_positions_is_charged_day_by_day() -> None:
    def equip(cerebro: Any) -> None:
        cerebro.broker.setcommission(commission=0.001, interest=0.2, interest_long=True)

    _, wrong, _ = differences(Mixer, [frame(1, 200, minutes=600)], equip, seed=1)
    assert wrong == []


def test_a_position_that_is_asked_for_before_it_exists_changes_nothing() -> None:
    class Asks(bt.Strategy):
        params = dict(log=None)

        def __init__(self) -> None:
            self.p.log.begin()

        def next(self) -> None:
            self.p.log.add(self.getposition(self.datas[len(self) % 2]).size, self.broker.getvalue())
            if len(self) == 10:
                self.buy(data=self.datas[1])

        def notify_cashvalue(self, cash: float, value: float) -> None:
            self.p.log.curve.append((cash, value))

    frames = [frame(1, 40), frame(2, 40)]
    frames[1].iloc[20:22, 3] = float("nan")
    ours, wrong, _ = differences(Asks, frames)
    assert wrong == []
    assert ours.slept > 30
