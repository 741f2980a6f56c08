"""A run that ends early leaves everybody where Backtrader's loop would have left him."""

from __future__ import annotations

import backtrader as bt
import pytest

from tests.engine.watching.running import Case, Trader, assert_same, bars
from tests.engine.watching.test_looking import OwnAnalyzer, OwnObserver, watchers


class Ending(Trader):
    """Ends the run once, at one place."""

    params = (("rate", 0.4), ("where", ""), ("at", 0), ("how", "stop"))

    def end(self, where: str) -> None:
        if self.p.where == where and len(self) == self.p.at:
            if self.p.how == "stop":
                self.cerebro.runstop()
            else:
                raise KeyError(where)

    def notify_order(self, order: bt.Order) -> None:
        super().notify_order(order)
        self.end("order")

    def notify_trade(self, trade: bt.Trade) -> None:
        super().notify_trade(trade)
        self.end("trade")

    def prenext(self) -> None:
        self.end("next")

    def next(self) -> None:
        self.end("next")
        super().next()


@pytest.mark.parametrize("keeps_curve", [True, False])
@pytest.mark.parametrize("at", [1, 2, 8, 23, 34, 35, 60])
@pytest.mark.parametrize("how", ["stop", "raise"])
@pytest.mark.parametrize("where", ["next", "order", "trade"])
def test_an_end_on_a_bar(where: str, how: str, at: int, keeps_curve: bool) -> None:
    settings = {"where": where, "at": at, "how": how}
    assert_same(Case([bars(60)], watchers, Ending, settings), keeps_curve=keeps_curve)


class Falling(OwnAnalyzer):
    def look(self, where: str) -> None:
        if self.p.where == where and len(self.strategy) == self.p.at:
            raise KeyError(where)


class FallingObserver(OwnObserver):
    def next(self) -> None:
        self.lines.x[0] = 1.0
        if len(self) == self.p.at:
            raise KeyError("observer")


@pytest.mark.parametrize("at", [1, 2, 23, 34, 60])
@pytest.mark.parametrize("where", ["order", "trade", "value", "fund", "next", "observer"])
def test_an_end_in_a_watcher_of_the_users_own(where: str, at: int) -> None:
    def add(cerebro: bt.Cerebro) -> None:
        cerebro.addanalyzer(bt.analyzers.DrawDown)
        cerebro.addobserver(bt.observers.DrawDown)
        if where == "observer":
            cerebro.addobserver(FallingObserver, at=at)
        else:
            cerebro.addanalyzer(Falling, where=where, at=at)
        watchers(cerebro)

    assert_same(Case([bars(60)], add, settings={"rate": 0.6}))


def test_an_end_inside_the_handling_of_another_error_is_no_broken_bar() -> None:
    try:
        raise KeyError("before")
    except KeyError:
        ours = assert_same(Case([bars(60)], watchers))
    assert ours.error is None


def test_a_run_without_bars() -> None:
    ours = assert_same(Case([bars(3)[:0]], watchers))
    assert not ours.cerebro.called


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_run_of_a_few_bars(n: int) -> None:
    assert_same(Case([bars(n)], watchers, settings={"period": 1, "rate": 1.0}))


def test_a_strategy_that_never_gets_to_next() -> None:
    assert_same(Case([bars(40)], watchers, settings={"period": 41}))
