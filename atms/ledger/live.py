"""A live account's journal -> the ledger's tables: each entry once, whatever is tried again.

The rows follow from the journal alone: its entries are applied to a state like the order path's
own, and what they changed is written with the number of the last one, in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Connection

from atms.execution.core.records import (
    Booked,
    CashBooked,
    FeeBooked,
    Linked,
    Opened,
    OpeningCash,
    Record,
    Reversed,
    Started,
)
from atms.execution.core.state import AccountState
from atms.ledger import fills, schema
from atms.ledger.live_rows import fees_of, fill_row, order_row, plan_row, symbol_of
from atms.ledger.live_runs import RunRow, Session
from atms.ledger.live_writing import (
    Fund,
    Unit,
    write_balances,
    write_positions,
    write_session,
)
from atms.ledger.owners import add_once, upsert
from atms.stores.requests import Key

_ZERO = Decimal(0)
_MOVING = (Booked, Reversed, FeeBooked, CashBooked, Opened)  # what may change a position
Step = Callable[[Connection], object]


@dataclass
class _Changed:
    """What entries changed that is not in the ledger yet."""

    session: int | None = None  # the epoch that began
    orders: dict[Key, None] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


class AccountRows:
    """The rows of one account.

    Args:
        account: whose.
        journal: the journal's id.
        session_of: epoch -> whose its entries are; None: of no run that is known.

    Attributes:
        number: the last entry that was taken in.
        run: whose the entries are now; None: nothing is written of them.
    """

    def __init__(
        self, account: str, journal: str, session_of: Callable[[int], Session | None]
    ) -> None:
        self.account = account
        self.journal = journal
        self.number = 0
        self.run: RunRow | None = None
        self.state = AccountState()
        self._session_of = session_of
        self._venue = ""
        self._at = datetime.min.replace(tzinfo=UTC)  # of the last entry that has a time
        self._touched: dict[Key, datetime] = {}
        self._booked_in: dict[str, int] = {}  # execution -> the epoch of its row
        self._starts: dict[str, Decimal] = {}
        self._margin = False  # whether there were fills that move no cash themselves
        self._earned: dict[str, Decimal] = {}  # by them
        self._balances: dict[str, Fund] = {}  # as they are in the ledger
        self._positions: dict[str, Unit] = {}
        self._changed = _Changed()

    # ---- entries ----------------------------------------------------------------------------
    def skip(self, number: int, record: Record) -> None:
        """Take an entry in whose rows are in the ledger."""
        self.take(number, record)
        self._changed = _Changed()

    def take(self, number: int, record: Record) -> None:
        """Take an entry in; a :class:`Started` only while nothing waits to be written."""
        self.number = number
        self._at = getattr(record, "at", self._at)
        match record:
            case Started():
                self._begin(number, record)
            case Reversed():
                self._reverse(record)
            case Booked() | FeeBooked() | CashBooked() | Opened() | OpeningCash() | Linked():
                self._book(record)
        self.state.apply(record)
        if isinstance(record, _MOVING):
            self._realise(record)
        key = getattr(record, "key", None)
        if hasattr(record, "ticket"):
            key = record.ticket.key
        if isinstance(key, str) and (key in self.state.orders or key in self.state.plans):
            self._touch(key)

    def settled(self) -> None:
        """Take what was last written, or skipped, as what the ledger has."""
        self._balances, self._positions = self._funds(), self._held()
        self._changed = _Changed()

    def _begin(self, number: int, record: Started) -> None:
        session = self._session_of(record.epoch)
        self._changed.session = record.epoch
        run = session.run if session is not None else None
        self._venue = session.venue if session is not None else ""
        if run is not None and (self.run is None or self.run.id != run.id):
            self._starts = dict(self.state.books.balances())
            self._balances, self._positions = {}, {}
            self.run = run
            for (name, bucket), one in sorted(self.state.books.positions().items()):
                price = one.price if one.known else None
                self._open(number, name, bucket, one.qty, price, "held")
        self.run = run

    def _book(self, record: Record) -> None:
        match record:
            case Booked():
                self._booked_in[record.exec] = self.state.epoch
                mine = self._mine(fill_row(record, self._venue))
                fees = fees_of(record)
                self._do(lambda c: fills.book(c, mine, fees, record.version))
            case Linked():
                row = self.state.books.rows[record.exec]
                key = self._fill_key(row)
                self._do(lambda c: fills.link(c, key, record.key))
            case FeeBooked():
                self._charge(record)
            case CashBooked():
                if record.asset:
                    name = record.instrument
                    self._flow(record.id, record.kind, record.asset, record.amount, name, record.at)
            case OpeningCash():
                self._starts[record.asset] = self._starts.get(record.asset, _ZERO) + record.total
            case Opened():
                self._adopt(record)

    def _reverse(self, record: Reversed) -> None:
        row = self.state.books.rows.get(record.exec)
        if row is None:  # undone before it was ever told
            return
        self._booked_in[record.exec] = self.state.epoch
        key, changed = self._fill_key(row), self._mine({"ts": record.at})
        fees = fees_of(row)
        self._do(lambda c: fills.reverse(c, key, fees, **changed))
        if row.key is not None:
            self._touch(row.key)

    def _charge(self, record: FeeBooked) -> None:
        """Add a late fee to its fill; where that is an earlier run's, it moves this one's cash."""
        row = self.state.books.rows.get(record.exec or "")
        booked = self._session_of(self._booked_in.get(record.exec or "", -1))
        run = booked.run if booked is not None else None
        if row is not None and run is not None and self.run is not None and run.id == self.run.id:
            key = self._fill_key(row)
            self._do(lambda c: fills.charge(c, key, record.asset, record.amount))
            return
        order = self.state.orders.get(record.key or "")
        name = row.instrument if row is not None else None
        name = order.ticket.instrument if order is not None else name
        self._flow(f"fee:{record.id}", "fee", record.asset, -record.amount, name, record.at)

    def _adopt(self, record: Opened) -> None:
        name, price = record.instrument, record.price
        # Its number is that of the entry that is being taken in.
        self._open(self.number, name, record.bucket, record.qty, price, record.why)
        if record.asset and record.why == "opening":
            self._starts[record.asset] = self._starts.get(record.asset, _ZERO) + record.qty
        elif record.asset:
            entry = f"{record.why}:{self.journal}:{self.number}"
            self._flow(entry, record.why, record.asset, record.qty, name, record.at)

    def _realise(self, record: Record) -> None:
        """Note the profit that an entry realised where fills move no cash themselves."""
        self._margin |= bool(getattr(record, "settle", ""))
        if not self._margin:
            return
        books = self.state.books
        for asset, total in books.balances().items():
            earned = total - books.cash.get(asset, _ZERO)
            profit = earned - self._earned.get(asset, _ZERO)
            if profit:
                self._earned[asset] = earned
                entry = f"pnl:{self.journal}:{self.number}"
                name = getattr(record, "instrument", None)
                self._flow(entry, "pnl", asset, profit, name, self._at)

    # ---- rows -------------------------------------------------------------------------------
    def write(self, connection: Connection) -> None:
        """Write what changed since :meth:`settled`; a second time in another transaction, too."""
        epoch = self._changed.session
        if epoch is not None:
            session = self._session_of(epoch)
            write_session(connection, self.account, self.journal, epoch, session)
        if self.run is None:
            return
        for step in self._changed.steps:
            step(connection)
        upsert(connection, schema.orders, ["run_id", "order_id"], self._order_rows())
        funds = (self._balances, self._funds())
        write_balances(connection, self._mine({}), *funds)
        held = (self._positions, self._held())
        write_positions(connection, self._mine({"venue": self._venue, "ts": self._at}), *held)

    def _order_rows(self) -> list[dict[str, Any]]:
        rows = []
        for key in self._changed.orders:
            plan = self.state.plans.get(key)
            made = plan.planned if plan is not None else self.state.orders[key].intended
            session = self._session_of(made.epoch)
            if session is None or session.run is None:
                continue
            own = {"account": self.account, "venue": session.venue, "run_id": session.run.id}
            if plan is not None:
                row = plan_row(plan, self.state)
            else:
                row = order_row(self.state.orders[key], self.state.books.rows)
            rows.append({**own, "updated_ts": self._touched[key], **row})
        return rows

    # ---- parts ------------------------------------------------------------------------------
    def _funds(self) -> dict[str, Fund]:
        """Return asset -> what there was when the run took the account, and is now."""
        now = self.state.books.balances()
        return {
            asset: (self._starts.get(asset, _ZERO), now.get(asset, _ZERO))
            for asset in sorted({*self._starts, *now})
        }

    def _held(self) -> dict[str, Unit]:
        """Return instrument -> units and their average price, over its buckets."""
        found: dict[str, Unit] = {}
        for (name, _), one in sorted(self.state.books.positions().items()):
            size, price = found.get(name, (_ZERO, _ZERO))
            total = size + one.qty
            known = one.known and price is not None and total
            spent = (size * price + one.qty * one.price) if price is not None else _ZERO
            found[name] = (total, spent / total if known else None)
        return {name: held for name, held in found.items() if held[0]}

    def _mine(self, row: Mapping[str, Any]) -> dict[str, Any]:
        run = self.run.id if self.run is not None else ""
        return {"run_id": run, "account": self.account, **row}

    def _fill_key(self, row: Booked) -> dict[str, str]:
        session = self._session_of(self._booked_in[row.exec])
        return {
            "account": self.account,
            "venue": session.venue if session is not None else self._venue,
            "symbol": symbol_of(row.instrument),
            "trade_id": row.exec,
        }

    def _open(
        self, number: int, name: str, bucket: str, qty: Decimal, price: Decimal | None, why: str
    ) -> None:
        row = self._mine(
            {
                "venue": self._venue, "symbol": symbol_of(name), "bucket": bucket, "entry": number,
                "ts": self._at, "why": why, "size": qty, "average_price": price,
            }
        )  # fmt: skip
        key = ["run_id", "account", "venue", "symbol", "bucket", "entry"]
        self._do(lambda c: upsert(c, schema.openings, key, [row]))

    def _flow(
        self, id_: str, kind: str, asset: str, amount: Decimal, name: str | None, at: datetime
    ) -> None:
        row = self._mine(
            {
                "venue": self._venue, "external_id": id_, "ts": at, "kind": kind, "amount": amount,
                "symbol": symbol_of(name) if name else None, "currency": asset,
            }
        )  # fmt: skip
        key = ["account", "venue", "external_id"]
        self._do(partial(add_once, table=schema.cash_flows, key=key, **row))

    def _do(self, step: Step) -> None:
        if self.run is not None:
            self._changed.steps.append(step)

    def _touch(self, key: Key) -> None:
        plan = self.state.plan_of(key)  # what an order works for changes with it
        for one in dict.fromkeys([key, plan.key if plan is not None else key]):
            self._touched[one] = self._at
            self._changed.orders[one] = None
