"""The truth of a simulated venue, told in the words of the seam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from atms.sandbox.simulation.venue import checks
from atms.sandbox.simulation.venue.orders import Order
from atms.sandbox.simulation.venue.records import (
    Charged,
    Executed,
    Finalised,
    Moved,
    Ordered,
    Record,
    Sealed,
    Voided,
)
from atms.stores.facts import (
    BalanceFact,
    BucketFact,
    CashFact,
    Fact,
    FeeFact,
    FillFact,
    FillFinal,
    FillVoid,
    OrderFact,
    Via,
)
from atms.stores.requests import Key, Refs

if TYPE_CHECKING:
    from atms.sandbox.simulation.venue.truth import Venue


class Teller:
    """Makes facts of records.

    Args:
        name: the venue's name for an order, of its number; empty where the number is no name.
        keeps_keys: whether the venue hands our keys back.
    """

    def __init__(self, venue: Venue, name: Callable[[str], str], *, keeps_keys: bool) -> None:
        self._venue = venue
        self._name = name
        self._keeps_keys = keeps_keys

    def _at(self, record: Record) -> datetime:
        """Return a record's time by the venue's own clock."""
        return record.at + self._venue.ahead

    def refs(self, order: Order | None) -> Refs:
        """Return every name that the venue has for an order."""
        if order is None:
            return frozenset()
        number = self._name(order.id)
        return frozenset({*order.names, number}) if number else frozenset(order.names)

    def key(self, key: Key | None) -> Key | None:
        """Return our key, where the venue keeps it."""
        return key if self._keeps_keys else None

    def facts(self, record: Record, via: Via) -> tuple[Fact, ...]:
        """Return what a record is told as; nothing, where the venue does not tell it."""
        match record:
            case Ordered():
                return () if record.replaced else (self.order(record, via),)
            case Executed():
                return (self.fill(record, via),)
            case Voided():
                return (self._void(record),)
            case Finalised():
                return (FillFinal(at=self._at(record), exec=record.exec, version=record.version),)
            case Charged():
                return (self.fee(record),) if record.final else ()
            case Sealed():
                return (self.fee(record.charge),)
            case Moved():
                return (self._cash(record),)
        return ()

    def order(self, row: Ordered, via: Via) -> OrderFact:
        """Return an order's state; of one that was replaced, its heir's."""
        orders = self._venue.orders
        while (heir := orders[row.order].replaced_by) is not None:
            row = self._venue.newest[heir]
        return OrderFact(
            at=self._at(row), via=via, key=self.key(row.key), refs=self.refs(orders[row.order]),
            instrument=row.ticket.instrument, state=row.state, filled=row.filled,
            ticket=row.ticket, replaces=self.refs(orders.get(row.replaces or "")),
            parent=self.key(orders[row.parent].key) if row.parent else None, reason=row.reason,
        )  # fmt: skip

    def fill(self, row: Executed, via: Via) -> FillFact:
        """Return an execution."""
        return FillFact(
            at=self._at(row), via=via, exec=row.exec, version=row.version, key=self.key(row.key),
            refs=self.refs(self._venue.orders.get(row.order or "")), instrument=row.instrument,
            bucket=row.bucket, side=row.side, qty=row.qty, price=row.price, fees=row.fees,
            final=row.final, cause=row.cause, witness=row.witness,
        )  # fmt: skip

    def fills(self, order: Order, via: Via) -> tuple[FillFact, ...]:
        """Return the executions of an order that count."""
        rows = self._venue.executions.values()
        return tuple(self.fill(row, via) for row in rows if row.order == order.id)

    def open_orders(self, instruments: Iterable[str]) -> tuple[OrderFact, ...]:
        """Return the orders that can still fill, as far as reads show them yet."""
        venue, asked = self._venue, frozenset(instruments)
        return tuple(
            self.order(venue.newest[order.id], "snapshot")
            for order in venue.open_orders()
            if order.ticket.instrument in asked and order.visible_at <= venue.now()
        )

    def buckets(self, instruments: Iterable[str]) -> tuple[BucketFact, ...]:
        """Return the positions."""
        venue, asked = self._venue, frozenset(instruments)
        return tuple(
            BucketFact(
                at=venue.now() + venue.ahead, instrument=name, bucket=bucket, qty=position.qty,
                price=position.price,
            )
            for (name, bucket), position in venue.holdings.positions.items()
            if name in asked
        )  # fmt: skip

    def balances(self) -> tuple[BalanceFact, ...]:
        """Return the balances."""
        venue = self._venue
        return tuple(
            BalanceFact(
                at=venue.now() + venue.ahead,
                asset=asset,
                total=total,
                free=checks.free(venue, asset),
            )
            for asset, total in venue.holdings.balances.items()
        )

    def _void(self, row: Voided) -> FillVoid:
        return FillVoid(
            at=self._at(row), exec=row.exec, version=row.version, why=row.why, witness=row.witness,
            key=self.key(row.key), refs=self.refs(self._venue.orders.get(row.order or "")),
            qty=row.qty,
        )  # fmt: skip

    def fee(self, row: Charged) -> FeeFact:
        """Return a fee."""
        return FeeFact(
            at=self._at(row), id=row.id, exec=row.exec, key=self.key(row.key), fee=row.fee
        )

    def _cash(self, row: Moved) -> CashFact:
        return CashFact(
            at=self._at(row), id=row.id, asset=row.asset, amount=row.amount,
            instrument=row.instrument, kind=row.kind,
        )  # fmt: skip
