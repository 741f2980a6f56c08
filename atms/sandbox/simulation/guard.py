"""Whether what brackets of ours opened is covered at the venue, looked at again and again.

A bracket that the venue holds is judged by the venue's own history. One that is held here can be
covered no sooner than its process knows of the fill, and lives, and is let through: that time
counts, and against what is true at the venue, not against what the process believes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from atms.execution.core.core import Core
from atms.execution.core.orders import OrderState
from atms.execution.driver.calls import ANSWER
from atms.execution.emulation import hows, plans, serving, unseen
from atms.execution.emulation.plans import PlanState
from atms.sandbox.simulation import in_vain
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.protection import NAKED
from atms.sandbox.simulation.venue import checks
from atms.sandbox.simulation.venue.orders import Order
from atms.sandbox.simulation.venue.truth import Venue
from atms.stores.market import Instrument
from atms.stores.requests import Key

EVERY = 0.25  # seconds between two looks
# Seconds before what failed is tried again, twice as long each time.
_PAUSE, _LONGEST = 0.5, 8.0
_PREPARES = 240.0  # seconds that a store may take to prepare what it has to read for
# Stops in a row that a venue may refuse for what they are: two seconds of tries, each later than
# the one before. Then the position is to be closed (F34).
_REFUSALS = 4
_ZERO = Decimal(0)


@dataclass
class _Bare:
    """A bracket that lacks cover.

    Attributes:
        idle: seconds in which nothing was done, by what kept it from being done.
        last: when the last try was, of which they count.
    """

    idle: dict[tuple[bool, bool], float] = field(default_factory=dict)
    last: datetime | None = None

    def pass_(self, one: _Seen) -> float:
        """Let time pass between two looks; return how long nothing was done though it could."""
        why = (one.waits, one.comes)
        self.idle[why] = self.idle.get(why, -EVERY) + EVERY
        return self.idle[why]


class Guard:
    """Looks at one venue's account.

    Args:
        core: returns what decides for the account now; None: nobody does.

    Attributes:
        judged: entries of the brackets that were looked at while something was open.
    """

    def __init__(self, venue: Venue, loop: VirtualLoop, core: Callable[[], Core | None]) -> None:
        self._venue = venue
        self._loop = loop
        self._core = core
        self._bare: dict[Key, _Bare] = {}
        self._found: dict[Key, str] = {}
        self.judged: dict[Key, None] = {}
        self._shut = datetime.min.replace(tzinfo=UTC)
        loop.call_later(EVERY, self._look)

    def found(self) -> Iterator[str]:
        """Yield what was not covered in time, in words."""
        for entry, how in self._found.items():
            yield f"I6: what {entry} opened was naked, {how}"

    def _look(self) -> None:
        self._loop.call_later(EVERY, self._look)
        core = self._core()
        if core is None or not core.ready:
            self._bare.clear()
            return
        entries = dict.fromkeys(plan.planned.parent for plan in core.state.open_plans())
        entries |= core.state.strays
        for entry in [entry for entry in self._bare if entry not in entries]:
            del self._bare[entry]
        for entry in entries:
            if entry:
                self._look_at(core, entry)

    def _look_at(self, core: Core, entry: Key) -> None:
        one = _Seen(self._venue, core, entry)
        if one.is_judged and one.rest > 0:
            self.judged[entry] = None
        if not one.is_judged or not one.lacks:
            self._bare.pop(entry, None)
            return
        if one.refusals > _REFUSALS:
            self._found[entry] = (
                f"and {one.refusals} stops in a row were refused, and no close made"
            )
        bare = self._bare.setdefault(entry, _Bare())
        tries = [order.cancel_asked or order.intended.at for order in one.guards]
        last = max(tries, default=None)
        if last is not None and (bare.last is None or last > bare.last):
            bare.last, bare.idle = last, {}
        if self._takes_nothing(one.instrument.id):
            self._shut = self._venue.now()
        if self._venue.now() < self._shut + serving.PROBE:  # until it is tried again
            return
        if one.waits and core.asking.failed:  # it cannot be known while nobody answers
            return
        idle, limit = bare.pass_(one), self._limit(core, one)
        if idle > limit and entry not in self._found:
            at = f"{self._venue.now():%H:%M:%S}"
            how = f"and nothing was done for {idle:g} s, {limit:g} at most, at {at}"
            self._found[entry] = how

    def _takes_nothing(self, instrument: str) -> bool:
        """Return whether the venue lets no order of this instrument through now."""
        venue, now = self._venue, self._venue.now()
        banned = venue.ban is not None and now < venue.ban.until
        stopped = instrument in venue.closed or instrument in venue.changed
        return venue.down or banned or stopped or not venue.key_valid or venue.quota.is_full(now)

    def _limit(self, core: Core, one: _Seen) -> float:
        """Return for how many seconds nothing may be done."""
        if one.waits:
            return (self._venue.manners.outcome_bound + _learns(core)).total_seconds()
        if one.comes:
            return _PREPARES
        pause = min(_PAUSE * 2**one.failed, _LONGEST) if one.failed else 0.0
        if one.leaves:  # a cancellation without an answer goes out again after the read lag
            pause += (self._venue.manners.read_lag + core.terms.retry).total_seconds()
        return NAKED.total_seconds() + pause


class _Seen:
    """One bracket as it is in truth, and as its process knows it.

    Attributes:
        guards: the orders that were made to protect, or to close.
        is_judged: whether its strategy wants the venue to hold a stop for it.
        rest: units that are known to be open; *lacking*: of them, those without an order there.
    """

    def __init__(self, venue: Venue, core: Core, entry: Key) -> None:
        self._venue, self._core = venue, core
        state = core.state
        legs = [state.plans[key] for key in state.legs[entry]]
        self.instrument: Instrument = core.instruments[legs[0].ticket.instrument]
        protecting = [leg for leg in legs if _protects(core, leg)]
        self._side = -legs[0].ticket.side
        self._every = [one for leg in legs for one in plans.servants(state, leg)]
        self.guards = [one for leg in protecting for one in plans.servants(state, leg)]
        shorts = self.instrument.cash == "margin"  # else what is sold was held, and is nobody's
        self.is_judged = bool(protecting) and (shorts or self._side > 0) and not _is_let_go(legs)
        true = sum((one.filled for one in self._true(self._every)), _ZERO)
        booked = sum((one.booked for one in self._every), _ZERO)
        exited = max(true, booked)  # an exit that was undone is not known at once
        opened = plans.opened(state, entry) - state.left.get(entry, _ZERO)
        late = [leg for leg in legs if leg.late and leg.closed is None]  # the rest comes after it
        closing = (leg.ticket.qty - plans.booked(state, leg) for leg in late)
        rest = plans.on_step(opened - exited, self.instrument)
        self.rest = min((rest, self._held(), *closing))
        self.lacking = self.rest - sum((one.left for one in self._standing(self.guards)), _ZERO)
        coming = any(core.planning.coming(leg.key) for leg in legs)
        self.comes = coming or core.planning.hold is not None  # the store cannot prepare it now
        self._legs = legs

    @property
    def lacks(self) -> bool:
        """Return whether there is enough that is bare for an order, and units to make it of."""
        prices = [plans.price_of(leg.ticket) for leg in self._legs]
        if not plans.tradable(self.lacking, self.instrument, *prices):
            return False
        if self.instrument.cash != "exchange":
            return True
        own = sum((one.left for one in self._standing(self._every)), _ZERO)
        return checks.free(self._venue, self.instrument.base) + own >= self.rest

    @property
    def failed(self) -> int:
        """Return how many tries in a row have brought nothing, or nothing yet.

        A refusal is one whether it comes at once or after the order was taken; so is a close that
        nobody was there to trade with.
        """
        return len(list(itertools.takewhile(in_vain.brought_nothing, self.guards[::-1])))

    @property
    def refusals(self) -> int:
        """Return how many stops in a row were refused for what they are."""
        return len(list(itertools.takewhile(in_vain.is_no_stop, self.guards[::-1])))

    @property
    def leaves(self) -> bool:
        """Return whether a stop that stands is being taken back: what it leaves bare waits."""
        return any(
            one.cancel_asked is not None and plans.stands(one) and bool(self._standing([one]))
            for one in self.guards
        )

    @property
    def waits(self) -> bool:
        """Return whether nothing can be done before something is known.

        The process believes what does not stand to stand, or cannot know whether it does, and a
        second one could close others' units.
        """
        believed = sum(
            (plans.may_fill(one) for one in self.guards if self._is_believed(one)), _ZERO
        )
        leaving = any(
            one.cancel_asked is not None and plans.stands(one)
            and (one not in self.guards or not self._standing([one]))  # the venue has lost it
            for one in self._every
        )  # fmt: skip
        return self._known - believed <= 0 or leaving

    @property
    def _known(self) -> Decimal:
        """Return the units that the process knows of: what it closes it must know to be held."""
        if self.instrument.cash != "exchange" or all(leg.triggered is None for leg in self._legs):
            return self.rest
        held = self._core.state.books.qty(self.instrument.id) * self._side
        return min(self.rest, plans.on_step(held, self.instrument))

    def _is_believed(self, one: OrderState) -> bool:
        group = self._core.state.groups[one.intended.group]
        if self._core.asking.queued.get(one.key, one.intended.at) is None:  # for our own budget
            return True
        if any(self._core.state.orders[key].known for key in group):
            return True
        if len([each for each in self.guards if each.unresolved]) >= unseen.MOST:
            return True
        if self.instrument.cash != "exchange":
            return True
        base = self.instrument.base
        true = self._venue.holdings.balances.get(base, _ZERO)
        total = max(true, self._core.state.books.balances().get(base, _ZERO))  # as far as is known
        return total - self.rest >= plans.may_fill(one)

    def _held(self) -> Decimal:
        """Return the units that are there, but for those that the account leaves alone."""
        base = self.instrument.base
        if self.instrument.cash == "exchange":
            total = self._venue.holdings.balances.get(base, _ZERO)
            for opened in self._core.state.books.openings:
                total -= opened.qty if (opened.asset, opened.why) == (base, "ignored") else _ZERO
            return plans.on_step(total, self.instrument)
        return max(self._venue.holdings.qty(self.instrument.id) * self._side, _ZERO)

    def _standing(self, orders: list[OrderState]) -> list[Order]:
        return [one for one in self._true(orders) if one.open and not one.rejects_later]

    def _true(self, orders: list[OrderState]) -> list[Order]:
        """Return the orders as the venue has them."""
        found = (self._venue.by_key.get(one.key, []) for one in orders)
        return [rows[-1] for rows in found if rows]


def _learns(core: Core) -> timedelta:
    """Return how long, beside the venue's bound, a change may go unknown of which no word comes.

    It is missed in a check, which waits for a read of the log and is compared after another; when
    the bound is over, a look and the log must show once more that nothing is there. Where requests
    are few each of the four takes as long as the driver waits for an answer.
    """
    terms = core.terms
    return terms.check + terms.poll + 4 * ANSWER + 5 * terms.retry


def _protects(core: Core, leg: PlanState) -> bool:
    """Return whether a leg is a stop that the venue can hold, or closes what has none."""
    assert core.capabilities is not None
    held = hows.held_as(leg.ticket.kind, core.capabilities) is not None
    return leg.late or (leg.stops and held)


def _is_let_go(legs: list[PlanState]) -> bool:
    """Return whether the strategy has taken its protection back, or let its time run out."""
    open_ = [leg for leg in legs if leg.closed is None]
    withdrawn = any(leg.withdrawn is not None for leg in open_)
    return withdrawn and all(leg.triggered is None for leg in open_)
