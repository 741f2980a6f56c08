"""Who watches a strategy: its analyzers and observers, and what each of them has to be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backtrader import analyzers
from backtrader.lineiterator import LineIterator

from atms.engine.explaining import Part
from atms.engine.watching import judging, lines, observers, trading
from atms.engine.watching.equity import Accounts, Setting
from atms.engine.watching.guarding import items
from atms.engine.watching.marks import Sparse

Taker = Callable[[Any], None]


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
        self.done = 1

    def settle(self, accounts: Accounts, upto: int) -> None:
        """Leave it as it is after *upto* steps."""
        if upto > self.done:
            for node, recipe in self.verdict.recipes:
                recipe.settle(node, accounts.span(self.done, upto))
        self.done = upto

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
        self.done = 1

    def spare(self, steps: int) -> None:
        """Make room for all *steps* of a run, if it is called only on some."""
        if self.make_marks is not None:
            home = lines.home(self.observer)
            lines.grow(self.observer, steps - len(self.observer))
            self.marks = self.make_marks(self.observer, home)

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
        orders: what takes an order, in order.
        trades: what takes a trade, in order.
        marks: what shows an order or trade on its bar.
        on_orders: whether there are analyzers whose ``next`` is called on bars with orders.
    """

    def __init__(self, setting: Setting, eager: str) -> None:
        strategy = setting.strategy
        slaves = strategy._slave_analyzers
        seen = strategy._lineiterators[LineIterator.ObsType]
        self.observers = [Onlooker(observer, slaves, eager) for observer in seen]
        self._own = len(items(strategy.__dict__["analyzers"]))
        each = [*items(strategy.__dict__["analyzers"]), *slaves]
        self.analyzers = [Listener(one, judging.judge(one, setting)) for one in each]
        self._tie()
        self.calls = any(one.live for one in self.analyzers)
        self.calls |= any(one.live for one in self.observers)
        self.orders: list[Taker] = []
        self.trades: list[Taker] = []
        self.marks: list[Sparse] = []
        self.on_orders = any(one.verdict.on_orders for one in self.analyzers)

    def leave_alone(self, steps: int) -> None:
        """Prepare for a run of *steps* in which most are not called on each."""
        for onlooker in self.observers:
            onlooker.spare(steps)
        self.orders = _takers(one.order_taker() for one in self.analyzers)
        self.trades = _takers(one.trade_taker() for one in self.analyzers)
        self.marks = [one.marks for one in self.observers if one.marks is not None]

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

    def called(self) -> list[Any]:
        """Return the user's own analyzers and observers, children included."""
        found = [node for one in self.analyzers for node in judging.tree(one.analyzer)]
        found += [one.observer for one in self.observers if one.live]
        return [one for one in found if not type(one).__module__.startswith("backtrader.")]

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


def _takers(found: Any) -> list[Taker]:
    return [taker for taker in found if taker is not None]


def _analyzer_part(listener: Listener) -> Part:
    name = type(listener.analyzer).__name__
    return Part("analyzer", name, not listener.live, listener.verdict.why)
