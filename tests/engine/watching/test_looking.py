"""Who looks at stats or analyzers in the middle of a run sees what Backtrader would show."""

from __future__ import annotations

import datetime
from typing import Any

import backtrader as bt
import pytest
from backtrader import analyzers, observers

from atms.engine.watching import guard
from tests.engine.watching.running import (
    Case,
    Noting,
    Replaying,
    Trader,
    WatchedCerebro,
    assert_same,
    bars,
)

_KEPT = ("rets", "_value", "_maxvalue", "dtkey", "dtcmp", "_lastvalue", "_tcount", "_pns")


def sight(strategy: Any) -> list[str]:
    """Return what is to be seen at this moment."""
    found = [
        repr([type(one).__name__, *(vars(one).get(name) for name in _KEPT)])
        for one in strategy.analyzers
    ]
    for observer in strategy.stats:
        line = observer.lines.lines[0]
        found.append(f"{len(observer)} {len(line.array)} {line[0] if len(line) else None!r}")
    return found


class Looker(Trader):
    """Looks once, at one place."""

    params = (("rate", 0.4), ("where", ""), ("at", 0))

    def look(self, where: str) -> None:
        if self.p.where == where and len(self) == self.p.at:
            self.log.append((where, sight(self)))

    def notify_order(self, order: bt.Order) -> None:
        super().notify_order(order)
        self.look("order")

    def notify_trade(self, trade: bt.Trade) -> None:
        super().notify_trade(trade)
        self.look("trade")

    def next(self) -> None:
        self.look("next")
        super().next()

    def prenext(self) -> None:
        self.look("next")

    def notify_timer(self, *rest: Any, **more: Any) -> None:
        self.look("timer")

    def started(self) -> None:
        self.look("start")

    def stop(self) -> None:
        self.look("stop")


class Valued(Looker):
    """Is told cash and value on each bar."""

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.log.append((cash, value))
        self.look("value")

    def notify_fund(self, *fund: float) -> None:
        self.log.append(fund)


class OwnAnalyzer(bt.Analyzer):
    """Looks at the others once, at one place."""

    params = (("where", ""), ("at", 0))

    def start(self) -> None:
        self.seen: list[str] = []

    def look(self, where: str) -> None:
        if self.p.where == where and len(self.strategy) == self.p.at:
            self.seen += sight(self.strategy)

    def notify_order(self, order: bt.Order) -> None:
        self.look("order")

    def notify_trade(self, trade: bt.Trade) -> None:
        self.look("trade")

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.look("value")

    def notify_fund(self, *fund: float) -> None:
        self.look("fund")

    def next(self) -> None:
        self.look("next")


class OwnObserver(bt.Observer):
    """Looks at the others once."""

    lines = ("x",)
    params = (("at", 0),)

    def next(self) -> None:
        self.lines.x[0] = len(self) * 1.5
        if len(self) == self.p.at:
            self._owner.log.append(sight(self._owner))


def watchers(cerebro: bt.Cerebro) -> None:
    cerebro.addanalyzer(analyzers.DrawDown)
    cerebro.addanalyzer(analyzers.Transactions)
    cerebro.addobserver(observers.DrawDown)
    more(cerebro)


def more(cerebro: bt.Cerebro) -> None:
    for kind in (analyzers.TradeAnalyzer, analyzers.Returns, analyzers.Calmar, analyzers.PyFolio):
        cerebro.addanalyzer(kind)
    for settings in ({"timeframe": 4}, {"timeframe": 4, "compression": 7}, {"timeframe": 6}):
        cerebro.addanalyzer(analyzers.TimeReturn, **settings)
        cerebro.addanalyzer(analyzers.VWR, **settings)
    for kind in (observers.Broker, observers.TimeReturn, observers.Benchmark, observers.Trades):
        cerebro.addobserver(kind)
    for kind in (observers.BuySell, observers.DrawDown_Old):
        cerebro.addobserver(kind)
    cerebro.addobservermulti(observers.BuySell, barplot=True)
    cerebro.add_timer(when=datetime.time(1, 0))


@pytest.mark.parametrize("at", [1, 2, 7, 41, 78])
@pytest.mark.parametrize("where", ["next", "timer", "stop"])
def test_a_strategy_sees_what_is_there(where: str, at: int) -> None:
    at = {"timer": 60, "stop": 80}.get(where, at)
    assert_same(Case([bars(80)], watchers, Looker, {"where": where, "at": at}))


@pytest.mark.parametrize("at", range(1, 40, 3))
@pytest.mark.parametrize("where", ["order", "trade"])
def test_a_strategy_sees_what_is_there_when_it_is_told(where: str, at: int) -> None:
    assert_same(Case([bars(60)], watchers, Looker, {"where": where, "at": at}))


@pytest.mark.parametrize("at", [1, 9, 33])
@pytest.mark.parametrize("where", ["next", "value"])
def test_a_strategy_that_is_told_its_value_sees_what_is_there(where: str, at: int) -> None:
    assert_same(Case([bars(60)], watchers, Valued, {"where": where, "at": at}))


