"""Every analyzer of Backtrader ends as on Backtrader's own code, whatever its settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np
import pytest
from backtrader import analyzers

from tests.engine.watching.running import Case, Trader, assert_same, bars

_FRAMES = range(bt.TimeFrame.Seconds, bt.TimeFrame.NoTimeFrame + 1)
_FEEDS = {
    "minutes": ([bars(150)], {}),
    "odd minutes": ([bars(200, step="1019s")], {}),
    "days": ([bars(120, step="31h")], {"timeframe": bt.TimeFrame.Days}),
    "gaps": ([bars(120, gaps=0.2), bars(120, seed=3, gaps=0.3, start="2024-01-01 00:13")], {}),
}
_TIMED = (
    analyzers.TimeReturn,
    analyzers.TimeDrawDown,
    analyzers.Calmar,
    analyzers.VWR,
    analyzers.Returns,
    analyzers.LogReturnsRolling,
)
_OTHERS = (
    analyzers.AnnualReturn,
    analyzers.DrawDown,
    analyzers.GrossLeverage,
    analyzers.PeriodStats,
    analyzers.PositionsValue,
    analyzers.PyFolio,
    analyzers.SharpeRatio,
    analyzers.SharpeRatio_A,
    analyzers.SQN,
    analyzers.TradeAnalyzer,
    analyzers.Transactions,
)


def adding(*each: tuple[type, dict[str, Any]]) -> Callable[[bt.Cerebro], None]:
    """Return what adds analyzers, and the observer that AnnualReturn reads."""

    def add(cerebro: bt.Cerebro) -> None:
        cerebro.addobserver(bt.observers.Broker)
        for kind, settings in each:
            data = settings.get("data")
            own = settings if data is None else {**settings, "data": cerebro.datas[data]}
            cerebro.addanalyzer(kind, **own)

    return add


@pytest.mark.parametrize("feeds", _FEEDS)
@pytest.mark.parametrize("kind", _OTHERS)
def test_an_analyzer_is_left_alone_and_ends_the_same(kind: type, feeds: str) -> None:
    frames, settings = _FEEDS[feeds]
    ours = assert_same(Case(frames, adding((kind, {})), **settings))
    assert ours.parts()[kind.__name__].startswith("fast")
    assert ours.cerebro.called < ours.cerebro.timeline.steps


@pytest.mark.parametrize("feeds", _FEEDS)
@pytest.mark.parametrize("kind", _TIMED)
def test_an_analyzer_of_periods_ends_the_same_in_each_timeframe(kind: type, feeds: str) -> None:
    frames, settings = _FEEDS[feeds]
    each = [(kind, {"timeframe": timeframe}) for timeframe in _FRAMES]
    each += [(kind, {"timeframe": timeframe, "compression": 7}) for timeframe in (3, 4)]
    each += [(kind, {}), (kind, {"timeframe": 4, "compression": 1439})]
    ours = assert_same(Case(frames, adding(*each), **settings))
    assert ours.parts()[kind.__name__].startswith("fast")
    assert ours.cerebro.called < ours.cerebro.timeline.steps


@pytest.mark.parametrize("feeds", _FEEDS)
@pytest.mark.parametrize("first_open", [True, False])
def test_the_return_of_a_data_ends_the_same(feeds: str, first_open: bool) -> None:
    frames, settings = _FEEDS[feeds]
    last = len(frames) - 1
    each = [
        (kind, {"timeframe": timeframe, "data": last, "firstopen": first_open})
        for kind in (analyzers.TimeReturn, analyzers.LogReturnsRolling)
        for timeframe in _FRAMES
    ]
    ours = assert_same(Case(frames, adding(*each), **settings))
    assert ours.cerebro.called < ours.cerebro.timeline.steps


@pytest.mark.parametrize("feeds", _FEEDS)
@pytest.mark.parametrize("data", [None, 0])
def test_a_return_measured_from_the_first_next_ends_the_same(feeds: str, data: int | None) -> None:
    frames, settings = _FEEDS[feeds]
    own = {"_doprenext": False, "data": data}
    each = [
        (kind, {"timeframe": timeframe, **(own if kind is _TIMED[0] else {"_doprenext": False})})
        for kind in _TIMED[:-1]
        for timeframe in (4, 5, 9)
    ]
    case = Case(frames, adding(*each), settings={"period": 37}, **settings)
    ours = assert_same(case)
    assert ours.cerebro.called < ours.cerebro.timeline.steps


def test_a_broker_without_a_curve_is_noted_on_each_bar() -> None:
    each = [(kind, {}) for kind in (*_OTHERS, *_TIMED)]
    ours = assert_same(Case([bars(150)], adding(*each)), keeps_curve=False)
    assert ours.parts()["Returns"].startswith("fast")
    assert ours.cerebro.called == 150


@pytest.mark.parametrize("keeps_curve", [True, False])
def test_fund_mode_ends_the_same(keeps_curve: bool) -> None:
    kinds = [kind for kind in (*_OTHERS, *_TIMED) if kind is not analyzers.AnnualReturn]
    case = Case(
        [bars(300)],
        adding(*[(kind, {}) for kind in kinds]),
        broker=lambda broker: broker.set_fundmode(True, 10.0),
    )
    ours = assert_same(case, keeps_curve=keeps_curve)
    assert ours.parts()["TimeReturn"].startswith("fast")


def test_an_account_that_falls_below_nothing_ends_the_same() -> None:
    kinds = [kind for kind in (*_OTHERS, *_TIMED) if kind is not analyzers.LogReturnsRolling]
    case = Case(
        [bars(300, step="3h")],
        adding(*[(kind, {}) for kind in kinds]),
        settings={"size": 900, "rate": 0.9},
        broker=lambda broker: (broker.setcash(2000.0), broker.set_checksubmit(False)),
    )
    ours = assert_same(case)
    assert min(value for _, value in ours.cerebro.broker.noted) < 0


def test_the_clock_of_the_strategy_decides_about_days() -> None:
    each = [
        (kind, {"timeframe": timeframe})
        for kind in (analyzers.TimeReturn, analyzers.VWR)
        for timeframe in (4, 5, 6, 7, 8)
    ]
    frames = [bars(600, start="2024-03-09 20:00", step="37min")]  # the clocks went forward
    case = Case(frames, adding(*each), cerebro={"tz": "America/New_York"})
    assert_same(case)
    frames = [bars(500, start="2024-11-02 20:00", step="7min")]  # and back
    ours = assert_same(Case(frames, adding(*each), cerebro={"tz": "America/New_York"}))
    assert ours.cerebro.called < ours.cerebro.timeline.steps


class Shorter(Trader):
    """Sells what it does not have after some bars, and cash falls below nothing."""

    def act(self) -> None:
        if len(self) == 100:
            self.sell(size=150)


@pytest.mark.parametrize("kind", [analyzers.Calmar, analyzers.LogReturnsRolling])
@pytest.mark.parametrize("keeps_curve", [True, False])
def test_a_logarithm_of_nothing_raises_on_its_bar(kind: type, keeps_curve: bool) -> None:
    rising = bars(300)
    rising *= np.linspace(1.0, 3.0, 300)[:, None]
    each = [(kind, {"timeframe": bt.TimeFrame.Minutes}), (analyzers.DrawDown, {})]
    ours = assert_same(Case([rising], adding(*each), Shorter), keeps_curve=keeps_curve)
    assert "math domain error" in str(ours.error)
    assert len(ours.strategies[0]) < 300
    assert "may fall to nothing" in ours.parts()[kind.__name__]
    assert ours.parts()["DrawDown"].startswith("fast")
