"""Processes that trade and die, and the journal that outlives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from atms.execution.core.core import Core
from atms.execution.core.records import Record, decode
from atms.execution.driver.account import Told


class Killed(BaseException):
    """The process is dead."""


class MemoryJournal:
    """A journal that outlives its process; what was appended is durable when it returns."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._epoch = 0

    def begin(self, at: datetime) -> int:
        """Return the next epoch."""
        self._epoch += 1
        return self._epoch

    def append(self, bodies: Sequence[str]) -> int:
        """Keep lines, all of them."""
        self.lines += bodies
        return len(self.lines)

    def check(self) -> None:
        """Raise nothing: one process at a time has it."""

    def records(self) -> list[Record]:
        """Return what it holds."""
        return [decode(line) for line in self.lines]


@dataclass
class Life:
    """One process: from its start to its death.

    Attributes:
        told: everything that the strategy and the operator heard.
        ends: key -> the final statuses that were told.
        ready_at: when new orders were allowed.
    """

    core: Core
    told: list[Told] = field(default_factory=list)
    ends: dict[str, list[str]] = field(default_factory=dict)
    ready_at: datetime | None = None

    @property
    def corrects(self) -> bool:
        """Whether the venue may say an execution again."""
        capabilities = self.core.capabilities
        return capabilities is not None and capabilities.corrections
