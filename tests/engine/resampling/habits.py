"""Strategies over several feeds, made from a seed."""

from __future__ import annotations

import datetime
import random
from typing import Any

import backtrader as bt

from tests.engine.resampling.runs import bits

KINDS = (
    lambda data: bt.ind.SMA(data, period=5),
    lambda data: bt.ind.EMA(data, period=3),
    lambda data: bt.ind.RSI(data, period=4),
    lambda data: bt.ind.MACD(data, period_me1=3, period_me2=6, period_signal=2),
    lambda data: bt.ind.BollingerBands(data, period=4),
    lambda data: bt.ind.ATR(data, period=3),
    lambda data: bt.ind.Highest(data.high, period=4),
    lambda data: bt.ind.CrossOver(data.close, bt.ind.SMA(data, period=3)),
    lambda data: bt.ind.Momentum(data, period=2),
    lambda data: data.close - data.open,
    lambda data: data.close(-2),
    lambda data: bt.ind.Stochastic(data, period=4),
)


class Habits(bt.Strategy):
    """Looks at lines in many ways, trades at random, and notes what it sees and is told.

    Params:
        seed: what it does.
        stop: the call on which it stops the run; 0: none.
        fail: the call on which it raises; 0: none.
        write: whether it writes to lines.
        hand: the call on which it moves a line by hand; 0: none.
        array: the call on which it asks for a line's array; 0: none.
        timed: whether timers call it.
        mixed: whether it has indicators that move with several feeds, or keep a state.
        looks: the call on which it looks at its observers and analyzers; 0: none.
    """

    params = {
        **dict.fromkeys(("seed", "stop", "fail", "hand", "array", "looks"), 0),
        "write": False,
        "timed": False,
        "mixed": False,
    }

    def __init__(self) -> None:
        self.dice = random.Random(self.p.seed)
        self.said: list[Any] = []
        self.calls = 0
        self.made: list[Any] = []
        if self.p.mixed:
            other = self.dice.choice(self.datas)
            self.made.append(self.data.close - other.close())
            self.made.append(other.high - self.data.low)
            self.made.append(bt.ind.ParabolicSAR(other))
            self.add_timer(bt.timer.SESSION_START, cheat=self.dice.random() < 0.5)
            every = datetime.timedelta(minutes=7)
            self.add_timer(datetime.time(10, 0), repeat=every, cheat=self.dice.random() < 0.5)
        for data in self.datas:
            for _ in range(self.dice.randrange(3)):
                self.made.append(self.dice.choice(KINDS)(data))

    def prenext(self) -> None:
        self.look("prenext")

    def nextstart(self) -> None:
        self.look("nextstart")

    def next(self) -> None:
        self.look("next")
        if self.dice.random() < 0.1:
            self.trade()

    def next_open(self) -> None:
        """Note what is to be seen, and trade."""
        self.said.append(("open", [self.at(one, 0) for one in (*self.datas, *self.made)]))
        if self.dice.random() < 0.05:
            self.trade()

    def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
        self.said.append(("timer", str(when), [self.at(one, 0) for one in self.made]))

    def look(self, name: str) -> None:
        """Note what is to be seen."""
        self.calls += 1
        seen: list[Any] = [name, len(self), bits(self.lines.datetime[0])]
        for one in (*self.datas, *self.made):
            seen.append(len(one))
            for ago in (0, -1, 1, -len(one), -len(one) - 1):
                seen.append(self.at(one, ago))
        if self.dice.random() < 0.2:
            data = self.dice.choice(self.datas)
            seen.append([bits(value) for value in data.close.get(size=3)])
            seen.append((data.buflen(), data.close.buflen()))
            seen.append(str(data.datetime.datetime(0)) if len(data) else "")
            seen.append(repr(getattr(data, "tick_close", "none")))
        self.said.append(seen)
        self.act()

    def at(self, line: Any, ago: int) -> Any:
        """Return a value's bits, or what looking at it raises."""
        try:
            return bits(line[ago])
        except IndexError as error:
            return str(error)

    def act(self) -> None:
        """Do what the seed says on this call."""
        if self.p.write and self.dice.random() < 0.1:
            data = self.dice.choice(self.datas)
            if len(data):
                data.close[0] = data.close[0] + 1.0
        if self.calls == self.p.hand:
            self.data.rewind()
            self.data.advance()
        if self.calls == self.p.array:
            self.said.append(len(self.data.array))
        if self.calls == self.p.looks:
            self.said.append([repr(one.get_analysis()) for one in self.analyzers])
            observers = [one for one in self.stats if not isinstance(one, list) and len(one)]
            self.said.append([[bits(line[0]) for line in one.lines] for one in observers])
        if self.calls == self.p.stop:
            self.env.runstop()
        if self.calls == self.p.fail:
            raise ValueError("on purpose")

    def trade(self) -> None:
        """Send an order, or cancel one."""
        data = self.dice.choice(self.datas)
        if not len(data):
            return
        kind = self.dice.randrange(4)
        side = self.dice.choice([self.buy, self.sell])
        if kind == 0:
            side(data=data)
        elif kind == 1:
            side(data=data, exectype=bt.Order.Limit, price=data.close[0] * 0.999)
        elif kind == 2:
            side(data=data, exectype=bt.Order.Stop, price=data.close[0] * 1.001)
        else:
            self.close(data=data)

    def notify_order(self, order: Any) -> None:
        filled = order.executed
        self.said.append((order.status, repr(filled.price), repr(filled.size), repr(filled.dt)))

    def notify_trade(self, trade: Any) -> None:
        self.said.append((trade.status, repr(trade.pnl), repr(trade.pnlcomm), trade.barlen))


ANALYZERS = (
    bt.analyzers.Calmar,
    bt.analyzers.DrawDown,
    bt.analyzers.PeriodStats,
    bt.analyzers.Returns,
    bt.analyzers.SharpeRatio,
    bt.analyzers.SharpeRatio_A,
    bt.analyzers.SQN,
    bt.analyzers.TimeDrawDown,
    bt.analyzers.TimeReturn,
    bt.analyzers.TradeAnalyzer,
    bt.analyzers.Transactions,
    bt.analyzers.VWR,
    bt.analyzers.PositionsValue,
)
OBSERVERS = (
    bt.observers.DrawDown,
    bt.observers.DrawDownLength,
    bt.observers.TimeReturn,
    bt.observers.FundValue,
    bt.observers.Cash,
    bt.observers.Value,
)


def add_watchers(cerebro: Any, dice: random.Random) -> None:
    """Add analyzers and observers, or none."""
    if dice.random() < 0.5:
        for kind in dice.sample(ANALYZERS, dice.randrange(1, 5)):
            cerebro.addanalyzer(kind)
    if dice.random() < 0.3:
        cerebro.addobserver(dice.choice(OBSERVERS))
