"""The calls that a strategy gets live and in a backtest of the same bars, side by side."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import backtrader as bt
import pytest

from atms.engine import Cerebro
from atms.execution.core.events import Heard
from atms.sandbox.simulation.venue.manners import Delays
from tests.execution.live_bench import MINUTE, SPOT, START, Bench, Ohlc

WARM = 3
# An order is at the venue when the next bar's open was traded, as a backtest takes it to be.
NEXT_OPEN = Delays(out=(1.5, 1.5), back=(0.01, 0.01), stream=(0.01, 0.01))


class Calls(bt.Strategy):
    """Trades by an average, and keeps each call with what it saw."""

    params = (("ordered", 1.0),)

    def __init__(self) -> None:
        self.mean = bt.ind.SMA(self.data, period=4)
        self.calls: list[Any] = []
        self.order: Any = None

    def notify_order(self, order: bt.Order) -> None:
        done = order.executed
        sums = [done.size, done.price, done.value, done.comm, done.pnl, done.remsize]
        self.calls.append((order.getstatusname(), *(round(one, 6) for one in sums)))
        if not order.alive():
            self.order = None

    def notify_trade(self, trade: bt.Trade) -> None:
        told = (trade.size, trade.price, trade.pnl, trade.pnlcomm, trade.commission)
        self.calls.append((trade.status_names[trade.status], *(round(one, 6) for one in told)))

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.calls.append(("cash", round(cash, 6), round(value, 6)))

    def prenext(self) -> None:
        self.calls.append(("prenext", len(self), self.data.close[0]))

    def next(self) -> None:
        size = self.position.size
        self.calls.append(("next", len(self), self.data.close[0], self.mean[0], size))
        if self.order is not None or len(self) <= WARM + 1:
            return
        above = self.data.close[0] > self.mean[0]
        if above and size <= 0:
            self.order = self.buy(size=self.p.ordered)
        elif not above and size > 0:
            self.order = self.close()


def bars(count: int, seed: int = 3) -> list[Ohlc]:
    chance, close, found = random.Random(seed), 100.0, []
    for _ in range(count):
        opened = round(close + chance.uniform(-1, 1), 2)
        close = round(opened + chance.uniform(-2, 2), 2)
        high = round(max(opened, close) + chance.random(), 2)
        low = round(min(opened, close) - chance.random(), 2)
        found.append((opened, high, low, close))
    return found


class Listed(bt.feed.DataBase):  # type: ignore[misc]
    params = (("bars", ()), ("timeframe", bt.TimeFrame.Minutes))

    def start(self) -> None:
        super().start()
        self.rows = iter(self.p.bars)

    def _load(self) -> bool:
        row = next(self.rows, None)
        if row is None:
            return False
        names = ("datetime", "open", "high", "low", "close", "volume", "openinterest")
        for name, value in zip(names, (*row, 0.0, 0.0), strict=True):
            getattr(self.lines, name)[0] = value
        return True


def backtest(kind: type[bt.Strategy], given: list[Ohlc]) -> bt.Strategy:
    first = given[0][0]
    rows = [(first,) * 4] * WARM + given
    stamps = [START + (at - WARM + 1) * MINUTE for at in range(len(rows))]
    cerebro = bt.Cerebro(stdstats=False)
    numbers = (bt.date2num(stamp.replace(tzinfo=None)) for stamp in stamps)
    cerebro.adddata(Listed(bars=[(at, *row) for at, row in zip(numbers, rows, strict=True)]))
    cerebro.broker.setcash(100_000)
    cerebro.broker.setcommission(0.001)
    cerebro.addstrategy(kind)
    (ran,) = cerebro.run()
    return ran


@pytest.mark.parametrize("engine", [bt.Cerebro, Cerebro])
def test_calls_are_those_of_a_backtest_in_the_same_order(engine: type[bt.Cerebro]) -> None:
    given = bars(40)
    expected = backtest(Calls, given).calls
    found = Bench(given, SPOT, delays=NEXT_OPEN).run(Calls, engine=engine).strategy.calls
    # Between two bars orders are told at once; a backtest tells them with the second one.
    assert found == expected
    assert sum(call[0] == "Completed" for call in found) > 5


def test_a_resting_limit_fills_as_in_a_backtest() -> None:
    class Exits(Calls):
        def next(self) -> None:
            self.calls.append(("next", len(self), self.position.size))
            if len(self) == WARM + 2:
                self.buy(size=1)
            elif len(self) == WARM + 4:
                self.sell(size=1, price=103.0, exectype=bt.Order.Limit)

    given = [(100.0, 100.5, 99.5, 100.0)] * 6 + [(101.0, 104.0, 100.0, 102.0)] + [(102.0,) * 4] * 3
    found = Bench(given, SPOT, delays=NEXT_OPEN).run(Exits).strategy.calls
    plain = [call for call in found if call[0] != "cash"]
    other = [call for call in backtest(Exits, given).calls if call[0] != "cash"]
    assert [call[0] for call in plain] == [call[0] for call in other]
    assert [call for call in plain if call[0] == "Closed"] == [
        ("Closed", 0, 100, 3, 2.797, 0.203),
    ]
    assert [call for call in other if call[0] == "Closed"] == [
        ("Closed", 0, 100, 3, 2.797, 0.203),
    ]


def test_a_fill_that_is_there_when_a_bar_comes_is_told_with_that_bar() -> None:
    class Seen(Calls):
        def notify_order(self, order: bt.Order) -> None:
            self.calls.append((order.getstatusname(), len(self), self.data.close[0], self.mean[0]))

        def next(self) -> None:
            if len(self) == WARM + 2:
                self.buy(size=1, price=95.0, exectype=bt.Order.Limit)

    given = [(100.0,) * 4] * 4 + [(96.0,) * 4] + [(100.0,) * 4] * 2
    bench = Bench(given, SPOT)

    def fill_as_the_fifth_bar_comes(trading: Any) -> None:
        def hook() -> None:
            if trading.passes.delivers and bench.done == 6 and len(bench.venue.executions) == 0:
                known, (desk,) = len(bench.venue.history), trading.desks
                bench.venue.trade(bench.instrument, Decimal(95), Decimal(10))
                for record in bench.venue.history[known:]:
                    for fact in desk.store.teller.facts(record, "stream"):
                        desk._account.feed(Heard(fact=fact))

        trading.passes.before.append(hook)

    found = bench.run(Seen, watch=fill_as_the_fifth_bar_comes).strategy.calls
    (done,) = [call for call in found if call[0] == "Completed"]
    assert done == ("Completed", WARM + 5, 96.0, 99.0)