@pytest.mark.parametrize("at", [1, 2, 23, 34])
@pytest.mark.parametrize("where", ["order", "trade", "value", "fund", "next"])
def test_an_analyzer_sees_what_those_before_and_behind_it_are_at(where: str, at: int) -> None:
    def add(cerebro: bt.Cerebro) -> None:
        cerebro.addanalyzer(analyzers.DrawDown)
        cerebro.addanalyzer(analyzers.Transactions)
        cerebro.addobserver(observers.DrawDown)
        cerebro.addanalyzer(OwnAnalyzer, where=where, at=at)
        more(cerebro)

    assert_same(Case([bars(60)], add, settings={"rate": 0.6}))


@pytest.mark.parametrize("at", [1, 2, 23, 34, 59])
def test_an_observer_sees_what_those_before_and_behind_it_are_at(at: int) -> None:
    def add(cerebro: bt.Cerebro) -> None:
        cerebro.addanalyzer(analyzers.DrawDown)
        cerebro.addobserver(observers.DrawDown)
        cerebro.addobserver(OwnObserver, at=at)
        more(cerebro)

    assert_same(Case([bars(60)], add, settings={"rate": 0.6}))


def test_after_a_look_all_are_called_on_each_bar() -> None:
    ours = assert_same(Case([bars(80)], watchers, Looker, {"where": "next", "at": 50}))
    assert "stats or analyzers was looked at on bar 50" in ours.parts()["Broker"]
    assert 30 < ours.cerebro.called < 80


def test_a_look_in_start_has_all_called_from_the_first_bar() -> None:
    ours = assert_same(Case([bars(80)], watchers, Looker, {"where": "start", "at": 0}))
    assert ours.cerebro.called == 80
    assert "before the first bar" in ours.parts()["DrawDown"]


class Late(Looker):
    """Adds an analyzer while the bars come."""

    def look(self, where: str) -> None:
        if where == "next" and len(self) == 30:
            self._addanalyzer(analyzers.SQN)
            self.analyzers[-1]._start()


def test_an_analyzer_that_comes_later_is_told_from_then_on() -> None:
    assert_same(Case([bars(80)], watchers, Late))


class Missing(WatchedCerebro):
    """A loop that does not look again after ``next``."""

    def _turn(self, strategy: Any, watching: Any, stamp: float) -> None:
        again = watching.after
        asked = strategy._orderspending or watching.every_bar
        watching.after = again if asked else lambda status: None
        super()._turn(strategy, watching, stamp)
        watching.after = again


@pytest.mark.parametrize("at", [12, 41, 80])
def test_a_loop_that_leaves_after_next_loses_nothing(at: int) -> None:
    case = Case([bars(80)], watchers, Looker, {"where": "next", "at": at, "rate": 0.1})
    stock = case.run(bt.Cerebro, bt.brokers.BackBroker())
    ours = assert_same(case)
    noting = Noting()
    case.run(bt.Cerebro, noting)
    missing = case.run(Missing, Replaying(noting.noted))
    assert missing.told() == stock.told() == ours.told()


def test_collections_have_their_own_class_after_a_run() -> None:
    ours = assert_same(Case([bars(80)], watchers))
    for collection in (ours.strategies[0].stats, ours.strategies[0].analyzers):
        assert type(collection) is bt.metabase.ItemCollection


class Plain:
    """Has the collections of a strategy."""

    def __init__(self) -> None:
        self.observers = self.stats = bt.metabase.ItemCollection()
        self.analyzers = bt.metabase.ItemCollection()
        self.analyzers.append(3, "three")


@pytest.mark.parametrize(
    "look",
    [
        lambda found: found[0],
        lambda found: found.three,
        lambda found: len(found),
        lambda found: list(found),
        lambda found: found.getbyname("three"),
        lambda found: vars(found),
        lambda found: setattr(found, "four", 4),
    ],
)
def test_every_way_to_look_is_noted(look: Any) -> None:
    strategy = Plain()
    watched = guard(strategy)
    assert watched is not None
    assert not watched.touched
    look(strategy.analyzers)
    assert watched.touched


def test_a_guard_is_put_up_once() -> None:
    strategy = Plain()
    assert guard(strategy) is guard(strategy)


def test_a_collection_of_the_users_own_is_not_guarded() -> None:
    strategy = Plain()
    strategy.analyzers = type("Own", (bt.metabase.ItemCollection,), {})()
    assert guard(strategy) is None


def test_a_guarded_collection_looks_like_backtraders() -> None:
    strategy = Plain()
    guard(strategy)
    kind = type(strategy.stats)
    assert (kind.__name__, kind.__module__) == ("ItemCollection", "backtrader.metabase")
    assert isinstance(strategy.stats, bt.metabase.ItemCollection)
