"""Feeds of every kind from a Feed's description, and what is derived from them."""

from __future__ import annotations

import csv
import datetime
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd

from atms.feeds.history import Zone, history_feed
from tests.engine.corpus.bars import Row, rows
from tests.engine.corpus.shapes import Feed

COLUMNS = ("open", "high", "low", "close", "volume", "openinterest")


class PythonFeed(bt.feed.DataBase):
    """A user's feed: one bar a call."""

    params = (("rows", ()),)

    def start(self) -> None:
        """Begin anew."""
        super().start()
        self._left = iter(self.p.rows)

    def _load(self) -> bool | None:
        row = next(self._left, None)
        if row is None:
            return False
        self.lines.datetime[0] = bt.date2num(row.stamp)
        for name, value in zip(COLUMNS, row[1:], strict=True):
            getattr(self.lines, name)[0] = value
        return True


class LiveFeed(PythonFeed):
    """A feed that says it is live, notifies, and has nothing to deliver at times."""

    def islive(self) -> bool:
        """Switch preload and runonce off."""
        return True

    def start(self) -> None:
        """Begin anew."""
        super().start()
        self._asked = 0
        self.put_notification(self.CONNECTED)

    def _load(self) -> bool | None:
        self._asked += 1
        if self._asked == 5:
            self.put_notification(self.LIVE, "now", since=5)
        return None if self._asked % 7 == 3 else super()._load()


class ExtraPandas(bt.feeds.PandasData):
    """A user's PandasData with a line more."""

    lines = ("extra",)
    params = (("extra", -1),)


def dataframe(bars: list[Row], variant: str = "") -> pd.DataFrame:
    """Return the bars as PandasData takes them."""
    frame = pd.DataFrame(
        [row[1:] for row in bars],
        columns=list(COLUMNS),
        index=pd.DatetimeIndex([row.stamp for row in bars], name="when"),
    )
    if variant == "capitals":
        frame.columns = [name.capitalize() for name in COLUMNS]
    elif variant == "extra":
        frame["extra"] = frame["close"] * 2
    elif variant == "whole":
        frame = frame.fillna(0).round().astype("int64")
    elif variant == "zoned":
        frame = frame.tz_localize("Asia/Kolkata")
    elif variant == "float32":
        frame = frame.astype("float32")
    return frame


def _pandas(feed: Feed, bars: list[Row], folder: Path, params: dict[str, Any]) -> Any:
    frame = dataframe(bars, feed.variant)
    if feed.variant == "extra":
        return ExtraPandas(dataname=frame, **params)
    if feed.variant == "column":
        return bt.feeds.PandasData(dataname=frame.reset_index(), datetime=0, **params)
    if feed.variant == "no volume":
        frame = frame.drop(columns=["volume", "openinterest"])
        params = {**params, "volume": None, "openinterest": None}
    return bt.feeds.PandasData(dataname=frame, **params)


def _direct(feed: Feed, bars: list[Row], folder: Path, params: dict[str, Any]) -> Any:
    return bt.feeds.PandasDirectData(dataname=dataframe(bars), **params)


def _text(value: float) -> str:
    return "" if math.isnan(value) else repr(value)


def _generic(feed: Feed, bars: list[Row], folder: Path, params: dict[str, Any]) -> Any:
    path = folder / f"generic{feed.seed}.csv"
    dates = "%Y-%m-%d %H:%M:%S.%f" if feed.stamps == "odd" else "%Y-%m-%d %H:%M:%S"
    given: dict[str, Any] = {"dtformat": dates, **params}
    lines = [[row.stamp.strftime(dates), *map(_text, row[1:])] for row in bars]
    if feed.variant == "semicolon":
        given |= {"separator": ";", "nullvalue": 0.0}
    elif feed.variant == "unix":
        given["dtformat"] = 1
        lines = [
            [str(_seconds(row.stamp)), *line[1:]] for row, line in zip(bars, lines, strict=True)
        ]
    elif feed.variant == "two columns":
        given |= {"dtformat": "%Y-%m-%d", "tmformat": dates[9:], "time": 1, "openinterest": -1}
        given |= {name: place for place, name in enumerate(COLUMNS[:5], 2)}
        lines = [[*line[0].split(), *line[1:]] for line in lines]
    if feed.variant == "no header":
        given["headers"] = False
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=given.get("separator", ","))
        writer.writerows(lines if feed.variant == "no header" else [["a header"], *lines])
    return bt.feeds.GenericCSVData(dataname=str(path), **given)


def _seconds(stamp: datetime.datetime) -> int:
    return int(stamp.replace(tzinfo=datetime.UTC).timestamp())


