"""The loop itself: who is asked and told what, in which order, and when it ends."""

from __future__ import annotations

import threading
from typing import Any

import backtrader as bt
import pytest

from atms.feeds.history import Zone
from tests.engine.event.conftest import Ours
from tests.engine.event.snapshots import of_run
from tests.engine.event.world import MINUTES, Rows, Trader, _rows, bars

ROWS = _rows(bars(40, 1))


class Teller(Rows):
    """Writes down all that Cerebro asks of it."""

    params = (("log", None),)

    def do_qcheck(self, onoff: bool, qlapse: float) -> None:
        self.p.log.append(("qcheck", onoff, type(qlapse)))
        super().do_qcheck(onoff, qlapse)

    def haslivedata(self) -> bool:
        self.p.log.append("haslivedata")
        return super().haslivedata()

    def _check(self, forcedata: Any = None) -> None:
        self.p.log.append(("check", forcedata is None))
        super()._check(forcedata)

    def get_notifications(self) -> list[Any]:
        self.p.log.append("notifications")
        return super().get_notifications()

    def _load(self) -> bool | None:
        self.p.log.append("load")
        return super()._load()

    def _last(self, datamaster: Any = None) -> Any:
        self.p.log.append("last")
        return super()._last(datamaster)


class Own(bt.Strategy):
    """Writes down its turns."""

    params = (("log", None),)

    def next(self) -> None:
        self.p.log.append(("next", len(self)))

    def notify_data(self, data: Any, status: Any, *args: Any, **kwargs: Any) -> None:
        self.p.log.append(("data", status, args))

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.p.log.append(("cash", cash, value))


def _log(kind: type[bt.Cerebro], feeds: int, **params: Any) -> list[Any]:
    log: list[Any] = []
    cerebro = kind(runonce=False, preload=False)
    for _ in range(feeds):
        cerebro.adddata(Teller(rows=ROWS, timeframe=MINUTES, log=log, **params))
    cerebro.addstrategy(Own, log=log)
    cerebro.run()
    return log


@pytest.mark.parametrize("feeds", [1, 2])
@pytest.mark.parametrize(
    "params", [{}, {"live": True, "pauses": (0, 5, 5, 39)}, {"qcheck": 0.001, "talks": (4, 9)}]
)
def test_feeds_are_asked_the_same_in_the_same_order(feeds: int, params: Any) -> None:
    assert _log(Ours, feeds, **params) == _log(bt.Cerebro, feeds, **params)


def test_a_feed_that_has_nothing_yet_is_asked_again_and_no_strategy_called() -> None:
    log = _log(Ours, 1, live=True, pauses=(3, 3, 3))
    assert log.count("load") == len(ROWS) + 3 + 1
    assert sum(entry[0] == "next" for entry in log) == len(ROWS)


def test_another_thread_may_stop_the_run() -> None:
    class Endless(Rows):
        def _load(self) -> bool | None:
            if not self._rest:
                stopper.start() if not stopper.is_alive() else None
                return None
            return super()._load()

    cerebro = Ours()
    stopper = threading.Thread(target=cerebro.runstop)
    cerebro.adddata(Endless(rows=ROWS[:3], live=True, timeframe=MINUTES))
    cerebro.addstrategy(Own, log=[])
    (strategy,) = cerebro.run()
    stopper.join()
    assert len(strategy) == 3


def test_a_cerebro_with_hooks_of_its_own_has_them_called_on_every_bar() -> None:
    def calls(base: type[bt.Cerebro]) -> list[str]:
        class Hooked(base):  # type: ignore[misc, valid-type]
            def _storenotify(self) -> None:
                log.append("store")

            def _datanotify(self) -> None:
                log.append("data")
                super()._datanotify()

            def _brokernotify(self) -> None:
                log.append("broker")
                super()._brokernotify()

            def _next_writers(self, runstrats: Any) -> None:
                log.append("writers")

        log: list[str] = []
        cerebro = Hooked(runonce=False, preload=False)
        cerebro.adddata(Rows(rows=ROWS, timeframe=MINUTES))
        cerebro.addstrategy(bt.Strategy)
        cerebro.run()
        return log

    assert calls(Ours) == calls(bt.Cerebro)


def test_classes_are_backtraders_again_after_the_run() -> None:
    cerebro = Ours(runonce=False, preload=False)
    data = Rows(rows=ROWS, timeframe=MINUTES)
    cerebro.adddata(data)
    cerebro.addstrategy(Own, log=[])
    (strategy,) = cerebro.run()
    assert type(cerebro) is Ours and type(data) is Rows and type(strategy) is Own
    assert {type(line) for line in data.lines} == {bt.linebuffer.LineBuffer}
    assert type(strategy.lines.datetime) is bt.linebuffer.LineBuffer


