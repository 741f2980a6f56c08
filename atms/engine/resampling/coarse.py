"""The bars of one resampled feed, and the rounds in which they come."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any, Protocol

import backtrader as bt
import numpy as np
from numpy.typing import NDArray

from atms.engine.resampling.rounds import Seen
from atms.engine.resampling.standin import Other, rehearsing


@dataclass(frozen=True)
class Fine:
    """The bars that are resampled.

    Args:
        base: the feed that has them.
        stamps: float days, rising, shape (bars,).
        priced: which of them have an opening price; None: all.
        listed: the stamps as a list.
    """

    base: Any
    stamps: NDArray[np.float64]
    priced: NDArray[np.bool_] | None
    listed: list[float] = field(repr=False)


@dataclass(frozen=True)
class Coarse:
    """What a resampled feed has come to after some rounds.

    Args:
        stamps: of its bars, float days, shape (n,).
        made: the round in which each is loaded, shape (n,).
        given: the round in which each is delivered, shape (n,), or (n - 1,) if the last one waits.
        order: indices of the base's bars that went into them, in that order, and of those that
            are in the bar that is not over.
        cuts: how many of *order* went into each bar and those before it, shape (n,).
    """

    stamps: NDArray[np.float64]
    made: NDArray[np.int64]
    given: NDArray[np.int64]
    order: NDArray[np.int64]
    cuts: NDArray[np.int64]


class Skips(Protocol):
    """Goes over rounds in which a Resampler has nothing to decide."""

    def take(self, at: int, until: int) -> int:
        """Go over rounds from *at*; return the first that is left, *until* at most."""


class Coarsening:
    """One resampled feed's way through the rounds.

    Args:
        data: the resampled feed, a clone.
        fine: the bars that it takes.
        rounds: the rounds' stamps.
        seen: what of the bars can be seen in each.
    """

    def __init__(self, data: Any, fine: Fine, rounds: list[float], seen: Seen) -> None:
        resampler = data._filters[0][0]
        self.twin, self.stand_in = rehearsing(resampler, data, fine.base, fine.priced)
        self.bucket = self.stand_in.bucket
        self.stamps, self.rounds = fine.listed, rounds
        self.first, self.second = seen.first, seen.second
        self.taken = 0  # as the clone counts them
        self.made: list[int] = []
        self.given: list[int] = []
        # Backtrader's clone takes a bar of its own that it comes to once more for one of the base.
        self._miscounts = type(data).advance is bt.feed.DataClone.advance
        self._other = Other(data._tz)

    def run(self, until: int, shortcut: Skips | None = None) -> Coarse:
        """Go through the rounds before *until*; with *shortcut* not through all one by one."""
        at = 0
        while at < until:
            if shortcut is not None:
                at = shortcut.take(at, until)
                if at == until:
                    break
            at = self._round(at, until) + 1
        return Coarse(
            np.array(self.stand_in.made, dtype=np.float64),
            np.array(self.made, dtype=np.int64),
            np.array(self.given, dtype=np.int64),
            self.bucket.order(),
            np.array(self.stand_in.cuts, dtype=np.int64),
        )

    def _round(self, at: int, until: int) -> int:
        """Go through a round; return it, or a later one if a bar has to wait that long."""
        loaded = self._load(int(self.first[at]), at)
        if not loaded:
            if self.bucket.isopen():
                self.stand_in.base_now = self._at_check(at)
                self._other.datetime.now = self.rounds[at]
                self.twin.check(self.stand_in, _forcedata=self._other)
            loaded = self._load(int(self.second[at]), at)
        if not loaded:
            return at
        given = bisect_left(self.rounds, self.stand_in.datetime.now, at, until)
        last = min(given, until - 1)
        if self._miscounts:
            self.taken += last - at
        if given < until:
            self.given.append(given)
        return last

    def _at_check(self, at: int) -> float | None:
        """Return the stamp that the base shows after it has been asked for its next bar."""
        return self.stamps[int(self.second[at]) - 1]

    def _load(self, visible: int, at: int) -> bool:
        """Do what ``load`` does when *visible* bars of the base can be seen."""
        while not self.stand_in.stacked:
            if self.taken >= visible:
                return False
            self.taken += 1
            self.stand_in.show(visible - 1, self.stamps[visible - 1])
            self.twin(self.stand_in)
        self.stand_in.load()
        self.made.append(at)
        return True
