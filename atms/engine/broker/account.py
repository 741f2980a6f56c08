"""An account in a run: its feeds, its cash, and what executions do to them."""

from __future__ import annotations

from typing import Any

from atms.engine.broker.booking import Booking
from atms.engine.broker.fills import priced, split
from atms.engine.broker.positions import move
from atms.engine.broker.queue import Queue
from atms.engine.broker.record import CLOSE, COMPLETED, MARKET, PARTIAL, Fill, Record
from atms.engine.broker.state import State


class Account:
    """What new orders would cost and what executions do, in Backtrader's arithmetic and order.

    Args:
        state: of the run.
        queue: of its orders.
        booking: what is kept of each fill besides; None: nothing.

    Attributes:
        opened: datas whose positions were changed at step *opened_at* and not credited since.
    """

    def __init__(self, state: State, queue: Queue, booking: Booking | None) -> None:
        self._state = state
        self._queue = queue
        self._booking = booking
        self._d = state.d
        self._p = state.p
        self.opened: list[Any] = []
        self.opened_at = 0

    def expect(self, step: int) -> None:
        """Have the interest of nothing booked for what Backtrader's code has opened on *step*."""
        booked, positions = self._d["d_credit"], self._d["positions"].items()
        self.opened += [data for data, one in positions if one.size and data not in booked]
        self.opened_at = step

    def credit(self, step: int) -> None:
        """Book the interest of nothing, as Backtrader does on the bar after a position changed."""
        if self.opened_at >= step:
            return
        changed = {id(data) for data in self.opened}
        self.opened.clear()
        for data, position in self._d["positions"].items():
            if id(data) in changed and position.__dict__["size"]:
                self._d["d_credit"][data] += 0.0

    def check(self) -> None:
        """Work out what cash new orders would leave, and accept or refuse them."""
        d, queue = self._d, self._queue
        if self._booking is not None:
            self._booking.check()
        submitted, children, cash = d["submitted"], d["_pchildren"], d["cash"]
        sizes: dict[int, Any] = {}
        while submitted:
            order = submitted.popleft()
            record = order._record
            parent = record.parent
            if parent is not None and parent.ref not in children:
                queue.reject(record)
                continue
            cash = self._cash_after(record, cash, sizes)
            if cash >= 0.0:
                queue.accept(record, order)
            else:
                queue.refuse(record)

    def _cash_after(self, record: Record, cash: Any, sizes: dict[int, Any]) -> Any:
        """Return the cash after an order, as if it were executed; *sizes*: after those before."""
        data = record.data
        position = self._d["positions"][data]
        key = id(data)
        held = sizes[key] if key in sizes else position.__dict__["size"]
        info, _, plain = self._state.fit(data)
        price = record.price
        if self._p.coo and record.exectype == MARKET:
            price = data.open[0]
        sizes[key], opened, closed = split(held, record.size)
        if closed:
            _, freed, fee = self._closing(info, plain, closed, price, price)
            cash += freed + 0 * info._stocklike
            cash -= fee
        if opened:
            _, tied, fee = self._opening(info, plain, opened, price)
            cash -= tied
            cash -= fee
        return cash

    def _closing(
        self, info: Any, plain: bool, closed: Any, paid: Any, price: Any
    ) -> tuple[Any, Any, Any]:
        """Return the value of what is closed, the cash it frees, and its commission."""
        shortcash = self._p.shortcash
        cash = value = -closed * paid if shortcash else info.getoperationcost(closed, paid)
        if value > 0:
            cash /= info.p.leverage
        fee = _fee(info, closed, price) if plain else info.getcommission(closed, price)
        return value, cash, fee

    def _opening(self, info: Any, plain: bool, opened: Any, price: Any) -> tuple[Any, Any, Any]:
        """Return the value of what is opened, the cash it ties, and its commission."""
        shortcash = self._p.shortcash
        cash = value = opened * price if shortcash else info.getoperationcost(opened, price)
        if value > 0:
            cash /= info.p.leverage
        fee = _fee(info, opened, price) if plain else info.getcommission(opened, price)
        return value, cash, fee

    def execute(
        self, record: Record, price: Any, step: int, reference: Any = None, maker: bool = False,
        stamp: Any = None,
    ) -> None:  # fmt: skip
        """Execute all of an order, or what of it closes where the cash does not last for the rest.

        Args:
            record: of a resting order.
            price: None: it is not to be executed.
            step: the present one.
            reference: the price before slippage; None: *price*.
            maker: whether a limit was met within the bar.
            stamp: of the execution; None: of the present bar.
        """
        if price is None:
            return
        feed, data, booking = record.feed, record.data, self._booking
        info, _, plain = self._state.fit(data)
        held = self._d["positions"][data].__dict__
        if held["size"] and held["_since"] < step:
            ahead = feed.ahead
            held["adjbase"] = feed.close[feed.bar_at(step - 1)] if ahead else held["_close"]
        if stamp is None:
            stamp = feed.stamps[feed.ticker.at]
        if booking is not None:
            if record.exectype != MARKET and record.exectype != CLOSE:
                price = 1.0 * price  # the simulated broker's matching makes floats of integers
            booking.before(record, info, maker)
        fill, refused = self._pay(record, info, plain, held, price, stamp)
        if fill[1]:
            self._keep(record, info, plain, held, fill, step)
        if booking is not None:
            booking.after(
                record, info, price, price if reference is None else reference, maker, step
            )
        if refused:
            self._queue.refuse(record)

    def _pay(
        self, record: Record, info: Any, plain: bool, held: dict[str, Any], price: Any, stamp: Any
    ) -> tuple[Fill, bool]:
        """Move the cash of an execution; return it, and whether cash for what it opens is missing.

        Args:
            held: the position's ``__dict__``.
        """
        d, had, paid, size = self._d, held["size"], held["price"], record.size
        psize, opened, closed = split(had, size)
        pprice = priced(had, paid, size, price, psize)
        pnl = -closed * (price - paid) * info.p.mult
        cash = d["cash"]
        closedvalue = closedcomm = openedvalue = openedcomm = 0.0
        refused = False
        if closed:
            closedvalue, freed, closedcomm = self._closing(info, plain, closed, paid, price)
            cash += freed + pnl * info._stocklike
            cash -= closedcomm
            cash += 0.0
            d["cash"] = cash
        if opened:
            openedvalue, tied, openedcomm = self._opening(info, plain, opened, price)
            cash -= tied
            cash -= openedcomm
            if cash < 0.0:
                refused = True
                opened = 0
                openedvalue = openedcomm = 0.0
            else:
                if abs(psize) > abs(opened):
                    cash += 0.0
                held["adjbase"] = price
                d["cash"] = cash
        if closed and self._p.int2pnl:
            closedcomm += d["d_credit"].pop(record.data, 0.0)
        fill = (
            stamp, closed + opened, price, closed, closedvalue, closedcomm, opened, openedvalue,
            openedcomm, pnl, psize, pprice,
        )  # fmt: skip
        return fill, refused

    def _keep(
        self, record: Record, info: Any, plain: bool, held: dict[str, Any], fill: Fill, step: int
    ) -> None:
        """Book an execution on position and order, and tell."""
        stamp, size, price = fill[0], fill[1], fill[2]
        queue = self._queue
        if not plain:
            info.confirmexec(size, price)
        move(held, record.feed, size, price, step)
        if held["size"]:
            self.opened.append(record.data)
            self.opened_at = step
        record.fill = fill
        record.dt = stamp
        record.comminfo, record.margin = info, info.margin
        record.set_status(PARTIAL if record.size - size else COMPLETED)
        queue.notify(record)
        queue.cancel_group(record)


def _fee(info: Any, size: Any, price: Any) -> Any:
    """Return a plain info's commission."""
    if info._commtype == info.COMM_PERC:
        return abs(size) * info.p.commission * price
    return abs(size) * info.p.commission
