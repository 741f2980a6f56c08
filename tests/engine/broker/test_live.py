"""Bars that come one by one: orders are light there too, and tried on every bar."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from atms.simulation import SimulatedBroker
from tests.engine.broker.mixing import Mixer
from tests.engine.broker.running import differences, frame

HOWS = ["runonce", "preload", "live", "exactbars", "resample", "replay", "cheat"]


def setting(how: str) -> Any:
    def equip(cerebro: Any) -> None:
        cerebro.broker.setcash(100000)
        cerebro.broker.setcommission(commission=0.001)
        p, minutes = cerebro.p, bt.TimeFrame.Minutes
        p.runonce = how not in ("runonce", "cheat")
        p.preload = how != "preload"
        p.live = how == "live"
        p.exactbars = -1 if how == "exactbars" else False
        p.cheat_on_open = how == "cheat"
        if how == "resample":
            cerebro.resampledata(cerebro.datas[0], timeframe=minutes, compression=5, name="slow")
        if how == "replay":
            cerebro.replaydata(cerebro.datas[0], timeframe=minutes, compression=5, name="slow")

    return equip


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("how", HOWS)
def test_a_mix_of_orders_bar_by_bar_is_that_of_backtrader(how: str, seed: int) -> None:
    frames = [frame(seed, 150, minutes=1), frame(seed + 50, 150, 0.2, minutes=1)]
    params = dict(seed=seed, reads=seed + 1)
    ours, wrong, rows = differences(Mixer, frames, setting(how), **params)
    assert wrong == []
    assert rows > 100
    assert ours.light == ours.turns
    assert [part.fast for part in ours.said] == [True]


@pytest.mark.parametrize("how", HOWS)
def test_what_is_changed_by_hand_bar_by_bar_is_what_it_is_in_backtrader(how: str) -> None:
    frames = [frame(7, 150, minutes=1), frame(8, 150, 0.2, minutes=1)]
    params = dict(seed=7, reads=1, wild=0.03)
    _, wrong, _ = differences(Mixer, frames, setting(how), SimulatedBroker, **params)
    assert wrong == []


def test_only_the_last_bars_in_memory_leave_orders_to_backtrader() -> None:
    def equip(cerebro: Any) -> None:
        cerebro.p.exactbars = 1

    params = dict(seed=1, reads=0, kinds=["market"])
    ours, wrong, _ = differences(Mixer, [frame(1, 60)], equip, **params)
    assert wrong == []
    assert ours.light < ours.turns
