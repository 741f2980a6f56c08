"""The gate in front of the live broker: tickets as it is asked about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from atms.execution.booking import Standing
from atms.execution.portfolio import Holding
from atms.execution.tickets import Refusal, exact
from atms.risk import Ask, Exposure, Gate, Wanted, Working
from atms.stores.requests import Kind, Ticket

_STOPS = (Kind.STOP, Kind.STOP_LIMIT, Kind.TRAIL, Kind.TRAIL_LIMIT)


class LiveWatch:
    """Asks a gate before orders go down, and tells it what became of them.

    Args:
        gate: decides.
        now: the clock.
        names: instrument id -> what the limits call it.
    """

    def __init__(self, gate: Gate, now: Callable[[], datetime], names: dict[str, str]) -> None:
        self.gate = gate
        self._now = now
        self._names = names

    def refusal_of(
        self,
        tickets: Sequence[Ticket],
        holding: Holding,
        alive: Iterable[Standing],
        sibling: Standing | None,
        holds_to_reducing: bool,
    ) -> Refusal | None:
        """Return why orders that go together are refused, or let them through.

        Args:
            alive: the orders that may fill.
            sibling: the one whose OCO group they join.
            holds_to_reducing: whether the venue itself keeps what reduces from doing more.
        """
        ask = Ask(
            at=self._now(),
            instrument=self._names.get(holding.instrument.id, holding.instrument.id),
            orders=tuple(_wanted(one, holds_to_reducing) for one in tickets),
            link="bracket" if len(tickets) > 1 else "single",
            last=exact(holding.price) if holding.price else None,
            multiplier=holding.instrument.multiplier,
            instead=tuple(
                _rest(one) for one in alive if sibling is not None and one.group == sibling.group
            ),
        )
        groups: dict[int, tuple[list[Decimal], list[Decimal]]] = {}
        for one in alive:
            apart = sibling is None or one.group != sibling.group
            if apart and one.ticket.instrument == holding.instrument.id and not (
                holds_to_reducing and one.ticket.reduces
            ):  # fmt: skip
                groups.setdefault(one.group, ([], []))[one.leg].append(_rest(one))
        exposure = Exposure(
            position=holding.qty,
            working=tuple(
                Working(one_of=tuple(first), then=tuple(more)) for first, more in groups.values()
            ),
        )
        refusal = self.gate.check(ask, exposure)
        if refusal is None:
            self.gate.passed(ask)
            return None
        self.gate.refused(refusal)
        return Refusal(code=refusal.code, why=refusal.why, limit=refusal.limit, value=refusal.value)

    def heard(self, status: str) -> None:
        """Take in what the venue said to an order."""
        if status in ("margin", "rejected"):
            self.gate.refused()
        elif status in ("accepted", "partial", "completed"):
            self.gate.accepted()

    def mark(self, equity: float) -> None:
        """Take in what the accounts are worth."""
        self.gate.mark(self._now(), exact(equity))


def _wanted(ticket: Ticket, holds_to_reducing: bool) -> Wanted:
    return Wanted(
        qty=ticket.side * ticket.qty, limit=ticket.limit, trigger=ticket.trigger,
        stops=ticket.kind in _STOPS, reduces=ticket.reduces and holds_to_reducing,
    )  # fmt: skip


def _rest(one: Standing) -> Decimal:
    return one.ticket.side * (one.ticket.qty - one.filled)
