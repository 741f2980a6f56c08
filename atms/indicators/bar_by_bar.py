"""A TA-Lib function that is asked bar after bar, and gives what it gives of the whole array."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from atms.indicators.package import ta

Row = tuple[float, ...]


class BarByBar:
    """One function's outputs at the bar of now.

    Its state is a stream of TA-Lib's, which carries a function forward bar by bar and is equal to
    the last bit. The stream holds the bars before now; the bar of now is only looked at, because
    a replay may tell it again.

    A stream takes no NaN and no infinity. From the first one on, leading NaNs apart, ``outputs``
    returns None, and the caller has to ask the function for the whole array.

    Args:
        name: TA-Lib's, of the function.
        params: its parameters.
        function: inputs, one array each, shape (n,) -> outputs, likewise.
    """

    def __init__(
        self,
        name: str,
        params: Mapping[str, Any],
        function: Callable[..., tuple[Any, ...]],
    ) -> None:
        self._open, self._params, self._function = getattr(ta.stream, name), params, function
        self._stream: Any = None
        self._before: list[Row] = []  # rows that came before the stream was open
        self._row: Row | None = None
        self._length = 0
        self._sound = True

    def note(self, length: int, row: Row) -> None:
        """Take a bar in.

        Args:
            length: how many bars there are; the same as before: the bar is told again.
            row: each input's value at it.
        """
        if length != self._length and self._row is not None:
            self._keep(self._row)
        self._length, self._row = length, row

    def outputs(self) -> Row | None:
        """Return each output's value at the bar that was noted last; None: see above."""
        row = self._row
        assert row is not None
        if self._stream is None and not self._try_open():
            return self._of_rows([*self._before, row])
        if not self._sound or not all(map(math.isfinite, row)):
            return None
        return _as_row(self._stream.peek(*row))

    def _keep(self, row: Row) -> None:
        if self._stream is None:
            self._before.append(row)
        elif all(map(math.isfinite, row)):
            if self._sound:
                self._stream.update(*row)
        else:
            self._sound = False

    def _try_open(self) -> bool:
        if not self._before:
            return False
        columns = self._columns(self._before)
        known = ~np.isnan(columns).any(axis=0)
        if not known.any() or not np.isfinite(columns[:, known.argmax() :]).all():
            return False
        try:
            self._stream = self._open(*columns, **self._params)
        except ta.InsufficientHistory:
            return False
        self._before = []
        return True

    def _of_rows(self, rows: list[Row]) -> Row:
        return tuple(float(output[-1]) for output in self._function(*self._columns(rows)))

    def _columns(self, rows: list[Row]) -> Any:
        return np.ascontiguousarray(np.array(rows, dtype=np.float64).T)


def _as_row(value: Any) -> Row:
    return tuple(map(float, value)) if isinstance(value, tuple) else (float(value),)
