"""How many requests a simulated venue lets through: counted whoever sends them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime

from atms.stores.capabilities import Budget

Costs = Mapping[str, int]  # name of a budget -> units


class Quota:
    """What was spent of each budget lately.

    A process that starts knows nothing of what the one before it has spent, and nobody knows what
    others spend: who is refused then has made no mistake.

    Args:
        budgets: what may be spent in which time.
    """

    def __init__(self, budgets: Iterable[Budget]) -> None:
        self._budgets = {one.name: one for one in budgets}
        self._spent: dict[str, deque[tuple[datetime, int]]] = {
            name: deque() for name in self._budgets
        }
        self._others_at: datetime | None = None

    def spend(self, costs: Costs, now: datetime) -> Budget | None:
        """Count a request; return the budget that it would exceed: then it is not let through."""
        for name, units in costs.items():
            if name in self._budgets and self._used(name, now) + units > self._budgets[name].units:
                return self._budgets[name]
        for name, units in costs.items():
            if name in self._budgets:
                self._spent[name].append((now, units))
        return None

    def others_spend(self, now: datetime) -> None:
        """Let others of the same account and address spend most of what is left."""
        self._others_at = now
        for name, budget in self._budgets.items():
            left = budget.units - self._used(name, now)
            self._spent[name].append((now, left * 9 // 10))

    def is_full(self, now: datetime) -> bool:
        """Return whether hardly anything is left of one: a careful sender sends nothing."""
        return any(self._used(name, now) + 2 > one.units for name, one in self._budgets.items())

    def is_excused(self, budget: Budget, since: datetime, now: datetime) -> bool:
        """Return whether who has sent *since* a time could not know what was spent."""
        lately = now - budget.per
        return since > lately or (self._others_at is not None and self._others_at > lately)

    def _used(self, name: str, now: datetime) -> int:
        spent, begin = self._spent[name], now - self._budgets[name].per
        while spent and spent[0][0] <= begin:
            spent.popleft()
        return sum(units for _, units in spent)
