"""Orders on their way: placed, accepted, ended, and what they end with them."""

from __future__ import annotations

import datetime
import math
from typing import Any

import backtrader as bt
import numpy as np

from atms.engine.broker import due as dues
from atms.engine.broker.data import refresh
from atms.engine.broker.light import BUY, SELL, record_of, set_dict
from atms.engine.broker.record import (
    ACCEPTED,
    CANCELED,
    CLOSE,
    CREATED,
    MARGIN,
    MARKET,
    REJECTED,
    STOP_TRAIL,
    STOP_TRAIL_LIMIT,
    SUBMITTED,
    Given,
    Record,
)
from atms.engine.broker.state import State

_NUMBERS = (int, float)
_MADE_OF = (int, float, np.float64, np.int64)  # sizes and prices: the same steps, the same types
_DATED = (datetime.date, datetime.timedelta)
_new = object.__new__


class Queue:
    """Light orders in the broker's own queues.

    Args:
        state: of the run.
        lane: which light orders ask when they are read or written to.
    """

    def __init__(self, state: State, lane: Any) -> None:
        self._state = state
        self._lane = lane
        self._d = state.d
        self._p = state.p
        self._refs = bt.Order.refbasis

    def place(
        self, buys: bool, owner: Any, data: Any, size: Any, price: Any, plimit: Any,
        exectype: Any, valid: Any, tradeid: Any, oco: Any, trailamount: Any, trailpercent: Any,
        parent: Any, transmit: Any, info: dict[str, Any],
    ) -> Any:  # fmt: skip
        """Place an order; None: Backtrader has to."""
        feed = self._state.feeds.get(id(data))
        if feed is None or feed.ticker.at < 0 or type(size) not in _MADE_OF:
            return None
        if not 0 < size < math.inf or data._compensate is not None or self._state.fit(data)[1]:
            return None
        if not (_is_known(exectype) and _are_numbers(price, plimit, trailamount, trailpercent)):
            return None
        if not (_is_time(valid) and self._is_group(parent, oco)):
            return None
        given = tuple.__new__(
            Given,
            (owner, data, size, price, plimit, exectype, valid, tradeid, trailamount,
             trailpercent, parent, transmit),
        )  # fmt: skip
        record = Record(self._lane, feed, given, next(self._refs), buys)
        order: Any = _new(BUY if buys else SELL)
        record.order = order
        record.d = held = {"ref": record.ref, "status": CREATED, "_record": record}
        set_dict(order, held)
        if valid is not None:
            record.valid = _valid_until(valid, data)
        if info:
            record.info = info
        self._group(record, oco)
        return self._submit(record, order)

    def _is_group(self, parent: Any, oco: Any) -> bool:
        """Return whether the orders that one belongs to are light, and it comes in time."""
        if parent is not None:
            record = record_of(parent)
            if record is None or record.order is not parent or record.lane is not self._lane:
                return False
            if record.lone:  # it is on its way
                return False
        return oco is None or record_of(oco) is not None

    def _group(self, record: Record, oco: Any) -> None:
        ocos, groups, ref = self._d["_ocos"], self._d["_ocol"], record.ref
        if oco is None:
            ocos[ref] = ref
            groups[ref] = [ref]
        else:
            ocos[ref] = leader = ocos[oco.ref]
            groups[leader].append(ref)

    def _submit(self, record: Record, order: Any) -> Any:
        parent, transmit = record.parent, record.given.transmit
        children = self._d["_pchildren"]
        if parent is None and transmit:
            record.lone = True
            children.alone[record.ref] = order
            self._transmit(record, order)
            return order
        ref = record.ref if parent is None else parent.ref
        if parent is not None and ref not in children:
            self.reject(record)
            return order
        group = children[ref]
        group.append(order)
        if transmit:
            if any(one.status != CREATED for one in group):
                # Backtrader transmits those that are on their way once more.
                group.pop()
                self._lane.to_stock("an order is given children late", record)
                return self._state.stock("submit", order)
            for one in group:
                self._transmit(one._record, one)
            return group[-1]
        return order

    def _transmit(self, record: Record, order: Any) -> None:
        self._d["asleep_until"] = 0
        if self._p.checksubmit:
            record.plen = record.plen_submitted = record.feed.ticker.at + 1
            record.set_status(SUBMITTED)
            self._d["submitted"].append(order)
            self._d["orders"].append(order)
            self.notify(record)
        else:
            self.accept(record, order)

    def accept(self, record: Record, order: Any) -> None:
        """Let an order rest, and tell."""
        record.plen = record.feed.ticker.at + 1
        record.accepted = True
        record.due = 0
        record.set_status(ACCEPTED)
        self._d["pending"].append(order)
        self.notify(record)

    def refuse(self, record: Record) -> None:
        """End an order for which the cash does not last, and all that hangs on it."""
        self.end(record, MARGIN)
        self.cancel_group(record)
        self.bracket(record, cancel=True)

    def reject(self, record: Record) -> None:
        """End an order whose parent is gone."""
        self.end(record, REJECTED)

    def end(self, record: Record, status: int, visited: bool = False) -> None:
        """End an order other than by a fill, and tell.

        What follows the closes has done so up to the last step on which Backtrader would have
        tried it: this one, if it was *visited*.
        """
        if record.status == ACCEPTED and record.exectype != MARKET:
            step = self._state.main.at - (1 if self._state.inside and not visited else 0)
            follow(record, step)
        record.dt = record.feed.stamps[record.feed.ticker.at]
        record.set_status(status)
        self.notify(record)

    def notify(self, record: Record) -> None:
        """Put what the order is now before the strategy."""
        if record.fill is not None:
            record.p1, record.p2 = record.p2, 1
        if record.executed is not None or record.bits is not None:
            refresh(record)
        clone: Any = _new(BUY if record.buys else SELL)
        held = {
            "ref": record.ref,
            "status": record.status,
            "_record": record,
            "_seen": record.note(),
        }
        if record.extra is not None:
            held.update(record.extra)
        set_dict(clone, held)
        self._d["notifs"].append(clone)
        if not self._state.inside:
            self._d["asleep_until"] = 0

    # ---- orders out -------------------------------------------------------------------------

    def cancel(self, order: Any, bracket: bool = False) -> bool:
        """Cancel a light order that rests; False: it does not rest."""
        pending, visited = self._d["pending"], False
        for place, one in enumerate(pending):
            if one is order:
                del pending[place]
                break
            if one is None:
                visited = True
        else:
            return False
        record = order._record
        self.end(record, CANCELED, visited)
        self.cancel_group(record)
        if not bracket:
            self.bracket(record, cancel=True)
        return True

    def cancel_group(self, record: Record) -> None:
        """Cancel the others of an OCO group, the last one first."""
        ocos = self._d["_ocos"]
        group = self._d["_ocol"].pop(ocos.get(ocos[record.ref]), None)
        if group and (len(group) > 1 or group[0] != record.ref):
            self._cancel_others(group)

    def _cancel_others(self, group: list[Any]) -> None:
        pending = self._d["pending"]
        visited = self._state.inside and any(one is None for one in pending)
        for place in range(len(pending) - 1, -1, -1):
            one = pending[place]
            if one is None:
                visited = False
            elif one.ref in group:
                del pending[place]
                self.end(one._record, CANCELED, visited)

    def bracket(self, record: Record, cancel: bool) -> None:
        """Wake an order's children, or cancel all that hangs together with it."""
        children = self._d["_pchildren"]
        if record.lone:
            children.alone.pop(record.ref, None)
            if not cancel:
                children.done.add(record.ref)
            else:
                children.done.discard(record.ref)
            return
        parent = record.parent
        ref = record.ref if parent is None else parent.ref
        group = children[ref]
        if cancel or parent is not None:
            while group:
                self.cancel(group.popleft(), bracket=True)
            del children[ref]
        else:
            group.popleft()
            self._d["_toactivate"].extend(group)


