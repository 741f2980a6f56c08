"""Who is called only where something happens, and who on each bar, and that both are told."""

from __future__ import annotations

import datetime
from typing import Any

import backtrader as bt
import numpy as np
import pytest
from backtrader import analyzers, observers

from atms.analyzers.orders import OrderRecorder
from atms.engine.watching.judging import is_empty
from tests.engine.watching.running import Case, Trader, assert_same, bars, both
from tests.engine.watching.test_looking import sight, watchers


def own(*kinds: type) -> Any:
    def add(cerebro: bt.Cerebro) -> None:
        for kind in kinds:
            cerebro.addanalyzer(kind)
        watchers(cerebro)

    return add


class Told(bt.Analyzer):
    """Is told of orders and trades, and does nothing on a bar."""

    def create_analysis(self) -> None:
        self.rets: list[Any] = []

    def notify_order(self, order: bt.Order) -> None:
        self.rets.append((len(self.strategy), order.status))

    def notify_trade(self, trade: bt.Trade) -> None:
        self.rets.append((len(self.strategy), trade.pnl))

    def next(self) -> None:
        """Nothing."""

    def notify_fund(self, *fund: float) -> None: ...


class Counting(bt.Analyzer):
    """Counts its bars."""

    def start(self) -> None:
        self.count = 0

    def next(self) -> None:
        self.count += 1


class Ratio(bt.Analyzer):
    """Makes its figure of another analyzer's at the end."""

    def __init__(self) -> None:
        self.returns = analyzers.TimeReturn(timeframe=bt.TimeFrame.Minutes)

    def stop(self) -> None:
        self.rets["best"] = max(self.returns.rets.values())


class Peeking(Ratio):
    """Looks at its child whenever it is told of an order."""

    def start(self) -> None:
        self.seen: list[str] = []

    def notify_order(self, order: bt.Order) -> None:
        self.seen.append(repr(self.returns.rets))


class Described(analyzers.DrawDown):
    """A DrawDown under another name."""

    def get_analysis(self) -> dict[str, float]:
        return {"deepest": self.rets.max.drawdown}


class Shifted(analyzers.DrawDown):
    """A DrawDown with a ``next`` of its own."""

    def next(self) -> None:
        super().next()
        self.rets.more = len(self.strategy)


@pytest.mark.parametrize("kind", [Told, Ratio, Described])
def test_an_analyzer_that_does_nothing_on_a_bar_is_not_called_on_each(kind: type) -> None:
    ours = assert_same(Case([bars(200)], own(kind)))
    assert ours.parts()[kind.__name__].startswith("fast")
    assert ours.cerebro.called < 60


def test_the_recorder_of_orders_is_not_called_on_each_bar() -> None:
    stock, ours = both(Case([bars(200)], own(OrderRecorder)))
    found = [one.strategies[0].analyzers[0] for one in (stock, ours)]
    assert found[0].get_analysis() == found[1].get_analysis()
    executed = [[(one.step, one.cash) for one in recorder.executions] for recorder in found]
    assert executed[0] == executed[1]
    assert ours.cerebro.called < 60


@pytest.mark.parametrize("kind", [Counting, Peeking, Shifted])
def test_an_analyzer_that_may_do_something_is_called_on_each_bar(kind: type) -> None:
    ours = assert_same(Case([bars(200)], own(kind)))
    assert ours.parts()[kind.__name__].startswith("stock")
    assert ours.parts()["Returns"].startswith("fast")
    assert ours.cerebro.called == 200


class Holding(bt.Analyzer):
    """Keeps another analyzer from its first moment, and reads it on each bar."""

    def start(self) -> None:
        self.other = self.strategy._lineiterators[bt.LineIterator.ObsType][0]
        self.seen: list[float] = []

    def next(self) -> None:
        self.seen.append(self.other.lines[0][0] if len(self.other) else -1.0)


def test_what_somebody_keeps_for_himself_is_called_on_each_bar() -> None:
    ours = assert_same(Case([bars(100)], own(Holding)))
    assert "is kept by another" in ours.parts()["Broker"]


class Sized(Trader):
    """Orders with sizes of numpy's from the middle on."""

    def act(self) -> None:
        if len(self) % 7 == 0:
            self.buy(size=np.int64(3) if len(self) > 50 else 3)
        elif len(self) % 7 == 4:
            self.close()


