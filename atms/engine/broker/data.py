"""``order.created`` and ``order.executed`` that notice when they are written to."""

from __future__ import annotations

import copyreg
from typing import Any

from backtrader.order import OrderData

from atms.engine.broker.parts import bit_of, bits_of, created_dict, executed_dict
from atms.engine.broker.record import STOP_TRAIL, Record, Seen
from atms.engine.swapping import Mirrors

CHANGED = "an order is changed by hand"


def dict_slot(cls: type) -> Any:
    """Return what reads and sets the ``__dict__`` of instances, whatever a subclass says."""
    return next(vars(one)["__dict__"] for one in cls.__mro__ if "__dict__" in vars(one))


_DICT = dict_slot(OrderData)


def created_of(record: Record) -> Any:
    """Return what an order was made with; all its clones share it."""
    if record.created is None:
        made: Any = object.__new__(_TRAILING if record.exectype >= STOP_TRAIL else _CREATED)
        _DICT.__set__(made, {**created_dict(record), "_record": record})
        record.created = made
    return record.created


def executed_of(record: Record, seen: Seen, live: bool) -> Any:
    """Return what was executed when an order was *seen*; *live*: it goes on being executed."""
    made: Any = object.__new__(_LIVE if live else _EXECUTED)
    held = executed_dict(record, seen)
    held["_record"] = record
    _DICT.__set__(made, held)
    return made


def refresh(record: Record) -> None:
    """Bring what a strategy may hold of an order's executions up to date."""
    if record.bits is not None and record.fill is not None and not record.bits:
        record.bits.append(bit_of(record))
    if record.executed is not None:
        _DICT.__get__(record.executed).update(executed_dict(record, record.seen()))


def make_trail_stock(record: Record) -> None:
    """Write down where a trailing stop is."""
    if type(record.created) is _TRAILING:
        _DICT.__get__(record.created).update(price=record.price, pricelimit=record.limit)


def make_data_stock(part: Any) -> None:
    """Make *part* Backtrader's own."""
    held = _DICT.__get__(part)
    if "exbits" not in held:
        held["exbits"] = bits_of(held["_record"])
    held.pop("_record", None)
    object.__setattr__(part, "__class__", OrderData)


def _of_data(part: Any, name: str) -> Any:
    if name == "exbits":
        return bits_of(_DICT.__get__(part)["_record"])
    raise AttributeError(f"'OrderData' object has no attribute {name!r}")


def _data_dict(part: Any) -> dict[str, Any]:
    record = _DICT.__get__(part)["_record"]
    if part is record.created or part is record.executed:
        record.lane.to_stock(CHANGED, record)
    else:
        make_data_stock(part)
    held: dict[str, Any] = part.__dict__
    return held


def _write_data(part: Any, name: str, value: Any) -> None:
    record = _DICT.__get__(part)["_record"]
    record.lane.to_stock(CHANGED, record)
    setattr(part, name, value)


def _reduce_data(part: Any, protocol: Any) -> Any:
    full = dict(_DICT.__get__(part))
    record = full.pop("_record")
    full.setdefault("exbits", bits_of(record))
    if type(part) is _TRAILING:
        record.lane.follow(record)
        full.update(price=record.price, pricelimit=record.limit)
    return copyreg._reconstructor, (OrderData, object, None), full  # type: ignore[attr-defined]


def _trailing_price(name: str) -> property:
    def get(part: Any) -> Any:
        record = _DICT.__get__(part)["_record"]
        record.lane.follow(record)
        return getattr(record, name)

    return property(get)


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
_EXECUTED = Mirrors(lambda base: _EXECUTED_BODY).of(OrderData)
_CREATED = Mirrors(lambda base: _WATCHED_BODY).of(OrderData)
_LIVE = Mirrors(lambda base: _WATCHED_BODY).of(OrderData)
_TRAILING = Mirrors(lambda base: _TRAILING_BODY).of(OrderData)
