"""What must be true of the times that strategies read, in the zone that they run in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from atms.sandbox.simulation.run_truths import Ran

_FLOATS = timedelta(milliseconds=1)  # floats of days hit a second not quite


def clock_violations(ran: Ran) -> Iterator[str]:
    """Yield the bars that a strategy has read on another clock than its zone's (F58)."""
    zone = ZoneInfo(ran.zone)
    for (strategy, data), seen in ran.diary.bars.items():
        for one in seen:
            about = (one.at - _FLOATS, one.at, one.at + _FLOATS)  # clocks may change in between
            clocks = {at.astimezone(zone).replace(tzinfo=None) for at in about}
            told = one.local
            if told is not None and all(abs(told - clock) > _FLOATS for clock in clocks):
                at = f"the bar of {one.at:%H:%M:%S} UTC"
                yield f"I14: {strategy}: {data}: {at} is {told:%H:%M:%S} in {ran.zone}"
