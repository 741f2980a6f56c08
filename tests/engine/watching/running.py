"""The same run twice: on Backtrader's own code, and with the watchers of the engine in its loop."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from backtrader.lineiterator import LineIterator

from atms.engine.timeline import Timeline
from atms.engine.watching import Watching, guard, release
from atms.engine.watching.changes import BEFORE


class Noting(bt.brokers.BackBroker):
    """Backtrader's broker, which notes what it had after each of its turns."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[tuple[float, float]] = []

    def next(self) -> None:
        super().next()
        self.noted.append((self.getcash(), self.getvalue()))


class Replaying(bt.brokers.BackBroker):
    """A broker that says afterwards what it had: what another one noted."""

    inside = True

    def __init__(self, noted: list[tuple[float, float]]) -> None:
        super().__init__()
        self.noted = noted

    @property
    def cash(self) -> float:
        return self.__dict__["cash"]

    @cash.setter
    def cash(self, cash: float) -> None:
        before = self.__dict__.get(BEFORE)
        if before is not None and not self.inside:
            before()
        self.__dict__["cash"] = cash

    def next(self) -> None:
        self.inside = True
        super().next()
        self.inside = False

    def lane_begin(self, timeline: Timeline) -> None:
        """Is there in a broker of the engine."""

    def curve(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        cash, value = np.array(self.noted[first:last]).reshape(-1, 2).T.copy()
        return cash, value


class WatchedCerebro(bt.Cerebro):
    """Backtrader's loop over preloaded bars, with the engine's watchers."""

    called = 0  # bars on which the watchers were
    watchings = ()

    def runstrategies(self, iterstrat: Any, predata: bool = False) -> Any:
        try:
            return super().runstrategies(iterstrat, predata)
        finally:
            for strategy in self.runningstrats:
                release(strategy)

    def _runonce(self, runstrats: list[Any]) -> None:
        for strategy in runstrats:
            strategy._once()
            strategy.reset()
        self.timeline = Timeline(self.datas)
        self.watchings = [Watching(one, self.timeline, self.broker) for one in runstrats]
        try:
            for step, stamp in enumerate(self.timeline.stamps.tolist()):
                if not self._step(step, stamp, runstrats):
                    return
        finally:
            for watching in self.watchings:
                watching.finish()

    def _step(self, step: int, stamp: float, runstrats: list[Any]) -> bool:
        peeks = [data.advance_peek() for data in self.datas]
        for data, peek in zip(self.datas, peeks, strict=True):
            if peek <= stamp:
                data.advance()
        self.timeline.go_to(step)
        self._check_timers(runstrats, stamp, cheat=True)
        self._brokernotify()
        if self._event_stop:
            return False
        self._check_timers(runstrats, stamp, cheat=False)
        for strategy, watching in zip(runstrats, self.watchings, strict=True):
            self._turn(strategy, watching, stamp)
            if self._event_stop:
                return False
            self._next_writers(runstrats)
        return True

    def _turn(self, strategy: Any, watching: Watching, stamp: float) -> None:
        for indicator in strategy._lineiterators[LineIterator.IndType]:
            if len(indicator._clock) > len(indicator):
                indicator.advance()
        strategy.forward()
        strategy.lines.datetime[0] = stamp
        busy = bool(strategy._orderspending or strategy._tradespending)
        if busy or watching.every_bar:
            watching.notify()
        status = strategy._getminperstatus()
        if status < 0:
            strategy.next()
        elif status == 0:
            strategy.nextstart()
        else:
            strategy.prenext()
        if busy or watching.every_bar:
            self.called += 1
            watching.after(status)
        strategy.clear()


class Trader(bt.Strategy):
    """Draws what it does from its own dice; an average makes it wait for some bars."""

    params = (("seed", 1), ("period", 5), ("rate", 0.15), ("size", 10))

    def __init__(self) -> None:
        self.dice = random.Random(self.p.seed)
        self.averages = [bt.ind.SMA(data, period=self.p.period) for data in self.datas]
        self.log: list[Any] = []

    def start(self) -> None:
        if isinstance(self.cerebro, WatchedCerebro):
            guard(self)
        self.started()

    def started(self) -> None:
        """Is for tests."""

    def notify_order(self, order: bt.Order) -> None:
        self.log.append((len(self), order.status, order.executed.price, order.executed.size))

    def notify_trade(self, trade: bt.Trade) -> None:
        self.log.append((len(self), trade.status, trade.pnl, trade.pnlcomm, trade.barlen))

    def next(self) -> None:
        self.act()

    def act(self) -> None:
        dice = self.dice
        if dice.random() > self.p.rate:
            return
        data = dice.choice(self.datas)
        if not len(data):
            return
        place = dice.choice((self.buy, self.sell))
        kind = dice.randrange(5)
        size, price = dice.randint(1, self.p.size), data.close[0]
        if kind < 2:
            place(data=data, size=size)
        elif kind == 2:
            place(data=data, size=size, exectype=bt.Order.Limit, price=price * 0.995)
        elif kind == 3:
            place(data=data, size=size, exectype=bt.Order.Stop, price=price * 1.005)
        else:
            self.close(data)


def bars(
    n: int, *, seed: int = 1, start: str = "2024-01-01", step: str = "1min", gaps: float = 0.0
) -> pd.DataFrame:
    """Make bars of a random walk; *gaps* is the share of them that is missing."""
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.004, n))), 2)
    open_ = np.concatenate([[close[0]], close[:-1]])
    table = pd.DataFrame(
        {
            "open": open_,
            "high": np.maximum(open_, close) + 0.1,
            "low": np.minimum(open_, close) - 0.1,
            "close": close,
            "volume": 100.0,
        },
        index=pd.date_range(start, periods=n, freq=step),
    )
    return table[rng.random(n) >= gaps]


