"""Prices that a strategy writes to: what waits for them is not worked out from the old ones."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from tests.engine.broker.mixing import Mixer
from tests.engine.broker.running import differences, frame


class Writer(Mixer):
    """Writes to its data; the loop's lines tell the broker before they are written to."""

    params = dict(ago=0, at=60)

    def next(self) -> None:
        super().next()
        if len(self) >= self.p.at and len(self) % 10 == 0 and len(self) < 140:
            if hasattr(self.broker, "wake"):
                self.broker.wake()
            line = self.rng.choice((self.data.high, self.data.low, self.data.close))
            line[self.p.ago] = line[self.p.ago] + self.rng.choice((-1.5, 1.5))


@pytest.mark.parametrize("ago", [0, 3, -2])
@pytest.mark.parametrize("seed", range(2))
def test_orders_meet_prices_as_they_are_written(ago: int, seed: int) -> None:
    frames = [frame(seed, 150), frame(seed + 9, 150, 0.2)]
    ours, wrong, _ = differences(Writer, frames, seed=seed, reads=seed + 1, ago=ago)
    assert wrong == []
    assert ours.slept > 0
    assert "prices are written to" in str(ours.said[0])


def test_a_trailing_stop_is_read_where_it_is_on_each_bar() -> None:
    class Trailing(bt.Strategy):
        params = dict(log=None)

        def __init__(self) -> None:
            self.p.log.begin()

        def next(self) -> None:
            if len(self) == 3:
                how = dict(exectype=bt.Order.StopTrail, trailpercent=0.2)
                self.stops = [self.sell(**how), self.buy(**how)]
            if len(self) > 3 and len(self) % 7 == 0:
                self.p.log.add(*[one.created.price for one in self.stops])
            if len(self) == 90:
                self.cancel(self.stops[0])

        def notify_cashvalue(self, cash: float, value: float) -> None:
            self.p.log.curve.append((cash, value))

    def nothing(cerebro: Any) -> None:
        cerebro.broker.set_checksubmit(False)

    ours, wrong, _ = differences(Trailing, [frame(2, 120), frame(3, 120, 0.3)], nothing)
    assert wrong == []
    assert ours.slept > 110
    assert ours.said[0].fast
