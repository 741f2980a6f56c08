"""Bars of the past as a Backtrader feed, loaded in bulk: no access by bar to a frame."""

from __future__ import annotations

import array
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import backtrader as bt
import numpy as np
import pandas as pd

from atms.feeds.bars import Bars
from atms.feeds.copies import history_copy_of
from atms.feeds.reading import read_bars
from atms.feeds.stamps import to_days
from atms.feeds.times import END_OF_DAY
from atms.model import Timeframe

_BACKTRADER = {
    "s": (bt.TimeFrame.Seconds, 1),
    "m": (bt.TimeFrame.Minutes, 1),
    "h": (bt.TimeFrame.Minutes, 60),
    "d": (bt.TimeFrame.Days, 1),
    "w": (bt.TimeFrame.Weeks, 1),
    "M": (bt.TimeFrame.Months, 1),
}


def backtrader_timeframe(timeframe: Timeframe) -> dict[str, int]:
    """Return *timeframe* as Backtrader's two parameters, timeframe and compression."""
    unit, factor = _BACKTRADER[timeframe.unit]
    return {"timeframe": unit, "compression": timeframe.count * factor}


class Zone(ZoneInfo):
    """A time zone in the shape that Backtrader asks for."""

    def localize(self, moment: Any) -> Any:
        """Return the naive *moment* with this zone."""
        return moment.replace(tzinfo=self)


class HistoryFeed(bt.feed.DataBase):
    """Bars -> Backtrader lines; every extra column is a line of its own.

    Make one with :func:`history_feed`, in any Backtrader script. Backtrader's own path through
    filters (resample, replay) works too; only the plain preload is replaced by a bulk copy.

    Params:
        bars: the Bars.
    """

    params = (("bars", None),)

    def start(self) -> None:
        """Make the columns ready, in the order of the lines."""
        super().start()
        bars: Bars = self.p.bars
        self._days = to_days(bars.seen)
        self._cursor = 0
        by_line = {**bars.columns, "datetime": self._days}
        absent = np.full(len(bars), np.nan)
        self._columns = [by_line.get(name, absent) for name in self.getlinealiases()]

    def preload(self) -> None:
        """Copy whole columns into the lines where nothing has to see bar by bar."""
        if self._filters or self._ffilters or self.p.fromdate or self.p.todate or self._tzinput:
            super().preload()
            return
        for line, values in zip(self.lines, self._columns, strict=True):
            line.array = array.array("d")
            line.array.frombytes(values[self._cursor :].tobytes())
        self._cursor = len(self._days)
        self.home()

    def _load(self) -> bool:
        if self._cursor >= len(self._days):
            return False
        for line, values in zip(self.lines, self._columns, strict=True):
            line[0] = float(values[self._cursor])
        self._cursor += 1
        return True

    def _getnexteos(self) -> tuple[datetime, float]:
        """Return the end of the session that the present bar is in.

        Backtrader joins the date in UTC and the time in the feed's zone, which are not one day's.
        """
        if self._tz is None or not self.p.bars.ends or self._calendar is not None or not len(self):
            return super()._getnexteos()  # type: ignore[no-any-return]
        return end_of_session(self)

    def clone(self, **kwargs: Any) -> Any:
        """Return a data with the same bars; ``resampledata`` and ``replaydata`` ask for it."""
        return history_copy_of(self, **kwargs)

    def copyas(self, _dataname: str, **kwargs: Any) -> Any:
        """Return a data with the same bars and another name."""
        return history_copy_of(self, _dataname, **kwargs)

    @property
    def left(self) -> int:
        """How many bars there are to deliver, before any has been."""
        return int(self.buflen()) or len(self._days) - self._cursor

    def drop_head(self, count: int) -> None:
        """Forget the first *count* bars, before any bar has been delivered."""
        if not count:
            return
        if self.buflen():  # preloaded
            for line in self.lines:
                del line.array[:count]
            self.home()
        else:
            self._cursor = count


def end_of_session(feed: Any) -> tuple[datetime, float]:
    """Return the end of the session that a feed's present bar is in, in the feed's own zone."""
    local = bt.num2date(feed.lines.datetime[0], tz=feed._tz)
    end = datetime.combine(local.date(), feed.p.sessionend)
    if local > end:
        end += timedelta(days=1)
    number = feed.date2num(end)
    return bt.num2date(number), number


def history_feed(
    source: str | Path | pd.DataFrame | Bars,
    *,
    name: str = "data",
    zone: str | None = None,
    **reading: Any,
) -> HistoryFeed:
    """Return a feed of *source*, for ``cerebro.adddata``.

    Args:
        source: a .csv or .parquet file, ``sample:NAME``, a DataFrame, or Bars.
        name: the feed's name in Backtrader.
        zone: the IANA zone in which the strategy sees times; default UTC.
        reading: timeframe, timezone, stamp, adjust, columns: see
            :func:`atms.feeds.reading.read_bars`.

    Raises:
        DataError: what cannot be read.
    """
    if isinstance(reading.get("timeframe"), str):
        reading["timeframe"] = Timeframe.parse(reading["timeframe"])
    if not isinstance(source, Bars):
        source = read_bars(source, name=name, zone=zone or "UTC", **reading)
    kind = with_lines(HistoryFeed, source.extras)
    feed: HistoryFeed = kind(
        bars=source,
        name=name,
        sessionend=END_OF_DAY if source.ends else None,
        tz=Zone(zone) if zone and zone != "UTC" else None,
        **backtrader_timeframe(source.timeframe),
    )
    return feed


_KINDS: dict[tuple[type, tuple[str, ...]], Any] = {}


def with_lines(kind: type, extras: tuple[str, ...]) -> Any:
    """Return a class of feeds with one more line a name; one class a set of names."""
    if not extras:
        return kind
    if (kind, extras) not in _KINDS:
        body = {"lines": extras, "__module__": kind.__module__, "__doc__": kind.__doc__}
        _KINDS[kind, extras] = type(kind.__name__, (kind,), body)
    return _KINDS[kind, extras]
