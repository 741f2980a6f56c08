"""No strategy of ours knows the future: noise after a moment changes no order up to it."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from atms import registry
from tests.strategies.noise import leaks, packaged

# Bars of the config's first feed; what is not named has enough orders in this many.
BARS = {"trend_timeframes": 2500}
ENOUGH = 1000


@pytest.mark.parametrize("name", list(registry.BUILT_IN["strategies"]))
def test_noise_after_a_moment_changes_no_order_up_to_it(name: str) -> None:
    report = leaks(packaged(name, BARS.get(name, ENOUGH)))
    assert report.found == []
    if name != "buy_and_hold":  # it does nothing after its first bar
        assert report.noticed
    assert report.compared >= 8


class NextClose(bt.Strategy):
    """Reads the bar to come."""

    def next(self) -> None:
        if len(self.data) == self.data.buflen():
            return
        ahead = self.data.close[1] > self.data.close[0]
        if ahead and not self.position:
            self.buy()
        elif not ahead and self.position:
            self.close()


class WholeSeries(bt.Strategy):
    """Knows the mean of all that is to come before it begins."""

    def __init__(self) -> None:
        prices: Any = self.data.close.array
        self.mean = sum(prices) / len(prices)

    def next(self) -> None:
        if self.data.close[0] < self.mean and not self.position:
            self.buy()
        elif self.data.close[0] > self.mean and self.position:
            self.close()


@pytest.mark.parametrize("kind", [NextClose, WholeSeries])
def test_the_check_finds_a_strategy_that_looks_ahead(kind: type[bt.Strategy]) -> None:
    assert leaks(packaged("ma_cross", 300), strategy=kind, moments=2).found
