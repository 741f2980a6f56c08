"""What changes something at a venue: within its rate budget, sent once, judged by its own code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from atms.stores.ccxt.asking import MALFORMED, Asking, seconds
from atms.stores.ccxt.budget import Rank
from atms.stores.ccxt.calls import Call, Lost, NotLeft, Said
from atms.stores.ccxt.joining import Joined
from atms.stores.ccxt.profile import Profile
from atms.stores.outcomes import NotSent, Outcome, Refused, Unknown
from atms.stores.requests import Cancel, Key, Place, Prepared, Request


class Writes:
    """One connection's writes."""

    def __init__(self, profile: Profile, asking: Asking) -> None:
        self._profile = profile
        self._asking = asking
        # writes whose budget is spent; None: what waited for it is made anew when it leaves
        self._admitted: dict[tuple[type, Key], Call | None] = {}
        self._joined = Joined()

    async def admit(self, prepared: Prepared, patience: timedelta) -> timedelta:
        """Spend what sending costs, waiting in line for it; 0: it is spent."""
        if self._profile.unfit(prepared.request):
            return timedelta(0)  # transmit tells why
        call = self._profile.write(prepared)
        wait = await self._asking.budgets.take(call.costs, _rank(prepared.request), patience)
        if not wait:
            self._admitted[_name(prepared)] = None if patience else call
        return wait

    def delay(self, writes: Sequence[Prepared]) -> timedelta:
        """Return about how long the last of several writes would wait."""
        costs: Counter[str] = Counter()
        for one in writes:
            costs.update(self._profile.write(one).costs)
        return self._asking.budgets.delay(costs, "ordinary")

    async def transmit(self, prepared: Prepared) -> Outcome:
        """Send once; what was not admitted waits for nothing."""
        wire, request = self._asking.wire, prepared.request
        admitted = _name(prepared) in self._admitted
        call = self._admitted.pop(_name(prepared), None)
        if wire is None:
            return NotSent(why="not connected to an account")
        if call is None:
            why = self._profile.unfit(request)
            if why:
                return NotSent(why=f"cannot be sent: {why}")
            call = self._profile.write(prepared)
            wait = None if admitted else await self._asking.budgets.take(call.costs, _rank(request))
            if wait:
                return NotSent(why=f"the rate budget lets nothing through for {seconds(wait)}")
        try:
            reply = await self._joined.call(wire, call)
        except NotLeft as error:
            return NotSent(why=str(error))
        except Lost as error:
            return Unknown(why=str(error))
        except Said as said:
            return self._refused(said)
        try:
            return self._profile.acked(prepared, reply)
        except Said as said:  # of an answer that is none of this request
            return self._refused(said)
        except MALFORMED as error:
            return Unknown(why=f"the answer cannot be read ({type(error).__name__})")

    def _refused(self, said: Said) -> Outcome:
        reason = self._profile.judge(said)
        self._asking.heed(said, reason)
        if reason is None:
            return Unknown(why=str(said))
        return Refused(code=str(said), reason=reason, retry_after=said.retry_after)


def _name(prepared: Prepared) -> tuple[type, Key]:
    """Return which write of which order it is."""
    request = prepared.request
    return type(request), request.tickets[0].key if isinstance(request, Place) else request.key


def _rank(request: Request) -> Rank:
    """Return what a write may take of the budgets: the reserve is for what makes things safer."""
    if isinstance(request, Cancel):
        return "urgent"
    safe = isinstance(request, Place) and all(ticket.reduces for ticket in request.tickets)
    return "urgent" if safe else "ordinary"
