"""Questions to a venue: within the budgets, by the venue's clock, answered in the seam's words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from atms.errors import VenueError
from atms.stores.base import AuthFailed, RateLimited, Unreachable
from atms.stores.ccxt.budget import Budgets, Rank
from atms.stores.ccxt.calls import Call, Lost, NotLeft, Said
from atms.stores.ccxt.clock import Clock
from atms.stores.ccxt.profile import Ask, Profile
from atms.stores.outcomes import Reason

if TYPE_CHECKING:
    from atms.stores.ccxt.wire import Wire

Answer = TypeVar("Answer")
HISTORY_WAITS = timedelta(minutes=2)  # as long as a page may wait for its budget
REST_WAITS = timedelta(seconds=25)  # as long as a read's later questions: less than a driver waits
# what reading an answer that is not of the documented form may raise
MALFORMED = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, AssertionError)


class Asking:
    """One connection's questions.

    Args:
        place: exchange, market and environment; what errors begin with.
        credentials: what the account is opened with, in words.

    Attributes:
        wire: None while there is no connection.
    """

    def __init__(self, profile: Profile, place: str, credentials: str = "key and secret") -> None:
        self.wire: Wire | None = None
        self.clock = Clock()
        self.budgets = Budgets(profile.capabilities.budgets)
        self._profile = profile
        self._place, self._credentials = place, credentials
        self._measuring: asyncio.Task[None] | None = None
        self._one = asyncio.Lock()

    def connected(self) -> Wire:
        """Return the wire.

        Raises:
            Unreachable: there is no connection.
        """
        if self.wire is None:
            raise Unreachable(f"{self._place}: not connected")
        return self.wire

    async def close(self) -> None:
        """End the connection."""
        wire, self.wire = self.wire, None
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.gather(self._measuring, return_exceptions=True)
            self._measuring = None
        if wire is not None:
            await wire.close()

    # ---- reads ------------------------------------------------------------------------------
    async def ask(
        self, call: Call, rank: Rank = "ordinary", patience: timedelta = timedelta(0)
    ) -> Any:
        """Read, once.

        Raises:
            Unreachable, RateLimited, AuthFailed: as the seam knows them.
            Said: a refusal that the call expects.
        """
        wire = self.connected()
        wait = await self.budgets.take(call.costs, rank, patience)
        if wait:
            raise RateLimited(
                f"{self._place}: the rate budget lets this through in {seconds(wait)}",
                wait,
                ours=True,
            )
        failure: VenueError
        try:
            return await wire.call(call)
        except (NotLeft, Lost) as error:
            failure = Unreachable(f"{self._place}: {error}")
        except Said as said:
            if said.code in call.expects:
                raise
            failure = self.trouble(said)
        raise failure

    def of_one_read(self) -> Ask:
        """Return how the questions of one read are asked: all but the first wait for the budget.

        A read that gave up between two would spend for all of them anew, and where a venue lets
        few through it would never come to its end.
        """
        begun = False

        async def ask(call: Call) -> Any:
            nonlocal begun
            answer = await self.ask(call, patience=REST_WAITS if begun else timedelta(0))
            begun = True
            return answer

        return ask

    async def ask_for_stream(self, call: Call) -> Any:
        """Ask for what a stream needs before it is dialled.

        Raises:
            Said: the venue refuses.
            Lost: no answer came, or nothing may be sent now.
        """
        wire = self.connected()
        wait = await self.budgets.take(call.costs, "urgent")
        if wait:
            raise Lost(f"the rate budget lets this through in {seconds(wait)}", wait)
        try:
            return await wire.call(call)
        except NotLeft as error:
            raise Lost(str(error)) from None
        except Said as said:
            self.heed(said, self._profile.judge(said))
            raise

    async def ask_patiently(self, call: Call) -> Any:
        """Read what can wait, from the half of the budgets that nothing urgent needs."""
        return await self.ask(call, "idle", HISTORY_WAITS)

    async def read(self, reading: Awaitable[Answer]) -> Answer:
        """Await several questions; an answer that cannot be read is none."""
        try:
            return await reading
        except MALFORMED as error:
            failure = Unreachable(f"{self._place}: an answer cannot be read ({error!r})")
        raise failure

    def trouble(self, said: Said) -> VenueError:
        """Return what a refusal of a read is, and do what it asks for."""
        reason = self._profile.judge(said)
        self.heed(said, reason)
        if reason is Reason.NO_PERMISSION:
            return AuthFailed(
                f"{self._place}: the venue does not take the key ({said}); check "
                f"{self._credentials}, and which addresses and rights the key has"
            )
        if reason is Reason.RATE:
            return RateLimited(f"{self._place}: {said}", said.retry_after)
        return Unreachable(f"{self._place}: {said}")

    def heed(self, said: Said, reason: Reason | None) -> None:
        """Do what a refusal asks for: be silent for a while, or look at the clock again."""
        if reason is Reason.RATE and said.bans and said.retry_after is not None:
            self.budgets.ban(said.retry_after)
        if reason is Reason.CLOCK and (self._measuring is None or self._measuring.done()):
            self._measuring = asyncio.get_running_loop().create_task(self._mend_clock())

    # ---- the clock --------------------------------------------------------------------------
    async def measure(self) -> None:
        """Measure the clock, and sign by it from now on; nothing where the venue tells none."""
        call = self._profile.time()
        if call is None:
            return

        async def read() -> datetime:
            return self._profile.read_time(await self.ask(call, "urgent"))

        async with self._one:
            await self.clock.measure(read)
            if self.wire is not None:
                self.wire.ahead(self.clock.offset)

    async def _mend_clock(self) -> None:
        with suppress(VenueError):  # the next refusal tries again
            await self.measure()


def seconds(wait: timedelta) -> str:
    """Return a time as people read it."""
    return f"{wait.total_seconds():.1f} s"
