"""The rounds of Backtrader's event loop over resampled feeds, known before its first bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Course:
    """One feed's part of a run.

    Args:
        data: the feed.
        values: what its lines hold at the end, one array a line, each shape (bars,).
        at: the index of its present bar at each step, shape (steps,); -1: it has had none.
        held: how many bars its lines hold at each step, shape (steps,): one more than it has
            delivered where the next one is loaded and other feeds come first.
        leave: called with a step; leaves all but the lines as Backtrader does after that step.
    """

    data: Any
    values: list[NDArray[np.float64]]
    at: NDArray[np.int64]
    held: NDArray[np.int64]
    leave: Callable[[int], None] = field(repr=False, compare=False)

    @property
    def stamps(self) -> NDArray[np.float64]:
        """Float days of its bars, shape (bars,)."""
        place: int = self.data.getlinealiases().index("datetime")
        return self.values[place]

    def leave_ticks(self, step: int) -> None:
        """Leave what Backtrader keeps of a bar when it delivers it."""
        at = int(self.at[step])
        if at < 0:
            return
        own, names = self.data.__dict__, self.data.getlinealiases()
        for name, values in zip(names, self.values, strict=True):
            if name != "datetime":
                own[f"tick_{name}"] = float(values[at])
        own["tick_last"] = float(self.values[0][at])


@dataclass(frozen=True)
class Schedule:
    """The steps of a run: each is a round in which a feed that is not resampled has a bar.

    The round after the last one, in which resampled feeds deliver what they have begun, is
    none of them: Backtrader goes through it itself.

    Args:
        moments: what timers see at each step, float days, rising, shape (steps,).
        courses: of each feed, in Cerebro's order.
        masters: the feeds that are not resampled, in the order in which they are asked.
    """

    moments: NDArray[np.float64]
    courses: tuple[Course, ...]
    masters: tuple[Any, ...]

    @property
    def steps(self) -> int:
        """How many there are."""
        return len(self.moments)

    def stamps(self) -> NDArray[np.float64]:
        """Return what a strategy's own line shows at each step, the latest of the feeds' stamps."""
        latest = np.full(self.steps, -np.inf)
        for course in self.courses:
            if len(course.stamps):
                shown = np.where(course.at < 0, -np.inf, course.stamps[course.at])
                latest = np.maximum(latest, shown)
        return latest
