"""At which bars a Resampler may do more than take the bar in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import backtrader as bt
import numpy as np
from numpy.typing import NDArray

from atms.engine.resampling.moments import DAY, wall_times

_MINUTE = 60_000_000
_T = bt.TimeFrame


@dataclass(frozen=True)
class Edges:
    """What is known of the bars of a feed before a Resampler sees them.

    Args:
        closing: whether a bar ends the resampled bar by its own time and is the last in it, unless
            a session's end comes between; shape (bars,).
        odd: whether a bar may end the resampled bar that those before it are in; shape (bars,).
        sessions: whether a session's end ends a resampled bar too.
    """

    closing: NDArray[np.bool_]
    odd: NDArray[np.bool_]
    sessions: bool


def edges_of(resampler: Any, data: Any, stamps: NDArray[np.float64]) -> Edges | None:
    """Return the edges of a feed's bars of *stamps*; None: the Resampler has to see each of them.

    Args:
        resampler: of *data*, which may be a clone of the feed.
    """
    p, none = resampler.p, np.zeros(len(stamps), dtype=bool)
    if resampler.componly or type(p.boundoff) is not int or type(p.compression) is not int:
        return None
    if p.timeframe in (_T.Minutes, _T.Seconds) and p.bar2edge and p.compression > 0:
        closing = _closing(resampler, wall_times(stamps, data.lines.datetime._tz))
        return Edges(closing, _crossing(resampler, stamps[:-1], stamps[1:]) & ~closing, True)
    if p.timeframe == _T.Days:
        return Edges(none, none, True)
    if p.timeframe in (_T.Weeks, _T.Months, _T.Years) and data._calendar is None:
        days = wall_times(stamps, data._tz) // DAY
        return Edges(none, np.append(False, days[1:] != days[:-1])[: len(days)], False)
    return None


def forced(
    resampler: Any, taken: NDArray[np.float64], rounds: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return at which rounds other feeds may force the resampled bar out.

    Args:
        taken: the stamp of the last bar that went into it, shape (rounds,).
        rounds: the rounds' own stamps.
    """
    if resampler.p.timeframe != _T.Minutes:
        return np.zeros(len(rounds), dtype=bool)
    return _crossing(resampler, taken, rounds)[1:]


def _closing(resampler: Any, shown: NDArray[np.int64]) -> NDArray[np.bool_]:
    unit = _unit(resampler)
    points = shown % DAY // unit + resampler.p.boundoff
    return np.asarray((shown % unit == 0) & (points % resampler.p.compression == 0))


def _crossing(
    resampler: Any, old: NDArray[np.float64], new: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return whether an edge lies between two times of one day, after a False; shape (n + 1,)."""
    off, each, unit = resampler.p.boundoff, resampler.p.compression, _unit(resampler)
    earlier = wall_times(old, None) % DAY // unit + off
    later = wall_times(new, None) % DAY // unit + off
    crossed = (later > earlier) & (later // each > earlier // each)
    return np.append(False, crossed)[: len(new) + 1]


def _unit(resampler: Any) -> int:
    return _MINUTE if resampler.p.timeframe == _T.Minutes else _MINUTE // 60
