"""One strategy's observers and analyzers in a run: called where something happens, else settled."""

from __future__ import annotations

import sys
from typing import Any

import backtrader as bt
from backtrader.lineiterator import LineIterator

from atms.engine.explaining import Part
from atms.engine.timeline import Timeline
from atms.engine.watching import preconditions
from atms.engine.watching.equity import Accounts, Recorder, Setting
from atms.engine.watching.guarding import guard, items
from atms.engine.watching.judging import is_empty
from atms.engine.watching.roster import Roster
from atms.engine.watching.settling import (
    ACTING,
    ANALYZING,
    DONE,
    OBSERVING,
    TELLING,
    VALUING,
    Place,
    settle,
)


class Watching:
    """What stands in the loop for ``_notify``, ``_next_analyzers`` and ``_next_observers``.

    The first step is Backtrader's own: after it each analyzer and observer has its first values,
    and shows whether it can be settled for many steps at once. When somebody looks at
    ``strategy.stats`` or ``strategy.analyzers``, all are brought to where they are at that moment
    and called on each bar from there on.

    Args:
        strategy: started, before its first step.
        timeline: the steps; ``timeline.main.at`` is the present one.
        broker: the strategy's. With a method ``curve(first, last)`` it is asked afterwards; any
            other is looked at on each step.

    Attributes:
        every_bar: whether the two calls are needed on a step without orders and trades. It is to
            be read before ``notify`` and again before ``after``: a strategy's ``next`` may set it.
    """

    def __init__(self, strategy: Any, timeline: Timeline, broker: Any) -> None:
        self.every_bar = True
        self._strategy = strategy
        self._timeline = timeline
        self._broker = broker
        self._guard = guard(strategy)
        if self._guard is not None:
            self._guard.on_touch = self._looked_at
        self._why = preconditions.why_eager(strategy, self._guard)
        self._keep = bool(preconditions.why_called(strategy))
        self._recorder: Recorder | None = None
        if not preconditions.has_curve(broker):
            self._recorder, self._keep = Recorder(), True
            self._why = self._why or preconditions.why_not_noted(broker)
        self._roster: Roster | None = None  # None while Backtrader's own code does it all
        self._accounts: Accounts | None = None
        self._parts: list[Part] = []
        self._looked = ""  # why all are to be called from the next of our calls on
        self._leaving = False
        self._quick: bool = strategy.cerebro.p.quicknotify
        self._signals = type(strategy)._notify is bt.SignalStrategy._notify
        self._told = preconditions.wants_value(strategy)
        self._hears_orders = not is_empty(type(strategy).notify_order)
        self._step, self._phase, self._index = -1, DONE, 0
        self._handled = sys.exc_info()[1]

    def parts(self) -> list[Part]:
        """Return how each analyzer and observer was dealt with."""
        if self._accounts is not None and not self._why:
            return self._parts
        strategy = self._strategy
        analyzers = [*items(strategy.__dict__["analyzers"]), *strategy._slave_analyzers]
        named = [("analyzer", one) for one in analyzers]
        named += [("observer", one) for one in strategy._lineiterators[LineIterator.ObsType]]
        return [Part(kind, type(one).__name__, False, self._why) for kind, one in named]

    def notify(self) -> None:
        """Tell orders, trades, cash and value to those who do something with them."""
        roster = self._roster
        if roster is None:
            self._strategy._notify()
            return
        if self._looked:  # and the rest of that step was not ours
            self._leave(Place(self._step, DONE, 0))
        self._step, self._phase = self._timeline.main.at, TELLING
        to_check = (self._strategy._orderspending or self._keep) and not self._leaving
        if to_check and not preconditions.is_plain(self._broker):
            self.go_live("cash or value is no plain float")
        if self._signals:
            preconditions.quench(self._strategy)
        if not self._quick:
            self._tell(roster)
        if self.every_bar or self._told:
            self._index, self._phase = -1, VALUING
            self._tell_value(roster)
        self._phase = ACTING

    def _tell(self, roster: Roster) -> None:
        strategy = self._strategy
        if self._hears_orders or roster.orders or "notify_order" in strategy.__dict__:
            for order in strategy._orderspending:
                if order.exectype != order.Historical or order.histnotify:
                    strategy.notify_order(order)
                for take in roster.orders:
                    take(order)
        for trade in strategy._tradespending:
            strategy.notify_trade(trade)
            for take in roster.trades:
                take(trade)

    def _tell_value(self, roster: Roster) -> None:
        strategy, broker = self._strategy, self._broker
        cash, value = broker.getcash(), broker.getvalue()
        fundvalue, fundshares = broker.fundvalue, broker.fundshares
        if self._recorder is not None and not self._leaving:
            self._recorder.note(cash, value, fundvalue, fundshares)
        strategy.notify_cashvalue(cash, value)
        strategy.notify_fund(cash, value, fundvalue, fundshares)
        if not roster.calls:
            return
        for index, listener in enumerate(roster.analyzers):
            if listener.live:
                self._index = index
                listener.analyzer._notify_cashvalue(cash, value)
                listener.analyzer._notify_fund(cash, value, fundvalue, fundshares)

    def after(self, minperstatus: int) -> None:
        """Call the analyzers and observers that have something to do on this step.

        Args:
            minperstatus: bars that the strategy still waits for; 0 on the first of its ``next``.
        """
        roster, strategy = self._roster, self._strategy
        if roster is None:
            strategy._next_analyzers(minperstatus, once=True)
            strategy._next_observers(minperstatus, once=True)
            if self._accounts is None:
                self._begin()
            return
        if self._looked:
            self._leave(None)
        elif self._recorder is not None and not self._leaving:
            self._compare(self._recorder)
        busy = strategy._orderspending or strategy._tradespending
        if roster.calls or (busy and roster.on_orders):
            self._analyze(roster, minperstatus)
        if busy and not self._leaving:
            self._mark(roster)
        if roster.calls:
            self._observe(roster, minperstatus)
        self._step, self._phase = self._timeline.main.at, DONE
        if self._leaving:
            self._roster = None

    def _analyze(self, roster: Roster, minperstatus: int) -> None:
        self._phase = ANALYZING
        for index, listener in enumerate(roster.own):
            self._index = index
            if listener.live:
                _step(listener.analyzer, minperstatus)
            elif self._strategy._orderspending:
                for node in listener.verdict.on_orders:
                    node.next()

    def _mark(self, roster: Roster) -> None:
        orders, trades = self._strategy._orderspending, self._strategy._tradespending
        executed = [order for order in orders if order.executed.size]
        if executed or trades:
            for marks in roster.marks:
                marks.mark(self._step, executed, trades)

    def _observe(self, roster: Roster, minperstatus: int) -> None:
        self._index, self._phase = -1, OBSERVING
        for index, onlooker in enumerate(roster.observers):
            if onlooker.live:
                self._index = index
                self._call(onlooker.observer, minperstatus)

    def _call(self, observer: Any, minperstatus: int) -> None:
        for analyzer in observer._analyzers:
            _step(analyzer, minperstatus)
        if len(self._strategy) > len(observer):
            observer.forward()
        if minperstatus < 0:
            observer.next()
        elif minperstatus == 0:
            observer.nextstart()
        elif len(observer):
            observer.prenext()

    def _compare(self, recorder: Recorder) -> None:
        """Call all from here on if the account is no longer what it was after the broker's turn."""
        broker = self._broker
        now = broker.getcash(), broker.getvalue(), broker.fundvalue, broker.fundshares
        if now != recorder.last and now == now:
            self.go_live("the account was changed between two turns of the broker")

    def _begin(self) -> None:
        """Leave alone who can be, after the first step."""
        setting = Setting(self._strategy, self._timeline, self._broker)
        self._accounts = Accounts(setting, self._recorder)
        if self._why:
            self._release()
            return
        roster = Roster(setting, preconditions.why_written(self._strategy))
        if preconditions.holders(self._strategy, roster):
            self._why = "an analyzer or observer is kept by another"
            self._release()
            return
        if self._recorder is not None:
            broker = self._broker
            now = broker.getcash(), broker.getvalue(), broker.fundvalue, broker.fundshares
            self._recorder.note(*now)
        roster.leave_alone(self._timeline.steps)
        self._roster = roster
        self._parts = roster.parts()
        self.every_bar = self._keep or self._told or roster.calls
        self._step, self._phase = self._timeline.main.at, DONE

    def _looked_at(self) -> None:
        self.go_live("stats or analyzers was looked at")

    def go_live(self, why: str) -> None:
        """Bring all to where they are at this moment, and call them on each bar from here on.

        To be called before the account or a feed changes in a way that orders do not show: cash
        set or added, a price overwritten.

        Args:
            why: is shown by :meth:`parts`.
        """
        if self._leaving or self._looked or self._why:
            return
        self.every_bar = True
        if self._roster is None:
            self._why = why
            return
        place = self._place()
        settle(self._roster, self._settled(), place)
        step = len(self._strategy)
        self._parts = [
            part if not part.fast else Part(part.kind, part.name, False, f"{why} on bar {step}")
            for part in self._parts
        ]
        self._release()
        if place.step == self._timeline.main.at and place.step != self._step:
            self._step, self._phase, self._looked = place.step, ACTING, why
        else:
            self._leave(None)

    def _leave(self, place: Place | None) -> None:
        """Have all called from here on; those that have not seen *place* are brought there."""
        roster = self._roster
        assert roster is not None
        if place is not None:
            settle(roster, self._settled(), place)
        self._looked, self._leaving = "", True
        roster.call_all()

    def _settled(self) -> Accounts:
        assert self._accounts is not None
        return self._accounts

    def _place(self) -> Place:
        at, seen = self._timeline.main.at, len(self._strategy)
        if seen <= at:
            return Place(seen - 1, DONE, 0)
        return Place(at, self._phase if self._step == at else ACTING, self._index)

    def finish(self) -> None:
        """Leave everybody as Backtrader's loop would have left him here.

        To be called once the loop has ended: after a whole step, or while what a step raised is
        on its way.
        """
        roster, self._roster = self._roster, None
        if roster is not None and not self._leaving:
            if sys.exc_info()[1] is self._handled:  # else a step was broken off
                self._step, self._phase = self._timeline.main.at, DONE
            settle(roster, self._settled(), self._place())
        self._leaving = True
        self._release()

    def _release(self) -> None:
        if self._guard is not None:
            self._guard.on_touch = None
            self._guard.release()


def _step(analyzer: Any, minperstatus: int) -> None:
    if minperstatus < 0:
        analyzer._next()
    elif minperstatus == 0:
        analyzer._nextstart()
    else:
        analyzer._prenext()
