"""Bars of a stream that does not say when one is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from atms.stores.market import Bar


class Closing:
    """Ends the bars of one stream: when the next one begins, or by the venue's clock.

    A bar is told as final once, and again only if the venue changes it later. One of which the
    connection may have missed something is not ended: history has it.

    Args:
        lag: how long after a bar's end the venue may still tell something of it.
        now: the venue's clock; None: bars are of another time, and the next one alone ends one.
        put: takes a bar that the clock has ended.
    """

    def __init__(
        self, lag: timedelta, now: Callable[[], datetime] | None, put: Callable[[Bar], None]
    ) -> None:
        self._lag, self._now, self._put = lag, now, put
        self._last: Bar | None = None
        self._over = False  # whether the last one was ended
        self._timer: asyncio.TimerHandle | None = None

    def heard(self, bar: Bar) -> list[Bar]:
        """Return what a bar that may still grow says: the one before is over, and itself."""
        last, self._last = self._last, bar
        if last is None or bar.open_at > last.open_at:
            ended = [] if last is None or self._over else [replace(last, final=True)]
            self._over = False
            self._wait(bar)
            return [*ended, bar]
        if bar.open_at < last.open_at:
            self._last = last
            return []  # the bar that it is of was ended long ago
        if not self._over:
            return [bar]
        return [] if bar == last else [replace(bar, final=True)]

    def lost(self) -> None:
        """Forget the bar that grows: the connection is gone."""
        self._last = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, bar: Bar) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._now is not None:
            wait = (bar.close_at + self._lag - self._now()).total_seconds()
            self._timer = asyncio.get_running_loop().call_later(max(0.0, wait), self._end)

    def _end(self) -> None:
        if self._last is not None:
            self._over = True
            self._put(replace(self._last, final=True))
