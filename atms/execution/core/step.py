"""What events of a moment bring: records, instructions, and how things stand after them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from atms.execution.core import telling
from atms.execution.core.events import Instruction, Persist, TellAccount, TellOrder, Wake
from atms.execution.core.orders import OrderState
from atms.execution.core.records import Record
from atms.execution.emulation.plans import PlanState
from atms.stores.requests import Key

if TYPE_CHECKING:
    from atms.execution.core.core import Core


class Step:
    """What events of a moment bring: records are applied at once, and durable before all else."""

    def __init__(self, core: Core, now: datetime) -> None:
        self.core = core
        self.state = core.state
        self.now = now
        self._books = core.state.books.changes
        self._ready = core.ready
        self._hushed = frozenset(core.hushed)
        self._records: list[Record] = []
        self._instructions: list[Instruction] = []

    @property
    def became_ready(self) -> bool:
        """Whether the account's start came to its end in this step."""
        return self.core.ready and not self._ready

    def record(self, *records: Record) -> None:
        """Change the state."""
        for record in records:
            self.state.apply(record)
            self._records.append(record)

    @property
    def records(self) -> tuple[Record, ...]:
        """What has changed the state in this step."""
        return tuple(self._records)

    def then(self, *instructions: Instruction) -> None:
        """Have something done after the records are durable."""
        self._instructions += instructions

    def past(self, at: datetime) -> datetime:
        """Return when something of the journal was, by this process's clock.

        What lies ahead was noted by a process before this one, by a clock that was set back since:
        it was before this one began. Waited for by that clock, a position would be bare for hours.
        """
        began = self.core.began
        return at if at <= self.now or began is None else began

    def tell(self, order: OrderState, status: str, code: str = "", why: str = "") -> None:
        """Tell the strategy of an order, with the executions that it has not heard of.

        Of one that works for a planned order it hears by that one alone.
        """
        intended = order.intended
        if not intended.serves:
            self._tell(order.key, status, code, why, intended.owner, intended.how)

    def tell_plan(self, plan: PlanState, status: str, code: str = "", why: str = "") -> None:
        """Tell the strategy of a planned order, with the executions that it has not heard of."""
        self._tell(plan.key, status, code, why, plan.planned.owner, plan.planned.how)

    def _tell(self, key: Key, status: str, code: str, why: str, owner: str, how: str) -> None:
        core, rows = self.core, self.state.books.rows
        names = () if status in ("submitted", "accepted") else core.untold.pop(key, ())
        fills = tuple(core.voiced(rows[name]) for name in names if name in rows)
        core.told[key] = status
        self.then(
            TellOrder(
                key=key, tag=core.tags.get(key), status=status,  # type: ignore[arg-type]
                code=code, why=why, fills=fills, owner=owner, how=how,
            )
        )  # fmt: skip

    def notice(self, what: str, instrument: str | None = None, text: str = "") -> None:
        """Tell the operator."""
        self.then(TellAccount(what=what, instrument=instrument, text=text))

    def halt(self, instrument: str, why: str) -> None:
        """Let an instrument take no orders but those that reduce; tell it once."""
        if instrument not in self.core.halted:
            self.notice("halted", instrument, why)
        self.core.halted[instrument] = why

    def done(self) -> list[Instruction]:
        """Return everything: the records first, then what was decided, then how things stand."""
        first = [Persist(records=tuple(self._records))] if self._records else []
        wakes = [one.at for one in self._instructions if isinstance(one, Wake)]
        rest = [one for one in self._instructions if not isinstance(one, Wake)]
        wake = [Wake(at=min(wakes))] if wakes else []
        fees = telling.fees(self.core) if self.core.fees and self._records else []
        return [*first, *rest, *fees, *self._how_things_stand(), *wake]

    def _how_things_stand(self) -> list[Instruction]:
        books = self.state.books
        changed = books.changes != self._books or self.core.hushed != self._hushed
        told: list[Instruction] = []
        if self.became_ready:
            self.core.hushed.clear()  # all that is in the books is told now
        if self.became_ready or (changed and self.state.baseline is not None):
            told.append(telling.books(books, self.core.hushed))
        if self.became_ready:
            told.append(telling.open_orders(self.core))
            told.append(TellAccount(what="ready"))
        return told
