"""How long a process takes from its start until it may trade, and until nothing is in doubt."""

from __future__ import annotations

from collections.abc import Sequence

from atms.chaos.stage import Stage
from atms.sandbox.simulation.loop import VirtualLoop

_LOOK = 0.25  # seconds


class Recovery:
    """Looks at the accounts of a trial; times are of the loop, which no leap changes.

    Attributes:
        ready: seconds from each start until every account was ready.
        resolved: seconds from each start until no order was in doubt either.
    """

    def __init__(self, loop: VirtualLoop, stages: Sequence[Stage]) -> None:
        self.ready: list[float] = []
        self.resolved: list[float] = []
        self._loop = loop
        self._stages = stages
        self._since: float | None = None
        self._is_ready = False
        loop.call_later(_LOOK, self._look)

    def starts(self) -> None:
        """Take in that a process starts now."""
        self._since, self._is_ready = self._loop.time(), False

    def ends(self) -> None:
        """Take in that it is over, recovered or not."""
        self._since = None

    def _look(self) -> None:
        self._loop.call_later(_LOOK, self._look)
        if self._since is None:
            return
        took = self._loop.time() - self._since
        cores = [stage.core for stage in self._stages]
        if not self._is_ready and all(core is not None and core.ready for core in cores):
            self._is_ready = True
            self.ready.append(took)
        if self._is_ready and all(stage.is_resolved for stage in self._stages):
            self.resolved.append(took)
            self._since = None
