"""What a bracket's entry does when its legs are over: it is taken back, and what it fills closed.

The strategy has heard that the whole bracket is over, so nothing would protect what is opened, and
legs that were placed again would be orders that it cannot take back. The way to where it believes
to be is a market order, which it is given as one of its own.
"""

from __future__ import annotations

from decimal import Decimal

from atms.execution.core import telling
from atms.execution.core.records import Booked
from atms.execution.core.step import Step
from atms.execution.emulation import hows, plans, serving
from atms.execution.emulation.plan_records import Planned, Triggered
from atms.execution.emulation.plans import PlanState
from atms.stores.requests import Key, Kind, Ticket


def look(step: Step) -> list[Key]:
    """Do what is due, and return the entries of the brackets that are open again.

    Only where a stop was asked for there was protection to lose.
    """
    state = step.state
    for order in state.open_orders():
        if order.key in state.left and _asked_for_a_stop(step, order.key):
            serving.take_back(step, order)
    return [entry for entry in list(state.strays) if _reopens(step, entry)]


def _reopens(step: Step, entry: Key) -> bool:
    """Have what nobody protects closed; return whether there is something."""
    state = step.state
    first = state.plans[state.legs[entry][0]]
    instrument = step.core.instruments.get(first.ticket.instrument)
    if instrument is None:
        return False
    units = plans.on_step(plans.net(state, entry) - state.left[entry], instrument)
    average = plans.average(state, entry)
    if not _asked_for_a_stop(step, entry) or not plans.tradable(units, instrument, average):
        _tell(step, entry, "nobody protects it")
        return False
    _tell(step, entry, "it is closed at the market")
    plan = _planned(step, first, entry, units)
    if step.core.ready:  # else it is among those that are told when it is
        step.then(telling.adopted(step.core, plan))
    return True


def _planned(step: Step, leg: PlanState, entry: Key, units: Decimal) -> PlanState:
    """Return a leg that closes at once."""
    ticket = Ticket(
        key=step.core.new_key(), instrument=leg.ticket.instrument, side=leg.ticket.side, qty=units,
        kind=Kind.MARKET, bucket=leg.ticket.bucket, reduces=True,
    )  # fmt: skip
    why = f"order {entry} has opened it after its legs were over"
    step.record(
        Planned(
            ticket=ticket, at=step.now, epoch=step.state.epoch, group=entry, parent=entry,
            owner=leg.planned.owner, how=hows.LEGS,
        ),
        Triggered(key=ticket.key, at=step.now, why=why),
    )  # fmt: skip
    return step.state.plans[ticket.key]


def _asked_for_a_stop(step: Step, entry: Key) -> bool:
    return any(step.state.plans[key].stops for key in step.state.legs[entry])


def _tell(step: Step, entry: Key, then: str) -> None:
    """Tell of what was opened just now."""
    for row in step.records:
        if isinstance(row, Booked) and row.key == entry:
            text = f"order {entry} has filled {row.qty:f} after its legs were over; {then}"
            step.notice("unprotected", row.instrument, text)
