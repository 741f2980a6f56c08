"""Orders and looks before the broker's turn: cheat-on-open and timers."""

from __future__ import annotations

import datetime
from typing import Any

import backtrader as bt
import pytest

from tests.engine.broker.mixing import Mixer
from tests.engine.broker.running import differences, frame


class Early(Mixer):
    """Acts in ``next_open`` and on timers."""

    params = dict(timer=None)

    def start(self) -> None:
        self.p.log.add("start", self.broker.getvalue(), self.broker.getcash())
        if self.p.timer is not None:
            every = datetime.timedelta(minutes=60)
            self.add_timer(bt.timer.SESSION_START, cheat=self.p.timer, repeat=every)

    def look(self, why: str) -> None:
        self.p.log.broker(self.broker, why, self.datas)
        for order in self.mine[-3:]:
            self.p.log.whole(order, why)
        if self.rng.random() < 0.2 and len(self.data):
            self.act(self.data)

    def next_open(self) -> None:
        self.look("open")

    def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
        self.look("timer")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("how", ["open", "open, not the broker", "timer", "early timer", "coc"])
def test_acting_before_the_brokers_turn_sees_what_it_sees_in_backtrader(
    how: str, seed: int
) -> None:
    def equip(cerebro: Any) -> None:
        cerebro.broker.setcash(100000)
        cerebro.p.cheat_on_open = how.startswith("open")
        cerebro.p.broker_coo = how == "open"
        cerebro.broker.set_coc(how == "coc")

    timer = {"timer": False, "early timer": True}.get(how)
    frames = [frame(seed, 120), frame(seed + 70, 120, 0.2)]
    ours, wrong, rows = differences(Early, frames, equip, seed=seed, reads=seed, timer=timer)
    assert wrong == []
    assert rows > 100
    assert ours.light == ours.turns - ours.slept
    assert (ours.slept > 0) == (how in ("timer", "coc"))
