"""Our own rate budgets: nothing is sent that the venue would refuse for its number.

A part of each is a reserve that only cancels and protective orders may use; a request that can
wait for ever leaves half. Within a ban nothing leaves at all, whatever it is for. Those of one kind
that wait do so in line: the first that came is the first that leaves.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Literal

from atms.stores.capabilities import Budget

Rank = Literal["urgent", "ordinary", "idle"]
_BEHIND = timedelta(milliseconds=50)  # before it is looked again whether a line has moved on
_SLOTS = 60  # a window is counted in so many parts, and one more: never in less time than it has


class Window:
    """Units spent in the last *per* of a budget."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._slot = budget.per.total_seconds() / _SLOTS
        self._spent: deque[tuple[int, int]] = deque()  # (slot, units)
        self._sum = 0

    def used(self, at: float) -> int:
        """Return units that count at a moment."""
        oldest = int(at // self._slot) - _SLOTS
        while self._spent and self._spent[0][0] < oldest:
            self._sum -= self._spent.popleft()[1]
        return self._sum

    def spend(self, at: float, units: int) -> None:
        """Count units."""
        slot = int(at // self._slot)
        if self._spent and self._spent[-1][0] == slot:
            self._spent[-1] = (slot, self._spent[-1][1] + units)
        else:
            self._spent.append((slot, units))
        self._sum += units

    def told(self, at: float, used: int) -> None:
        """Count what others spent of the same budget, as the venue tells the whole."""
        more = used - self.used(at)
        if more > 0:
            self.spend(at, more)

    def delay(self, at: float, units: int, rank: Rank) -> float:
        """Return seconds until so many units are free, or were spent one by one."""
        limit = self._limit(rank)
        if 0 < limit < units:  # a window full of them after the other
            whole, rest = divmod(units - 1, limit)
            return whole * self.budget.per.total_seconds() + self.delay(at, rest + 1, rank)
        left = self.used(at) + units - limit
        if left <= 0:
            return 0.0
        for slot, spent in self._spent:
            left -= spent
            if left <= 0:
                return (slot + _SLOTS + 1) * self._slot - at
        return self.budget.per.total_seconds()  # it asks for more than there ever is

    def _limit(self, rank: Rank) -> int:
        budget = self.budget
        if rank == "urgent":
            return budget.units
        ordinary = budget.units - budget.reserve
        return ordinary if rank == "ordinary" else ordinary // 2


class Budgets:
    """All budgets of a connection, and the venue's bans.

    Args:
        now: seconds of a clock that never goes back.
    """

    def __init__(
        self, budgets: Iterable[Budget], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._windows = {budget.name: Window(budget) for budget in budgets}
        self._barred_until = 0.0
        self._lines: dict[object, asyncio.Lock] = {}
        self._in_line: Counter[object] = Counter()

    def replace(self, budgets: Iterable[Budget]) -> None:
        """Take the venue's own limits; what was spent is kept."""
        for budget in budgets:
            if budget.name not in self._windows or self._windows[budget.name].budget != budget:
                window = Window(budget)
                if budget.name in self._windows:
                    window.told(self._now(), self._windows[budget.name].used(self._now()))
                self._windows[budget.name] = window

    @property
    def all(self) -> tuple[Budget, ...]:
        """Return the budgets."""
        return tuple(window.budget for window in self._windows.values())

    def told(self, used: Mapping[str, int]) -> None:
        """Take what the venue counts."""
        for name, units in used.items():
            if name in self._windows:
                self._windows[name].told(self._now(), units)

    def ban(self, wait: timedelta) -> None:
        """Let nothing through for a while."""
        self._barred_until = max(self._barred_until, self._now() + wait.total_seconds())

    @property
    def barred(self) -> timedelta:
        """Return how long a ban still lasts."""
        return timedelta(seconds=max(0.0, self._barred_until - self._now()))

    def delay(self, costs: Mapping[str, int], rank: Rank) -> timedelta:
        """Return how long a request has to wait; 0: it may go."""
        at = self._now()
        waits = [self._windows[name].delay(at, units, rank) for name, units in costs.items()]
        return max([self.barred, *(timedelta(seconds=wait) for wait in waits)])

    async def take(
        self, costs: Mapping[str, int], rank: Rank, patience: timedelta = timedelta(0)
    ) -> timedelta:
        """Spend what a request costs, waiting for it where that is not too long.

        Behind others of its rank that wait for the same budgets it waits in line.

        Returns:
            0: it is spent. Else nothing is, and the time until it could be.
        """
        kind = (rank, frozenset(costs))
        if not self._in_line[kind]:
            wait = self._spend(costs, rank)
            if not wait or wait > patience:
                return wait
        if not patience:
            return max(_BEHIND, self.delay(costs, rank))
        line = self._lines.setdefault(kind, asyncio.Lock())
        self._in_line[kind] += 1
        try:
            return await self._wait(line, costs, rank, patience)
        finally:
            self._in_line[kind] -= 1

    async def _wait(
        self, line: asyncio.Lock, costs: Mapping[str, int], rank: Rank, patience: timedelta
    ) -> timedelta:
        until = self._now() + patience.total_seconds()
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await line.acquire()
        except TimeoutError:
            return max(_BEHIND, self.delay(costs, rank))
        try:
            while wait := self._spend(costs, rank):
                if self._now() + wait.total_seconds() > until:
                    return wait
                await asyncio.sleep(wait.total_seconds())
            return wait
        finally:
            line.release()

    def _spend(self, costs: Mapping[str, int], rank: Rank) -> timedelta:
        """Spend what a request costs, or return how long it has to wait."""
        wait = self.delay(costs, rank)
        if not wait:
            for name, units in costs.items():
                self._windows[name].spend(self._now(), units)
        return wait
