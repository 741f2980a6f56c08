"""Every observer of Backtrader has the lines that it has on Backtrader's own code."""

from __future__ import annotations

from collections.abc import Callable

import backtrader as bt
import pytest
from backtrader import observers

from tests.engine.watching.running import Case, assert_same, bars
from tests.engine.watching.test_analyzers import _FEEDS

_PLAIN = (
    observers.Broker,
    observers.BuySell,
    observers.Cash,
    observers.DataTrades,
    observers.DrawDown,
    observers.DrawDown_Old,
    observers.DrawDownLength,
    observers.FundShares,
    observers.FundValue,
    observers.Trades,
    observers.Value,
)
_TIMED = (observers.Benchmark, observers.LogReturns, observers.TimeReturn)


def adding(*each: tuple[type, dict]) -> Callable[[bt.Cerebro], None]:
    def add(cerebro: bt.Cerebro) -> None:
        for kind, settings in each:
            cerebro.addobserver(kind, **settings)

    return add


@pytest.mark.parametrize("feeds", _FEEDS)
@pytest.mark.parametrize("kind", _PLAIN)
def test_an_observer_is_left_alone_and_has_the_same_lines(kind: type, feeds: str) -> None:
    frames, settings = _FEEDS[feeds]
    ours = assert_same(Case(frames, adding((kind, {})), **settings))
    assert ours.parts()[kind.__name__].startswith("fast")
    assert ours.cerebro.called < ours.cerebro.timeline.steps


@pytest.mark.parametrize("feeds", _FEEDS)
@pytest.mark.parametrize("kind", _TIMED)
def test_an_observer_of_periods_has_the_same_lines(kind: type, feeds: str) -> None:
    frames, settings = _FEEDS[feeds]
    each = [(kind, {"timeframe": timeframe}) for timeframe in range(3, 10)]
    each.append((kind, {"timeframe": 4, "compression": 7}))
    if kind is observers.Benchmark:
        each += [(kind, {"timeframe": timeframe, "_doprenext": True}) for timeframe in (4, 5)]
    case = Case(frames, adding(*each), settings={"period": 37}, **settings)
    ours = assert_same(case)
    assert ours.parts()[kind.__name__].startswith("fast")
    assert ours.cerebro.called < ours.cerebro.timeline.steps


def test_two_datas_can_be_compared() -> None:
    frames, settings = _FEEDS["gaps"]
    ours = assert_same(Case(frames, adding((observers.LogReturns2, {"timeframe": 4})), **settings))
    assert ours.parts()["LogReturns2"].startswith("fast")


@pytest.mark.parametrize("names", [{}, {"oldbuysell": True}, {"oldtrades": True}])
@pytest.mark.parametrize("feeds", _FEEDS)
def test_the_standard_observers_have_the_same_lines(feeds: str, names: dict) -> None:
    frames, settings = _FEEDS[feeds]
    ours = assert_same(Case(frames, cerebro={"stdstats": True, **names}, **settings))
    assert ours.cerebro.called < ours.cerebro.timeline.steps


@pytest.mark.parametrize("keeps_curve", [True, False])
def test_fund_mode_has_the_same_lines(keeps_curve: bool) -> None:
    each = [(kind, {}) for kind in (*_PLAIN, *_TIMED)]
    each.append((observers.Value, {"fund": False}))
    case = Case([bars(200)], adding(*each), broker=lambda broker: broker.set_fundmode(True, 10.0))
    ours = assert_same(case, keeps_curve=keeps_curve)
    assert ours.parts()["FundValue"].startswith("fast")


def test_gross_profits_can_be_shown() -> None:
    each = ((observers.Trades, {"pnlcomm": False}), (observers.BuySell, {"barplot": True}))
    assert_same(Case([bars(150)], adding(*each)))


class Doubled(bt.Observer):
    lines = ("double",)

    def next(self) -> None:
        self.lines.double[0] = 2 * self._owner.broker.getvalue()


def test_an_observer_of_the_users_own_is_called_on_each_bar() -> None:
    each = ((Doubled, {}), (observers.DrawDown, {}), (observers.Broker, {}))
    ours = assert_same(Case([bars(150)], adding(*each)))
    assert ours.cerebro.called == 150
    assert ours.parts()["Doubled"].startswith("stock")
    assert ours.parts()["Broker"].startswith("fast")


class Keeping(observers.DrawDown):
    def __init__(self) -> None:
        super().__init__()
        self.more = self._owner._addanalyzer_slave(bt.analyzers.Returns)


def test_an_observer_with_an_analyzer_more_is_called_on_each_bar() -> None:
    ours = assert_same(Case([bars(150)], adding((Keeping, {}), (observers.Broker, {}))))
    assert ours.parts()["Keeping"].startswith("stock")
    assert ours.parts()["Returns"].startswith("stock")


class Renamed(observers.Value):
    lines = ("more",)
    plotinfo = {"plot": False}


def test_an_observer_that_only_adds_a_line_is_left_alone() -> None:
    ours = assert_same(Case([bars(150)], adding((Renamed, {}))))
    assert ours.parts()["Renamed"].startswith("fast")
