"""A bracket that stands here, as it is now: what its entry opened, and what its legs cover."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from atms.execution.core.orders import OrderState
from atms.execution.core.step import Step
from atms.execution.emulation import hows, plans, serving, unseen
from atms.execution.emulation.plans import PlanState
from atms.stores.market import Instrument
from atms.stores.requests import Key

_NOTHING = Decimal(0)


@dataclass
class Bracket:
    """One bracket, at one moment.

    Attributes:
        entry: key of the order that opens.
        legs: what protects it and is not over.
        opened, exited: units that the entry opened, less those that were left open when its legs
            were over once, and that all legs have closed.
        is_over: whether the entry can open no more.
    """

    step: Step
    entry: Key
    legs: list[PlanState]
    opened: Decimal
    exited: Decimal
    is_over: bool
    instrument: Instrument

    @property
    def placed(self) -> list[PlanState]:
        """Return the legs that the venue holds; the others wait here for their trigger."""
        venue = self.step.core.capabilities
        assert venue is not None
        return [leg for leg in self.legs if hows.held_as(leg.ticket.kind, venue) is not None]

    @property
    def renews(self) -> bool:
        """Whether a stop that moves may stand beside the one that it replaces."""
        venue = self.step.core.capabilities
        assert venue is not None
        return self.instrument.cash == "margin" and venue.reduces == "flag"

    @cached_property
    def unseen(self) -> list[OrderState]:
        """The orders that nobody sees, and that may be made anew: nothing is covered by them."""
        return [
            one
            for one in self.standing()
            if unseen.may_be_made_again(self.step, one, self._at_once, self.instrument)
        ]

    @property
    def unseen_lately(self) -> list[OrderState]:
        """Of them, those that were made since the venue last showed that it takes such orders."""
        every = [one for leg in self.legs for one in plans.servants(self.step.state, leg)]
        shown = max((one.intended.at for one in every if one.known), default=None)
        return [one for one in self.unseen if shown is None or one.intended.at > shown]

    @property
    def _at_once(self) -> Decimal:
        """Return the most units that one order closes: less than are open where it has a limit."""
        most = [self.rest]
        most += [
            leg.ticket.qty - plans.booked(self.step.state, leg) for leg in self.legs if leg.late
        ]
        if any(leg.triggered is not None for leg in self.legs):
            limits = (self.instrument.max_market_qty, self.instrument.max_qty)
            most += [limit for limit in limits if limit is not None]
        return min(most)

    def behind(self) -> list[OrderState]:
        """Return the venue's stops that stand where trailing ones stood before."""
        return [
            one
            for leg in self.placed
            for one in plans.standing(self.step.state, leg)
            if plans.is_behind(leg, one)
        ]

    @property
    def rest(self) -> Decimal:
        """Return the units that are open, and can be traded by their step."""
        return plans.on_step(self.opened - self.exited, self.instrument)

    @property
    def can_be_closed(self) -> bool:
        """Return whether what is open is enough for an order of every leg's price."""
        return self.rest > 0 and self.fits(self.rest, self.legs)

    @property
    def is_done(self) -> bool:
        """Return whether nothing more will be open."""
        return self.is_over and not self.can_be_closed

    def fits(self, units: Decimal, legs: list[PlanState]) -> bool:
        """Return whether units are enough for an order of each of these legs."""
        return plans.tradable(units, self.instrument, *(plans.price_of(leg.ticket) for leg in legs))

    def covered(self, leg: PlanState) -> Decimal:
        """Return the units of a leg that stand at the venue, or are on their way there."""
        units = (
            plans.may_fill(one)
            for one in plans.servants(self.step.state, leg)
            if one not in self.unseen and not (self.renews and plans.is_behind(leg, one))
        )
        return sum(units, _NOTHING) + self.step.core.planning.coming(leg.key)

    def need(self, leg: PlanState) -> Decimal:
        """Return the units of a leg that should stand and do not; below 0: stand and should not."""
        wanted = leg.ticket.qty - plans.booked(self.step.state, leg)
        target = plans.on_step(min(self.opened - self.exited, wanted), self.instrument)
        return target - self.covered(leg)

    def standing(self) -> list[OrderState]:
        """Return everything at the venue that may still close what was opened."""
        return [one for leg in self.legs for one in plans.standing(self.step.state, leg)]

    def is_under_way(self) -> bool:
        """Return whether something may still come of what was sent."""
        return any(serving.is_under_way(self.step, leg) for leg in self.legs)

    def tranches(self) -> list[list[OrderState]]:
        """Return what stands, by the parts of the entry that it was made for, the oldest first."""
        found: dict[Key, list[OrderState]] = {}
        for one in self.standing():
            if one in self.unseen:
                continue
            found.setdefault(one.intended.group, []).append(one)
        return list(found.values())


def bracket_of(step: Step, entry: Key) -> Bracket | None:
    """Return a bracket as it stands; None: it is over, or its instrument is not known now."""
    state = step.state
    every = [state.plans[key] for key in state.legs[entry]]
    legs = [leg for leg in every if leg.closed is None]
    if not legs or legs[0].ticket.instrument not in step.core.instruments:
        return None
    left = state.left.get(entry, _NOTHING)
    return Bracket(
        step, entry, legs, opened=plans.opened(state, entry) - left,
        exited=plans.exited(state, every), is_over=plans.is_over(state, entry),
        instrument=step.core.instruments[legs[0].ticket.instrument],
    )  # fmt: skip