def test_a_number_of_numpys_in_the_account_shows_in_the_results() -> None:
    ours = assert_same(Case([bars(100)], watchers, Sized))
    assert "np.float64" in repr(ours.strategies[0].analyzers[0].rets)
    assert "no plain float on bar" in ours.parts()["DrawDown"]


class Funded(Trader):
    """Adds cash and sets it between two turns of the broker, and looks at it at once."""

    params = (("rate", 0.4), ("every", 20), ("look", 0))

    def act(self) -> None:
        super().act()
        if len(self) % self.p.every == 0:
            self.broker.add_cash(500.0)
            if len(self) % (2 * self.p.every) == 0:
                self.order_target_value(target=300.0)
        if len(self) % (3 * self.p.every) == 0:
            self.broker.set_cash(9000.0)
        if len(self) == self.p.look:
            self.log.append(sight(self))


def everybody(cerebro: bt.Cerebro) -> None:
    watchers(cerebro)
    for kind in (observers.FundShares, observers.FundValue, observers.Cash):
        cerebro.addobserver(kind)


@pytest.mark.parametrize("keeps_curve", [True, False])
@pytest.mark.parametrize("fund", [True, False])
@pytest.mark.parametrize("look", [0, 40, 41, 42, 55])
def test_cash_from_elsewhere_is_seen_on_its_bar(look: int, fund: bool, keeps_curve: bool) -> None:
    case = Case(
        [bars(100)],
        everybody,
        Funded,
        {"look": look},
        broker=lambda broker: broker.set_fundmode(fund),
    )
    ours = assert_same(case, keeps_curve=keeps_curve)
    assert ours.parts()["DrawDown"].startswith("stock" if look else "fast")
    if keeps_curve and not look:
        assert ours.cerebro.called < 70
        assert "add_cash" not in vars(ours.cerebro.broker)


def test_cash_that_comes_on_each_bar_has_all_called() -> None:
    ours = assert_same(Case([bars(260)], everybody, Funded, {"every": 1}))
    assert "again and again" in ours.parts()["DrawDown"]


class Moving(Trader):
    """Writes to the account itself."""

    def act(self) -> None:
        super().act()
        if len(self) in (30, 31, 70):
            self.broker.cash += 250.0


@pytest.mark.parametrize("keeps_curve", [True, False])
def test_cash_that_is_written_is_seen_on_its_bar(keeps_curve: bool) -> None:
    ours = assert_same(Case([bars(100)], everybody, Moving), keeps_curve=keeps_curve)
    assert ours.parts()["DrawDown"].startswith("fast")


class Early(Trader):
    """Adds cash before the first bar."""

    def started(self) -> None:
        self.broker.add_cash(100.0)


@pytest.mark.parametrize("keeps_curve", [True, False])
def test_cash_that_is_added_before_the_first_bar(keeps_curve: bool) -> None:
    ours = assert_same(Case([bars(100)], everybody, Early), keeps_curve=keeps_curve)
    assert ours.parts()["FundShares"].startswith("fast")


class Pausing(Trader):
    """Says at many places that something is about to change."""

    params = (("rate", 0.4), ("where", ""))

    def pause(self, where: str) -> None:
        if where == self.p.where and len(self) % 5 == 0:
            for watching in getattr(self.cerebro, "watchings", ()):
                watching.pause()

    def notify_order(self, order: bt.Order) -> None:
        super().notify_order(order)
        self.pause("order")

    def notify_trade(self, trade: bt.Trade) -> None:
        super().notify_trade(trade)
        self.pause("trade")

    def prenext(self) -> None:
        self.pause("next")

    def next(self) -> None:
        self.pause("next")
        super().next()

    def notify_timer(self, *rest: Any, **more: Any) -> None:
        self.pause("timer")


@pytest.mark.parametrize("where", ["order", "trade", "next", "timer"])
def test_who_is_called_for_a_bar_or_two_goes_on_where_he_was(where: str) -> None:
    def add(cerebro: bt.Cerebro) -> None:
        everybody(cerebro)
        cerebro.add_timer(when=datetime.time(0, 30))

    ours = assert_same(Case([bars(200)], add, Pausing, {"where": where}))
    assert ours.parts()["DrawDown"].startswith("fast")
    assert ours.cerebro.called < 180


