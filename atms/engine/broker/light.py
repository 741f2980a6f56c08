"""Order objects that hold little and work out the rest when asked.

They look like Backtrader's own in all that can be asked of them: attributes, ``p``, ``info``,
methods, ``str()``, ``==``, copies, pickles. What is written to one ends its lightness: it becomes
Backtrader's own object, and the broker goes on with Backtrader's own code.
"""

from __future__ import annotations

import copyreg
import datetime
from collections.abc import Callable
from typing import Any

import backtrader as bt
from backtrader.order import OrderData

from atms.engine.broker.data import (
    CHANGED,
    created_of,
    dict_slot,
    executed_of,
    make_data_stock,
    make_trail_stock,
)
from atms.engine.broker.parts import end_of_session, info_of
from atms.engine.broker.record import Given, Record, Seen
from atms.engine.swapping import Body, Mirrors

_FIELDS = frozenset((
    "params", "p", "ref", "broker", "info", "comminfo", "triggered", "_active", "status",
    "_plimit", "exectype", "size", "created", "_limitoffset", "executed", "position", "valid",
    "dteos", "plen", "pannotated", "plimit", "owner", "data", "price", "pricelimit", "tradeid",
    "oco", "trailamount", "trailpercent", "parent", "transmit", "simulated", "histnotify",
    "__class__", "__dict__",
))  # fmt: skip
_GIVEN = frozenset(Given._fields)
_DATED = (datetime.date, datetime.timedelta)


_DICT = dict_slot(bt.order.OrderBase)
set_dict: Callable[[Any, dict[str, Any]], None] = _DICT.__set__
_set_class = object.__setattr__


# ---- what an order is asked for ------------------------------------------------------------------


def _stock_of(part: Any) -> Any:
    """Return Backtrader's class of a light object."""
    return type(part).__mro__[1]


def _seen(order: Any) -> Seen:
    seen: Seen = order._record.seen_in(order._seen)
    return seen


def _params(record: Record) -> Any:
    if record.params is None:
        params = _stock_of(record.order).params()
        for name, value in zip(Given._fields, record.given, strict=True):
            setattr(params, name, value)
        for name, value in (("oco", None), ("simulated", False), ("histnotify", False)):
            setattr(params, name, value)
        params.__dict__["_record"] = record
        params.__class__ = _PARAMS.of(type(params))
        record.params = params
    return record.params


def _given(record: Record, name: str) -> Any:
    """Return a parameter of an order; changed by hand, it is changed for all its clones."""
    return getattr(record.given if record.params is None else record.params, name)


def _executed(order: Any, record: Record) -> Any:
    """Return the executed part as *order* has seen it; the strategy's own object goes on."""
    held = _DICT.__get__(order)
    if "executed" not in held:
        live = order is record.order
        held["executed"] = made = executed_of(record, _seen(order), live)
        if live:
            record.executed = made
    return held["executed"]


_ASKED: dict[str, Callable[[Any, Record], Any]] = {
    "p": lambda order, record: _params(record),
    "info": lambda order, record: info_of(record),
    "created": lambda order, record: created_of(record),
    "executed": _executed,
    "broker": lambda order, record: None,
    "comminfo": lambda order, record: record.comminfo if _seen(order).filled else None,
    "triggered": lambda order, record: _seen(order).triggered,
    "_active": lambda order, record: _seen(order).active,
    "_plimit": lambda order, record: record.given.pricelimit,
    "exectype": lambda order, record: (
        record.exectype if record.given.exectype is None else _given(record, "exectype")
    ),
    "size": lambda order, record: _given(record, "size") if record.buys else record.size,
    "_limitoffset": lambda order, record: record.limitoffset,
    "position": lambda order, record: 0,
    "valid": lambda order, record: (
        record.valid if isinstance(record.given.valid, _DATED) else _given(record, "valid")
    ),
    "dteos": lambda order, record: end_of_session(record),
}


def _of_order(order: Any, name: str) -> Any:
    asked = _ASKED.get(name)
    if asked is not None:
        return asked(order, order._record)
    if name in _GIVEN:
        return _given(order._record, name)
    seen = _seen(order) if name in ("plen", "pannotated") else None
    if seen is not None and name == "plen" and seen.plen >= 0:
        return seen.plen
    if seen is not None and name == "pannotated" and seen.accepted:
        if order._seen is None:
            order._record.lane.follow(order._record)
            seen = _seen(order)
        return seen.pannotated
    return getattr(order.params, name)


