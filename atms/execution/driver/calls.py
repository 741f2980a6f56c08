"""A store's calls as the driver makes them: bounded in time, none in a ban, no exception comes out.

What a store raises that it may not raise is told to the operator and counts as no answer: a
mistake in a store must not end the account that has orders at its venue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from atms.execution.core.events import TellAccount
from atms.stores.base import AuthFailed, RateLimited, Store, Unreachable
from atms.stores.outcomes import NotSent, Outcome, Refused, Unknown
from atms.stores.requests import Prepared, Request

Answer = TypeVar("Answer")
ANSWER = timedelta(seconds=30)  # a store's own patience is shorter
_MOMENT = timedelta(milliseconds=1)
_SURE = 0.01  # seconds for which it counts that the account was ours, at most


class Calls:
    """Calls one store.

    Args:
        store: the connection.
        now: the clock.
        tell: takes what the operator should know.
        ours: raises where the account is this process's no more.
    """

    def __init__(
        self, store: Store, now: Callable[[], datetime], tell: Callable[[TellAccount], None],
        ours: Callable[[], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._ours = ours
        self._sure_until = 0.0  # by the loop's clock; no longer than its turn
        self._now = now
        self._tell = tell
        self._barred_until = datetime.min.replace(tzinfo=UTC)
        self._told: dict[str, str] = {}  # which call -> what was told of it last

    async def prepare(self, request: Request) -> tuple[Prepared | Refused | None, str]:
        """Return what a store prepared; None where it could not, and why."""
        made = await self.read("prepare", lambda: self._store.prepare(request))
        if isinstance(made, Refused):
            self._bar(made.retry_after)
        failed = self._told.get("prepare", "the venue cannot be asked now")
        return made, "" if made is not None else failed

    async def transmit(self, prepared: Prepared) -> Outcome:
        """Send once.

        Raises:
            JournalError: the account is another process's; nothing was sent.
        """
        if self._now() < self._barred_until:
            return NotSent(why=f"the venue lets nothing through until {self._barred_until}")
        self._make_sure()
        try:
            outcome = await within(self._store.transmit(prepared), "transmit")
        except Unreachable as error:  # a client may hang for ever while the order is live
            return Unknown(why=str(error))
        except Exception as error:  # noqa: BLE001 - a store's mistake: bytes may have left
            self.trouble("transmit", error)
            return Unknown(why=f"{type(error).__name__}: {error}")
        if isinstance(outcome, Refused):
            self._bar(outcome.retry_after)
        return outcome

    def _make_sure(self) -> None:
        """Ask, once in a turn of the loop: a process that was stopped may have lost the account.

        The orders of a burst leave together. Asked for each, the disk would let other threads in as
        often, and each time the orders wait until those have computed. In a turn that takes long,
        as one in which the process is stopped, it is asked again.
        """
        loop = asyncio.get_running_loop()
        if loop.time() >= self._sure_until:
            self._ours()
            self._sure_until = loop.time() + _SURE
            loop.call_soon(self.doubt)

    def doubt(self) -> None:
        """Ask before the next order leaves, in this turn of the loop too."""
        self._sure_until = 0.0

    async def read(
        self, what: str, call: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> Answer | None:
        """Return what the store tells; None where it cannot be asked now.

        What our own budget keeps back waits for it a while: it says nothing of the venue.
        """
        if self._now() < self._barred_until:
            return None
        try:
            answer = await self._rationed(what, call)
        except RateLimited as error:
            if not error.ours:  # else orders, which have a part of the budget, need not wait too
                self._bar(error.after)
            return None
        except Unreachable:
            return None
        except Exception as error:  # noqa: BLE001 - a store's mistake: told, and asked again
            self.trouble(what, error)
            return None
        self._told.pop(what, None)
        return answer

    async def _rationed(self, what: str, call: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        left = ANSWER
        while True:
            try:
                return await within(call(), what)
            except RateLimited as error:
                if not error.ours or error.after is None or error.after > left:
                    raise
                left -= max(error.after, _MOMENT)
                await asyncio.sleep(error.after.total_seconds())
                if self._now() < self._barred_until:  # meanwhile the venue has had enough
                    raise

    def trouble(self, what: str, error: Exception) -> None:
        """Tell what went wrong; the same of the same call once, until it goes well."""
        text = f"{what}: {type(error).__name__}: {error}"
        if self._told.get(what) != text:
            self._told[what] = text
            refused = isinstance(error, AuthFailed)
            self._tell(TellAccount(what="refused" if refused else "store_error", text=text))

    def has_told(self, what: str) -> bool:
        """Return whether trouble with a call was told, and it has not gone well since."""
        return what in self._told

    def _bar(self, wait: timedelta | None) -> None:
        """Send nothing for a while: a venue that is asked within a ban makes it longer."""
        if wait is not None:
            self._barred_until = max(self._barred_until, self._now() + wait)


async def within(call: Coroutine[Any, Any, Answer], what: str) -> Answer:
    """Return what a call gives.

    Raises:
        Unreachable: it gave nothing in time.
    """
    try:
        async with asyncio.timeout(ANSWER.total_seconds()):
            return await call
    except TimeoutError as error:
        raise Unreachable(f"{what}: no answer within {ANSWER.total_seconds():g} s") from error