def follow(record: Record, step: int) -> None:
    """Bring what follows the closes up to the bar of *step*."""
    if not record.feed.ahead:  # it is tried on every step
        return
    if record.exectype >= STOP_TRAIL:
        dues.follow(record, record.feed.bar_at(step))
    elif record.exectype == CLOSE and record.tried:
        record.pannotated = record.feed.close[record.feed.bar_at(step)]


def _is_known(exectype: Any) -> bool:
    return exectype is None or (type(exectype) is int and MARKET <= exectype <= STOP_TRAIL_LIMIT)


def _are_numbers(price: Any, plimit: Any, trailamount: Any, trailpercent: Any) -> bool:
    return (
        (price is None or type(price) in _MADE_OF)
        and (plimit is None or type(plimit) in _MADE_OF)
        and (trailamount is None or type(trailamount) in _NUMBERS)
        and (trailpercent is None or type(trailpercent) in _NUMBERS)
    )


def _is_time(valid: Any) -> bool:
    return valid is None or type(valid) in _NUMBERS or isinstance(valid, _DATED)


def _valid_until(valid: Any, data: Any) -> Any:
    """Return the stamp after which an order expires, as Backtrader works it out."""
    if isinstance(valid, datetime.date):
        return data.date2num(valid)
    if isinstance(valid, datetime.timedelta):
        if valid == bt.Order.DAY:
            end = datetime.time(23, 59, 59, 9999)
            moment = datetime.datetime.combine(data.datetime.date(), end)
        else:
            moment = data.datetime.datetime() + valid
        return data.date2num(moment)
    return valid
