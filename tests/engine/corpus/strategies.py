"""The strategy of a case: it does what its actor says, and writes down what it is told."""

from __future__ import annotations

import datetime
import functools
from typing import Any

import backtrader as bt

from tests.engine.corpus import actions, habits
from tests.engine.corpus.dice import Dice
from tests.engine.corpus.indicators import build


class Acting(bt.Strategy):
    """Hears nothing but next; mixins below let it hear more."""

    params = (("actor", None), ("log", None), ("number", 0))

    def __init__(self) -> None:
        actor = self.p.actor
        self.dice = Dice(f"{actor.seed} {self.p.number}")
        self.mine: list[Any] = []
        self.kept: list[float] = []
        self.p.log.meet(self)
        if "skips itself" in actor.habits:
            raise bt.errors.StrategySkipError
        self.inds = [build(node, self.datas) for node in actor.indicators]
        if self.p.number and self.inds:
            self.inds.append(bt.ind.SMA(self.data, period=2 + self.p.number))
        self.bar_habits = [habits.EVERY_BAR[h] for h in actor.habits if h in habits.EVERY_BAR]
        self.once_habits = [habits.ONCE[h] for h in actor.habits if h in habits.ONCE]
        if "sets a minimum" in actor.habits:
            self.addminperiod(7)
        if "own timers" in actor.habits:
            self.add_timer(when=datetime.time(11, 0), offset=datetime.timedelta(minutes=7))
            self.add_timer(bt.timer.SESSION_START, repeat=datetime.timedelta(hours=1), cheat=True)

    def start(self) -> None:
        """Note the start."""
        self.p.log.calls.append("<")
        if "replaces next" in self.p.actor.habits:
            self.next = self.turn

    def stop(self) -> None:
        """Note the stop."""
        self.p.log.note(self, "stop", self.p.log.show(self.broker.getvalue()))
        if "raises in stop" in self.p.actor.habits:
            raise RuntimeError("at the end")

    def keep(self, order: Any) -> None:
        """Remember an order, if one was made."""
        if order is not None:
            self.mine.append(order)

    def turn(self) -> None:
        """Look, read, write and act, as the actor does."""
        actor = self.p.actor
        if actor.look and len(self) % actor.look == 0:
            habits.look(self)
        for habit in self.bar_habits:
            habit(self)
        if len(self) == actor.at:
            for habit in self.once_habits:
                habit(self)
        if self.dice.random() < actor.rate:
            actions.act(self)

    def next(self) -> None:
        """Do a bar."""
        self.p.log.calls.append("n")
        self.turn()


# ---- what it may hear besides --------------------------------------------------------------------


class HearsOrders:
    """notify_order, written down in full."""

    def notify_order(self: Any, order: Any) -> None:
        """Note an order."""
        log = self.p.log
        log.calls.append("o")
        log.note(self, "order", log.show.order(order))
        log.orders.append(order)
        log.happened.add(f"{order.getordername()} {order.getstatusname()}")
        if "raises in notify" in self.p.actor.habits and order.status == order.Completed:
            raise KeyError("told too much")


class ActsOnOrders(HearsOrders):
    """A stop after each entry, made where the fill is heard."""

    def notify_order(self: Any, order: Any) -> None:
        """Note an order, and protect what it bought."""
        HearsOrders.notify_order(self, order)
        if order.status == order.Completed and order.isbuy() and order.exectype == order.Market:
            price = order.executed.price * 0.99
            self.keep(self.sell(data=order.data, size=1, exectype=order.Stop, price=price))


class HearsTrades:
    """notify_trade, written down in full."""

    def notify_trade(self: Any, trade: Any) -> None:
        """Note a trade."""
        self.p.log.calls.append("t")
        self.p.log.note(self, "trade", self.p.log.show.trade(trade))
        self.p.log.happened.add(f"trade {'closed' if trade.isclosed else 'opened'}")


class HearsCash:
    """notify_cashvalue on each bar."""

    def notify_cashvalue(self: Any, cash: float, value: float) -> None:
        """Note cash and value."""
        self.p.log.calls.append("c")
        self.p.log.note(self, "cash", f"{self.p.log.show(cash)} {self.p.log.show(value)}")


class HearsFund:
    """notify_fund on each bar."""

    def notify_fund(self: Any, *fund: float) -> None:
        """Note cash, value, the fund's value and shares."""
        self.p.log.calls.append("f")
        self.p.log.note(self, "fund", self.p.log.show(fund))


