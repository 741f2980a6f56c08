"""A broker's orders, from placing to the last notification, in one tight path."""

from __future__ import annotations

import datetime
import math
from typing import Any

import backtrader as bt

from atms.engine.broker import due as dues
from atms.engine.broker.comm import is_plain, why_awake
from atms.engine.broker.feeds import Feed
from atms.engine.broker.fills import priced, split
from atms.engine.broker.positions import move
from atms.engine.broker.light import BUY, SELL, make_stock_shared, refresh, set_dict
from atms.engine.broker.record import (
    ACCEPTED,
    CANCELED,
    CLOSE,
    COMPLETED,
    CREATED,
    EXPIRED,
    LIMIT,
    MARGIN,
    MARKET,
    NEVER,
    PARTIAL,
    REJECTED,
    STOP,
    STOP_TRAIL,
    STOP_TRAIL_LIMIT,
    SUBMITTED,
    Fill,
    Given,
    Record,
)

_NUMBERS = (int, float)
_new = object.__new__


class Lane:
    """The orders of one broker in one run.

    Light orders are carried from here. Whatever is not light, or is changed by hand, turns all
    orders into Backtrader's own, which then run on Backtrader's code until none is left.

    Args:
        broker: its class is a mirror of its own.
        feeds: id of a data -> the feed.
        main: the ticker of the steps.

    Attributes:
        opened: datas whose positions were changed at step *opened_at* and not credited since.
        light: whether orders can be placed here now.
        settled: the step whose end the broker's values are of.
        inside: while the broker's own attributes are written from here.
    """

    def __init__(self, broker: Any, feeds: dict[int, Feed], main: Any) -> None:
        self.broker = broker
        self.d: dict[str, Any] = broker.__dict__
        self.p = broker.p
        self.feeds = feeds
        self.main = main
        self.light = True
        self.inside = False
        self.settled = main.at
        self.slips = bool(self.p.slip_perc or self.p.slip_fixed)
        self.refs = bt.Order.refbasis
        self._infos: dict[int, tuple[Any, bool, bool]] = {}
        self.opened: list[Any] = []
        self.opened_at = 0
        self.booking: Any = None

    # ---- orders in --------------------------------------------------------------------------

    def place(
        self, buys: bool, owner: Any, data: Any, size: Any, price: Any, plimit: Any,
        exectype: Any, valid: Any, tradeid: Any, oco: Any, trailamount: Any, trailpercent: Any,
        parent: Any, transmit: Any, info: dict[str, Any],
    ) -> Any:  # fmt: skip
        """Place an order; None: Backtrader has to."""
        feed = self.feeds.get(id(data))
        if (
            feed is None
            or feed.ticker.at < 0
            or type(size) not in _NUMBERS
            or not 0 < size < math.inf
            or (price is not None and type(price) not in _NUMBERS)
            or (plimit is not None and type(plimit) not in _NUMBERS)
            or (
                exectype is not None
                and (type(exectype) is not int or not MARKET <= exectype <= STOP_TRAIL_LIMIT)
            )
            or data._compensate is not None
            or not self.fit(data)[1]
            or not self._usual(valid, parent, oco, trailamount, trailpercent)
        ):
            return None
        given = tuple.__new__(
            Given,
            (owner, data, size, price, plimit, exectype, valid, tradeid, trailamount,
             trailpercent, parent, transmit),
        )  # fmt: skip
        record = Record(self, feed, given, next(self.refs), buys)
        record.order = order = _new(BUY if buys else SELL)
        record.d = held = {"ref": record.ref, "status": CREATED, "_record": record}
        set_dict(order, held)
        if valid is not None:
            record.valid = _valid_until(valid, data)
        if info:
            record.info = info
        self._group(record, oco)
        return self._submit(record, order)

    def _usual(self, valid: Any, parent: Any, oco: Any, trailamount: Any, trailpercent: Any) -> bool:
        if not (
            valid is None
            or type(valid) in _NUMBERS
            or isinstance(valid, datetime.date | datetime.timedelta)
        ):
            return False
        if parent is not None:
            record = self.record_of(parent)
            if record is None or record.order is not parent or record.lane is not self:
                return False
            if record.lone:
                return False
        for amount in (trailamount, trailpercent):
            if amount is not None and type(amount) not in _NUMBERS:
                return False
        return oco is None or self.record_of(oco) is not None

    @staticmethod
    def record_of(order: Any) -> Record | None:
        """Return the record behind a light order object; None: it is another's."""
        if type(order) is BUY or type(order) is SELL:
            record: Record = order._record
            return record
        return None

    def fit(self, data: Any) -> tuple[Any, bool, bool]:
        """Return a data's commission info, whether it lets the broker sleep, and if it is plain."""
        infos = self.d["comminfo"]
        name = data._name
        info = infos[name] if name in infos else infos[None]
        known = self._infos.get(id(info))
        if known is None:
            known = self._infos[id(info)] = (info, not why_awake(info), is_plain(info))
            self.watch(info.p)
        return known

    def _group(self, record: Record, oco: Any) -> None:
        ocos, groups, ref = self.d["_ocos"], self.d["_ocol"], record.ref
        if oco is None:
            ocos[ref] = ref
            groups[ref] = [ref]
        else:
            ocos[ref] = leader = ocos[oco.ref]
            groups[leader].append(ref)

    def _submit(self, record: Record, order: Any) -> Any:
        given = record.given
        children = self.d["_pchildren"]
        if given.parent is None and given.transmit:
            record.lone = True
            children.alone[record.ref] = order
            self._transmit(record, order)
            return order
        ref = record.ref if given.parent is None else given.parent.ref
        if given.parent is not None and ref not in children:
            self._reject(record)
            return order
        group = children[ref]
        group.append(order)
        if given.transmit:
            if any(one.status != CREATED for one in group):
                # Backtrader transmits those that are on their way once more.
                group.pop()
                self.to_stock(record)
                return type(self.broker).__mro__[1].submit(self.broker, order)
            for one in group:
                self._transmit(one._record, one)
            return group[-1]
        return order

    def _transmit(self, record: Record, order: Any) -> None:
        self.d["asleep_until"] = 0
        if self.p.checksubmit:
            record.plen = record.feed.ticker.at + 1
            record.set_status(SUBMITTED)
            self.d["submitted"].append(order)
            self.d["orders"].append(order)
            self.notify(record)
        else:
            self._accept(record, order)

    def _accept(self, record: Record, order: Any) -> None:
        record.plen = record.feed.ticker.at + 1
        record.accepted = True
        record.due = 0
        record.set_status(ACCEPTED)
        self.d["pending"].append(order)
        self.notify(record)

    def _reject(self, record: Record) -> None:
        self._end(record, REJECTED)

    def _end(self, record: Record, status: int, visited: bool = False) -> None:
        """End an order other than by a fill, and tell.

        What follows the closes has done so up to the last step on which Backtrader would have
        tried it: this one, if it was *visited*.
        """
        if record.status == ACCEPTED and record.exectype != MARKET:
            step = self.main.at - (1 if self.inside and not visited else 0)
            self._follow(record, step)
        record.dt = record.feed.stamps[record.feed.ticker.at]
        record.set_status(status)
        self.notify(record)

    def notify(self, record: Record) -> None:
        """Put what the order is now before the strategy."""
        if record.fill is not None:
            record.p1, record.p2 = record.p2, 1
        if record.executed is not None or record.bits is not None:
            refresh(record)
        clone = _new(BUY if record.buys else SELL)
        held = {
            "ref": record.ref,
            "status": record.status,
            "_record": record,
            "_seen": record.seen(),
        }
        if record.extra is not None:
            held.update(record.extra)
        set_dict(clone, held)
        self.d["notifs"].append(clone)
        if not self.inside:
            self.d["asleep_until"] = 0

    # ---- orders out -------------------------------------------------------------------------

    def cancel(self, order: Any, bracket: bool = False) -> bool:
        """Cancel a light order that rests; False: it does not rest."""
        pending, visited = self.d["pending"], False
        for place, one in enumerate(pending):
            if one is order:
                del pending[place]
                break
            if one is None:
                visited = True
        else:
            return False
        record = order._record
        self._end(record, CANCELED, visited)
        self._cancel_group(record)
        if not bracket:
            self._bracket(record, cancel=True)
        return True

    def _cancel_group(self, record: Record) -> None:
        """Cancel the others of an OCO group, the last one first."""
        ocos = self.d["_ocos"]
        group = self.d["_ocol"].pop(ocos.get(ocos[record.ref]), None)
        if not group or (len(group) == 1 and group[0] == record.ref):
            return
        pending = self.d["pending"]
        visited = self.inside and any(one is None for one in pending)
        for place in range(len(pending) - 1, -1, -1):
            one = pending[place]
            if one is None:
                visited = False
            elif one.ref in group:
                del pending[place]
                self._end(one._record, CANCELED, visited)

    def _bracket(self, record: Record, cancel: bool) -> None:
        """Wake an order's children, or cancel all that hangs together with it."""
        children = self.d["_pchildren"]
        if record.lone:
            children.alone.pop(record.ref, None)
            if not cancel:
                children.done.add(record.ref)
            else:
                children.done.discard(record.ref)
            return
        parent = record.given.parent
        ref = record.ref if parent is None else parent.ref
        group = children[ref]
        if cancel or parent is not None:
            while group:
                self.cancel(group.popleft(), bracket=True)
            del children[ref]
        else:
            group.popleft()
            self.d["_toactivate"].extend(group)

    # ---- a step -----------------------------------------------------------------------------

    def turn(self) -> None:
        """Do what Backtrader's broker does on a step, where it can be seen."""
        step, d = self.main.at, self.d
        waking = d["_toactivate"]
        while waking:
            record = waking.popleft()._record
            record.active = True
            record.due = step
        if d["submitted"] and self.p.checksubmit:
            self._check()
        if self.opened:
            self.credit(step)
        d["cash"] -= 0.0  # no interest: a cash of integers becomes one of floats
        asleep = self._try_pending(step)
        d["asleep_until"] = step + 1 if waking else asleep

    def credit(self, step: int) -> None:
        """Book the interest of nothing, as Backtrader does on the bar after a position changed."""
        if self.opened_at >= step:
            return
        changed = {id(data) for data in self.opened}
        self.opened.clear()
        for data, position in self.d["positions"].items():
            if id(data) in changed and position.__dict__["size"]:
                self.d["d_credit"][data] += 0.0

    def _check(self) -> None:
        """Work out what cash new orders would leave, and accept or refuse them."""
        d = self.d
        if self.booking is not None:
            self.booking.check()
        submitted, children, cash = d["submitted"], d["_pchildren"], d["cash"]
        sizes: dict[int, Any] = {}
        while submitted:
            order = submitted.popleft()
            record = order._record
            given = record.given
            if given.parent is not None and given.parent.ref not in children:
                self._reject(record)
                continue
            key = id(given.data)
            position = d["positions"][given.data]
            held = sizes[key] if key in sizes else position.__dict__["size"]
            info, _, plain = self.fit(given.data)
            price = record.price
            sizes[key], opened, closed = split(held, record.size)
            if closed:
                _, gain, fee = self._closing(info, plain, closed, price, price)
                cash += gain + 0 * info._stocklike
                cash -= fee
            if opened:
                _, cost, fee = self._opening(info, plain, opened, price)
                cash -= cost
                cash -= fee
            if cash >= 0.0:
                self._accept(record, order)
                continue
            self._end(record, MARGIN)
            self._cancel_group(record)
            self._bracket(record, cancel=True)

    def _closing(
        self, info: Any, plain: bool, closed: Any, paid: Any, price: Any
    ) -> tuple[Any, Any, Any]:
        """Return the value of what is closed, the cash it frees, and its commission."""
        shortcash = self.p.shortcash
        value = -closed * paid if shortcash else info.getoperationcost(closed, paid)
        cash = value
        if value > 0:
            cash /= info.p.leverage
        return value, cash, _fee(info, closed, price) if plain else info.getcommission(closed, price)

    def _opening(self, info: Any, plain: bool, opened: Any, price: Any) -> tuple[Any, Any, Any]:
        """Return the value of what is opened, the cash it ties, and its commission."""
        value = opened * price if self.p.shortcash else info.getoperationcost(opened, price)
        cash = value
        if value > 0:
            cash /= info.p.leverage
        return value, cash, _fee(info, opened, price) if plain else info.getcommission(opened, price)

    def _try_pending(self, step: int) -> int:
        """Try the orders that are due, in their order; return when the next one is."""
        pending = self.d["pending"]
        least = NEVER
        if not pending:
            return least
        pending.append(None)
        while (order := pending.popleft()) is not None:
            record = order._record
            if record.due <= step and not self._stays(record, step):
                continue
            pending.append(order)
            if record.due < least:
                least = record.due
        return least

    def _stays(self, record: Record, step: int) -> bool:
        """Try one order; return whether it goes on resting."""
        feed = record.feed
        bar = feed.ticker.at
        if record.exectype != MARKET and record.valid and feed.stamps[bar] > record.valid:
            self._end(record, EXPIRED)
            self._cancel_group(record)
            self._bracket(record, cancel=True)
            return False
        if record.active:
            self._try(record, feed, bar, step)
            if record.status != ACCEPTED:
                if record.status == COMPLETED:
                    self._bracket(record, cancel=False)
                return False
        dues.reschedule(record, step)
        return True

    def _try(self, record: Record, feed: Feed, bar: int, step: int) -> None:
        kind = record.exectype
        if kind == MARKET:
            if feed.stamps[bar] > record.dt_created:
                first = feed.open[bar]
                price = self._slip(record, feed, bar, first, self.p.slip_open)
                self._execute(record, price, step, reference=first)
            return
        if kind == CLOSE:
            self._try_close(record, feed, bar, step)
        elif kind == LIMIT or record.triggered:
            self._try_limit(record, feed, bar, step, record.limit if record.triggered else None)
        elif kind == STOP:
            self._try_stop(record, feed, bar, step)
        else:
            if kind >= STOP_TRAIL:
                if record.trailed is None:
                    record.trailed = bar
                elif record.trailed < bar:
                    dues.follow(record, feed.bar_at(step - 1))
            if kind == STOP_TRAIL:
                self._try_stop(record, feed, bar, step)
            else:
                self._try_stop_limit(record, feed, bar, step)
            if kind >= STOP_TRAIL and record.status == ACCEPTED:
                record.trailed = bar
                record.trail(feed.close[bar])

    def _try_close(self, record: Record, feed: Feed, bar: int, step: int) -> None:
        if record.dteos is None:
            record.dteos = record.order.dteos
        now = feed.stamps[bar]
        if record.tried:
            record.pannotated = feed.close[feed.bar_at(step - 1)]
        before = record.pannotated
        if now > record.dt_created and now >= record.dteos:
            if before and now > record.dteos:
                self._execute(record, before, step, stamp=feed.stamps[bar - 1])
            else:
                self._execute(record, feed.close[bar], step)
            return
        record.tried = True
        record.pannotated = feed.close[bar]

    def _try_limit(self, record: Record, feed: Feed, bar: int, step: int, limit: Any) -> None:
        if limit is None:
            limit = record.price
        first = feed.open[bar]
        if record.buys:
            if limit >= first:
                price = first
                if self.slips:
                    bound = min(feed.high[bar], limit)
                    price = self._slip_up(bound, first, self.p.slip_open, True)
                self._execute(record, price, step, reference=first)
            elif limit >= feed.low[bar]:
                self._execute(record, limit, step, maker=True)
        elif limit <= first:
            price = first
            if self.slips:
                price = self._slip_down(limit, first, self.p.slip_open, True)
            self._execute(record, price, step, reference=first)
        elif limit <= feed.high[bar]:
            self._execute(record, limit, step, maker=True)

    def _try_stop(self, record: Record, feed: Feed, bar: int, step: int) -> None:
        first, stop = feed.open[bar], record.price
        if first >= stop if record.buys else first <= stop:
            price = self._slip(record, feed, bar, first, self.p.slip_open)
            self._execute(record, price, step, reference=first)
        elif feed.high[bar] >= stop if record.buys else feed.low[bar] <= stop:
            self._execute(record, self._slip(record, feed, bar, stop, True), step, reference=stop)

    def _try_stop_limit(self, record: Record, feed: Feed, bar: int, step: int) -> None:
        first, stop, limit = feed.open[bar], record.price, record.limit
        if first >= stop if record.buys else first <= stop:
            record.triggered = record.again = True
            self._try_limit(record, feed, bar, step, limit)
            return
        if not (feed.high[bar] >= stop if record.buys else feed.low[bar] <= stop):
            return
        record.triggered = record.again = True
        last = feed.close[bar]
        if limit >= stop if record.buys else limit <= stop:
            price = self._slip(record, feed, bar, stop, True, True)
            self._execute(record, price, step, reference=stop)
        elif record.buys:
            if first > last and limit >= last:
                self._execute(record, limit, step, maker=True)
        elif first <= last and limit <= last:
            self._execute(record, limit, step, maker=True)

    def _slip(
        self, record: Record, feed: Feed, bar: int, price: Any, slips: Any, lim: bool = False
    ) -> Any:
        if not self.slips:
            return price
        if record.buys:
            return self._slip_up(feed.high[bar], price, slips, lim)
        return self._slip_down(feed.low[bar], price, slips, lim)

    def _slip_up(self, bound: Any, price: Any, slips: Any, lim: bool) -> Any:
        return self.broker._slip_up(bound, price, doslip=slips, lim=lim)

    def _slip_down(self, bound: Any, price: Any, slips: Any, lim: bool) -> Any:
        return self.broker._slip_down(bound, price, doslip=slips, lim=lim)

    # ---- executions -------------------------------------------------------------------------

    def _execute(
        self, record: Record, price: Any, step: int, stamp: Any = None, maker: bool = False,
        reference: Any = None,
    ) -> None:  # fmt: skip
        """Execute all of an order at *price*; None: it is not to be executed."""
        if price is None:
            return
        d, feed, data = self.d, record.feed, record.given.data
        info, _, plain = self.fit(data)
        position = d["positions"][data]
        held = position.__dict__
        had, paid = held["size"], held["price"]
        if had and held["_since"] < step:
            held["adjbase"] = feed.close[feed.bar_at(step - 1)]
        size = record.size
        psize, opened, closed = split(had, size)
        pprice = priced(had, paid, size, price, psize)
        if self.booking is not None:
            self.booking.before(record, info, maker)
        pnl = -closed * (price - paid) * info.p.mult
        cash = d["cash"]
        closedvalue = closedcomm = openedvalue = openedcomm = 0.0
        if closed:
            closedvalue, freed, closedcomm = self._closing(info, plain, closed, paid, price)
            cash += freed + pnl * info._stocklike
            cash -= closedcomm
            cash += 0.0
            d["cash"] = cash
        wanted = opened
        if opened:
            openedvalue, tied, openedcomm = self._opening(info, plain, opened, price)
            cash -= tied
            cash -= openedcomm
            if cash < 0.0:
                opened = 0
                openedvalue = openedcomm = 0.0
            else:
                if abs(psize) > abs(opened):
                    cash += 0.0
                held["adjbase"] = price
                d["cash"] = cash
        done = closed + opened
        if done:
            if not plain:
                info.confirmexec(done, price)
            move(held, feed, done, price, step)
            if held["size"]:
                self.opened.append(data)
                self.opened_at = step
            if closed and self.p.int2pnl:
                closedcomm += d["d_credit"].pop(data, 0.0)
            if stamp is None:
                stamp = feed.stamps[feed.ticker.at]
            record.fill = tuple.__new__(
                Fill,
                (stamp, done, price, closed, closedvalue, closedcomm, opened, openedvalue,
                 openedcomm, pnl, psize, pprice),
            )  # fmt: skip
            record.dt = stamp
            record.comminfo = (info, info.margin)
            record.set_status(PARTIAL if size - done else COMPLETED)
            self.notify(record)
            self._cancel_group(record)
        if self.booking is not None:
            self.booking.after(record, info, price, price if reference is None else reference, maker, step)
        if wanted and not opened:
            self._end(record, MARGIN)
            self._cancel_group(record)
            self._bracket(record, cancel=True)

    def watch(self, params: Any) -> None:
        """Be told of changes to *params*."""
        raise NotImplementedError

    def leave(self) -> None:
        """Let Backtrader's code take the turns from now on."""
        raise NotImplementedError

    # ---- back to Backtrader -----------------------------------------------------------------

    def follow(self, record: Record) -> None:
        """Bring what follows the closes up to the step that Backtrader has tried it on."""
        if record.status == ACCEPTED and not record.stock and not self.inside:
            self._follow(record, self.main.at)

    def _follow(self, record: Record, step: int) -> None:
        if record.exectype >= STOP_TRAIL:
            dues.follow(record, record.feed.bar_at(step))
        elif record.exectype == CLOSE and record.tried:
            record.pannotated = record.feed.close[record.feed.bar_at(step)]

    def resting(self) -> list[Any]:
        """Return every light order that is on its way, each once."""
        d = self.d
        every = [*d["submitted"], *d["pending"], *d["_toactivate"]]
        for group in d["_pchildren"].values():
            every.extend(group)
        found = {id(one): one for one in every if self.record_of(one) is not None}
        return list(found.values())

    def to_stock(self, record: Record | None = None) -> None:
        """Make all resting orders Backtrader's own, and *record*'s, and wake the broker."""
        if record is not None and record.stock:
            return
        resting = self.resting()
        if record is not None and all(one is not record.order for one in resting):
            make_stock_shared(record)
            if record.status != CREATED:
                return
        self.leave()
        self.d["_pchildren"].fill()
        for order in resting:
            make_stock_shared(order._record)


def _fee(info: Any, size: Any, price: Any) -> Any:
    """Return a plain info's commission."""
    if info._commtype == info.COMM_PERC:
        return abs(size) * info.p.commission * price
    return abs(size) * info.p.commission


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
