"""How often a strategy makes an order where nothing goes wrong: how many bars a trial needs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from atms.chaos.setting import Setting
from atms.chaos.silence import silenced
from atms.chaos.world import World
from atms.errors import DataError
from atms.execution.core.core import Core

_LONGER = 25  # times the bars of a trial, as far as there are as many
_ENOUGH = (
    2  # bars with an order that a trial should have on average: of e ** -2, or 14 %, have none
)
_ROUND = 50  # bars


@dataclass(frozen=True)
class Frequency:
    """What one long trial without faults has shown.

    Attributes:
        bars: of the shortest feed, that were given live.
        orders: that were made on them.
        on: how many bars they were made on.
    """

    bars: int
    orders: int
    on: int

    @property
    def wanted(self) -> int:
        """How many bars a trial needs; 0: that is not known.

        Two of them have an order then, on average.
        """
        if not self.on:
            return 0
        return math.ceil(_ENOUGH * self.bars / self.on / _ROUND) * _ROUND


def how_often(setting: Setting) -> Frequency | None:
    """Run the part of seed 0, made longer; None: the bars are too few for it.

    Raises:
        ConfigError, StrategyError: as :func:`atms.chaos.trial.run_seed` does.
    """
    setting = replace(setting, bars=_LONGER * setting.length)
    try:
        with silenced():
            world = World(setting, 0, Core)
            world.run()
    except DataError:
        return None
    made = {one.bar for one in world.watch.decisions if one.bar and one.bar > world.began}
    return Frequency(setting.length, world.watch.counts["orders"], len(made))
