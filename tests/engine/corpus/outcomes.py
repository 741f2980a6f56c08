"""What our engine makes of each seed, worked out once a process."""

from __future__ import annotations

import functools
import gc
import time
from dataclasses import dataclass
from typing import Any

from atms.engine import Cerebro
from tests.engine.corpus.answers import Checked, check, stored
from tests.engine.corpus.cases import draw


@dataclass(frozen=True)
class Outcome:
    """A checked seed.

    Args:
        said: the first difference from stock, or "".
        stale: whether the stored answer is not stock's here.
        happened: names of what happened in the run.
        parts: (kind, name, fast) of each part of the engine.
        bars, fast_bars: steps of the run, and those on the fast path.
        seconds: of CPU time, our run and whatever stock's took.
    """

    said: str
    stale: bool
    happened: frozenset[str]
    parts: tuple[tuple[str, str, bool, str], ...]
    bars: int
    fast_bars: int
    seconds: float


@functools.cache
def outcome(seed: int) -> Outcome:
    """Check *seed* with our engine."""
    if seed % 50 == 0:
        gc.collect()  # what is left of a run hangs together in circles
    begun = time.process_time()
    checked = check(draw(seed), Cerebro, stored()[1].get(seed))
    return summed(checked, time.process_time() - begun)


def summed(checked: Checked, seconds: float) -> Outcome:
    """Return what of a check is worth keeping."""
    explanation: Any = checked.ran.explanation
    parts = explanation.parts if explanation else ()
    return Outcome(
        said=str(checked.difference or ""),
        stale=checked.stale,
        happened=frozenset(checked.ran.log.happened),
        parts=tuple((part.kind, part.name, part.fast, part.why) for part in parts),
        bars=explanation.bars if explanation else 0,
        fast_bars=explanation.fast_bars if explanation else 0,
        seconds=seconds,
    )
