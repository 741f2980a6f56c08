"""What user code can do to orders, positions and the broker in the middle of a run."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from tests.engine.broker.meddling import MEDDLES
from tests.engine.broker.mixing import Mixer
from tests.engine.broker.running import Sleeping, bits, differences, frame, run


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", MEDDLES)
def test_what_is_changed_by_hand_has_the_effect_that_it_has_in_backtrader(
    name: str, seed: int
) -> None:
    frames = [frame(seed * 10 + n, 110, 0.2 * (seed - 1)) for n in range(seed)]

    def equip(cerebro: Any) -> None:
        cerebro.broker.setcash(100000)
        cerebro.broker.setcommission(commission=0.001)

    how = dict(seed=seed, reads=seed, wild=0.08, meddles=[name], rate=0.25)
    ours, wrong, rows = differences(Mixer, frames, equip, **how)
    assert wrong == []
    assert rows > 100
    assert ours.light > 0
    assert ours.runningstrats[0].counts[name] > 0


class Failing(bt.CommInfoBase):
    """Charges nothing, and raises when it is asked for the fifth time."""

    asked = 0

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:
        self.asked += 1
        if self.asked == 5:
            raise RuntimeError("asked too often")
        return 0.0


def test_what_raises_in_backtrader_raises_in_the_lane_and_ends_it() -> None:
    brokers: list[Any] = []

    def equip(cerebro: Any) -> None:
        brokers.append(cerebro.broker)
        cerebro.broker.addcommissioninfo(Failing(stocklike=True, commtype=0))

    for kind in (bt.Cerebro, Sleeping):
        with pytest.raises(RuntimeError, match="asked too often"):
            run(kind, Mixer, [frame(1, 120)], equip, seed=1, rate=0.5)
    one, other = brokers
    assert type(other) is bt.brokers.BackBroker
    assert len(one.orders) == len(other.orders)
    assert vars(one).keys() == vars(other).keys()
    assert bits(one.cash) == bits(other.cash)
    assert [*map(type, one.pending)] == [*map(type, other.pending)]
