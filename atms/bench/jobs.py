"""What one measurement is asked for, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Job:
    """What to measure.

    Attributes:
        row: its name.
        ours: whether our engine runs it; else ``bt.Cerebro``.
        bars: of each feed.
        trials: parameter pairs, of a row that tries some.
        profile: whether to find out where the time goes, which takes some itself.
    """

    row: str
    ours: bool
    bars: int
    trials: int = 1
    profile: bool = False

    def __str__(self) -> str:
        trials = f", {self.trials} trials" if self.trials > 1 else ""
        return f"{self.row}, {'ours' if self.ours else 'stock'}, {self.bars:,} bars{trials}"


@dataclass(frozen=True)
class Sample:
    """What was measured, and what came out.

    Attributes:
        user, system: CPU seconds of the run.
        memory: bytes above the interpreter and the frame, at the peak.
        fills: how many, or how many orders where there are several trials.
        outcome: a hash of every fill, the final value and cash, and every analyzer's result.
        explanation: what our engine says of the run.
        shares: part of atms -> its share of the time, where that was asked for.
    """

    user: float
    system: float
    memory: int
    fills: int
    outcome: str
    explanation: str
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """CPU seconds, user and system."""
        return self.user + self.system
