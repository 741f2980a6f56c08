"""The gate in front of the live broker: tickets as it is asked about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from atms.execution.broker.booking import Standing
from atms.execution.broker.holdings import Holding
from atms.execution.broker.tickets import Refusal, exact
from atms.risk import Ask, Exposure, Gate, Wanted, Working
from atms.stores.requests import Kind, Ticket

_NOTHING = Decimal(0)
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
        self._refused: object = None  # the group that was refused last

    def refusal_of(
        self,
        tickets: Sequence[Ticket],
        holding: Holding,
        alive: Sequence[Standing],
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
            instead=_together(_siblings(alive, sibling), holds_to_reducing),
        )
        exposure = Exposure(
            position=holding.qty,
            working=tuple(_working(holding, alive, sibling, holds_to_reducing)),
        )
        refusal = self.gate.check(ask, exposure)
        if refusal is None:
            self.gate.passed(ask)
            return None
        self.gate.refused(refusal)
        return Refusal(code=refusal.code, why=refusal.why, limit=refusal.limit, value=refusal.value)

    def heard(self, status: str, group: object) -> None:
        """Take in what the venue said to an order; a group that it refuses is one refusal."""
        if status in ("margin", "rejected"):
            if group != self._refused:
                self.gate.refused()
            self._refused = group
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


def _siblings(alive: Iterable[Standing], sibling: Standing | None) -> list[Standing]:
    """Return the open orders of a sibling's group."""
    return [] if sibling is None else [one for one in alive if one.group == sibling.group]


def _working(
    holding: Holding, alive: Iterable[Standing], sibling: Standing | None, holds_to_reducing: bool
) -> Iterator[Working]:
    """Yield the open orders of an instrument as they belong together, but for a sibling's.

    Those that stand alone add up, so that a hundred of them are not looked at one by one.
    """
    alone: dict[int, Standing] = {}
    groups: dict[int, list[Standing]] = {}
    instrument, joined = holding.instrument.id, None if sibling is None else sibling.group
    for one in alive:
        name = one.group
        if name == joined or one.ticket.instrument != instrument:
            continue
        if name in groups:
            groups[name].append(one)
        elif name in alone:
            groups[name] = [alone.pop(name), one]
        elif one.leg:
            groups[name] = [one]
        else:
            alone[name] = one
    for group in groups.values():
        yield _together(group, holds_to_reducing)
    sums: dict[tuple[int, bool, bool], Decimal] = {}
    for one in alone.values():
        kind = (one.ticket.side, holds_to_reducing and one.ticket.reduces, one.leaving)
        sums[kind] = sums.get(kind, _NOTHING) + one.left
    for (_, reduces, leaving), rest in sums.items():
        if reduces:
            yield Working(reducing=(rest,), leaving=leaving)
        else:
            yield Working(one_of=(rest,), leaving=leaving)


def _together(group: Sequence[Standing], holds_to_reducing: bool) -> Working:
    free = [one for one in group if not (holds_to_reducing and one.ticket.reduces)]
    return Working(
        one_of=tuple(one.left for one in free if not one.leg),
        then=tuple(one.left for one in free if one.leg),
        reducing=tuple(one.left for one in group if one not in free),
        leaving=all(one.leaving for one in group),
    )
