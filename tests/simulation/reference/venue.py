"""The reference broker: the round of a bar, the queue, and orders that depend on one another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.simulation.reference.account import Account, Position
from tests.simulation.reference.carrying import funding, mark, nights
from tests.simulation.reference.costing import parts
from tests.simulation.reference.families import Families
from tests.simulation.reference.feeing import Fees
from tests.simulation.reference.fitting import fits, whole
from tests.simulation.reference.liquidating import fails, inside
from tests.simulation.reference.scenario import (
    CLOSE,
    MARKET,
    TRAIL,
    TRAIL_LIMIT,
    Cancel,
    Fill,
    Make,
    Outcome,
    Row,
    Scenario,
)
from tests.simulation.reference.touching import Order, Touch, follow, place, touch


class Venue:
    """Runs a scenario; `outcome` is what it did."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.terms = scenario, scenario.settings
        self.account = Account(self.terms, self.terms.cash)
        self.fees = Fees(self.terms)
        self.outcome = Outcome()
        self.at: dict[str, int] = {}
        self.last_close: dict[str, float] = {}
        self.feeds = {feed.name: feed for feed in scenario.feeds}
        self.orders: dict[int, Order] = {}
        self.submitted: list[Order] = []
        self.queue: list[Order] = []
        self.families = Families(self.queue)
        self.used: dict[int, float] = {}  # by the identity of a bar
        self.round = -1
        self.now = datetime.min

    # ---- the round ----------------------------------------------------------------------------
    def run(self) -> Outcome:
        """Go through the rounds and their scripts."""
        for number, now in enumerate(self.scenario.rounds()):
            before, self.round, self.now = self.now, number, now
            new = [feed for feed in self.feeds.values() if now in feed.stamps]
            for feed in new:
                self.at[feed.name] = feed.stamps.index(now)
            self._match_round(before, {feed.name: self._bar(feed.name) for feed in new})
            self.outcome.cash.append(self.account.cash)
            self.outcome.value.append(self.account.value(self._closes()))
            self.last_close = self._closes()
            for line in self.scenario.script:
                if line.at == number:
                    self._cancel(line) if isinstance(line, Cancel) else self._make(line)
        for order in self.orders.values():
            self.outcome.statuses[order.number] = order.status
            self.outcome.fills[order.number] = order.fills
        return self.outcome

    def _match_round(self, before: datetime, new: dict[str, Row]) -> None:
        if before.date() < self.now.date() and before != datetime.min:
            days = before.date(), self.now.date()
            self._charge(nights(self.terms, self.account, self.last_close, *days))
        self._charge(funding(self.terms, self.account, new, "start"))
        watched = self.terms.maintenance or self.terms.maintenance_per_contract
        if watched:
            self._look("open")
        sides = {name: position.size for name, position in self.account.open()}
        self.families.activate()
        self._accept()
        self._match(new)
        if watched:
            self._liquidate(inside(self.terms, self.account, self._bars(), sides))
            self._look("close")
        self._charge(funding(self.terms, self.account, new, "end"))
        self.account.close_of_bar(self._closes())

    def _charge(self, charges: object) -> None:
        for kind, name, amount in list(charges):  # type: ignore[call-overload]
            key = (self.round, kind, name)
            self.account.cash += amount
            self.outcome.charges[key] = self.outcome.charges.get(key, 0.0) + amount

    def _bar(self, name: str) -> Row:
        return self.feeds[name].rows[self.at[name]]

    def _bars(self) -> dict[str, Row]:
        return {name: self._bar(name) for name in self.at}

    def _closes(self) -> dict[str, float]:
        return {name: self._bar(name)["close"] for name in self.at}

    # ---- making, accepting, cancelling ---------------------------------------------------------
    def _make(self, ask: Make) -> None:
        made = self.feeds[ask.feed].stamps[self.at[ask.feed]]
        end = _session_end(made, self)
        order = place(ask, made, end, self._bar(ask.feed)["close"])
        self.orders[ask.number] = order
        self.families.group_up(ask)
        step = self.terms.rules.get(ask.feed)
        if self.terms.reject and step and not fits(step, ask, self._bar(ask.feed)["close"]):
            order.status = "Rejected"
            return
        sent = self.families.join(order, ask)
        for member in sent:
            member.status = "Submitted"
            self.submitted.append(member)

    def _accept(self) -> None:
        cash, scratch = self.account.cash, dict[str, Position]()
        for order in self.submitted:
            if not self.families.has_place(order):
                order.status = "Rejected"
                continue
            held = self.account.position(order.feed)
            mine = scratch.setdefault(order.feed, Position(held.size, held.entry, held.base))
            fee = self._fee_of(order, order.stop, False, [])
            cash = self.account.trial(cash, mine, order.left, order.stop, fee)
            if cash >= 0.0:
                order.status = "Accepted"
                self.queue.append(order)
            else:
                self.families.leave(order, "Margin")
        self.submitted.clear()

    def _cancel(self, line: Cancel) -> None:
        order = self.orders.get(line.number)
        if order in self.queue:
            self.queue.remove(order)
            self.families.leave(order, "Canceled")

    # ---- matching ------------------------------------------------------------------------------
    def _match(self, new: dict[str, Row]) -> None:
        finer = [
            (end, name, row)
            for name in new
            for end, row in self.feeds[name].finer
            if self._start(name) < end <= self.now
        ]
        for end in sorted({end for end, _, _ in finer}):
            rows = {name: row for stamp, name, row in finer if stamp == end}
            began = {name: end - self.feeds[name].finer_step for name in rows}
            self._pass(rows, began)
            self.families.activate()
        coarse = {name for name in self.at if name not in {name for _, name, _ in finer}}
        self._pass({name: self._bar(name) for name in coarse}, {})

    def _start(self, name: str) -> datetime:
        at = self.at[name]
        return self.feeds[name].stamps[at - 1] if at else datetime.min

    def _pass(self, bars: dict[str, Row], began: dict[str, datetime]) -> None:
        own = not began
        for order in list(self.queue):
            stamp = self.feeds[order.feed].stamps[self.at[order.feed]]
            if order not in self.queue:
                continue
            if order.kind != MARKET and order.valid is not None and stamp > order.valid:
                self.queue.remove(order)
                self.families.leave(order, "Expired")
                continue
            if not order.active:
                continue
            if order.kind == CLOSE:
                if own:
                    self._try_close(order, stamp)
                continue
            bar = bars.get(order.feed)
            start = self._start(order.feed) if own else began.get(order.feed, order.made)
            late = bool(self.terms.latency) and start < order.made + self.terms.latency
            if bar is None or late or (order.kind == MARKET and stamp <= order.made):
                continue
            follows = order.kind in (TRAIL, TRAIL_LIMIT) and not order.triggered
            met = touch(order, bar)
            if met is not None:
                self._fill(order, met, bar, self.at[order.feed])
            if follows and order.alive:
                follow(order, bar["close"])

    def _try_close(self, order: Order, stamp: datetime) -> None:
        at = self.at[order.feed]
        close = self._bar(order.feed)["close"]
        if stamp <= order.made or stamp < order.session_end:
            order.noted = close
            return
        noted, order.noted = order.noted, None  # a rest waits for the next close
        late = noted is not None and stamp > order.session_end
        at, price = (at - 1, noted) if late else (at, close)
        assert price is not None
        self._fill(order, Touch(price), self.feeds[order.feed].rows[at], at)

    # ---- filling -------------------------------------------------------------------------------
    def _fill(self, order: Order, met: Touch, bar: Row, at: int) -> None:
        size = self._available(order, bar)
        feed = self.feeds[order.feed]
        per_unit = parts(self.terms, met, order.side, size, feed.rows[:at], feed.rows[at])
        if not size or per_unit is None:
            return
        price = met.price + order.side * sum(per_unit)
        fee = self._fee_of(order, price, met.maker, order.fills)
        lost = self._lost(order.feed)
        want = order.side * size
        done, charged = self.account.settle(order.feed, want, price, fee, lost)
        if done:
            order.left = order.left - done
            order.status = "Partial" if order.left else "Completed"
            units = abs(done) * self.terms.multiplier
            spread, slippage, impact = (part * units for part in per_unit)
            order.fills.append(
                Fill(
                    feed.stamps[at], done, price, met.price, spread, slippage, impact, charged,
                    met.maker,
                )
            )  # fmt: skip
            self.fees.traded.append((self.now, units * price))
            for one in {id(bar), id(feed.rows[at])}:  # a finer bar's volume is its bar's, too
                self.used[one] = self.used.get(one, 0.0) + abs(done)
            self.families.oco_done(order)
        if done != want:
            self.queue.remove(order)
            self.families.leave(order, "Margin")
        elif not order.left:
            self.queue.remove(order)
            self.families.filled(order)

    def _available(self, order: Order, bar: Row) -> float:
        left = abs(order.left)
        if self.terms.participation is None:
            return left
        share = self.terms.participation * bar["volume"] - self.used.get(id(bar), 0.0)
        if left <= share:
            return left
        step = self.terms.rules.get(order.feed)
        return whole(share, step.size if step else None)

    def _fee_of(
        self, order: Order, price: float, maker: bool, before: list[Fill]
    ) -> Callable[[float, float], float]:
        rate = self.terms.conversion
        rate = self.last_close[rate] if isinstance(rate, str) else rate
        return lambda start, size: self.fees.of(before, start, size, price, maker, self.now, rate)

    def _lost(self, feed: str) -> float:
        if self.terms.stock or not self.terms.margin_account:
            return 0.0
        others = [(n, p) for n, p in self.account.open() if n != feed]
        gains = sum(self.account.gain(p, self.last_close[n]) for n, p in others)
        return max(0.0, -gains)

    # ---- liquidation ---------------------------------------------------------------------------
    def _look(self, when: str) -> None:
        bars = self._bars()
        marks = {name: mark(bar, when) for name, bar in bars.items()}
        if fails(self.terms, self.account, marks):
            self._liquidate({name: bars[name][when] for name, _ in self.account.open()})

    def _liquidate(self, prices: dict[str, float]) -> None:
        if not prices:
            return
        self.queue += self.submitted
        self.submitted.clear()
        while self.queue:
            self.families.leave(self.queue.pop(0), "Canceled")
        for name, price in prices.items():
            held = self.account.position(name)
            side, size = (-1, held.size) if held.size > 0 else (1, -held.size)
            number = -1 - sum(1 for n in self.orders if n < 0)
            ask = Make(self.round, number, name, side, size)
            order = place(ask, self.now, self.now, price)
            order.status = "Accepted"
            self.orders[number] = order
            self._close_out(order, price)

    def _close_out(self, order: Order, price: float) -> None:
        fee = self._fee_of(order, price, False, [])
        units = abs(order.left) * self.terms.multiplier
        done, charged = self.account.settle(order.feed, order.left, price, fee, 0.0)
        stamp = self.feeds[order.feed].stamps[self.at[order.feed]]
        order.fills.append(Fill(stamp, done, price, price, 0.0, 0.0, 0.0, charged, False))
        order.left, order.status = 0.0, "Completed"
        self.fees.traded.append((self.now, units * price))
        extra = self.terms.liquidation_fee * units * price
        if extra:
            self._charge([("liquidation", order.feed, -extra)])


def _session_end(made: datetime, venue: Venue) -> datetime:
    end = venue.terms.session_end
    if end is None:
        return made.replace(hour=23, minute=59, second=59, microsecond=999990)
    day = made.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return day if day >= made else day + timedelta(days=1)
