"""Feeds and their Resamplers as Backtrader leaves them after a round."""

from __future__ import annotations

from typing import Any

import numpy as np

from atms.engine.resampling.coarse import Coarse, Coarsening
from atms.engine.resampling.folding import folded
from atms.engine.resampling.reading import Columns
from atms.feeds.history import HistoryFeed


def leave_base(data: Any, columns: Columns, held: int, asked: int) -> None:
    """Leave a feed at the place in its source up to which it has read.

    Args:
        held: how many bars it has loaded.
        asked: how often it was asked for a bar when it had none.
    """
    read = columns.skipped + held
    if isinstance(data, HistoryFeed):
        data._cursor = min(read + asked, len(data._days))
    else:
        data._idx = read - 1 + asked


def leave_clone(data: Any, columns: Columns, way: Coarsening, coarse: Coarse) -> None:
    """Leave a clone and its Resampler in the middle of the bar that they have begun."""
    resampler = data._filters[0][0]
    for name, value in vars(way.twin).items():
        if name not in ("data", "bar"):
            setattr(resampler, name, value)
    data._dlen = way.taken
    resampler.bar.bstart(maxdate=True)
    begun = int(coarse.cuts[-1]) if len(coarse.cuts) else 0
    inside = coarse.order[begun:]
    if len(inside):
        values = folded(columns.values, inside, np.array([len(inside)]))
        names = ("close", "low", "high", "open", "volume", "openinterest")
        for name, one in zip(names, values, strict=True):
            setattr(resampler.bar, name, float(one[0]))
        resampler.bar.datetime = way.bucket.datetime
