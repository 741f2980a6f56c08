"""Resting orders against bars: Backtrader's rules, on the feeds' own arrays."""

from __future__ import annotations

from typing import Any

from atms.engine.broker import due as dues
from atms.engine.broker.account import Account
from atms.engine.broker.feeds import Feed
from atms.engine.broker.queue import Queue
from atms.engine.broker.record import (
    ACCEPTED,
    CLOSE,
    COMPLETED,
    EXPIRED,
    LIMIT,
    MARKET,
    NEVER,
    PARTIAL,
    STOP,
    STOP_TRAIL,
    Record,
)
from atms.engine.broker.state import State


class Matcher:
    """Tries the orders that are due.

    Args:
        state: of the run.
        queue: of its orders.
        account: which executes them.

    Attributes:
        partial: whether parts that close and open have missed an order's size by their last bit,
            which leaves the order resting with that.
    """

    def __init__(self, state: State, queue: Queue, account: Account) -> None:
        self._state = state
        self._queue = queue
        self._account = account
        self._p = state.p
        self.partial = False

    def try_pending(self, step: int) -> int:
        """Try the orders that are due, in their order; return when the next one is."""
        pending = self._state.d["pending"]
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
            self._queue.end(record, EXPIRED)
            self._queue.cancel_group(record)
            self._queue.bracket(record, cancel=True)
            return False
        if record.active:
            self._try(record, feed, bar, step)
            if record.status == PARTIAL:
                self.partial = True
                return True
            if record.status != ACCEPTED:
                if record.status == COMPLETED:
                    self._queue.bracket(record, cancel=False)
                return False
        dues.reschedule(record, step)
        return True

    def _try(self, record: Record, feed: Feed, bar: int, step: int) -> None:
        kind = record.exectype
        if kind == MARKET:
            self._try_market(record, feed, bar, step)
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
                elif record.trailed < bar and feed.ahead:
                    dues.follow(record, feed.bar_at(step - 1))
            if kind == STOP_TRAIL:
                self._try_stop(record, feed, bar, step)
            else:
                self._try_stop_limit(record, feed, bar, step)
            if kind >= STOP_TRAIL and record.status == ACCEPTED:
                record.trailed = bar
                record.trail(feed.last[bar])

    def _try_market(self, record: Record, feed: Feed, bar: int, step: int) -> None:
        p, stamp = self._p, None
        if p.coc and (record.info or {}).get("coc", True):
            first, stamp = record.pclose, record.dt_created
        elif p.coo or feed.stamps[bar] > record.dt_created:
            first = feed.open[bar]
        else:
            return
        price = self._slip(record, feed, bar, first, p.slip_open)
        self._account.execute(record, price, step, first, False, stamp or None)

    def _try_close(self, record: Record, feed: Feed, bar: int, step: int) -> None:
        if record.dteos is None:
            record.dteos = record.order.dteos
        now = feed.stamps[bar]
        if record.tried and feed.ahead:
            record.pannotated = feed.close[feed.bar_at(step - 1)]
        before = record.pannotated
        if now > record.dt_created and now >= record.dteos:
            if before and now > record.dteos:
                self._account.execute(record, before, step, None, False, feed.stamps[bar - 1])
            else:
                self._account.execute(record, feed.last[bar], step)
            return
        record.tried = True
        record.pannotated = feed.last[bar]

    def _try_limit(self, record: Record, feed: Feed, bar: int, step: int, limit: Any) -> None:
        if limit is None:
            limit = record.price
        first = feed.open[bar]
        if record.buys:
            if limit >= first:
                price = first
                if self._state.slips:
                    bound = min(feed.high[bar], limit)
                    price = self._slip_up(bound, first, self._p.slip_open, True)
                self._account.execute(record, price, step, first)
            elif limit >= feed.low[bar]:
                self._account.execute(record, limit, step, None, True)
        elif limit <= first:
            price = first
            if self._state.slips:
                price = self._slip_down(limit, first, self._p.slip_open, True)
            self._account.execute(record, price, step, first)
        elif limit <= feed.high[bar]:
            self._account.execute(record, limit, step, None, True)

    def _try_stop(self, record: Record, feed: Feed, bar: int, step: int) -> None:
        first, stop = feed.open[bar], record.price
        if first >= stop if record.buys else first <= stop:
            price = self._slip(record, feed, bar, first, self._p.slip_open)
            self._account.execute(record, price, step, first)
        elif feed.high[bar] >= stop if record.buys else feed.low[bar] <= stop:
            self._account.execute(record, self._slip(record, feed, bar, stop, True), step, stop)

    def _try_stop_limit(self, record: Record, feed: Feed, bar: int, step: int) -> None:
        first, stop, limit = feed.open[bar], record.price, record.limit
        if first >= stop if record.buys else first <= stop:
            record.triggered = record.again = True
            self._try_limit(record, feed, bar, step, limit)
            return
        if not (feed.high[bar] >= stop if record.buys else feed.low[bar] <= stop):
            return
        record.triggered = record.again = True
        last = feed.last[bar]
        if limit >= stop if record.buys else limit <= stop:
            price = self._slip(record, feed, bar, stop, True, True)
            self._account.execute(record, price, step, stop)
        elif record.buys:
            if first > last and limit >= last:
                self._account.execute(record, limit, step, None, True)
        elif first <= last and limit <= last:
            self._account.execute(record, limit, step, None, True)

    def _slip(
        self, record: Record, feed: Feed, bar: int, price: Any, slips: Any, lim: bool = False
    ) -> Any:
        if not self._state.slips:
            return price
        if record.buys:
            return self._slip_up(feed.high[bar], price, slips, lim)
        return self._slip_down(feed.low[bar], price, slips, lim)

    def _slip_up(self, bound: Any, price: Any, slips: Any, lim: bool) -> Any:
        return self._state.broker._slip_up(bound, price, doslip=slips, lim=lim)

    def _slip_down(self, bound: Any, price: Any, slips: Any, lim: bool) -> Any:
        return self._state.broker._slip_down(bound, price, doslip=slips, lim=lim)