class HearsTimers:
    """notify_timer, and it acts there."""

    def notify_timer(self: Any, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
        """Note a timer."""
        self.p.log.calls.append("z")
        self.p.log.note(self, "timer", self.p.log.show((timer.p.tid, when, args, kwargs)))
        self.p.log.happened.add("timer rang")
        if self.dice.chance(0.2):
            actions.act(self)


class HearsFeeds:
    """notify_data and notify_store."""

    def notify_data(self: Any, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        """Note a feed's news."""
        self.p.log.calls.append("d")
        self.p.log.note(self, "data", self.p.log.show((data, status, args, kwargs)))
        self.p.log.happened.add("data told")

    def notify_store(self: Any, msg: str, *args: Any, **kwargs: Any) -> None:
        """Note a store's news."""
        self.p.log.calls.append("S")
        self.p.log.note(self, "store", self.p.log.show((msg, args, kwargs)))
        self.p.log.happened.add("store told")


class UsesPrenext:
    """Acts before its indicators have values."""

    def prenext(self: Any) -> None:
        """Do a bar."""
        self.p.log.calls.append("p")
        if all(len(data) for data in self.datas):
            self.turn()


class UsesNextstart:
    """A first bar of its own."""

    def nextstart(self: Any) -> None:
        """Buy, and do a bar."""
        self.p.log.calls.append("s")
        self.p.log.note(self, "nextstart", "")
        self.keep(self.buy())
        self.next()


class UsesOpen:
    """next_open: cheat on open."""

    def next_open(self: Any) -> None:
        """Act before the broker does."""
        self.p.log.calls.append("O")
        self.p.log.note(self, "open", self.p.log.show(self.data.open[0]))
        if self.dice.chance(0.15):
            actions.act(self)


class OwnLines:
    """Lines of the strategy's own."""

    lines = ("signal", "level")

    def next(self: Any) -> None:
        """Write them, then do a bar."""
        self.lines.signal[0] = self.data.close[0] - self.data.open[0]
        self.lines.level[0] = self.lines.level[-1] if len(self) % 3 else float(len(self))
        Acting.next(self)


class WrapsBuy:
    """Orders through methods of its own."""

    def buy(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Note that it buys, and buy."""
        self.p.log.calls.append("B")
        return bt.Strategy.buy(self, *args, **kwargs)

    def getposition(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Note that it is asked, and answer."""
        self.p.log.calls.append("P")
        return bt.Strategy.getposition(self, *args, **kwargs)


EARS: dict[str, type] = {
    "hears orders": HearsOrders,
    "acts on orders": ActsOnOrders,
    "hears trades": HearsTrades,
    "hears cash": HearsCash,
    "hears fund": HearsFund,
    "hears timers": HearsTimers,
    "hears feeds": HearsFeeds,
    "uses prenext": UsesPrenext,
    "uses nextstart": UsesNextstart,
    "uses open": UsesOpen,
    "own lines": OwnLines,
    "wraps buy": WrapsBuy,
}
OTHERS = (
    "skips itself", "replaces next", "sets a minimum", "own timers", "raises in stop",
    "raises in notify",
)  # fmt: skip
ALL_HABITS = (*habits.EVERY_BAR, *habits.ONCE, *EARS, *OTHERS)


@functools.cache
def strategy_class(names: tuple[str, ...]) -> type:
    """Return Acting with the ears that are among *names*."""
    ears = [ear for name, ear in EARS.items() if name in names]
    # Backtrader's metaclass collects lines from the body and from its own bases alone.
    body: dict[str, Any] = {"__module__": __name__, "__doc__": Acting.__doc__}
    for ear in ears:
        body.update({name: value for name, value in vars(ear).items() if name[0] != "_"})
    if not ears:
        return Acting
    return type(Acting)("Acting", (Acting,), body)


class RecordingSignals(bt.SignalStrategy):
    """Backtrader's strategy for signals, which writes down what it is told."""

    params = (("log", None),)

    def __init__(self) -> None:
        self.p.log.meet(self)

    def notify_order(self, order: Any) -> None:
        """Note an order."""
        self.p.log.note(self, "order", self.p.log.show.order(order))
        super().notify_order(order)

    def notify_trade(self, trade: Any) -> None:
        """Note a trade."""
        self.p.log.note(self, "trade", self.p.log.show.trade(trade))
