"""A simulated store's own rate budget: the one that real stores have, on the venue's time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from atms.sandbox.simulation.venue.quota import Costs
from atms.stores.base import RateLimited
from atms.stores.ccxt.asking import HISTORY_WAITS, REST_WAITS
from atms.stores.ccxt.budget import Budgets, Rank
from atms.stores.requests import Amend, Cancel, Key, Place, Prepared, Request

if TYPE_CHECKING:
    from atms.sandbox.simulation.venue.truth import Venue

READ: Costs = {"requests": 1}
_START = datetime(2000, 1, 1, tzinfo=UTC)


class Rationing:
    """What one connection may send."""

    def __init__(self, venue: Venue) -> None:
        budgets = venue.manners.budgets
        self._names = frozenset(one.name for one in budgets)
        self._budgets = Budgets(budgets, now=lambda: (venue.now() - _START).total_seconds())
        self._admitted: set[tuple[type, Key]] = set()  # writes whose units are spent

    async def admit(self, prepared: Prepared, patience: timedelta) -> timedelta:
        """Spend what sending costs, waiting in line for it; 0: it is spent."""
        request = prepared.request
        wait = await self._budgets.take(self.of_write(request), _rank(request), patience)
        if not wait:
            self._admitted.add(_name(request))
        return wait

    def delay(self, writes: Sequence[Prepared]) -> timedelta:
        """Return about how long the last of several writes would wait."""
        costs: Counter[str] = Counter()
        for one in writes:
            costs.update(self.of_write(one.request))
        return self._budgets.delay(costs, "ordinary")

    async def lets_through(self, request: Request) -> bool:
        """Return whether a write may leave; one that was not admitted waits for nothing."""
        if _name(request) in self._admitted:
            self._admitted.discard(_name(request))
            return True
        return not await self._budgets.take(self.of_write(request), _rank(request))

    async def read(self, *, goes_on: bool, patient: bool) -> None:
        """Spend what a read costs; one that goes on waits for it, as real stores' reads do.

        Raises:
            RateLimited: it is too much; it was not asked.
        """
        patience = HISTORY_WAITS if patient else REST_WAITS if goes_on else timedelta(0)
        wait = await self._budgets.take(
            self._known(READ), "idle" if patient else "ordinary", patience
        )
        if wait:
            raise RateLimited("the rate budget lets this through later", wait, ours=True)

    def of_write(self, request: Request) -> Costs:
        """Return what a write costs."""
        orders = len(request.tickets) if isinstance(request, Place) else 0
        if isinstance(request, Amend):
            orders = 1
        return self._known({"orders": orders, "requests": 1})

    def _known(self, costs: Costs) -> Costs:
        return {name: units for name, units in costs.items() if units and name in self._names}


def _name(request: Request) -> tuple[type, Key]:
    return type(request), request.tickets[0].key if isinstance(request, Place) else request.key


def _rank(request: Request) -> Rank:
    """The reserve is for what makes things safer."""
    safe = isinstance(request, Cancel) or (
        isinstance(request, Place) and all(ticket.reduces for ticket in request.tickets)
    )
    return "urgent" if safe else "ordinary"
