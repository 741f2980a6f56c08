"""An account's state: made by applying records, and by nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import singledispatchmethod

from atms.execution.core.books import Books
from atms.execution.core.orders import OrderState
from atms.execution.core.records import (
    Answered,
    Baseline,
    Booked,
    CancelAsked,
    CashBooked,
    Closed,
    FeeBooked,
    Finalised,
    Intended,
    Linked,
    Named,
    Opened,
    OpeningCash,
    ReadTo,
    Record,
    Reversed,
    Started,
    Stood,
    encode,
)
from atms.execution.emulation.plan_records import Paired, Planned, Trailed, Triggered, Withdrawn
from atms.execution.emulation.plans import PlanState, net
from atms.stores.facts import Cursor
from atms.stores.requests import Key, Refs


@dataclass
class AccountState:
    """What a journal says of an account.

    Attributes:
        epoch: of the process that has it.
        orders: by our key, in the order of their making.
        by_name: the venue's name -> our key.
        cursor: how far the log is in the books; None: it was never read.
        since: when the journal began to look.
        baseline: when what was held before was taken in.
        traded: every instrument that an order or a row is of, in the order of their coming.
        groups: key of a group's first order -> keys of all.
        plans: the planned orders, by our key; *legs*: key of an entry -> those that protect it.
        pairs: key -> keys of the orders of which one is to be, its own among them.
        left: entry of a bracket whose legs are all over -> what was left open then; *strays*: of
            them, those that have moved since, and whose legs do not see to it.
    """

    epoch: int = 0
    orders: dict[Key, OrderState] = field(default_factory=dict)
    by_name: dict[str, Key] = field(default_factory=dict)
    books: Books = field(default_factory=Books)
    cursor: Cursor | None = None
    since: datetime | None = None
    baseline: datetime | None = None
    traded: dict[str, None] = field(default_factory=dict)
    groups: dict[Key, list[Key]] = field(default_factory=dict)
    plans: dict[Key, PlanState] = field(default_factory=dict)
    legs: dict[Key, list[Key]] = field(default_factory=dict)
    pairs: dict[Key, tuple[Key, ...]] = field(default_factory=dict)
    left: dict[Key, Decimal] = field(default_factory=dict)
    strays: dict[Key, None] = field(default_factory=dict)
    _planned: dict[Key, PlanState] = field(default_factory=dict)
    _live: dict[Key, OrderState] = field(default_factory=dict)

    def find(self, key: Key | None, refs: Refs) -> OrderState | None:
        """Return the order of a key, or of any of the venue's names."""
        if key is not None and key in self.orders:
            return self.orders[key]
        for name in sorted(refs):
            if name in self.by_name:
                return self.orders[self.by_name[name]]
        return None

    def open_orders(self) -> list[OrderState]:
        """Return the orders that may fill, those too that stand though they were rejected."""
        return [order for order in self._live.values() if order.live]

    def pursued(self) -> list[OrderState]:
        """Return the open orders, and those that were rejected and still have to be undone.

        Those too with a fill that may be undone.
        """
        return list(self._live.values())

    def open_plans(self) -> list[PlanState]:
        """Return the planned orders that are not over, the oldest first."""
        return list(self._planned.values())

    def plan_of(self, key: Key | None) -> PlanState | None:
        """Return the planned order of a key, or the one that the order of a key works for."""
        order = self.orders.get(key or "")
        return self.plans.get(order.intended.serves if order is not None else key or "")

    def digest(self) -> str:
        """Return a hash of everything here: equal for equal histories."""
        books = self.books
        parts = [repr(self.epoch), repr(self.cursor), repr(self.baseline), repr(books.openings)]
        parts += [repr(sorted(kept)) for kept in (books.gone.items(), books.finals.items())]
        parts += [repr(sorted(books.seen)), repr(sorted(self.by_name.items()))]
        for order in self.orders.values():
            parts.append(
                f"{order.key} {sorted(order.names)} {order.answered} {order.stands} "
                f"{order.claimed} {order.booked} {order.cancel_asked} {order.closed} "
                f"{order.first_asked} {order.shifted} {sorted(order.busted.items())}"
            )
        parts += [repr(plan) for plan in self.plans.values()]
        parts += [repr(sorted(self.pairs.items())), repr(sorted(self._planned))]
        parts += [repr(sorted(self.left.items())), repr(sorted(self.strays))]
        parts += [encode(row) for _, row in sorted(self.books.rows.items())]
        parts += [
            f"{asset} {total.normalize()}" for asset, total in sorted(self.books.cash.items())
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def apply(self, record: Record) -> None:
        """Take a record in."""
        self._apply(record)

    @singledispatchmethod
    def _apply(self, record: Record) -> None:
        raise TypeError(f"no record: {record!r}")

    @_apply.register
    def _(self, record: Started) -> None:
        self.epoch = record.epoch
        self.since = self.since or record.at

    @_apply.register
    def _(self, record: Intended) -> None:
        order = OrderState(record)
        self.orders[order.key] = order
        self.traded.setdefault(order.ticket.instrument)
        self.groups.setdefault(record.group, []).append(order.key)
        if record.serves:
            self.plans[record.serves].servants.append(order.key)
        self._name(order, record.names)
        self._look(order)

    @_apply.register
    def _(self, record: Named) -> None:
        self._name(self.orders[record.key], record.names)

    @_apply.register
    def _(self, record: Answered) -> None:
        order = self.orders[record.key]
        order.answered = record
        self._look(order)

    @_apply.register
    def _(self, record: Stood) -> None:
        order = self.orders[record.key]
        order.stand(record)
        self._look(order)

    @_apply.register
    def _(self, record: CancelAsked) -> None:
        order = self.orders[record.key]
        order.ask_back(record.at)
        self._name(order, record.names)

    @_apply.register
    def _(self, record: Closed) -> None:
        if record.key in self.plans:
            self.plans[record.key].closed = record
            del self._planned[record.key]
            self._leave(self.plans[record.key].planned.parent, record.how)
            return
        order = self.orders[record.key]
        order.close(record)
        self._look(order)

    @_apply.register
    def _(self, record: Booked) -> None:
        self.traded.setdefault(record.instrument)
        row = self.books.book(record)
        if row.key is not None:
            self._book(row.key, row, 1)

    @_apply.register
    def _(self, record: Reversed) -> None:
        self.books.forget(record.exec, record.version)
        if record.exec not in self.books.rows:  # undone before it was ever told
            self._bust(record, record.key, record.qty)
            return
        row = self.books.reverse(record.exec)
        if row.key is not None:
            self._book(row.key, row, -1)
            self._bust(record, row.key, row.qty)

    @_apply.register
    def _(self, record: Finalised) -> None:
        row = self.books.finalise(record.exec, record.version)
        if row is not None and row.key is not None:
            order = self.orders[row.key]
            order.pending.discard(row.exec)
            self._look(order)

    @_apply.register
    def _(self, record: Linked) -> None:
        row = self.books.link(record.exec, record.key)
        self._book(record.key, row, 1)

    @_apply.register
    def _(self, record: FeeBooked) -> None:
        self.books.charge(record)
        row = self.books.rows.get(record.exec or "")
        order = self.orders.get((row.key if row is not None else record.key) or "")
        if order is not None:
            name = order.ticket.instrument
            own = (one.qty for one in record.shifts if one.instrument == name)
            order.shifted += sum(own, Decimal(0))

    @_apply.register
    def _(self, record: Planned) -> None:
        plan = self.plans[record.ticket.key] = self._planned[record.ticket.key] = PlanState(record)
        self.traded.setdefault(plan.ticket.instrument)
        if record.parent:
            self.legs.setdefault(record.parent, []).append(plan.key)
            self.strays.pop(record.parent, None)

    @_apply.register
    def _(self, record: Triggered) -> None:
        self.plans[record.key].triggered = record

    @_apply.register
    def _(self, record: Trailed) -> None:
        self.plans[record.key].trailed = record

    @_apply.register
    def _(self, record: Withdrawn) -> None:
        self.plans[record.key].withdrawn = record

    @_apply.register
    def _(self, record: Paired) -> None:
        for key in record.keys:
            self.pairs[key] = tuple(dict.fromkeys((*self.pairs.get(key, ()), *record.keys)))

    @_apply.register
    def _(self, record: CashBooked) -> None:
        self.books.receive(record)

    @_apply.register
    def _(self, record: Opened) -> None:
        self.books.open(record, first=self.baseline is None)

    @_apply.register
    def _(self, record: OpeningCash) -> None:
        self.books.open_cash(record)

    @_apply.register
    def _(self, record: Baseline) -> None:
        self.baseline = record.at

    @_apply.register
    def _(self, record: ReadTo) -> None:
        self.cursor = record.cursor

    def _name(self, order: OrderState, names: tuple[str, ...]) -> None:
        order.names.update(names)
        for name in names:
            self.by_name[name] = order.key

    def _book(self, key: Key, row: Booked, sign: int) -> None:
        order = self.orders[key]
        order.book(row, sign)
        order.busted.pop(row.exec, None)
        self._look(order)
        self._stray(order, sign)

    def _bust(self, record: Reversed, key: Key | None, qty: Decimal | None) -> None:
        """Remember what an order lost for good: nothing comes in its place."""
        if record.why == "bust" and key is not None and qty is not None:
            self.orders[key].busted[record.exec] = qty

    def _leave(self, entry: Key, how: str) -> None:
        """Keep what a bracket leaves open whose last leg is over.

        A leg that was made to close what came too late, and has, leaves what has come since.
        """
        if not entry or any(self.plans[key].closed is None for key in self.legs[entry]):
            return
        if entry in self.left and how == "filled":
            self.strays[entry] = None
        else:
            self.left[entry] = max(net(self, entry), Decimal(0))

    def _stray(self, order: OrderState, sign: int) -> None:
        """Mark a bracket that has moved though its legs are over."""
        plan = self.plans.get(order.intended.serves)
        entry = plan.planned.parent if plan is not None else order.key
        if entry not in self.left:
            return
        if plan is not None and plan.planned.parent and sign > 0:  # that was of what was left
            self.left[entry] = max(min(self.left[entry], net(self, entry)), Decimal(0))
        if all(self.plans[key].closed is not None for key in self.legs[entry]):
            self.strays[entry] = None

    def _look(self, order: OrderState) -> None:
        """Keep the orders that matter apart: there are few, however many there were."""
        if order.live or order.releases or order.pending:
            self._live.setdefault(order.key, order)
        else:
            self._live.pop(order.key, None)
