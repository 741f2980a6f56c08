"""Queues between what a connection hears and who listens."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Outlet(Generic[Item]):
    """What is put in comes out in order, until it is closed; what waits then is dropped.

    Args:
        newest: keep only the newest item, for a reader that needs no older one.
    """

    def __init__(self, *, newest: bool = False) -> None:
        self._items: deque[Item] = deque(maxlen=1 if newest else None)
        self._changed = asyncio.Event()
        self.closed = False

    def put(self, item: Item) -> None:
        """Add an item."""
        if not self.closed:
            self._items.append(item)
            self._changed.set()

    def close(self) -> None:
        """End the reading."""
        self.closed = True
        self._changed.set()

    async def items(self) -> AsyncGenerator[Item, None]:
        """Yield what comes."""
        while not self.closed:
            if self._items:
                yield self._items.popleft()
                continue
            self._changed.clear()
            await self._changed.wait()
