"""One strategy's observers and analyzers: called where something happens, else settled."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import backtrader as bt

from atms.engine.explaining import Part
from atms.engine.timeline import Timeline
from atms.engine.watching import preconditions, years
from atms.engine.watching.changes import CashChanges
from atms.engine.watching.equity import Accounts, Recorder, Setting
from atms.engine.watching.guarding import each_node, guard
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

_MOST_PAUSES = 200


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
        if not preconditions.has_curve(strategy):
            self._recorder, self._keep = Recorder(), True
            self._why = self._why or preconditions.why_not_noted(broker)
        self._roster: Roster | None = None  # None while Backtrader's own code does it all
        self._accounts: Accounts | None = None
        self._parts: list[Part] = []
        self._live = False  # all are called on each bar though they need not be
        self._until: int | None = None  # to the end of this step; None: for good
        self._looked = False  # somebody looked in ``next``, on a step without a call of ours
        self._pauses = 0
        self._not_before = 0
        self._signals = type(strategy)._notify is bt.SignalStrategy._notify
        self._told = preconditions.wants_value(strategy)
        self._hears_orders = not is_empty(type(strategy).notify_order)
        self._step, self._phase, self._index = -1, DONE, 0
        self._handled = sys.exc_info()[1]
        self._changes = CashChanges(broker, self.pause) if self._recorder is None else None

    def parts(self) -> list[Part]:
        """Return how each analyzer and observer was dealt with."""
        if self._accounts is not None and not self._why:
            return self._parts
        return preconditions.parts_of_stock(self._strategy, self._why)

    def notify(self) -> None:
        """Tell orders, trades, cash and value to those who do something with them."""
        roster = self._roster
        if roster is None:
            self._strategy._notify()
            return
        if self._looked:  # and the rest of that step was not ours
            settle(roster, self._settled(), Place(self._step, DONE, 0))
            self._call_all(roster)
        self._step, self._phase = self._timeline.main.at, TELLING
        if (self._strategy._orderspending or self._keep) and not self._live:
            self._shield(roster, self._step)
            if type(self._broker.getcash()) is not float:  # numpy's numbers show in a ``repr``
                self.go_live("cash or value is no plain float")
        if self._signals:
            preconditions.quench(self._strategy)
        if not self._strategy.cerebro.p.quicknotify:
            roster.tell(self._strategy, self._hears_orders)
        if self.every_bar or self._told:
            self._index, self._phase = -1, VALUING
            self._tell_value(roster)
        self._phase = ACTING

    def _tell_value(self, roster: Roster) -> None:
        strategy, broker = self._strategy, self._broker
        cash, value = broker.getcash(), broker.getvalue()
        fundvalue, fundshares = broker.fundvalue, broker.fundshares
        if self._recorder is not None:
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
            if self._accounts is None and self._timeline.main.at >= self._not_before:
                self._begin()
            return
        if self._looked:
            self._call_all(roster)
        elif self._recorder is not None and not self._live:
            self._compare(self._recorder)
        busy = strategy._orderspending or strategy._tradespending
        if roster.calls or (busy and roster.on_orders):
            self._analyze(roster, minperstatus)
        if busy and not self._live:
            roster.mark(self._step, strategy._orderspending, strategy._tradespending)
        if roster.calls:
            self._observe(roster, minperstatus)
        self._step, self._phase = self._timeline.main.at, DONE
        if self._live:
            self._rest(roster)

    def _rest(self, roster: Roster) -> None:
        """Go on with Backtrader's own code, or leave them alone again."""
        if self._until is None:
            self._roster = None
        elif self._step >= self._until:
            roster.rest(self._step + 1)
            self._settled().begin()
            self._live = False
            self.every_bar = self._keep or self._told or roster.calls
            self._shield(roster, self._step + 1)

    def _shield(self, roster: Roster, upto: int) -> None:
        """Call those whom the account could make raise on each bar, if it can from here on."""
        if roster.fragile and not roster.solvency.lasts():
            roster.call_fragile(self._settled(), upto)
            self._parts = roster.parts()
            self.every_bar = True

    def _analyze(self, roster: Roster, minperstatus: int) -> None:
        self._phase = ANALYZING
        for index, listener in enumerate(roster.own):
            self._index = index
            if listener.live:
                listener.call(minperstatus)
            elif self._strategy._orderspending:
                for node in listener.verdict.on_orders:
                    node.next()

    def _observe(self, roster: Roster, minperstatus: int) -> None:
        self._index, self._phase = -1, OBSERVING
        for index, onlooker in enumerate(roster.observers):
            if onlooker.live:
                self._index = index
                onlooker.call(minperstatus)

    def _compare(self, recorder: Recorder) -> None:
        """Have all called for now if the account is not what it was after the broker's turn."""
        broker = self._broker
        now = broker.getcash(), broker.getvalue(), broker.fundvalue, broker.fundshares
        if broker.__dict__.get("_cash_addition") or (now != recorder.last and now == now):
            self.pause()

    def _begin(self) -> None:
        """Leave alone who can be, after the first step."""
        at = self._timeline.main.at
        setting = Setting(self._strategy, self._timeline, self._broker)
        self._accounts = Accounts(setting, self._recorder)
        roster = Roster(setting, preconditions.why_written(self._strategy))
        if not self._why and preconditions.is_one_kept(self._strategy, roster):
            self._why = "an analyzer or observer is kept by another"
        if self._why:
            self._release()
            return
        if self._recorder is not None:
            self._recorder.begin(self._broker, at + 1)
        roster.rest(at + 1)
        self._roster = roster
        self._parts = roster.parts()
        self.every_bar = self._keep or self._told or roster.calls
        self._step, self._phase = at, DONE

    def _looked_at(self) -> None:
        self.go_live("stats or analyzers was looked at")

    def go_live(self, why: str) -> None:
        """Bring all to where they are at this moment, and call them on each bar from here on.

        Args:
            why: is shown by :meth:`parts`.
        """
        if self._why or (self._live and self._until is None):
            return
        self.every_bar, self._until = True, None
        if self._roster is None:
            self._why = why
            return
        self._stir(self._roster)
        why = f"{why} on bar {len(self._strategy)}"
        self._parts = [
            part if part.why else replace(part, fast=False, why=why) for part in self._parts
        ]
        self._release()

    def pause(self) -> None:
        """Bring all to where they are at this moment, and call them to the end of the next step.

        To be called before the account or a feed changes in a way that orders do not show: cash
        set or added, a price overwritten. Who does that all the time has all called for good.
        """
        until = self._timeline.main.at + 1
        self._pauses += 1
        if self._pauses > _MOST_PAUSES:
            self.go_live("the account is changed again and again")
        elif self._roster is None:
            self._not_before = until
        elif self._until is not None or not (self._live or self._looked):
            self.every_bar, self._until = True, until
            self._stir(self._roster)

    def _stir(self, roster: Roster) -> None:
        """Settle all, and have them called."""
        if self._live or self._looked:
            return
        place = self._place()
        settle(roster, self._settled(), place)
        if place.step == self._timeline.main.at and place.step != self._step:
            self._step, self._phase, self._looked = place.step, ACTING, True
        else:
            self._call_all(roster)

    def _call_all(self, roster: Roster) -> None:
        self._looked, self._live = False, True
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
        broken = sys.exc_info()[1] is not self._handled
        if roster is not None and not self._live:
            if not broken:
                self._step, self._phase = self._timeline.main.at, DONE
            settle(roster, self._settled(), self._place())
        if not broken and self._guard is not None:
            each_node(self._strategy, years.hasten)
        self._live, self._until = True, None
        self._release()

    def _release(self) -> None:
        if self._changes is not None:
            self._changes.end()
        if self._guard is not None:
            self._guard.on_touch = None
            self._guard.release()
