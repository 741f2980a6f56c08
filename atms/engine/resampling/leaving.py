"""Feeds and their Resamplers as Backtrader leaves them after a round."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np

from atms.engine.resampling.coarse import Coarse, Coarsening
from atms.engine.resampling.folding import folded
from atms.engine.resampling.reading import Columns
from atms.engine.resampling.ways import OwnCoarsening
from atms.feeds.history import HistoryFeed


def leave_base(data: Any, columns: Columns, taken: int, asked: int) -> None:
    """Leave a feed at the place in its source up to which it has read.

    Args:
        taken: how many bars it has loaded.
        asked: how often it was asked for a bar when it had none.
    """
    data._qcheck = 0.0
    read = columns.skipped + taken
    if isinstance(data, HistoryFeed):
        read = data._cursor if columns.preloaded else read
        data._cursor = min(read + asked, len(data._days))
    elif isinstance(data, bt.feeds.PandasData):
        data._idx = (data._idx if columns.preloaded else read - 1) + asked


def leave_own(data: Any, columns: Columns, way: OwnCoarsening, coarse: Coarse) -> None:
    """Leave a feed that resamples its own bars in the middle of the bar that is begun."""
    leave_base(data, columns, way.taken, way.asked)
    _leave_resampler(data, columns, way, coarse)


def leave_clone(data: Any, columns: Columns, way: Coarsening, coarse: Coarse) -> None:
    """Leave a clone in the middle of the bar that is begun."""
    data._qcheck = 0.0
    data._dlen = way.taken
    _leave_resampler(data, columns, way, coarse)


def _leave_resampler(data: Any, columns: Columns, way: Coarsening, coarse: Coarse) -> None:
    resampler = data._filters[0][0]
    for name, value in vars(way.twin).items():
        if name not in ("data", "bar"):
            setattr(resampler, name, value)
    resampler.bar.bstart(maxdate=True)
    begun = int(coarse.cuts[-1]) if len(coarse.cuts) else 0
    inside = coarse.order[begun:]
    if len(inside):
        values = folded(columns.values, inside, np.array([len(inside)]))
        names = ("close", "low", "high", "open", "volume", "openinterest")
        for name, one in zip(names, values, strict=True):
            setattr(resampler.bar, name, float(one[0]))
        resampler.bar.datetime = way.bucket.datetime
