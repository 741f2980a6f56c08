"""A feed's bars once more, in the same run: what ``resampledata`` and ``replaydata`` make."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import backtrader as bt


class _HistoryClone(bt.feed.DataClone):
    """The bars of a history feed once more: as they are, resampled or replayed.

    Cerebro takes a bar back that others come before, and moves on to it again later. Backtrader's
    clone takes it for one more of the feed's bars then, and misses the next.
    """

    _preloaded = False
    _dlen: int

    def preload(self) -> None:
        """Copy all bars of a preloaded feed."""
        super().preload()
        self._preloaded = True

    def start(self) -> None:
        """Begin, perhaps once more."""
        super().start()
        self._preloaded = False

    def advance(self, size: int = 1, datamaster: Any = None, ticks: bool = True) -> None:
        """Move on to a bar that is loaded already: none of the feed's is taken for it."""
        taken: int = self._dlen
        super().advance(size, datamaster, ticks)
        if not self._preloaded:
            self._dlen = taken

    def clone(self, **kwargs: Any) -> Any:
        """Return a data with the same bars."""
        return history_copy_of(self, **kwargs)

    def copyas(self, _dataname: str, **kwargs: Any) -> Any:
        """Return a data with the same bars and another name."""
        return history_copy_of(self, _dataname, **kwargs)


class _LiveClone(bt.feed.DataClone):
    """The bars of a live feed once more: as they are, resampled or replayed."""

    def start(self) -> None:
        """Take part in the passes."""
        super().start()
        source_of(self).p.passes.join_clone(self)

    def next(self, datamaster: Any = None, ticks: bool = True) -> bool | None:
        """Move on with the feed, if it has moved."""
        if source_of(self).p.passes.ended or not (self.holds() or len(self.data) > self._dlen):
            return False
        moved: bool | None = super().next(datamaster, ticks)
        return moved

    def holds(self) -> bool:
        """Return whether there is a bar that Cerebro has not delivered yet."""
        return waits(self)

    def clone(self, **kwargs: Any) -> Any:
        """Return a data with the same bars."""
        return copy_of(self, **kwargs)

    def copyas(self, _dataname: str, **kwargs: Any) -> Any:
        """Return a data with the same bars and another name."""
        return copy_of(self, _dataname, **kwargs)

    def _check(self, forcedata: Any = None) -> None:
        """Let a resampler end its bar by another feed's; see :func:`may_force`."""
        if may_force(self, forcedata):
            super()._check(forcedata)

    def _last(self, datamaster: Any = None) -> int:
        """Deliver nothing at the end: a bar that is not over is none."""
        return 0


def copy_of(data: Any, name: str = "", **kwargs: Any) -> Any:
    """Return a data with the bars of a live feed or of a copy of it; *name*: its own."""
    return _named(_LiveClone(dataname=data, **kwargs), name)


def history_copy_of(data: Any, name: str = "", **kwargs: Any) -> Any:
    """Return a data with the bars of a history feed or of a copy of it; *name*: its own."""
    return _named(_HistoryClone(dataname=data, **kwargs), name)


def _named(copy: Any, name: str) -> Any:
    if name:
        copy._dataname = copy._name = name
    return copy


def source_of(data: Any) -> Any:
    """Return the data that *data* is a copy of, or a copy's copy; itself, if it is none."""
    while isinstance(data, bt.feed.DataClone):
        data = data.p.dataname
    return data


def may_force(data: Any, by: Any) -> bool:
    """Return whether a resampler of *data* may end its bar at the time of another data.

    A replayer does it wrongly: it takes its newest bar away, and gives it another day's time.
    """
    if by is None or data.replaying:
        return False
    until = bt.num2date(by.lines.datetime[0]).replace(tzinfo=UTC)
    return bool(source_of(data).lane.complete(until))


def waits(data: Any) -> bool:
    """Return whether *data* has a bar that a filter put by, or Cerebro, because others come first.

    A line that saves memory cannot tell.
    """
    line = data.lines.datetime
    rewound = line.mode != line.QBuffer and len(data) < data.buflen()
    return bool(data._barstack or data._barstash or rewound)
