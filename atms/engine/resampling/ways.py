"""How resampled feeds go through the rounds of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.engine.resampling.coarse import Coarse, Coarsening, Fine
from atms.engine.resampling.rounds import Seen
from atms.engine.resampling.shortcuts import Leap, shortcut_of


class Way:
    """How a resampled feed goes through the rounds of a run.

    Args:
        data: the resampled feed, a clone.
        fine: the bars that it takes.
        rounds: the rounds' stamps, shape (rounds,).
        listed: the same as a list.
        seen: what of the bars can be seen in each.
    """

    def __init__(
        self, data: Any, fine: Fine, rounds: NDArray[np.float64], listed: list[float], seen: Seen
    ) -> None:
        self._data, self._fine, self._seen, self._listed = data, fine, seen, listed
        self._shortcut = shortcut_of(data, fine, rounds, seen)

    def after(self, rounds: int) -> tuple[Coarsening, Coarse]:
        """Go through the first *rounds* from the start; return where that leads."""
        way = Coarsening(self._data, self._fine, self._listed, self._seen)
        return way, way.run(rounds, self._shortcut and self._shortcut(way))


class OwnCoarsening(Coarsening):
    """The way of a feed that resamples its own bars: it reads on until it has one.

    Attributes:
        asked: how often its source had no more bars.
    """

    def __init__(
        self, data: Any, fine: Fine, rounds: list[float], seen: Seen, leap: Leap | None
    ) -> None:
        super().__init__(data, fine, rounds, seen)
        self.asked = 0
        self._miscounts = False
        self._leap = leap

    def natural(self) -> list[float]:
        """Return the stamps of the bars that its own bars end."""
        while self._load(0, 0):
            pass
        made: list[float] = self.stand_in.made
        return made

    def _at_check(self, at: int) -> float | None:
        return self.stand_in.datetime.before if self.stand_in.count else None

    def _load(self, visible: int, at: int) -> bool:
        bars = len(self.stamps)
        while not self.stand_in.stacked:
            if self._leap is not None:
                self._leap.take(self)
            if self.taken >= bars:
                self.asked += 1
                return False
            self.stand_in.show(self.taken, self.stamps[self.taken])
            self.taken += 1
            self.twin(self.stand_in)
        self.stand_in.load()
        self.made.append(at)
        return True
