"""Our own simulated broker in the lane: the same fills, and the same costs beside them."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from atms.simulation import (
    Commission,
    Interest,
    MakerTaker,
    PerShare,
    SimulatedBroker,
    Slippage,
    Tier,
    Tiered,
)
from tests.engine.broker.mixing import Mixer
from tests.engine.broker.running import Log, differences, frame

INFOS = {
    "a share": lambda: bt.CommissionInfo(commission=0.001),
    "maker and taker": lambda: Commission(schedule=MakerTaker(0.0001, 0.001)),
    "a minimum": lambda: Commission(schedule=PerShare(0.05, 1.0, 0.01)),
    "tiers": lambda: Commission(
        schedule=Tiered((Tier(0, 0.001, 0.002), Tier(5000, 0.0005, 0.001)), days=0.3)
    ),
}


class Costs(Mixer):
    """Notes the costs beside each execution."""

    def stop(self) -> None:
        super().stop()
        log: Log = self.p.log
        for order in self._orders:
            log.add([repr(getattr(bit, "costs", None)) for bit in order.executed.exbits])
        log.add([repr(charge) for charge in self.broker.charges])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", INFOS)
def test_fills_and_their_costs_are_those_of_the_simulated_broker(name: str, seed: int) -> None:
    def equip(cerebro: Any) -> None:
        cerebro.broker.setcash(100000)
        cerebro.broker.addcommissioninfo(INFOS[name]())
        if seed % 2:
            cerebro.broker.set_slippage_perc(0.001, slip_match=False)

    frames = [frame(seed, 200), frame(seed + 50, 200, 0.2)]
    how = dict(seed=seed, reads=seed % 3, wild=0.01, meddles=["add_cash"])
    ours, wrong, rows = differences(Costs, frames, equip, SimulatedBroker, **how)
    assert wrong == []
    assert rows > 100
    assert ours.slept > 0
    assert ours.light == ours.turns - ours.slept


@pytest.mark.parametrize(
    "setting",
    [
        dict(slippage=Slippage(percent=0.001)),
        dict(borrow=0.05),
        dict(participation=0.001),
        dict(interest=Interest(credit=0.01, debit=0.05)),
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_a_cost_that_is_worked_out_on_every_bar_keeps_the_simulated_broker_awake(
    setting: dict[str, Any],
) -> None:
    def broker() -> SimulatedBroker:
        return SimulatedBroker(**setting)

    ours, wrong, _ = differences(Costs, [frame(3, 150)], None, broker, seed=3)
    assert wrong == []
    assert ours.slept == 0
    assert next(iter(setting)) in str(ours.said[0])


def test_an_order_of_no_size_is_refused_as_by_the_simulated_broker() -> None:
    class Nan(bt.Strategy):
        params = dict(log=None)

        def next(self) -> None:
            self.buy(size=float("nan"))

    with pytest.raises(ValueError, match="size is nan"):
        differences(Nan, [frame(1, 5)], None, SimulatedBroker)