def _backtrader_csv(feed: Feed, bars: list[Row], folder: Path, params: dict[str, Any]) -> Any:
    path = folder / f"own{feed.seed}.csv"
    lines = [
        ",".join([f"{row.stamp:%Y-%m-%d,%H:%M:%S}", *(repr(value) for value in row[1:])])
        for row in bars
    ]
    path.write_text("Date,Time,Open,High,Low,Close,Volume,OpenInterest\n" + "\n".join(lines) + "\n")
    return bt.feeds.BacktraderCSVData(dataname=str(path), **params)


def _python(feed: Feed, bars: list[Row], folder: Path, params: dict[str, Any]) -> Any:
    return PythonFeed(rows=bars, **params)


def _live(feed: Feed, bars: list[Row], folder: Path, params: dict[str, Any]) -> Any:
    return LiveFeed(rows=bars, **params)


def _history(feed: Feed, bars: list[Row], folder: Path, params: dict[str, Any]) -> Any:
    frame = dataframe(bars, feed.variant if feed.variant == "extra" else "")
    frame.index = frame.index.rename("datetime").tz_localize("UTC")
    timeframe = {0: "5s", 1440: "1d"}.get(feed.minutes, f"{feed.minutes}m")
    data = history_feed(frame, timeframe=timeframe, zone=feed.tz or None)
    for name in ("sessionstart", "sessionend", "fromdate", "todate"):
        if name in params:
            setattr(data.p, name, params[name])
    return data


MAKERS: dict[str, Callable[[Feed, list[Row], Path, dict[str, Any]], Any]] = {
    "pandas": _pandas,
    "direct": _direct,
    "generic": _generic,
    "btcsv": _backtrader_csv,
    "python": _python,
    "live": _live,
    "history": _history,
}


def make(feed: Feed, folder: Path) -> Any:
    """Return the feed, with its filters."""
    bars = rows(feed)
    params: dict[str, Any] = {"timeframe": bt.TimeFrame.Minutes, "compression": feed.minutes}
    if feed.minutes == 0:
        params = {"timeframe": bt.TimeFrame.Seconds, "compression": 5}
    if feed.minutes == 1440:
        params = {"timeframe": bt.TimeFrame.Days, "compression": 1}
    if feed.session:
        params["sessionstart"] = datetime.time(9, 30)
        params["sessionend"] = datetime.time(16, 0)
    if feed.tz:
        params["tz"] = Zone(feed.tz)
    if feed.window:
        params["fromdate"] = bars[len(bars) // 10].stamp
        params["todate"] = bars[-len(bars) // 10].stamp
    data = MAKERS[feed.kind](feed, bars, folder, params)
    for name in feed.filters:
        FILTERS[name](data)
    return data


def derive(cerebro: Any, data: Any, feed: Feed) -> None:
    """Add to *cerebro* what is derived from *data*."""
    for one in feed.derived:
        call = cerebro.resampledata if one.how == "resample" else cerebro.replaydata
        timeframe = getattr(bt.TimeFrame, one.timeframe)
        call(data, timeframe=timeframe, compression=one.compression, **dict(one.options))


# ---- filters ------------------------------------------------------------------------------------


class Doubling:
    """A user's filter: it changes a bar and takes some away."""

    def __init__(self, data: Any, drop: int = 6) -> None:
        self.drop = drop

    def __call__(self, data: Any) -> bool:
        """Return whether the bar was taken away."""
        data.volume[0] *= 2
        if int(data.volume[0]) % self.drop == 0:
            data.backwards()
            return True
        return False


def _keep_most(data: Any) -> bool:
    return bool(data.volume[0] % 5 != 0)


FILTERS: dict[str, Callable[[Any], Any]] = {
    "session": lambda data: data.addfilter(bt.filters.SessionFilter),
    "session simple": lambda data: data.addfilter_simple(bt.filters.SessionFilterSimple(data)),
    "session filler": lambda data: data.addfilter(bt.filters.SessionFiller, fill_vol=0.0),
    "heikin": lambda data: data.addfilter(bt.filters.HeikinAshi),
    "renko": lambda data: data.addfilter(bt.filters.Renko, size=0.5),
    "calendar days": lambda data: data.addfilter(bt.filters.CalendarDays, fill_vol=1.0),
    "day steps": lambda data: data.addfilter(bt.filters.BarReplayer_Open),
    "day splitter": lambda data: data.addfilter(bt.filters.DaySplitter_Close),
    "user": lambda data: data.addfilter(Doubling),
    "user simple": lambda data: data.addfilter_simple(_keep_most),
}


def rolling_date(when: Any, data: Any) -> bool:
    """Tell RollOver that the present contract may end; from its fourth hour on."""
    return bool(when >= data.datetime.datetime(0) - datetime.timedelta(hours=1))


def rolling_condition(first: Any, second: Any) -> bool:
    """Tell RollOver that the next contract is traded more."""
    return bool(first.volume[0] < second.volume[0])