def test_a_class_looks_like_its_own_during_the_run() -> None:
    class Looker(bt.Strategy):
        def next(self) -> None:
            data = self.data
            assert isinstance(data, Rows) and type(data).__name__ == "Rows"
            assert type(data).__module__ == Rows.__module__
            assert isinstance(data.close, bt.linebuffer.LineBuffer)
            assert isinstance(self.cerebro, Ours)

    cerebro = Ours(runonce=False, preload=False)
    cerebro.adddata(Rows(rows=ROWS, timeframe=MINUTES))
    cerebro.addstrategy(Looker)
    assert len(cerebro.run()[0]) == len(ROWS)


def test_a_second_run_of_the_same_cerebro_gives_the_same() -> None:
    cerebro = Ours(runonce=False, preload=False)
    cerebro.adddata(Rows(rows=ROWS, timeframe=MINUTES))
    logs: list[list[Any]] = [[], []]
    for log in logs:
        cerebro.strats.clear()
        cerebro.addstrategy(Own, log=log)
        cerebro.run()
    assert logs[0] == logs[1] and logs[0]


class Sign(bt.Indicator):
    """Above or below its average."""

    lines = ("sign",)

    def __init__(self) -> None:
        self.lines.sign = self.data - bt.ind.SMA(self.data, period=4)


def test_a_signal_strategy_trades_as_backtraders() -> None:
    def run(kind: type[bt.Cerebro]) -> list[Any]:
        cerebro = kind(runonce=False, preload=False)
        cerebro.adddata(Rows(rows=ROWS, timeframe=MINUTES))
        cerebro.add_signal(bt.SIGNAL_LONGSHORT, Sign)
        return of_run(cerebro, cerebro.run())

    assert run(Ours) == run(bt.Cerebro)


class Liner(bt.Strategy):
    """Has lines of its own: one that an indicator writes, one that it writes itself."""

    lines = ("average", "own")

    def __init__(self) -> None:
        self.lines.average = bt.ind.SMA(self.data, period=3)
        self.doubled = bt.ind.SMA(self.lines.average, period=2) * 2.0

    def next(self) -> None:
        self.lines.own[0] = self.lines.average[0] + self.lines.average[-1]


@pytest.mark.parametrize("feeds", [1, 2])
def test_a_strategy_may_have_lines_of_its_own(feeds: int) -> None:
    def run(kind: type[bt.Cerebro]) -> list[Any]:
        cerebro = kind(runonce=False, preload=False)
        for _ in range(feeds):
            cerebro.adddata(Rows(rows=ROWS, timeframe=MINUTES))
        cerebro.addstrategy(Liner)
        return of_run(cerebro, cerebro.run())

    assert run(Ours) == run(bt.Cerebro)
    assert [part.fast for part in Ours.told if part.kind == "strategy"] == [True]


def test_a_class_that_hears_of_its_subclasses_has_none() -> None:
    class Proud(Rows):
        def __init_subclass__(cls, **kwargs: Any) -> None:
            raise AssertionError("nobody may subclass this")

    cerebro = Ours(runonce=False, preload=False)
    cerebro.adddata(Proud(rows=ROWS, timeframe=MINUTES))
    cerebro.addstrategy(Own, log=[])
    assert len(cerebro.run()[0]) == len(ROWS)
    assert [part.fast for part in Ours.told if part.kind == "load"] == [False]


@pytest.mark.parametrize("zone", [None, "America/New_York"])
@pytest.mark.parametrize("zone_in", [None, "Europe/Berlin"])
@pytest.mark.parametrize("longer", [False, True])
def test_time_zones_in_and_out_are_backtraders(
    zone: str | None, zone_in: str | None, longer: bool
) -> None:
    zones = {"tz": zone and Zone(zone), "tzinput": zone_in and Zone(zone_in)}

    def run(kind: type[bt.Cerebro]) -> tuple[list[Any], list[Any]]:
        log: list[Any] = []
        cerebro = kind(runonce=False, preload=False, tz=zones["tz"])
        data = bt.feeds.PandasData(dataname=bars(90, 4), timeframe=MINUTES, **zones)
        cerebro.adddata(data)
        if longer:
            cerebro.resampledata(data, timeframe=MINUTES, compression=10)
        cerebro.addstrategy(Trader, seed=3, log=log)
        cerebro.addanalyzer(bt.analyzers.TimeReturn, timeframe=bt.TimeFrame.Days)
        return log, of_run(cerebro, cerebro.run())

    assert run(Ours) == run(bt.Cerebro)
    assert not [part for part in Ours.told if part.kind == "loop"]
