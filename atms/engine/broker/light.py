"""Order objects that hold little and work out the rest when asked.

They look like Backtrader's own in all that can be asked of them: attributes, ``p``, ``info``,
methods, ``str()``, ``==``, copies, pickles. What is written to one ends its lightness: it becomes
Backtrader's own object, and the broker goes on with Backtrader's own code.
"""

from __future__ import annotations

import copyreg
import datetime
from collections import deque
from collections.abc import Callable
from typing import Any

import backtrader as bt
from backtrader.order import OrderData, OrderExecutionBit
from backtrader.utils import AutoOrderedDict
from backtrader.utils.date import num2date

from atms.engine.broker.record import STOP_TRAIL, Given, Record, Seen
from atms.engine.swapping import Body, Mirrors

_FIELDS = frozenset(
    "params p ref broker info comminfo triggered _active status _plimit exectype size created "
    "_limitoffset executed position valid dteos plen pannotated plimit owner data price "
    "pricelimit tradeid oco trailamount trailpercent parent transmit simulated histnotify "
    "__class__ __dict__".split()
)

_GIVEN = frozenset(Given._fields)
_DATED = (datetime.date, datetime.timedelta)


def _dict_slot(cls: type) -> Any:
    """Return what reads and sets the ``__dict__`` of instances, whatever a subclass says."""
    return next(vars(one)["__dict__"] for one in cls.__mro__ if "__dict__" in vars(one))


_ORDER_DICT = _dict_slot(bt.order.OrderBase)
_DATA_DICT = _dict_slot(OrderData)
set_dict: Callable[[Any, dict[str, Any]], None] = _ORDER_DICT.__set__
_set_class = object.__setattr__


# ---- what an order is asked for ------------------------------------------------------------------


def _seen(order: Any) -> Seen:
    seen: Seen | None = order._seen
    return order._record.seen() if seen is None else seen


def _end_of_session(record: Record) -> float:
    data = record.given.data
    now = num2date(record.dt_created, data.lines.datetime._tz, True)
    session = data.p.sessionend
    end = now.replace(
        hour=session.hour,
        minute=session.minute,
        second=session.second,
        microsecond=session.microsecond,
    )
    if end < now:
        end += datetime.timedelta(days=1)
    return float(data.date2num(end))


def _params(record: Record) -> Any:
    if record.params is None:
        params = type(record.order).__mro__[1].params()
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


def _info(record: Record) -> Any:
    if not isinstance(record.info, AutoOrderedDict):
        info, given = AutoOrderedDict(), record.info
        for key, value in (given or {}).items():
            info[key] = value
        record.info = info
    return record.info


def _bits(record: Record) -> Any:
    if record.bits is None:
        record.bits = deque()
        if record.fill is not None:
            record.bits.append(_bit(record))
    return record.bits


def _bit(record: Record) -> Any:
    bit = OrderExecutionBit(*record.fill)
    if record.costs is not None:
        bit.costs = record.costs
    return bit


def _created_dict(record: Record) -> dict[str, Any]:
    given = record.given
    return {
        "pclose": record.pclose, "exbits": deque(), "p1": 0, "p2": 0, "dt": record.dt_created,
        "size": record.size, "remsize": 0, "price": record.price, "pricelimit": record.limit,
        "trailamount": given.trailamount, "trailpercent": given.trailpercent,
        "_plimit": given.pricelimit, "value": 0.0, "comm": 0.0, "margin": None, "pnl": 0.0,
        "psize": 0, "pprice": 0,
    }  # fmt: skip


def _executed_dict(record: Record, seen: Seen) -> dict[str, Any]:
    size: Any = 0
    price, remsize, value, comm, pnl, psize, pprice = 0.0, record.size, 0.0, 0.0, 0.0, 0, 0
    margin = None
    if seen.filled:
        fill = record.fill
        remsize -= fill.size
        size += fill.size
        price = (0.0 + fill.size * fill.price) / size
        value += fill.closedvalue + fill.openedvalue
        comm += fill.closedcomm + fill.openedcomm
        pnl += fill.pnl
        psize, pprice = fill.psize, fill.pprice
        margin = record.comminfo[1]
    return {
        "pclose": 0.0, "p1": seen.p1, "p2": seen.p2, "dt": seen.dt,
        "size": size, "remsize": remsize, "price": price, "pricelimit": 0.0,
        "trailamount": 0.0, "trailpercent": 0.0, "_plimit": 0.0, "value": value, "comm": comm,
        "margin": margin, "pnl": pnl, "psize": psize, "pprice": pprice,
    }  # fmt: skip


def _created(record: Record) -> Any:
    if record.created is None:
        made = object.__new__(_TRAILING if record.exectype >= STOP_TRAIL else _CREATED)
        _DATA_DICT.__set__(made, {**_created_dict(record), "_record": record})
        record.created = made
    return record.created


def _executed(order: Any, record: Record) -> Any:
    """Return the executed part as *order* has seen it; the strategy's own object goes on."""
    held = _ORDER_DICT.__get__(order)
    if "executed" in held:
        return held["executed"]
    live = order is record.order
    made = object.__new__(_LIVE if live else _EXECUTED)
    _DATA_DICT.__set__(made, {**_executed_dict(record, _seen(order)), "_record": record})
    held["executed"] = made
    if live:
        record.executed = made
    return made