@dataclass
class Case:
    """One run.

    Args:
        frames: of the feeds.
        strategy: and its parameters in *settings*.
        watchers: adds analyzers and observers to a Cerebro.
        cerebro: parameters of Cerebro.
        broker: changes the broker before the run.
        timeframe: of the feeds, with *compression*.
    """

    frames: list[pd.DataFrame]
    watchers: Callable[[bt.Cerebro], None] = lambda cerebro: None
    strategy: type[bt.Strategy] = Trader
    settings: Mapping[str, Any] = field(default_factory=dict)
    cerebro: Mapping[str, Any] = field(default_factory=dict)
    broker: Callable[[Any], None] = lambda broker: None
    timeframe: int = bt.TimeFrame.Minutes
    compression: int = 1

    def run(self, kind: type[bt.Cerebro], broker: Any) -> Outcome:
        """Run the case with a kind of Cerebro and a broker."""
        cerebro = kind(**{"stdstats": False, **self.cerebro})
        cerebro.broker = broker
        broker.setcommission(commission=0.001)
        self.broker(broker)
        for table in self.frames:
            feed = bt.feeds.PandasData(
                dataname=table, timeframe=self.timeframe, compression=self.compression
            )
            cerebro.adddata(feed)
        self.watchers(cerebro)
        cerebro.addstrategy(self.strategy, **self.settings)
        error = None
        try:
            cerebro.run()
        except Exception as raised:  # noqa: BLE001 what is raised is compared
            error = f"{type(raised).__name__}: {raised}"
        return Outcome(cerebro, cerebro.runningstrats, error)


@dataclass
class Outcome:
    """What a run left behind."""

    cerebro: Any
    strategies: list[Any]
    error: str | None

    def told(self) -> list[tuple[str, str]]:
        """Return all that is compared, named."""
        found = [("error", repr(self.error))]
        for strategy in self.strategies:
            found += [(f"log {n}", repr(row)) for n, row in enumerate(strategy.log)]
            found.append(("length", repr(len(strategy))))
            each = [*strategy.analyzers, *strategy._slave_analyzers]
            for analyzer in each:
                found += _analyzer(analyzer)
            for observer in strategy._lineiterators[LineIterator.ObsType]:
                found += _observer(observer)
        return found

    def parts(self) -> dict[str, str]:
        """Return how each watcher was dealt with, as texts by names."""
        return {part.name: str(part) for part in self.cerebro.watchings[0].parts()}


def both(case: Case, *, keeps_curve: bool = True) -> tuple[Outcome, Outcome]:
    """Return Backtrader's outcome and that with the watchers."""
    noting = Noting()
    stock = case.run(bt.Cerebro, noting)
    broker = Replaying(noting.noted) if keeps_curve else bt.brokers.BackBroker()
    return stock, case.run(WatchedCerebro, broker)


def assert_same(case: Case, *, keeps_curve: bool = True) -> Outcome:
    """Assert that nothing differs; return the outcome with the watchers."""
    stock, ours = both(case, keeps_curve=keeps_curve)
    expected, found = stock.told(), ours.told()
    differences = [
        f"{name}: {mine} is not {yours}"
        for (name, yours), (_, mine) in zip(expected, found, strict=False)
        if mine != yours
    ]
    assert not differences, "\n".join(differences[:10])
    assert [name for name, _ in expected] == [name for name, _ in found]
    return ours


_APART = ("strategy", "_parent", "datas", "p", "params", "_children", "_owner")


def _analyzer(analyzer: Any, path: str = "") -> list[tuple[str, str]]:
    path = f"{path}/{type(analyzer).__name__}"
    found = [
        (f"{path}.{name}", _text(value))
        for name, value in vars(analyzer).items()
        if name not in _APART and not name.startswith("data")
    ]
    for child in analyzer._children:
        found += _analyzer(child, path)
    return found


def _observer(observer: Any) -> list[tuple[str, str]]:
    path = type(observer).__name__
    found = [(f"{path}.len", repr(len(observer)))]
    for number, line in enumerate(observer.lines.lines):
        values = np.array(line.array)
        values[np.isnan(values)] = math.nan
        text = f"{len(values)} {line._idx} {line.lencount} {type(line.array).__name__} "
        found.append((f"{path}.{number}", text + repr(values.tolist())))
    names = ("curbuylen", "curselllen", "peak", "maxdd")
    kept = {name: value for name, value in vars(observer).items() if name in names}
    return [*found, (f"{path} keeps", repr(kept))]


def _text(value: Any) -> str:
    if isinstance(value, bt.metabase.ItemCollection | bt.Analyzer | bt.LineRoot):
        return type(value).__name__
    if isinstance(value, dict):
        inner = [f"{_text(key)}: {_text(one)}" for key, one in value.items()]
        return f"{type(value).__name__}{{{', '.join(inner)}}}"
    if isinstance(value, bt.Position | bt.Order | bt.Trade):
        return f"{type(value).__name__} {value.size}"
    return f"{type(value).__name__} {value!r}"
