"""The way of requests to a simulated venue and of answers back, with delays and faults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeVar

from atms.sandbox.simulation.venue.chronicle import Ban
from atms.sandbox.simulation.venue.quota import Costs
from atms.sandbox.simulation.venue.rationing import READ, Rationing
from atms.sandbox.simulation.venue.records import Exceeded, Trespassed
from atms.stores.base import AuthFailed, RateLimited, Unreachable
from atms.stores.outcomes import NotSent, Reason, Refused, Unknown
from atms.stores.requests import Request

if TYPE_CHECKING:
    from atms.sandbox.simulation.venue.truth import Venue

Answer = TypeVar("Answer")


class Wire:
    """One store's connection for requests.

    What is on its way arrives though its sender is dead: the venue holds it, not a task here.

    Attributes:
        up: whether it is connected.
        rationing: what it may send by its own budget.
        minds_bans: whether nothing leaves within a ban that was told, whoever asks; else those who
            ask are to mind it.
    """

    def __init__(self, venue: Venue) -> None:
        self.up = False
        self.minds_bans = False
        self.rationing = Rationing(venue)
        self._venue = venue
        self._since = venue.now()

    async def write(
        self, request: Request, action: Callable[[], Answer]
    ) -> Answer | Refused | NotSent | Unknown:
        """Carry a write; *action* is what the venue does when it arrives."""
        venue, chance, delays = self._venue, self._venue.chance, self._venue.delays
        if not self.up or venue.down or chance.hit("venue_down"):  # F59
            return NotSent(why="no connection" if self.up else "not connected")
        if self._minded() is not None or not await self.rationing.lets_through(request):
            return NotSent(why="too many requests")
        banned = self._banned("write", self.rationing.of_write(request))
        out = chance.seconds(delays.out)
        if banned is not None:
            await asyncio.sleep(out)
            return Refused(code="429", reason=Reason.RATE, retry_after=banned)
        if not venue.key_valid:  # F61
            await asyncio.sleep(out)
            return Refused(code="key", reason=Reason.NO_PERMISSION)
        if chance.hit("clock_off"):  # F56
            await asyncio.sleep(out)
            return Refused(code="clock", reason=Reason.CLOCK)
        if chance.hit("lose_request"):  # F02
            return await self._timed_out(delays.timeout)
        if chance.hit("late_request"):  # F02
            late = timedelta(seconds=delays.timeout) + chance.time(delays.late_request)
            venue.post(venue.now() + late, action)
            return await self._timed_out(delays.timeout)
        parcel = venue.post(venue.now() + timedelta(seconds=out), action)
        await asyncio.sleep(out)
        venue.turn(parcel.at)
        if chance.hit("server_error"):  # F03
            return Unknown(why="503")
        if chance.hit("lose_reply"):  # F01, F32
            return await self._timed_out(delays.timeout - out)
        back = self._way_back()
        if out + back > delays.timeout:
            return await self._timed_out(delays.timeout - out)
        await asyncio.sleep(back)
        return parcel.answers[0]

    async def read(
        self, action: Callable[[], Answer], *, goes_on: bool = False, patient: bool = False,
        wanted: bool = False,
    ) -> Answer:  # fmt: skip
        """Carry a read.

        Args:
            action: what the venue answers when it arrives.
            goes_on: it is a later one of several for one call: it waits for its budget, and
                a ban in between ends it.
            patient: it can wait for its budget.
            wanted: it is for an order of the strategy's, of which there may be any number.

        Raises:
            Unreachable, RateLimited, AuthFailed.
        """
        venue, chance, delays = self._venue, self._venue.chance, self._venue.delays
        await self.rationing.read(goes_on=goes_on, patient=patient)
        if self.up and venue.down and not wanted:
            venue.knocks.append(venue.now())
        if not self.up or venue.down or chance.hit("venue_down"):
            raise Unreachable("no connection" if self.up else "not connected")
        minded = self._minded()
        if minded is not None:
            raise RateLimited("too many requests", minded)
        ban, now = venue.ban, venue.now()
        if goes_on and ban is not None and ban.known is not None and ban.known < now < ban.until:
            raise RateLimited("too many requests", ban.until - now)
        banned = self._banned("read", READ)
        await asyncio.sleep(chance.seconds(delays.out))
        if banned is not None:
            raise RateLimited("too many requests", banned)
        if not venue.key_valid or chance.hit("auth_failed"):  # F61
            raise AuthFailed("the key was not taken")
        venue.turn()
        answer = action()
        if chance.hit("lose_reply"):
            await asyncio.sleep(delays.timeout)
            raise Unreachable("no answer in time")
        await asyncio.sleep(chance.seconds(delays.back))
        return answer

    def _way_back(self) -> float:
        chance, delays = self._venue.chance, self._venue.delays
        back = chance.seconds(delays.back)
        if chance.hit("late_reply"):
            back += chance.seconds((0.0, 2 * delays.timeout))
        if chance.hit("late_fill_before_ack"):  # F07
            back += chance.seconds((0.5 * delays.timeout, 0.9 * delays.timeout))
        return back

    def _minded(self) -> timedelta | None:
        """Return for how long nothing leaves by itself."""
        ban, now = self._venue.ban, self._venue.now()
        if not self.minds_bans or ban is None or ban.known is None:
            return None
        return ban.until - now if ban.known < now < ban.until else None

    def _banned(self, what: Literal["read", "write"], costs: Costs) -> timedelta | None:
        """Return for how long nothing is let through; a request in a known ban lengthens it."""
        venue, now = self._venue, self._venue.now()
        known = now + timedelta(seconds=venue.delays.out[1])
        if venue.ban is not None and now < venue.ban.until:  # F12
            ban = venue.ban
            if ban.known is not None and now > ban.known:
                venue.record(Trespassed, what=what, until=ban.until)
                ban = Ban(ban.known, ban.until + venue.chance.time(venue.delays.ban))
            venue.ban = Ban(ban.known or known, ban.until)
            return ban.until - now
        if venue.chance.hit("spent_elsewhere"):  # F12
            venue.quota.others_spend(now)
        over = venue.quota.spend(costs, now)
        if over is not None:
            excused = venue.quota.is_excused(over, self._since, now)
            venue.record(Exceeded, budget=over.name, excused=excused)
        if over is not None or venue.chance.hit("rate_limited"):
            venue.ban = Ban(known, now + venue.chance.time(venue.delays.ban))
            return venue.ban.until - now
        return None

    async def _timed_out(self, seconds: float) -> Unknown:
        await asyncio.sleep(max(0.0, seconds))
        return Unknown(why="no answer in time")