def refresh(record: Record) -> None:
    """Bring what a strategy may hold of an order's executions up to date."""
    if record.bits is not None and record.fill is not None and not record.bits:
        record.bits.append(_bit(record))
    if record.executed is not None:
        _DATA_DICT.__get__(record.executed).update(_executed_dict(record, record.seen()))


_ASKED: dict[str, Callable[[Any, Record], Any]] = {
    "p": lambda order, record: _params(record),
    "info": lambda order, record: _info(record),
    "created": lambda order, record: _created(record),
    "executed": _executed,
    "broker": lambda order, record: None,
    "comminfo": lambda order, record: record.comminfo[0] if _seen(order).filled else None,
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
    "dteos": lambda order, record: _end_of_session(record),
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
    held, record, given = _ORDER_DICT.__get__(order), order._record, order._record.given
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
    _set_class(order, "__class__", type(order).__mro__[1])


def make_stock_shared(record: Record) -> None:
    """Make what all clones of an order share, and the strategy's own object, Backtrader's own."""
    record.lane.follow(record)
    record.stock = True
    created, params = _created(record), _params(record)
    if type(created) is _TRAILING:
        _DATA_DICT.__get__(created).update(price=record.price, pricelimit=record.limit)
    _make_data_stock(created)
    params.__dict__.pop("_record")
    _set_class(params, "__class__", type(params).__mro__[1])
    if record.executed is not None:
        _make_data_stock(record.executed)
    order = record.order
    make_stock(order)
    executed = vars(order)["executed"]
    if type(executed) is not OrderData:
        _make_data_stock(executed)


def _make_data_stock(part: Any) -> None:
    held = _DATA_DICT.__get__(part)
    if "exbits" not in held:
        held["exbits"] = _bits(held["_record"])
    held.pop("_record", None)
    _set_class(part, "__class__", OrderData)


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
        _ORDER_DICT.__get__(order)[name] = value
        return
    _end_order(order)
    setattr(order, name, value)


def _delete_order(order: Any, name: str) -> None:
    _end_order(order)
    delattr(order, name)


def _end_order(order: Any) -> None:
    record = order._record
    if order is record.order:
        record.lane.to_stock(record)
    else:
        make_stock(order)


def _all_of_order(order: Any) -> dict[str, Any]:
    _end_order(order)
    held: dict[str, Any] = order.__dict__
    return held


def _reduce_order(order: Any, protocol: Any) -> Any:
    return copyreg.__newobj__, (type(order).__mro__[1],), full_dict(order)  # type: ignore[attr-defined]


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


def _of_data(part: Any, name: str) -> Any:
    if name == "exbits":
        return _bits(_DATA_DICT.__get__(part)["_record"])
    raise AttributeError(f"'OrderData' object has no attribute {name!r}")


def _data_dict(part: Any) -> dict[str, Any]:
    record = _DATA_DICT.__get__(part)["_record"]
    if part is record.created or part is record.executed:
        record.lane.to_stock(record)
    else:
        _make_data_stock(part)
    held: dict[str, Any] = part.__dict__
    return held


def _write_data(part: Any, name: str, value: Any) -> None:
    record = _DATA_DICT.__get__(part)["_record"]
    record.lane.to_stock(record)
    setattr(part, name, value)


def _reduce_data(part: Any, protocol: Any) -> Any:
    full = dict(_DATA_DICT.__get__(part))
    record = full.pop("_record")
    full.setdefault("exbits", _bits(record))
    if type(part) is _TRAILING:
        full.update(price=part.price, pricelimit=part.pricelimit)
    return copyreg.__newobj__, (OrderData,), full  # type: ignore[attr-defined]


def _trailing_price(name: str) -> property:
    def get(part: Any) -> Any:
        record = _DATA_DICT.__get__(part)["_record"]
        record.lane.follow(record)
        return getattr(record, name)

    return property(get)


def _write_params(params: Any, name: str, value: Any) -> None:
    record = params.__dict__["_record"]
    record.lane.to_stock(record)
    setattr(params, name, value)


_EXECUTED_BODY = {
    "__getattr__": _of_data,
    "__dict__": property(_data_dict),
    "__reduce_ex__": _reduce_data,
}
_WATCHED_BODY = {**_EXECUTED_BODY, "__setattr__": _write_data}
_TRAILING_BODY = {
    **_WATCHED_BODY,
    "price": _trailing_price("price"),
    "pricelimit": _trailing_price("limit"),
}
_ORDERS = Mirrors(_order_body)
_PARAMS = Mirrors(lambda base: {"__setattr__": _write_params})
_EXECUTED = Mirrors(lambda base: _EXECUTED_BODY).of(OrderData)
_CREATED = Mirrors(lambda base: _WATCHED_BODY).of(OrderData)
_LIVE = Mirrors(lambda base: _WATCHED_BODY).of(OrderData)
_TRAILING = Mirrors(lambda base: _TRAILING_BODY).of(OrderData)
BUY = _ORDERS.of(bt.BuyOrder)
SELL = _ORDERS.of(bt.SellOrder)
