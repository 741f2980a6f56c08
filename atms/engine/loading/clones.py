"""A feed's clone, loaded from a feed that is loaded already."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np

from atms.engine.loading.filling import Filling, Finish
from atms.engine.loading.methods import ADVANCE, TICK_NULLIFY, changed, own, plain_lines
from atms.engine.loading.refusing import NotInBulkError


def read_clone(data: Any) -> Finish:
    """Read a started ``DataClone`` of a feed that was preloaded before it.

    Raises:
        NotInBulkError: its own loop is needed.
    """
    source = data.data
    if changed(source) or isinstance(source, bt.feed.DataClone) or not plain_lines(source):
        raise NotInBulkError("a clone of a feed that moves in its own way")
    if own(source, "advance") is not ADVANCE or own(source, "_tick_nullify") is not TICK_NULLIFY:
        raise NotInBulkError("a clone of a feed that moves in its own way")
    if any(line.idx != -1 or line.lencount for line in source.lines.lines):
        raise NotInBulkError("its source is not at its beginning")
    count = source.buflen()
    pairs = list(zip(data.lines.lines, source.lines.lines, strict=False))
    if any(len(theirs.array) < count for _, theirs in pairs):
        raise NotInBulkError("lines of different lengths")
    filling = Filling(data, [mine for mine, _ in pairs])
    columns = [np.array(theirs.array[:count], dtype=np.float64) for _, theirs in pairs]
    stamps = next(n for n, (mine, _) in enumerate(pairs) if mine is data.lines.datetime)
    filling.add(columns[stamps], columns)
    if filling.over:
        raise NotInBulkError("it ends before its source does")

    def finish() -> None:
        # Stock walks the source to beyond its end and back; that is what is left of the walk.
        source._tick_nullify()
        source.home()
        filling.finish()

    return finish
