"""Prices followed for the core: a stream an instrument, opened again when it breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from atms.execution.core.events import Quoted
from atms.execution.driver.calls import Calls
from atms.stores.base import Store


class Quotes:
    """The prices that are followed.

    Args:
        store: the connection.
        calls: tells what a store raises that it may not.
        feed: takes each price.
        spawn: runs something beside, and returns its task.
        pause: before a stream that broke is opened again; twice as long each time, up to *longest*.
    """

    def __init__(
        self, store: Store, calls: Calls, feed: Callable[[Quoted], None],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]], *,
        pause: timedelta, longest: timedelta,
    ) -> None:  # fmt: skip
        self._store = store
        self._calls = calls
        self._feed = feed
        self._spawn = spawn
        self._pause = pause
        self._longest = longest
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def watch(self, instrument: str) -> None:
        """Follow an instrument, unless it is followed."""
        if instrument not in self._tasks:
            self._tasks[instrument] = self._spawn(self._follow(instrument))

    def unwatch(self, instrument: str) -> None:
        """Follow an instrument no more."""
        task = self._tasks.pop(instrument, None)
        if task is not None:
            task.cancel()

    async def _follow(self, instrument: str) -> None:
        pause = self._pause
        while True:
            why, came = "the stream ended", False
            try:
                async for quote in self._store.quotes(instrument):
                    came = True
                    self._feed(Quoted(instrument=instrument, quote=quote))
            except Exception as error:  # noqa: BLE001 - told, and opened again
                self._calls.trouble("quotes", error)
                why = str(error) or type(error).__name__
            pause = self._pause if came else min(2 * pause, self._longest)
            self._feed(Quoted(instrument=instrument, quote=None, why=why))
            await asyncio.sleep(pause.total_seconds())
