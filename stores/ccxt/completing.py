"""Facts of a stream that tells sums of orders: the executions are asked for, and told before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from atms.errors import VenueError
from atms.stores.ccxt.asking import MALFORMED
from atms.stores.ccxt.calls import Lost, Said
from atms.stores.ccxt.manners import Completes
from atms.stores.ccxt.profile import Ask
from atms.stores.facts import Fact


class Completing:
    """Facts in their order, each after what it speaks of.

    Where the venue cannot be asked they are told as they are: the log has the executions.

    Args:
        tell: takes the facts.
    """

    def __init__(self, profile: Completes, ask: Ask, tell: Callable[[Fact], None]) -> None:
        self._profile, self._ask, self._tell = profile, ask, tell
        self._heard: asyncio.Queue[Sequence[Fact]] = asyncio.Queue()
        self._task = asyncio.get_running_loop().create_task(self._complete())

    def put(self, facts: Sequence[Fact]) -> None:
        """Take what a message said; nothing, too: what was not there before may be there now."""
        self._heard.put_nowait(facts)

    async def close(self) -> None:
        """Drop what was not told yet."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _complete(self) -> None:
        while True:
            facts = [*await self._heard.get()]
            while not self._heard.empty():  # a burst is asked for together
                facts += self._heard.get_nowait()
            try:
                whole: Sequence[Fact] = await self._profile.completed(self._ask, facts)
            except (Said, Lost, VenueError, *MALFORMED):
                whole = facts
            for fact in whole:
                self._tell(fact)
