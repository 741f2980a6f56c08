"""The timeline of a run over resampled feeds."""

from __future__ import annotations

import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.engine.resampling.schedule import Schedule
from atms.engine.timeline import Ticker, Tickers, Timeline


class EventTimeline(Timeline):
    """The steps of a schedule, and where each feed stands at each of them.

    A bar of a resampled feed may be older than the step at which it is delivered.

    Args:
        schedule: of the run.

    Attributes:
        lasts: the tickers of the last bar that each feed's lines hold.
        exact: whether each bar comes at the first step that is not before its stamp.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.stamps = schedule.stamps()
        self.steps = schedule.steps
        courses = schedule.courses
        every = np.arange(self.steps)
        self._own = {id(course.data): course.stamps for course in courses}
        self._bars = {id(one.data): one.at for one in courses if not np.array_equal(one.at, every)}
        self._places = {key: _listed(bars) for key, bars in self._bars.items()}
        self._firsts = {
            id(one.data): np.searchsorted(one.at, np.arange(len(one.stamps))) for one in courses
        }
        self.feeds = self.tickers()
        self.main = self.feeds.main
        last = {id(one.data): one.held - 1 for one in courses}
        more = {key: bars for key, bars in last.items() if not self._is_at(key, bars)}
        self._fixed = {key: Ticker() for key, bars in more.items() if bars[0] == bars[-1]}
        for key, ticker in self._fixed.items():
            ticker.at = int(more[key][0])
        self._held_more = set(more) - set(self._fixed)
        self.lasts = Tickers({key: _listed(more[key]) for key in self._held_more})
        self.exact = all(
            np.array_equal(self._firsts[id(one.data)], np.searchsorted(self.stamps, one.stamps))
            for one in courses
        )

    def step_of(self, data: Any, bar: int) -> int:
        """Return the step at which *data* comes to its *bar*; ``steps`` if it has no such bar."""
        firsts = self._firsts[id(data)]
        return int(firsts[bar]) if bar < len(firsts) else self.steps

    def last(self, data: Any) -> Any:
        """Return the ticker of the last bar that the lines of *data* hold."""
        if id(data) in self._fixed:
            return self._fixed[id(data)]
        return self.lasts.of(data) if id(data) in self._held_more else self.ticker(data)

    def _is_at(self, key: int, bars: NDArray[np.int64]) -> bool:
        at = self._bars.get(key)
        return np.array_equal(bars, np.arange(self.steps) if at is None else at)


def _listed(values: NDArray[np.int64]) -> array.array[int]:
    return array.array("q", np.ascontiguousarray(values, dtype=np.int64).tobytes())
