"""The rows of a ``PandasData``, one by one, without pandas' way to a cell.

The columns' own memory is read, so that a value written to the frame during the run is seen; where
the frame has other columns, or another index, than at the start, its rows are Backtrader's again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from backtrader.feeds import PandasData

from atms.engine.identity import runs
from atms.engine.loading.frames import stamps_of
from atms.engine.loading.refusing import NotInBulkError

_KINDS = "fiu"
_SIZES = (4, 8)


class Rows:
    """The rows of a started ``PandasData``.

    Attributes:
        columns: for each line in their order, what gives its value by row.
        count: how many rows there are.

    Raises:
        NotInBulkError: cells or stamps are of a kind that is not known.
    """

    def __init__(self, data: Any) -> None:
        frame = data.p.dataname
        if type(frame) is not pd.DataFrame or not runs(data, PandasData, "_load"):
            raise NotInBulkError("not a plain DataFrame")
        if data._colmapping["datetime"] is not None:
            raise NotInBulkError("stamps are not the index")
        self._data, self._frame, self._index = data, frame, frame.index
        self.count = len(frame)
        try:
            self._manager = frame._mgr
            self._blocks = self._manager.blocks
            self._values = [(block, block.values) for block in self._blocks]
        except AttributeError:
            raise NotInBulkError("a frame of another make") from None
        self._stamps: Any = stamps_of(frame.index) if self.count else np.empty(0)
        self._blank: Any = np.full(self.count, np.nan)
        self.columns = [memoryview(self._of(name)) for name in data.getlinealiases()]

    def _of(self, name: str) -> Any:
        if name == "datetime":
            return self._stamps
        place = self._data._colmapping[name]
        if place is None:
            return self._blank
        if type(place) is not int or not 0 <= place < self._frame.shape[1]:
            raise NotInBulkError(f"column {place!r} is not given by its place")
        values = self._frame.iloc[:, place].to_numpy(copy=False)
        own = any(np.shares_memory(values, kept) for _, kept in self._values)
        if values.dtype.kind not in _KINDS or values.dtype.itemsize not in _SIZES or not own:
            raise NotInBulkError(f"a column of {values.dtype}")
        return values

    def same(self) -> bool:
        """Return whether the frame still has the columns and the index that it had."""
        data = self._data
        frame = self._frame
        if data.p.dataname is not frame or frame._mgr is not self._manager:
            return False
        if self._manager.blocks is not self._blocks or frame.index is not self._index:
            return False
        return all(block.values is values for block, values in self._values)


def rows_of(data: Any) -> Rows | None:
    """Return the rows of *data*; None: it is not a ``PandasData`` that can be read so."""
    if not isinstance(data, PandasData):
        return None
    try:
        return Rows(data)
    except NotInBulkError:
        return None