@pytest.mark.parametrize("settings", [{"quicknotify": True}, {"tradehistory": True}])
def test_settings_of_cerebro(settings: dict[str, bool]) -> None:
    ours = assert_same(Case([bars(200)], watchers, cerebro=settings))
    assert ours.cerebro.called < 60


class Text:
    """A file that keeps nothing."""

    def write(self, text: str) -> None: ...
    def flush(self) -> None: ...


def test_observers_that_are_written_on_each_bar_are_called_on_each() -> None:
    def add(cerebro: bt.Cerebro) -> None:
        watchers(cerebro)
        cerebro.addwriter(bt.WriterFile, csv=True, out=Text())

    ours = assert_same(Case([bars(60)], add))
    assert "written to a file" in ours.parts()["Broker"]
    assert ours.parts()["Returns"].startswith("fast")


class Other(Trader):
    """A second strategy, which looks at the first."""

    def act(self) -> None:
        super().act()
        if len(self) == 50:
            first = self.cerebro.runningstrats[0]
            self.log.append([repr(one.rets) for one in first.analyzers])


def test_two_strategies_on_one_account() -> None:
    def add(cerebro: bt.Cerebro) -> None:
        watchers(cerebro)
        cerebro.addstrategy(Other, seed=3)

    ours = assert_same(Case([bars(100)], add))
    assert ours.parts()["Returns"].startswith("fast") or "looked at" in ours.parts()["Returns"]


def test_a_signal_strategy_waits_for_its_order() -> None:
    class Signalled(bt.SignalStrategy):
        def __init__(self) -> None:
            self.log: list[Any] = []
            self.signal_add(bt.SIGNAL_LONGSHORT, bt.ind.CrossOver(self.data, bt.ind.SMA(period=9)))

        def notify_order(self, order: bt.Order) -> None:
            self.log.append((len(self), order.status, order.executed.price))

    ours = assert_same(Case([bars(200)], watchers, Signalled))
    assert len(ours.strategies[0].log) > 9
    assert ours.cerebro.called < 120


class Overriding(Trader):
    def _notify(self, *rest: Any, **more: Any) -> None:
        self.log.append(len(self))
        super()._notify(*rest, **more)


def test_a_strategy_with_its_own_notify_runs_on_backtraders_code() -> None:
    ours = assert_same(Case([bars(60)], watchers, Overriding))
    assert ours.cerebro.called == 60
    assert "has its own _notify" in ours.parts()["Broker"]


def test_an_order_of_the_past_is_told_only_if_asked_for() -> None:
    def add(cerebro: bt.Cerebro) -> None:
        watchers(cerebro)
        stamps = bars(100).index
        history = [[stamps[9], 5, 100.0], [stamps[40], -5, 101.0]]
        cerebro.add_order_history(history, notify=False)
        cerebro.add_order_history([[stamps[50], 5, 100.0]], notify=True)

    ours = assert_same(Case([bars(100)], add, settings={"rate": 0.0}))
    assert ours.strategies[0].log


def nothing(self: Any) -> None: ...
def documented(self: Any, *rest: Any) -> None:
    """Does nothing."""


def passing(self: Any) -> None:
    pass


def returning(self: Any) -> int:
    return 3


def yielding(self: Any) -> Any:
    yield


async def waiting(self: Any) -> None: ...


@pytest.mark.parametrize("function", [nothing, documented, passing])
def test_an_empty_function_is_known_by_its_code(function: Any) -> None:
    assert is_empty(function)


@pytest.mark.parametrize("function", [returning, yielding, waiting, print, Trader.next, len])
def test_a_function_that_does_something_is_not_empty(function: Any) -> None:
    assert not is_empty(function)


def test_an_observer_whose_line_is_bound_is_called_on_each_bar() -> None:
    class Bound(Trader):
        lines = ("copy",)

        def started(self) -> None:
            seen = self._lineiterators[bt.LineIterator.ObsType]
            seen[0].lines[0].addbinding(self.lines.copy)

        def stop(self) -> None:
            self.log.append(list(self.lines.copy.array)[:60])

    def add(cerebro: bt.Cerebro) -> None:
        cerebro.addobserver(observers.DrawDown)

    assert_same(Case([bars(60)], add, Bound))
