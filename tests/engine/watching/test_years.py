"""AnnualReturn's years are Backtrader's, and its class is its own again afterwards."""

from __future__ import annotations

import backtrader as bt
import pytest
from backtrader import analyzers, observers

from atms.engine import Cerebro
from atms.engine.watching import years
from tests.engine.watching.running import Case, Trader, assert_same, bars


class Named(analyzers.AnnualReturn):
    """Another name for it."""


class Own(analyzers.AnnualReturn):
    def stop(self) -> None:
        super().stop()
        self.rets.append(3.0)


def add(cerebro: bt.Cerebro) -> None:
    cerebro.addobserver(observers.Broker)
    for kind in (analyzers.AnnualReturn, Named, Own):
        cerebro.addanalyzer(kind)
    cerebro.addanalyzer(analyzers.SharpeRatio, legacyannual=True)


@pytest.mark.parametrize("step", ["1min", "50h", "400D"])
@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_years_are_backtraders(step: str, zone: str | None) -> None:
    frames = [
        bars(300, step=step, start="2019-12-31 23:00"),
        bars(250, seed=2, gaps=0.2, step=step),
    ]
    ours = assert_same(Case(frames, add, cerebro={"tz": zone}))
    assert ours.strategies[0].analyzers[0].rets
    for node, kind in zip(
        ours.strategies[0].analyzers, (analyzers.AnnualReturn, Named, Own), strict=False
    ):
        assert type(node) is kind


def test_years_are_found_in_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    own = years._stop
    monkeypatch.setattr(years, "_stop", lambda analyzer: found.append(own(analyzer)) or found[-1])
    assert_same(Case([bars(300, step="50h")], add))
    assert found == [True, True, True]


def test_without_the_observer_backtraders_error_comes() -> None:
    ours = assert_same(
        Case([bars(30)], lambda cerebro: cerebro.addanalyzer(analyzers.AnnualReturn))
    )
    assert "AttributeError" in str(ours.error)


class Falling(Trader):
    def stop(self) -> None:
        raise KeyError("stop")


def test_an_analyzer_that_is_never_stopped_has_its_own_class_again() -> None:
    case = Case([bars(60)], add, Falling)
    ours = case.run(Cerebro, bt.brokers.BackBroker())
    assert type(ours.strategies[0].analyzers[0]) is analyzers.AnnualReturn
