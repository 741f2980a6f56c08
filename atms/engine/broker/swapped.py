"""The class that a broker has while its orders run in the lane."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

import backtrader as bt

from atms.engine.broker.booking import booking_of, why_watchful
from atms.engine.broker.comm import is_valued
from atms.engine.broker.feeds import Feed, why_not
from atms.engine.broker.lane import Lane
from atms.engine.broker.positions import Children, Positions, freeze, thaw
from atms.engine.broker.record import NEVER
from atms.engine.broker.worth import Curve, settle
from atms.engine.explaining import Part
from atms.engine.swapping import Body, Mirrors
from atms.simulation import SimulatedBroker

_BACK = bt.brokers.BackBroker
_VALUES = (
    "_value", "_valuemkt", "_valuelever", "_valuemktlever", "_leverage", "_unrealized", "_fundval",
)  # fmt: skip
# Methods of Backtrader's that the lane stands for, or on whose effects it relies.
_RELIED_ON = (
    "next", "buy", "sell", "cancel", "submit", "transmit", "check_submitted", "submit_accept",
    "notify", "_execute", "_try_exec", "_try_exec_market", "_try_exec_close", "_try_exec_limit",
    "_try_exec_stop", "_try_exec_stoplimit", "_slip_up", "_slip_down", "_bracketize", "_ococheck",
    "_ocoize", "_take_children", "_get_value", "get_value", "getcommissioninfo", "getposition",
    "add_cash", "set_cash", "setcash", "get_cash", "getcash", "getvalue", "get_notification",
    "_process_order_history", "_process_fund_history", "__setattr__", "__getattribute__",
)  # fmt: skip


class BrokerLane(Lane):
    """A lane, and when the broker is woken."""

    def __init__(self, broker: Any, timeline: Any) -> None:
        datas = broker.cerebro.datas
        feeds = {id(data): Feed(data, timeline) for data in datas if not why_not(data)}
        super().__init__(broker, feeds, timeline.main)
        cerebro = broker.cerebro
        cheats = cerebro.p.cheat_on_open or getattr(cerebro, "_timerscheat", None)
        self.eager = bool(cheats)
        self.booking = booking_of(broker, timeline.stamps)
        self.written = False
        self.d["asleep_until"] = 0
        self._watched: list[Any] = []
        self.curve = Curve(self.d["cash"])
        self.watch(self.p)
        for data, position in self.d["positions"].items():
            self.d["positions"].watch(data, position)
        self.light = self._can_be_light()

    # ---- what the broker's class calls ------------------------------------------------------

    def next(self) -> None:
        """Take the broker's turn."""
        step, d = self.main.at, self.d
        if self.light:
            if step < d["asleep_until"]:
                return
            self.inside = True
            try:
                self.turn()
                if d["_cash_addition"]:
                    self.settled = step
                    if self.booking is not None:
                        d["_in_round"] = True
                    self.stock("_get_value")
                    if self.booking is not None:
                        d["_in_round"] = False
            finally:
                self.inside = False
            self.curve.keep(step, self.d["cash"])
            return
        self._stock_turn(step)

    def _stock_turn(self, step: int) -> None:
        d = self.d
        self.inside = True
        try:
            self.stock("next")
        finally:
            self.inside = False
        self.settled = step
        self.curve.keep(step, d["cash"])
        self.curve.tell(step, d["_value"])
        for data, position in d["positions"].items():
            feed = self.feeds.get(id(data))
            if feed is not None and (
                feed.sizes[-1] is not position.size or feed.prices[-1] is not position.price
            ):
                feed.keep(step, position.size, position.price)
        if self._can_be_light():
            self.light = True
            for position in d["positions"].values():
                freeze(position, step)
            d["asleep_until"] = NEVER
        else:
            d["asleep_until"] = 0

    def stock(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call what the broker's own class says."""
        return getattr(type(self.broker).__mro__[1], name)(self.broker, *args, **kwargs)

    def _can_be_light(self) -> bool:
        """Return whether nothing but light orders can move the account from here on."""
        d, p = self.d, self.p
        if d["pending"] or d["submitted"] or d["_toactivate"] or d["_cash_addition"]:
            return False
        if self.booking is not None and why_watchful(self.broker):
            return False
        if self.eager or self.written or p.filler is not None or p.coc or p.coo:
            return False
        if d["_userhist"] or d["_fundhist"] or not d["_fundshares"]:
            return False
        self.slips = bool(p.slip_perc or p.slip_fixed)
        for data, position in d["positions"].items():
            if id(data) not in self.feeds:
                return False
            info, sleeps, _ = self.fit(data)
            if not sleeps and (position.size or not is_valued(info)):
                return False
        return True

    def leave(self) -> None:
        """Go back to Backtrader's code at the next turn; what is lazy is worked out now."""
        if self.light:
            self.settle()
            self.credit(self.main.at)
            self.opened.clear()
            self.light = False
            for position in self.d["positions"].values():
                thaw(position)
        self.d["asleep_until"] = 0

    def settle(self) -> None:
        """Work out the broker's values as of its last turn."""
        if self.light and not self.inside and self.settled < self.main.at:
            self.settled = self.main.at
            settle(self)

    def write(self) -> None:
        """Let prices be written to: what is worked out later would be of other prices."""
        self.to_stock()
        self.written = True

    def watch(self, params: Any) -> None:
        """Be told of changes to the settings of the broker or of a commission info."""
        if all(one is not params for one in self._watched):
            params.__dict__["_lane"] = self
            params.__class__ = _PARAMS.of(type(params))
            self._watched.append(params)

    def end(self) -> None:
        """Leave everything as Backtrader would."""
        self.to_stock()
        self.d["positions"].release()
        for params in self._watched:
            del params.__dict__["_lane"]
            object.__setattr__(params, "__class__", type(params).__mro__[1])
        for feed in self.feeds.values():
            feed.release()


def _write_setting(params: Any, name: str, value: Any) -> None:
    lane = params.__dict__["_lane"]
    if not lane.inside:
        lane.to_stock()
    params.__dict__[name] = value


_PARAMS = Mirrors(lambda base: {"__setattr__": _write_setting})


# ---- the broker's class --------------------------------------------------------------------------


def _value(name: str) -> property:
    def get(broker: Any) -> Any:
        held = broker.__dict__
        lane = held.get("_lane")
        if lane is not None:
            lane.settle()
        try:
            return held[name]
        except KeyError:
            raise AttributeError(name) from None

    def put(broker: Any, value: Any) -> None:
        held = broker.__dict__
        lane = held.get("_lane")
        if lane is not None and not lane.inside:
            lane.settle()
            held["asleep_until"] = 0
        held[name] = value

    return property(get, put)


def _credits() -> property:
    def get(broker: Any) -> Any:
        lane = broker.__dict__.get("_lane")
        if lane is not None and lane.light and not lane.inside:
            lane.credit(lane.main.at)
        return broker.__dict__["d_credit"]

    return property(get, lambda broker, credits: broker.__dict__.update(d_credit=credits))


def _cash() -> property:
    def get(broker: Any) -> Any:
        return broker.__dict__["cash"]

    return property(get, _value("cash").fset)


def _order(base: Any, buys: bool) -> Any:
    stock = base.buy if buys else base.sell

    def order(
        self: Any, owner: Any, data: Any, size: Any, price: Any = None, plimit: Any = None,
        exectype: Any = None, valid: Any = None, tradeid: Any = 0, oco: Any = None,
        trailamount: Any = None, trailpercent: Any = None, parent: Any = None,
        transmit: Any = True, histnotify: Any = False, _checksubmit: Any = True, **kwargs: Any,
    ) -> Any:  # fmt: skip
        lane = self.__dict__.get("_lane")
        if lane is not None:
            if lane.light and not histnotify and _checksubmit is True:
                placed = lane.place(
                    buys, owner, data, size, price, plimit, exectype, valid, tradeid, oco,
                    trailamount, trailpercent, parent, transmit, kwargs,
                )  # fmt: skip
                if placed is not None:
                    return placed
            lane.to_stock()
        return stock(
            self, owner, data, size, price=price, plimit=plimit, exectype=exectype, valid=valid,
            tradeid=tradeid, oco=oco, trailamount=trailamount, trailpercent=trailpercent,
            parent=parent, transmit=transmit, histnotify=histnotify, _checksubmit=_checksubmit,
            **kwargs,
        )  # fmt: skip

    return order


def _body(base: Any) -> Body:
    def init(self: Any) -> None:
        base.init(self)
        positions, children = Positions(bt.Position), Children(deque)
        if type(self.positions) is defaultdict and type(self._pchildren) is defaultdict:
            positions.update(self.positions)
            children.update(self._pchildren)
            self.positions, self._pchildren = positions, children

    def take_turn(self: Any) -> None:
        lane = self.__dict__.get("_lane")
        if lane is None:
            base.next(self)
        else:
            lane.next()

    def cancel(self: Any, order: Any, bracket: Any = False) -> Any:
        lane = self.__dict__.get("_lane")
        if lane is not None and lane.light and not lane.inside:
            record = lane.record_of(order)
            if record is not None and record.order is order and record.lane is lane:
                return lane.cancel(order, bracket)
            if self.pending:
                lane.to_stock()
        return base.cancel(self, order, bracket)

    def add_cash(self: Any, cash: Any) -> Any:
        lane = self.__dict__.get("_lane")
        if lane is not None:
            lane.settle()
            self.__dict__["asleep_until"] = 0
        return base.add_cash(self, cash)

    def leaving(name: str) -> Any:
        stock = getattr(base, name)

        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            lane = self.__dict__.get("_lane")
            if lane is not None:
                lane.to_stock()
            return stock(self, *args, **kwargs)

        return call

    changing = ("setcommission", "addcommissioninfo", "add_order_history", "set_fund_history")
    return {
        "asleep_until": 0,
        "init": init,
        "next": take_turn,
        "buy": _order(base, True),
        "sell": _order(base, False),
        "cancel": cancel,
        "add_cash": add_cash,
        "lane_begin": _lane_begin,
        "lane_end": _lane_end,
        "wake": _wake,
        "curve": _curve,
        "cash": _cash(),
        "d_credit": _credits(),
        **{name: _value(name) for name in _VALUES},
        **{name: leaving(name) for name in changing},
    }


def _wake(broker: Any) -> None:
    """Take notice, before it happens, of a price that is written or a line that is moved by hand:
    what is worked out later would be of other prices."""
    lane = broker.__dict__.get("_lane")
    if lane is not None:
        lane.write()


def _lane_begin(broker: Any, timeline: Any) -> None:
    """Take the orders into the lane: datas are preloaded, strategies started."""
    if type(broker.positions) is Positions and type(broker._pchildren) is Children:
        lane = BrokerLane(broker, timeline)
        broker.positions.lane = lane
        broker.__dict__["_lane"] = lane


def _lane_end(broker: Any) -> None:
    """Leave the state of Backtrader's broker."""
    lane = broker.__dict__.pop("_lane", None)
    broker.__dict__.pop("asleep_until", None)
    if lane is not None:
        lane.end()


def _curve(broker: Any, first: int, last: int) -> Any:
    lane = broker.__dict__["_lane"]
    return lane.curve.between(lane, first, last)


_BROKERS = Mirrors(_body)


def lane_class(broker: Any) -> tuple[type | None, list[Part]]:
    """Return the class for *broker* during a run, or None, and why."""
    base = type(broker)
    if base not in (_BACK, SimulatedBroker):
        changed = [name for name in _RELIED_ON if getattr(base, name, None) is not _stock(name)]
        if not isinstance(broker, _BACK) or changed:
            why = f"has its own {changed[0]}" if changed else "is no BackBroker"
            return None, [Part("broker", base.__name__, False, why)]
    return _BROKERS.of(base), [Part("broker", base.__name__, True)]


def _stock(name: str) -> Any:
    return getattr(_BACK, name, None)