def full_dict(order: Any) -> dict[str, Any]:
    """Return the ``__dict__`` that Backtrader's own order would have."""
    held, record, given = _DICT.__get__(order), order._record, order._record.given
    full: dict[str, Any] = {
        name: _of_order(order, name) if name != "params" else _params(record)
        for name in ("params", "p", "broker", "info", "comminfo", "triggered", "_active", "_plimit")
    }
    full["ref"], full["status"] = record.ref, held["status"]
    if given.exectype is None:
        full["exectype"] = record.exectype
    if not record.buys:
        full["size"] = record.size
    for name in ("created", "_limitoffset", "executed", "position", "dteos"):
        full[name] = _of_order(order, name)
    if isinstance(given.valid, _DATED):
        full["valid"] = record.valid
    seen = _seen(order)
    if seen.plen >= 0:
        full["plen"] = seen.plen
    if seen.accepted:
        full["pannotated"] = _of_order(order, "pannotated")
    own = ("_record", "_seen", "ref", "status", "executed")
    return full | {name: value for name, value in held.items() if name not in own}


# ---- the end of lightness ------------------------------------------------------------------------


def make_stock(order: Any) -> None:
    """Make *order* Backtrader's own object; what it shares with its clones stays shared."""
    full = full_dict(order)
    set_dict(order, full)
    _set_class(order, "__class__", _stock_of(order))


def make_stock_shared(record: Record) -> None:
    """Make what all clones of an order share, and the strategy's own object, Backtrader's own."""
    record.lane.follow(record)
    record.stock = True
    created, params = created_of(record), _params(record)
    make_trail_stock(record)
    make_data_stock(created)
    params.__dict__.pop("_record")
    _set_class(params, "__class__", _stock_of(params))
    if record.executed is not None:
        make_data_stock(record.executed)
    order = record.order
    make_stock(order)
    executed = vars(order)["executed"]
    if type(executed) is not OrderData:
        make_data_stock(executed)


# ---- the classes ---------------------------------------------------------------------------------


class _Params:
    """``order.params``: the instance's, and on the class the class's own."""

    def __init__(self, stock: Any) -> None:
        self._stock = stock

    def __get__(self, order: Any, owner: type) -> Any:
        return self._stock if order is None else _params(order._record)


def _write_order(order: Any, name: str, value: Any) -> None:
    record = order._record
    if name not in _FIELDS:
        if order is record.order:
            record.extra = {**(record.extra or {}), name: value}
        _DICT.__get__(order)[name] = value
        return
    _end_order(order)
    setattr(order, name, value)


def _delete_order(order: Any, name: str) -> None:
    _end_order(order)
    delattr(order, name)


def _end_order(order: Any) -> None:
    record = order._record
    if order is record.order:
        record.lane.to_stock(CHANGED, record)
    else:
        make_stock(order)


def _all_of_order(order: Any) -> dict[str, Any]:
    _end_order(order)
    held: dict[str, Any] = order.__dict__
    return held


def _reduce_order(order: Any, protocol: Any) -> Any:
    return copyreg._reconstructor, (_stock_of(order), object, None), full_dict(order)  # type: ignore[attr-defined]


def _clone(order: Any) -> Any:
    if order is order._record.order:
        _end_order(order)
    else:
        make_stock(order)
    return order.clone()


def _order_body(base: Any) -> Body:
    return {
        "_seen": None,
        "params": _Params(base.params),
        "__getattr__": _of_order,
        "__setattr__": _write_order,
        "__delattr__": _delete_order,
        "__dict__": property(_all_of_order),
        "__reduce_ex__": _reduce_order,
        "clone": _clone,
    }


def _write_params(params: Any, name: str, value: Any) -> None:
    record = params.__dict__["_record"]
    record.lane.to_stock(CHANGED, record)
    setattr(params, name, value)


_ORDERS = Mirrors(_order_body)
_PARAMS = Mirrors(lambda base: {"__setattr__": _write_params})
BUY = _ORDERS.of(bt.BuyOrder)
SELL = _ORDERS.of(bt.SellOrder)


def record_of(order: Any) -> Record | None:
    """Return the record behind a light order object; None: it is not light."""
    kind = type(order)
    if kind is BUY or kind is SELL:
        record: Record = order._record
        return record
    return None
