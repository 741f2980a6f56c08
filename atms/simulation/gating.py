"""The gate in front of a simulated broker: Backtrader's orders as it is asked about them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any

import backtrader as bt

from atms.risk import Ask, Exposure, Gate, Limits, Refusal, Wanted, Working, exact

if TYPE_CHECKING:
    from atms.simulation.broker import SimulatedBroker

_STOPS = (bt.Order.Stop, bt.Order.StopLimit, bt.Order.StopTrail, bt.Order.StopTrailLimit)
_TOOK = (bt.Order.Partial, bt.Order.Completed)


class RiskWatch:
    """Asks a gate before orders go, and tells it what became of them, for one run.

    Args:
        broker: whose orders these are.
        limits: what holds.
        instruments: data's name -> what the limits call it; a data that is missing: its name.
            Datas of one instrument have one position.

    Attributes:
        gate: the run's.
    """

    def __init__(
        self, broker: SimulatedBroker, limits: Limits, instruments: Mapping[str, str]
    ) -> None:
        self.gate = Gate(limits)
        self._broker = broker
        self._instruments = instruments
        self._marks = limits.max_daily_loss is not None

    def refusal_of(self, group: Sequence[bt.Order]) -> Refusal | None:
        """Return why orders that go together are refused, or let them through."""
        asks = list(self._asks(group))
        for ask, exposure in asks:
            refusal = self.gate.check(ask, exposure)
            if refusal is not None:
                return refusal
        for ask, _ in asks:
            self.gate.passed(ask)
        return None

    def heard(self, order: bt.Order) -> None:
        """Take in what the venue said to an order."""
        if order.status == bt.Order.Margin:
            self.gate.refused()
        elif order.status in _TOOK or (
            # A market order's cash is looked at again where it fills.
            order.status == bt.Order.Accepted and order.exectype != bt.Order.Market
        ):
            self.gate.accepted()

    def moved(self, amount: float) -> None:
        """Take in cash that was paid in or out."""
        self.gate.moved(exact(amount))

    def mark(self) -> None:
        """Take in the account's value on a bar."""
        if self._marks:
            self.gate.mark(self._now(), exact(self._broker.getvalue()))

    # ---- what the gate is asked ---------------------------------------------------------------

    def _asks(self, group: Sequence[bt.Order]) -> Iterator[tuple[Ask, Exposure]]:
        """Yield an ask for each instrument of a bracket's orders, its entry's first."""
        entry = group[0]
        if entry.parent is not None:  # its entry is on its way already: each for itself
            for order in group:
                yield self._ask([order])
            return
        name = self._instrument(entry)
        yield self._ask([order for order in group if self._instrument(order) == name])
        for order in group:
            if self._instrument(order) != name:
                yield self._ask([order])

    def _ask(self, orders: list[bt.Order]) -> tuple[Ask, Exposure]:
        first = orders[0]
        instrument, last = self._instrument(first), first.created.pclose
        groups = self._groups(instrument)
        siblings, legs = groups.pop(self._group(first), ([], []))
        if legs:  # of a bracket whose entry is a sibling of this order
            groups[0], siblings = (siblings, legs), []
        ask = Ask(
            at=self._now(),
            instrument=instrument,
            orders=tuple(_wanted(order) for order in orders),
            link="bracket" if len(orders) > 1 else "single",
            last=exact(last) if math.isfinite(last) else None,
            multiplier=exact(self._broker.getcommissioninfo(first.data).p.mult),
            instead=Working(one_of=tuple(siblings)),
        )
        working = (Working(one_of=tuple(one), then=tuple(more)) for one, more in groups.values())
        return ask, Exposure(position=self._position(instrument), working=tuple(working))

    def _groups(self, instrument: str) -> dict[int, tuple[list[Decimal], list[Decimal]]]:
        """Return the rests of the open orders by what belongs together: OCO siblings, and legs."""
        groups: dict[int, tuple[list[Decimal], list[Decimal]]]
        groups = defaultdict(lambda: ([], []))
        for order in chain(self._broker.submitted, self._broker.pending):
            if order is not None and self._instrument(order) == instrument and order.alive():
                legs = groups[self._group(order)][order.parent is not None]
                legs.append(exact(order.executed.remsize))
        return groups

    def _group(self, order: bt.Order) -> int:
        if order.parent is not None:
            return int(order.parent.ref)
        return int(self._broker._ocos[order.ref])

    def _position(self, instrument: str) -> Decimal:
        held = sum(
            position.size
            for data, position in self._broker.positions.items()
            if self._name(data) == instrument
        )
        return exact(held)

    def _instrument(self, order: bt.Order) -> str:
        booked_in = order.data._compensate  # Backtrader's: another data's position
        return self._name(order.data if booked_in is None else booked_in)

    def _name(self, data: Any) -> str:
        name = name_of(data)
        return self._instruments.get(name, name)

    def _now(self) -> Any:
        return bt.num2date(self._broker.now).replace(tzinfo=UTC)


def name_of(data: Any) -> str:
    """Return a data's name, or how a script calls one without: data0."""
    return data._name or f"data{data._id - 1}"


def _wanted(order: bt.Order) -> Wanted:
    """Return an order with the prices that it names; a trailing one's come from the bars."""
    created, kind = order.created, order.exectype
    limit = trigger = None
    if kind == bt.Order.Limit:
        limit = exact(created.price)
    elif kind in (bt.Order.Stop, bt.Order.StopLimit):
        trigger = exact(created.price)
        limit = exact(created.pricelimit) if kind == bt.Order.StopLimit else None
    return Wanted(qty=exact(created.size), limit=limit, trigger=trigger, stops=kind in _STOPS)
