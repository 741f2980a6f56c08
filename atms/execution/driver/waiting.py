"""Writes that wait for their venue's rate budget: in line, for a bounded time, and told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from atms.execution.core.events import Queued, TellAccount
from atms.stores.requests import Key, Place, Prepared

# A venue lets a hundred orders through in ten seconds: so long some five hundred may wait. What was
# decided longer ago was decided for another market, and a market order has no other bound.
LONGEST = timedelta(seconds=60)
# Seconds after the last one of a burst, and after its first: it is told with all of its orders,
# and a moment's wait is not told at all.
_TOLD_AFTER, _TOLD_BY = 0.5, 2.0
_NOW = timedelta(0)
_WHAT = "the venue's rate budget"


class Rationed(Protocol):
    """What a store may have that keeps to a rate budget; without it, everything leaves at once."""

    async def admit(self, prepared: Prepared, patience: timedelta) -> timedelta:
        """Spend what sending costs, waiting in line for it; 0: send it now, without a pause.

        Else nothing is spent, and it would have to wait so long.
        """

    def delay(self, writes: Sequence[Prepared]) -> timedelta:
        """Return about how long the last of several writes would wait."""


@dataclass(eq=False)
class Waiting:
    """A write that waits.

    Attributes:
        admission: what waits.
        carrier: the task that is to send it.
        left: why it is not sent; *canceled*: the orders of it that were taken back.
    """

    prepared: Prepared
    admission: asyncio.Task[timedelta]
    carrier: asyncio.Task[Any] | None
    left: str = ""
    canceled: set[Key] = field(default_factory=set)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The orders that it places; none, where it is another write."""
        request = self.prepared.request
        return tuple(one.key for one in request.tickets) if isinstance(request, Place) else ()


class Line:
    """The writes of one account that wait for its store's rate budget.

    Args:
        store: the connection; it may be no :class:`Rationed` one.
        tell: takes, once, that orders wait, and that none does any more.
        feed: takes which ones do, and when they leave.
    """

    def __init__(
        self, store: Any, loop: asyncio.AbstractEventLoop, tell: Callable[[TellAccount], None],
        feed: Callable[[Queued], None],
    ) -> None:  # fmt: skip
        self._rationed: Rationed | None = store if hasattr(store, "admit") else None
        self._loop = loop
        self._tell = tell
        self._feed = feed
        self._waiting: dict[Waiting, None] = {}
        self._ended: Counter[str] = Counter()  # since that was told: how often what
        self._telling: asyncio.TimerHandle | None = None
        self._latest = 0.0  # when it is told, though more of them come
        self._told = False

    def of(self, key: Key) -> Waiting | None:
        """Return the write that is to place an order, while it waits."""
        return next((one for one in self._waiting if key in one.keys), None)

    def withdraw(self, key: Key) -> bool:
        """Let an order that waits not be sent; False: it does not wait."""
        waiting = self.of(key)
        if waiting is None:
            return False
        waiting.canceled.add(key)
        waiting.left = f"it was canceled while it waited for {_WHAT}"
        waiting.admission.cancel()
        return True

    async def close(self) -> None:
        """Let nothing wait any more; what waits is not sent."""
        carriers = [one.carrier for one in self._waiting if one.carrier is not None]
        for waiting in self._waiting:
            waiting.left = f"the run ended while it waited for {_WHAT}"
            waiting.admission.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)

    async def through(self, prepared: Prepared) -> Waiting | None:
        """Wait until a write may leave; return what waited, if it may not: None: send it now."""
        if self._rationed is None or not await self._rationed.admit(prepared, _NOW):
            return None
        admission = asyncio.ensure_future(self._rationed.admit(prepared, LONGEST))
        waiting = Waiting(prepared, admission, asyncio.current_task())
        self._add(waiting)
        try:
            if await admission and not waiting.left:
                waiting.left = f"{_WHAT} lets it not through within {LONGEST.total_seconds():g} s"
        except asyncio.CancelledError:
            if not waiting.left:
                raise
        finally:
            self._remove(waiting)
        return waiting if waiting.left else None

    # ---- what is told ---------------------------------------------------------------------------
    def _add(self, waiting: Waiting) -> None:
        self._waiting[waiting] = None
        if waiting.keys:
            self._feed(Queued(keys=waiting.keys, waits=True))
        if self._told:
            return
        now = self._loop.time()
        if self._telling is None:
            self._latest = now + _TOLD_BY
        else:
            self._telling.cancel()
        self._telling = self._loop.call_at(
            min(now + _TOLD_AFTER, self._latest), self._tell_that_they_wait
        )

    def _remove(self, waiting: Waiting) -> None:
        del self._waiting[waiting]
        if waiting.keys:
            self._feed(Queued(keys=waiting.keys, waits=False))
        if self._told and waiting.keys:
            self._ended["not sent" if waiting.left else "sent"] += 1
        if self._told and not self._waiting:
            parts = ", ".join(f"{number} {how}" for how, number in sorted(self._ended.items()))
            self._tell(TellAccount(what="orders_through", text=f"no order waits: {parts}"))
            self._told = False
            self._ended.clear()

    def _tell_that_they_wait(self) -> None:
        self._telling = None
        places = [one.prepared for one in self._waiting if one.keys]
        if not places or self._rationed is None:
            return
        self._told = True
        last = self._rationed.delay(places).total_seconds()
        text = (
            f"{len(places)} orders wait for {_WHAT}, the last one for about {last:.0f} s; "
            f"what has waited for {LONGEST.total_seconds():g} s is not sent"
        )
        self._tell(TellAccount(what="orders_wait", text=text))
