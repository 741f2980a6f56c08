"""What many trials held: faults, pairs of them in one trial, and where processes died."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from atms.sandbox.simulation.adversary import Trial

COUNTED = ("bars", "orders", "fills", "kills")
_FEWEST, _FEWEST_PAIRS = 100, 10  # below which a line says so


@dataclass
class Coverage:
    """Sums over trials.

    Attributes:
        trials, wrong: how many there were, and how many of them found something.
        total: bars, orders, fills and kills.
        hits: how often each fault happened.
        pairs: in how many trials two faults both happened.
        killed_at: at which step processes died.
        seen: how often each other thing happened.
    """

    trials: int = 0
    wrong: int = 0
    total: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    killed_at: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)

    def add(self, trial: Trial) -> None:
        """Count a trial."""
        self.trials += 1
        self.wrong += bool(trial.found)
        for name in COUNTED:
            self.total[name] += getattr(trial, name)
        self.hits += trial.hits
        self.pairs.update(combinations(sorted(trial.hits), 2))
        self.killed_at += trial.killed_at
        self.seen += trial.seen

    def told(self, faults: Sequence[str]) -> Iterator[str]:
        """Yield lines: those of *faults* that never happened too."""
        yield from _counts("faults", {name: self.hits[name] for name in faults})
        yield from _counts("killed at", self.killed_at)
        met = [self.pairs[pair] for pair in combinations(sorted(faults), 2)]
        few = sum(0 < count < _FEWEST_PAIRS for count in met)
        yield (
            f"pairs of faults in one trial: {sum(map(bool, met))} of {len(met)} met, "
            f"{few} of them fewer than {_FEWEST_PAIRS} times"
        )
        rare = [name for name in faults if self.hits[name] < _FEWEST]
        yield f"faults with fewer than {_FEWEST} hits: {', '.join(rare) or 'none'}"
        yield from _counts("seen", self.seen)


def _counts(what: str, counts: dict[str, int] | Counter[str]) -> Iterator[str]:
    yield f"{what}:"
    for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        yield f"  {count:8} {name}"
