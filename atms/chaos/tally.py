"""What a strategy did while each thing went wrong, counted bar by bar."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

DONE = ("orders", "taken back", "fills", "refused", "errors")
NOTHING = "(nothing)"


@dataclass
class Share:
    """What was done around one kind of fault.

    Attributes:
        hits: how often it happened.
        bars: in which it happened, or that followed such a one.
        seeds: trials in which it happened.
        done: orders, fills ... in those bars.
    """

    hits: int = 0
    bars: int = 0
    seeds: int = 0
    done: Counter[str] = field(default_factory=Counter)

    def add(self, other: Share) -> None:
        """Take in what was counted elsewhere."""
        self.hits += other.hits
        self.bars += other.bars
        self.seeds += other.seeds
        self.done += other.done


@dataclass
class Tally:
    """Counts the stretches between bars of the shortest feed.

    What is done on a bar comes after it, so a fault's stretch counts with the next one.

    Attributes:
        shares: fault -> what was done around it; `NOTHING`: while none was there.
    """

    shares: dict[str, Share] = field(default_factory=dict)
    _hits: Counter[str] = field(default_factory=Counter)
    _done: Counter[str] = field(default_factory=Counter)
    _before: frozenset[str] = frozenset()

    def bar(self, hits: Counter[str], done: Counter[str]) -> None:
        """End a stretch.

        Args:
            hits, done: since the trial began.
        """
        new, did = hits - self._hits, done - self._done
        self._hits, self._done = Counter(hits), Counter(done)
        here = frozenset(new)
        for name in sorted(here | self._before) or [NOTHING]:
            share = self.shares.setdefault(name, Share(seeds=1))
            share.hits += new[name]
            share.bars += 1
            share.done += Counter({kind: did[kind] for kind in DONE})
        self._before = here
