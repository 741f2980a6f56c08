"""Which bar of which feed each step of a run shows.

Backtrader moves every line of every feed and indicator on each bar. Here a line asks its feed's
ticker where it is, and one assignment moves them all.
"""

from __future__ import annotations

import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Ticker:
    """Where a feed stands: *at* is the index of its present bar; -1 before the first."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = -1


class Tickers:
    """One ticker for feeds that have a bar at every step, and one for each other feed.

    Args:
        places: id of a feed -> index of its bar at each step; only of those that do not have a
            bar at every step.

    Attributes:
        main: the ticker of the steps; ``main.at`` is the present step.
        moving: the other tickers, each with its place at every step.
    """

    def __init__(self, places: dict[int, array.array[int]]) -> None:
        self.main = Ticker()
        self._own = {key: Ticker() for key in places}
        self.moving = [(self._own[key], bars) for key, bars in places.items()]

    def of(self, data: Any) -> Ticker:
        """Return what says where *data* stands."""
        return self._own.get(id(data), self.main)

    def go_to(self, step: int) -> None:
        """Move every ticker to where its feed stands at *step*."""
        self.main.at = step
        for ticker, places in self.moving:
            ticker.at = places[step]


class Timeline:
    """The steps of a run over preloaded feeds, and where each feed stands at each of them.

    A step is a stamp at which at least one feed has a bar. Feeds whose stamps are those of all
    steps share one ticker.

    Args:
        datas: Backtrader datas, preloaded and at home.

    Attributes:
        steps: how many there are.
        stamps: shape (steps,), each step's stamp in Backtrader's float days.
        feeds: the tickers of the feeds.
        main: that of the steps; ``main.at`` is the present step.

    Raises:
        ValueError: stamps of a feed do not increase; its name is in the message.
    """

    def __init__(self, datas: Sequence[Any]) -> None:
        own = {id(data): _stamps(data) for data in datas}
        merged = list(own.values())
        first = merged[0]
        if all(len(one) == len(first) and np.array_equal(one, first) for one in merged[1:]):
            self.stamps = first
        else:
            self.stamps = np.unique(np.concatenate(merged))
        self.steps = len(self.stamps)
        self._own = own
        self._bars = {
            key: np.searchsorted(stamps, self.stamps, side="right") - 1
            for key, stamps in own.items()
            if len(stamps) < self.steps
        }
        self._places = {key: array.array("q", b.tobytes()) for key, b in self._bars.items()}
        self.feeds = self.tickers()
        self.main = self.feeds.main

    def tickers(self) -> Tickers:
        """Return tickers of their own, for lines that are moved later than the feeds."""
        return Tickers(self._places)

    def bars(self, data: Any) -> NDArray[np.int64] | None:
        """Return the index of the bar of *data* at each step, shape (steps,); -1: none yet.

        None where steps and bars are the same.
        """
        return self._bars.get(id(data))

    def step_of(self, data: Any, bar: int) -> int:
        """Return the step at which *data* comes to its *bar*; ``steps`` if it has no such bar."""
        own = self._own[id(data)]
        if bar >= len(own):
            return self.steps
        if id(data) not in self._bars:
            return bar
        return int(np.searchsorted(self.stamps, own[bar]))

    def ticker(self, data: Any) -> Ticker:
        """Return what says where the feed *data* stands."""
        return self.feeds.of(data)

    def go_to(self, step: int) -> None:
        """Move every feed to where it stands at *step*."""
        self.feeds.go_to(step)


def _stamps(data: Any) -> NDArray[np.float64]:
    stamps = np.array(data.lines.datetime.array[: data.buflen()], dtype=np.float64)
    if not (np.isfinite(stamps).all() and (np.diff(stamps) > 0).all()):
        raise ValueError(f"{data._name or type(data).__name__}: stamps do not increase")
    return stamps
