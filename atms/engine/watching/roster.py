"""Who watches a strategy: its analyzers and observers, and what each of them has to be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt
from backtrader import analyzers
from backtrader.lineiterator import LineIterator

from atms.engine.explaining import Part
from atms.engine.watching import judging, lines, observers, trading
from atms.engine.watching.equity import Accounts, Setting
from atms.engine.watching.guarding import items
from atms.engine.watching.holdings import Holdings
from atms.engine.watching.marks import Sparse
from atms.engine.watching.solvency import Solvency

_ACCEPTED = bt.Order.Accepted  # up to this nothing was executed, if the broker is Backtrader's
Taker = Callable[[Any], None]


def step(analyzer: Any, minperstatus: int) -> None:
    """Let an analyzer see the present step, as Backtrader does."""
    if minperstatus < 0:
        analyzer._next()
    elif minperstatus == 0:
        analyzer._nextstart()
    else:
        analyzer._prenext()


class Listener:
    """An analyzer, with those below it.

    Args:
        analyzer: after its first bar.
        verdict: what is to be done with it.

    Attributes:
        live: whether it is called on each bar.
        done: how many steps it has seen.
    """

    def __init__(self, analyzer: Any, verdict: judging.Verdict) -> None:
        self.analyzer = analyzer
        self.verdict = verdict
        self.live = bool(verdict.why)
        self.done = 0

    def settle(self, accounts: Accounts, upto: int) -> None:
        """Leave it as it is after *upto* steps."""
        if upto > self.done:
            for node, recipe in self.verdict.recipes:
                recipe.settle(node, accounts.span(self.done, upto))
        self.done = upto

    def call(self, minperstatus: int) -> None:
        """Let it see the present step."""
        step(self.analyzer, minperstatus)

    def order_taker(self) -> Taker | None:
        """Return what an order is told to; None if it would do nothing with it."""
        if not self.live and judging.is_deaf(self.analyzer, "_notify_order"):
            return None
        taker: Taker = self.analyzer._notify_order
        return taker

    def trade_taker(self) -> Taker | None:
        """Return what a trade is told to; None if it would do nothing with it."""
        analyzer = self.analyzer
        if not self.live and judging.is_deaf(analyzer, "_notify_trade"):
            return None
        known = (analyzers.TradeAnalyzer,)
        if not self.live and judging.is_stock(analyzer) and not analyzer._children:
            own: Taker = analyzer.notify_trade
            return trading.taker(analyzer) if judging.base_in(type(analyzer), known) else own
        taker: Taker = analyzer._notify_trade
        return taker


class Onlooker:
    """An observer.

    Args:
        observer: after its first bar.
        slaves: the analyzers that observers have made.
        why: why it has to be called on each bar whatever it is; "" if it is to be judged.

    Attributes:
        live: whether it is called on each bar.
        why: why it is.
        done: how many steps it has seen.
    """

    def __init__(self, observer: Any, slaves: list[Any], why: str) -> None:
        self.observer = observer
        self.picture = None if why else judging.picture_of(observer, slaves)
        self.make_marks = None if why else judging.marks_of(observer)
        self.marks: Sparse | None = None
        self.live = self.picture is None and self.make_marks is None
        self.why = why or ("called on each bar" if self.live else "")
        self.done = 0

    def rest(self, done: int, steps: int) -> None:
        """Leave it alone if it can be, after *done* of *steps*."""
        self.live, self.done = bool(self.why), done
        if self.make_marks is not None:
            home = lines.home(self.observer)
            lines.grow(self.observer, steps - done)
            self.marks = self.make_marks(self.observer, home)

    def call(self, minperstatus: int) -> None:
        """Let it and its analyzers see the present step, as Backtrader does."""
        observer = self.observer
        for analyzer in observer._analyzers:
            step(analyzer, minperstatus)
        if len(observer._owner) > len(observer):
            observer.forward()
        if minperstatus < 0:
            observer.next()
        elif minperstatus == 0:
            observer.nextstart()
        elif len(observer):
            observer.prenext()

    def settle(self, accounts: Accounts, upto: int) -> None:
        """Leave it as it is after *upto* steps; its analyzers still are as they were before."""
        if self.marks is not None:
            self.marks.settle(upto)
        elif self.picture is not None and upto > self.done:
            span = accounts.span(self.done, upto)
            observers.settle(self.picture.columns, self.observer, span)
        self.done = upto

    def needed(self) -> tuple[Any, ...]:
        """Return the analyzers that it made for itself."""
        return tuple(self.observer._analyzers)


class Roster:
    """All who watch one strategy, in Backtrader's order.

    Args:
        setting: of the run, after its first step.
        eager: why observers have to be called on each bar whatever they are; "" if not.

    Attributes:
        analyzers: the strategy's; behind them those that observers made, as in a notification.
        observers: the strategy's.
        calls: whether anybody is called on each bar.
        fragile: those left alone that take logarithms of the account.
        orders: what takes an order, in order.
        trades: what takes a trade, in order.
        marks: what shows an order or trade on its bar.
        holdings: what notes the positions where an order was executed; None: nobody asks.
        on_orders: whether there are analyzers whose ``next`` is called on bars with orders.
    """

    def __init__(self, setting: Setting, eager: str) -> None:
        strategy, self._setting = setting.strategy, setting
        self._unsure = not hasattr(type(setting.broker), "lane_begin")
        slaves = strategy._slave_analyzers
        seen = strategy._lineiterators[LineIterator.ObsType]
        self.observers = [Onlooker(observer, slaves, eager) for observer in seen]
        self._own = len(items(strategy.__dict__["analyzers"]))
        each = [*items(strategy.__dict__["analyzers"]), *slaves]
        self.analyzers = [Listener(one, judging.judge(one, setting)) for one in each]
        self._tie()
        self.calls = False
        self.fragile: list[Listener] = []
        self.solvency = Solvency(setting)
        self.orders: list[Taker] = []
        self.trades: list[Taker] = []
        self.marks: list[Sparse] = []
        self.holdings: Holdings | None = None
        self.on_orders = any(one.verdict.on_orders for one in self.analyzers)

    def rest(self, done: int) -> None:
        """Leave alone whoever can be, after *done* steps on which all were called."""
        for listener in self.analyzers:
            listener.live, listener.done = bool(listener.verdict.why), done
        for onlooker in self.observers:
            onlooker.rest(done, self._setting.timeline.steps)
        if any(isinstance(one, analyzers.PositionsValue) for one in self.left_alone()):
            self._setting.holdings = self.holdings = Holdings(self._setting, done - 1)
        self.fragile = [one for one in self.analyzers if not one.live and _takes_logarithms(one)]
        self.calls = any(one.live for one in self.analyzers)
        self.calls |= any(one.live for one in self.observers)
        self.orders = _takers(one.order_taker() for one in self.analyzers)
        self.trades = _takers(one.trade_taker() for one in self.analyzers)
        self.marks = [one.marks for one in self.observers if one.marks is not None]

    def tell(self, strategy: Any, hears_orders: bool) -> None:
        """Tell the strategy and its analyzers the orders and trades of this step."""
        if hears_orders or self.orders or "notify_order" in strategy.__dict__:
            for order in strategy._orderspending:
                if order.exectype != order.Historical or order.histnotify:
                    strategy.notify_order(order)
                for take in self.orders:
                    take(order)
        for trade in strategy._tradespending:
            strategy.notify_trade(trade)
            for take in self.trades:
                take(trade)

    def mark(self, at: int, orders: list[Any], trades: list[Any]) -> None:
        """Show the orders and trades that were told at step *at*."""
        if not self.marks and self.holdings is None:
            return
        if self._unsure:
            executed = [order for order in orders if order.executed.size]
        else:  # an order in the lane makes what is asked for, and that is slow
            executed = [one for one in orders if one.status > _ACCEPTED and one.executed.size]
        if executed or trades:
            if self.holdings is not None:
                self.holdings.note(at)
            for marks in self.marks:
                marks.mark(at, executed, trades)

    def _tie(self) -> None:
        """Have observers and their analyzers called on each bar if one of the two is."""
        slaves = self.analyzers[self._own :]
        owned = [node for one in self.observers if not one.live for node in one.needed()]
        for listener in slaves:
            if not listener.live and not any(listener.analyzer is node for node in owned):
                listener.live = True
                listener.verdict = judging.Verdict("made by an observer that is called on each bar")
        live = [one.analyzer for one in slaves if one.live]
        again = False
        for onlooker in self.observers:
            if not onlooker.live and any(a is b for a in live for b in onlooker.needed()):
                onlooker.live, onlooker.why = True, "its analyzer is called on each bar"
                onlooker.picture = onlooker.make_marks = None
                again = True
        if again:
            self._tie()

    @property
    def own(self) -> list[Listener]:
        """Return the strategy's analyzers without those that observers made."""
        return self.analyzers[: self._own]

    def left_alone(self) -> list[Any]:
        """Return the analyzers and observers that are settled, or called on some bars only."""
        found = [
            node
            for one in self.analyzers
            if not one.live and (one.verdict.recipes or one.verdict.on_orders)
            for node in judging.tree(one.analyzer)
        ]
        return found + [one.observer for one in self.observers if not one.live]

    def call_fragile(self, accounts: Accounts, upto: int) -> None:
        """Have those that take logarithms called on each bar after *upto* steps."""
        for listener in self.fragile:
            listener.settle(accounts, upto)
            listener.live = self.calls = True
            listener.verdict = judging.Verdict(f"the account may fall to nothing on bar {upto + 1}")
        self.fragile = []

    def call_all(self) -> None:
        """Have all called on each bar."""
        for listener in self.analyzers:
            listener.live = True
        for onlooker in self.observers:
            onlooker.live = True
        self.calls = True

    def parts(self) -> list[Part]:
        """Return how each of them is dealt with."""
        return [_analyzer_part(one) for one in self.analyzers] + [
            Part("observer", type(one.observer).__name__, not one.live, one.why)
            for one in self.observers
        ]


def _takes_logarithms(listener: Listener) -> bool:
    for node in judging.tree(listener.analyzer):
        if isinstance(node, analyzers.LogReturnsRolling) and node.p.data is None:
            return True
        if isinstance(node, analyzers.Calmar):
            return True
    return False


def _takers(found: Any) -> list[Taker]:
    return [taker for taker in found if taker is not None]


def _analyzer_part(listener: Listener) -> Part:
    name = type(listener.analyzer).__name__
    return Part("analyzer", name, not listener.live, listener.verdict.why)
