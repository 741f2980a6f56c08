"""What ran fast in a run, what on Backtrader's own code, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """How one part of a run was carried out.

    Args:
        kind: load, indicator, loop, broker, orders, observer, analyzer, resample, optimise ...
        name: a feed's name, a class, or "" where there is one of the kind.
        fast: whether it ran on our code; False: on Backtrader's own.
        why: the precondition that was not met, or what was done instead.
    """

    kind: str
    name: str
    fast: bool
    why: str = ""

    def __str__(self) -> str:
        subject = f"{self.kind} {self.name}".rstrip()
        why = f": {self.why}" if self.why else ""
        return f"{'fast ' if self.fast else 'stock'} {subject}{why}"


@dataclass(frozen=True)
class Explanation:
    """The parts of a run, and how many of its bars the fast loop took.

    Args:
        parts: in the order in which they were decided.
        bars: steps of the loop, one for each stamp at which a feed had a bar.
        fast_bars: those that our loop took.
    """

    parts: tuple[Part, ...]
    bars: int
    fast_bars: int

    @property
    def share(self) -> float:
        """Return the share of bars on the fast path, 0 to 1; 0 where there was none."""
        return self.fast_bars / self.bars if self.bars else 0.0

    def fast(self, kind: str, name: str | None = None) -> bool:
        """Return whether all parts of *kind* (of that *name*) ran fast, and there was one."""
        asked = [p for p in self.parts if p.kind == kind and name in (None, p.name)]
        return bool(asked) and all(part.fast for part in asked)

    def __str__(self) -> str:
        counted = Counter(str(part) for part in self.parts)
        lines = [text if n == 1 else f"{text} (x{n})" for text, n in counted.items()]
        return "\n".join([*lines, f"{self.fast_bars:,} of {self.bars:,} bars on the fast path"])
