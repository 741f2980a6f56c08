"""A broker's run: light orders while nothing else can be seen, Backtrader's code otherwise."""

from __future__ import annotations

from typing import Any

from atms.engine.broker.account import Account
from atms.engine.broker.booking import booking_of, why_watchful
from atms.engine.broker.comm import is_valued
from atms.engine.broker.feeds import Feed, LiveFeed, why_not
from atms.engine.broker.light import make_stock_shared, record_of
from atms.engine.broker.matching import Matcher
from atms.engine.broker.positions import freeze, note, thaw
from atms.engine.broker.queue import Queue, follow
from atms.engine.broker.record import ACCEPTED, CREATED, NEVER, Record
from atms.engine.broker.settings import leave_alone, watch
from atms.engine.broker.state import State
from atms.engine.broker.worth import Curve, settle
from atms.engine.explaining import Part
from atms.engine.timeline import Ticker


class Lane:
    """One broker in one run.

    Whatever is not light, or is changed by hand, turns all orders into Backtrader's own, which
    then run on Backtrader's code until none is left.

    Args:
        broker: its class is a mirror of its own.
        timeline: of the run, whose datas are preloaded; None: bars come one by one.

    Attributes:
        light: whether orders are light now, and the broker may sleep.
        settled: the step whose end the broker's values are of.
        curve: cash and value over time.
        reasons: why orders were Backtrader's own at times; none: they never were.
    """

    def __init__(self, broker: Any, timeline: Any) -> None:
        cerebro = broker.cerebro
        early = cerebro.p.cheat_on_open or getattr(cerebro, "_timerscheat", None)
        self._ahead = timeline is not None and not early
        self._whole = timeline is not None
        self.main = timeline.main if self._ahead else Ticker()
        feeds: dict[int, Feed] = {}
        for data in cerebro.datas:
            if not why_not(data):
                feeds[id(data)] = Feed(data, timeline) if self._ahead else LiveFeed(data)
        self.state = state = State(broker, feeds, self.main, self.watch)
        self.d = state.d
        self._booking = booking_of(broker, timeline.stamps if self._whole else None)
        self._queue = Queue(state, self)
        self._account = Account(state, self._queue, self._booking)
        self._matcher = Matcher(state, self._queue, self._account)
        self.place, self.cancel = self._queue.place, self._queue.cancel
        self.settled = self.main.at
        self.curve = Curve(self.d["cash"])
        self.reasons: dict[str, None] = {}
        self._written = False
        self._watched: list[Any] = []
        self.watch(state.p)
        self.light = not self.why_stock()
        self.d["asleep_until"] = 0

    @property
    def inside(self) -> bool:
        """Whether this is the broker's turn."""
        return self.state.inside

    # ---- turns ------------------------------------------------------------------------------

    def next(self) -> None:
        """Take the broker's turn."""
        if not self._ahead:
            self.main.at += 1
        step = self.main.at
        if not self.light:
            self._stock_turn(step)
        elif step >= self.d["asleep_until"]:
            self.state.inside = True
            try:
                self._turn(step)
            finally:
                self.state.inside = False

    def _turn(self, step: int) -> None:
        """Do what Backtrader's broker does on a step, where it can be seen."""
        d = self.d
        waking, account = d["_toactivate"], self._account
        while waking:
            record = waking.popleft()._record
            record.active = True
            record.due = step
        if d["submitted"] and self.state.p.checksubmit:
            account.check()
        if account.opened:
            account.credit(step)
        d["cash"] -= 0.0  # no interest: a cash of integers becomes one of floats
        due = self._matcher.try_pending(step)
        d["asleep_until"] = step + 1 if waking else due
        if d["_cash_addition"]:
            self._add_cash(step)
        self.curve.keep(step, d["cash"])
        if not self._ahead:
            self._settle_turn(step)

    def _settle_turn(self, step: int) -> None:
        """Work out at once what cannot be worked out later."""
        d = self.d
        d["asleep_until"] = 0
        settle(self.state)
        self.settled = step
        for position in d["positions"].values():
            if position.__dict__["size"]:
                note(position.__dict__)
        if self._whole:
            self.curve.tell(step, d["_value"])

    def _add_cash(self, step: int) -> None:
        """Let the valuation book what was added."""
        self.settled = step
        if self._booking is not None:
            self.d["_in_round"] = True
        self.state.stock("_get_value")
        if self._booking is not None:
            self.d["_in_round"] = False

    def _stock_turn(self, step: int) -> None:
        d, state = self.d, self.state
        state.inside = True
        try:
            state.stock("next")
        finally:
            state.inside = False
        self.settled = step
        self.curve.keep(step, d["cash"])
        if self._whole:
            self.curve.tell(step, d["_value"])
        for data, position in d["positions"].items():
            feed = state.feeds.get(id(data))
            if feed is not None:
                feed.keep_changed(step, position.size, position.price)
        why = self.why_stock()
        if why:
            self.reasons[why] = None
        self.light = not why
        d["asleep_until"] = NEVER if self.light and self._ahead else 0
        if self.light:
            for data, position in d["positions"].items():
                freeze(position, step)
                if position.size and data not in d["d_credit"]:
                    self._account.open(data, step)  # the next turn books what this one did not

    # ---- what can be light ------------------------------------------------------------------

    def why_stock(self) -> str:
        """Return why the turns are Backtrader's; "" if orders can be light from here on."""
        d, state = self.d, self.state
        if d["pending"] or d["submitted"] or d["_toactivate"]:
            return "orders of Backtrader's own are on their way"
        if d["_cash_addition"]:
            return "cash is added"
        why = self._why_setting()
        if why:
            return why
        state.forget()
        state.slips = bool(state.p.slip_perc or state.p.slip_fixed)
        for data, position in d["positions"].items():
            if id(data) not in state.feeds:
                return f"a position in {data._name}: {why_not(data)}"
            info, why, _ = state.fit(data)
            if why and (position.size or not is_valued(info)):
                return why
        return ""

    def _why_setting(self) -> str:
        d, p = self.d, self.state.p
        if self._written:
            return "prices are written to, or lines moved by hand"
        if p.filler is not None:
            return "setting filler"
        if d["_userhist"] or d["_fundhist"]:
            return "a history of orders or funds"
        if not d["_fundshares"]:
            return "no fund shares"
        if self._booking is not None and (why := why_watchful(self.state.broker)):
            return f"setting {why}"
        return ""

    def why_heavy(self, data: Any) -> str:
        """Return why an order for *data* is Backtrader's own."""
        if not self.light:
            return "orders of Backtrader's own are on their way"
        if id(data) not in self.state.feeds:
            return f"{data._name}: {why_not(data) or 'is no feed of the run'}"
        return self.state.fit(data)[1] or "an order has unusual numbers, kind, time or parent"

    def parts(self) -> list[Part]:
        """Return whether all orders were light, and what made them Backtrader's own."""
        if not self.reasons:
            return [Part("orders", "", True)]
        return [Part("orders", "", False, why) for why in self.reasons]

    # ---- back to Backtrader -----------------------------------------------------------------

    def to_stock(self, why: str, record: Record | None = None) -> None:
        """Make all resting orders Backtrader's own, and *record*'s, and wake the broker.

        Args:
            why: for the explanation.
            record: of an order that somebody has changed; None: something else was.
        """
        if record is not None and record.stock:
            return
        resting = self._resting()
        if record is not None and all(one is not record.order for one in resting):
            make_stock_shared(record)
            if record.status != CREATED:
                return
        self.reasons[why] = None
        self._leave()
        self.d["_pchildren"].fill()
        for order in resting:
            make_stock_shared(order._record)

    def _resting(self) -> list[Any]:
        """Return every light order that is on its way, each once."""
        d = self.d
        every = [*d["submitted"], *d["pending"], *d["_toactivate"]]
        for group in d["_pchildren"].values():
            every.extend(group)
        found = {id(one): one for one in every if record_of(one) is not None}
        return list(found.values())

    def _leave(self) -> None:
        """Work out what is lazy, and let Backtrader's code take the next turn."""
        if self.light:
            self.settle()
            self._account.credit(self.main.at)
            self._account.opened.clear()
            self.light = False
            for position in self.d["positions"].values():
                thaw(position)
        self.d["asleep_until"] = 0

    def write(self) -> None:
        """Let prices be written to: what is worked out later would be of other prices."""
        self.to_stock("prices are written to, or lines moved by hand")
        self._written = True

    def end(self) -> None:
        """Leave everything as Backtrader would."""
        reasons = dict(self.reasons)
        self.to_stock("")
        self.reasons = reasons
        self.d["positions"].release()
        for params in self._watched:
            leave_alone(params, self)
        for feed in self.state.feeds.values():
            feed.release()

    # ---- what is read -----------------------------------------------------------------------

    def settle(self) -> None:
        """Work out the broker's values as of its last turn."""
        if self.light and not self.state.inside and self.settled < self.main.at:
            self.settled = self.main.at
            settle(self.state)

    def credit(self) -> None:
        """Book the interest of nothing as of the broker's last turn."""
        if self.light and not self.state.inside:
            self._account.credit(self.main.at)

    def follow(self, record: Record) -> None:
        """Bring what follows the closes up to the step that Backtrader has tried it on."""
        if record.status == ACCEPTED and not record.stock and not self.state.inside:
            follow(record, self.main.at)

    def watch(self, params: Any) -> None:
        """Be told of changes to the settings of the broker or of a commission info."""
        if all(one is not params for one in self._watched):
            self._watched.append(params)
            watch(params, self)
