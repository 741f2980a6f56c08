"""Trades -> bars. A bar needs a trade: where there was none there is no bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.errors import DataError
from atms.feeds.boundaries import spans
from atms.feeds.importing.clock import Instants
from atms.feeds.importing.plan import Numbers, Rows
from atms.model import Timeframe


@dataclass(frozen=True)
class _Bars:
    """Bars, n of them: where they begin, their columns, and the number of their first trades."""

    starts: Instants
    columns: dict[str, Numbers]
    rows: NDArray[np.int64]

    def part(self, first: int, last: int | None) -> _Bars:
        columns = {name: values[first:last] for name, values in self.columns.items()}
        return _Bars(self.starts[first:last], columns, self.rows[first:last])


class TradeBars:
    """Bars that grow trade by trade; the last one stays open until a trade of a later one comes.

    Open is the first price in the file's order, high the highest, low the lowest, close the last,
    volume the sum from left to right, in float64: the same bits however the file is cut. Bars
    begin as those of :func:`atms.feeds.boundaries.spans` do, in UTC. Trades inside a bar may be
    out of order in time, as those of exchanges are by milliseconds; a trade of an earlier bar is
    an error.

    Args:
        where: the file, for messages.
        first_row: the number that messages give to row 0.
        timeframe: the length of a bar.
    """

    def __init__(self, where: str, first_row: int, timeframe: Timeframe) -> None:
        self._where, self._first_row, self._timeframe = where, first_row, timeframe
        self._open: _Bars | None = None
        self._latest: int | None = None  # where the last bar that was seen begins

    def add(self, trades: Rows, *, context: bool = False) -> _Bars | None:
        """Take *trades*, and return the bars that are complete by them, or None.

        Args:
            trades: at least one.
            context: they belong to bars before, and only tell whether the order is kept.

        Raises:
            DataError: with file and row: no price, no volume, or a trade of an earlier bar.
        """
        self._check_values(trades)
        starts = spans(trades.stamps, self._timeframe, "UTC").starts
        self._check_order(starts, trades)
        self._latest = int(starts[-1])
        if context:
            return None
        bars = _joined(self._open, _grouped(starts, trades, self._open))
        self._open = bars.part(len(bars.starts) - 1, None)
        return bars.part(0, -1) if len(bars.starts) > 1 else None

    @property
    def open_row(self) -> int:
        """The number of the open bar's first trade."""
        assert self._open is not None
        return int(self._open.rows[0])

    def finish(self) -> _Bars | None:
        """Return the last bar, as far as the file goes; None if there were no trades."""
        return self._open

    def _check_values(self, trades: Rows) -> None:
        for name, values in trades.columns.items():
            bad = ~np.isfinite(values)
            if bad.any():
                row = int(trades.rows[np.flatnonzero(bad)[0]]) + self._first_row
                raise DataError(
                    f"{self._where}: row {row}: {name} is missing or infinite; mend the row"
                )

    def _check_order(self, starts: Instants, trades: Rows) -> None:
        latest = starts[0] if self._latest is None else self._latest
        back = np.flatnonzero(np.diff(starts, prepend=latest) < 0)
        if len(back):
            row, moment = int(trades.rows[back[0]]), int(trades.stamps[back[0]])
            when = pd.Timestamp(moment, unit="us", tz="UTC")
            raise DataError(
                f"{self._where}: row {row + self._first_row}: out of order: a trade at {when} "
                f"comes after one of a later bar ({self._timeframe}); sort the trades by time"
            )


def _grouped(starts: Instants, trades: Rows, before: _Bars | None) -> _Bars:
    """Return the bars of *trades*; the sum of volume goes on from the bar *before*, if it is one.

    *starts* never fall.
    """
    prices, volumes = trades.columns["price"], trades.columns["volume"]
    first = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    last = np.append(first[1:], len(starts)) - 1
    number = np.repeat(np.arange(len(first)), last - first + 1)
    if before is not None and before.starts[0] == starts[0]:
        number = np.concatenate([[0], number])
        volumes = np.concatenate([before.columns["volume"], volumes])
    columns = {
        "open": prices[first],
        "high": np.maximum.reduceat(prices, first),
        "low": np.minimum.reduceat(prices, first),
        "close": prices[last],
        # Adds one after the other; sum and reduceat add in pairs, whose grouping the cut would set.
        "volume": np.bincount(number, weights=volumes),
    }
    return _Bars(starts[first], columns, trades.rows[first])


def _joined(before: _Bars | None, bars: _Bars) -> _Bars:
    """Return both; a bar that lies in both is one."""
    if before is None:
        return bars
    if before.starts[0] == bars.starts[0]:
        columns, rows = bars.columns, bars.rows
        columns["open"][0] = before.columns["open"][0]
        columns["high"][0] = max(columns["high"][0], before.columns["high"][0])
        columns["low"][0] = min(columns["low"][0], before.columns["low"][0])
        rows[0] = before.rows[0]
        return bars
    columns = {
        name: np.concatenate([before.columns[name], values])
        for name, values in bars.columns.items()
    }
    starts = np.concatenate([before.starts, bars.starts])
    return _Bars(starts, columns, np.concatenate([before.rows, bars.rows]))
