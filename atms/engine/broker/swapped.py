"""The class that a broker has while its orders run in the lane."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

import backtrader as bt

from atms.engine.broker.lane import Lane
from atms.engine.broker.light import record_of
from atms.engine.broker.positions import Children, Positions
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
# What every instance has of its own; a class that has something to say to it is not Backtrader's.
_HELD = (
    "cash", "d_credit", "positions", "pending", "submitted", "notifs", "orders", "comminfo",
    "_pchildren", "_toactivate", "_cash_addition", "_fundshares", "_ocos", "_ocol", *_VALUES,
)  # fmt: skip


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
            if (before := held.get("_before_cash")) is not None:
                before()  # watchers are settled by what the account was
            lane.settle()
            held["asleep_until"] = 0
        held[name] = value

    return property(get, put)


def _credits() -> property:
    def get(broker: Any) -> Any:
        lane = broker.__dict__.get("_lane")
        if lane is not None:
            lane.credit()
        return broker.__dict__["d_credit"]

    return property(get, lambda broker, value: broker.__dict__.update(d_credit=value))


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
            lane.to_stock(lane.why_heavy(data))
        return stock(
            self, owner, data, size, price=price, plimit=plimit, exectype=exectype, valid=valid,
            tradeid=tradeid, oco=oco, trailamount=trailamount, trailpercent=trailpercent,
            parent=parent, transmit=transmit, histnotify=histnotify, _checksubmit=_checksubmit,
            **kwargs,
        )  # fmt: skip

    return order


def _stock_of(broker: Any) -> Any:
    """Return the class that a broker has outside a run."""
    return type(broker).__mro__[1]


def _init(broker: Any) -> None:
    _stock_of(broker).init(broker)
    if type(broker.positions) is defaultdict and type(broker._pchildren) is defaultdict:
        positions, children = Positions(bt.Position), Children(deque)
        positions.update(broker.positions)
        children.update(broker._pchildren)
        broker.positions, broker._pchildren = positions, children


def _next(broker: Any) -> None:
    lane = broker.__dict__.get("_lane")
    if lane is None:
        _stock_of(broker).next(broker)
    else:
        lane.next()


def _cancel(broker: Any, order: Any, bracket: Any = False) -> Any:
    lane = broker.__dict__.get("_lane")
    if lane is not None and lane.light and not lane.inside:
        record = record_of(order)
        if record is not None and record.order is order and record.lane is lane:
            return lane.cancel(order, bracket)
        if broker.pending:
            lane.to_stock("an order is cancelled by another object than the strategy's own")
    return _stock_of(broker).cancel(broker, order, bracket)


def _add_cash(broker: Any, cash: Any) -> Any:
    lane = broker.__dict__.get("_lane")
    if lane is not None:
        lane.settle()
        broker.__dict__["asleep_until"] = 0
    return _stock_of(broker).add_cash(broker, cash)


def _leaving(base: Any, name: str) -> Any:
    """Return method *name*, which changes what orders meet."""
    stock = getattr(base, name)

    def call(broker: Any, *args: Any, **kwargs: Any) -> Any:
        lane = broker.__dict__.get("_lane")
        if lane is not None:
            lane.to_stock(f"{name} is called")
        return stock(broker, *args, **kwargs)

    return call


def _body(base: Any) -> Body:
    changing = ("setcommission", "addcommissioninfo", "add_order_history", "set_fund_history")
    return {
        "asleep_until": 0,
        "init": _init,
        "next": _next,
        "buy": _order(base, True),
        "sell": _order(base, False),
        "cancel": _cancel,
        "add_cash": _add_cash,
        "lane_begin": _lane_begin,
        "lane_end": _lane_end,
        "lane_parts": _lane_parts,
        "wake": _wake,
        "curve": _curve,
        "cash": _cash(),
        "d_credit": _credits(),
        **{name: _value(name) for name in _VALUES},
        **{name: _leaving(base, name) for name in changing},
    }


def _wake(broker: Any) -> None:
    """Take notice, before it happens, of a price that is written or a line that is moved by hand:
    what is worked out later would be of other prices."""
    lane = broker.__dict__.get("_lane")
    if lane is not None:
        lane.write()


def _lane_begin(broker: Any, timeline: Any) -> None:
    """Take the orders into the lane: strategies are started.

    Without a timeline, bars come one by one, and ``next`` has to be called on each of them.
    """
    if type(broker.positions) is Positions and type(broker._pchildren) is Children:
        lane = Lane(broker, timeline)
        broker.__dict__["_lane"] = lane
        broker.positions.attend(lane)


def _lane_end(broker: Any) -> None:
    """Leave the state of Backtrader's broker."""
    lane = broker.__dict__.pop("_lane", None)
    if lane is not None:
        lane.end()
    broker.__dict__.pop("asleep_until", None)


def _curve(broker: Any, first: int, last: int) -> Any:
    lane = broker.__dict__["_lane"]
    return lane.curve.between(lane.state, first, last)


def _lane_parts(broker: Any) -> list[Part]:
    """Return whether orders were light; to be asked before ``lane_end``."""
    lane = broker.__dict__.get("_lane")
    return [] if lane is None else lane.parts()


_BROKERS = Mirrors(_body)


def lane_class(broker: Any) -> tuple[type | None, list[Part]]:
    """Return the class for *broker* during a run, or None, and why."""
    base = type(broker)
    why = _why_not(broker, base)
    if why:
        return None, [Part("broker", base.__name__, False, why)]
    return _BROKERS.of(base), [Part("broker", base.__name__, True)]


def _why_not(broker: Any, base: type) -> str:
    own = [name for name in _RELIED_ON if name in vars(broker)]
    if base not in (_BACK, SimulatedBroker):
        if not isinstance(broker, _BACK):
            return "is no BackBroker"
        names = (*_RELIED_ON, *_HELD)
        own += [name for name in names if getattr(base, name, None) is not _of_stock(name)]
    return f"has its own {own[0]}" if own else ""


def _of_stock(name: str) -> Any:
    return getattr(_BACK, name, None)
