"""Event mode, as a live run: a feed in Python gives one bar at a time, nothing is preloaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import backtrader as bt

from atms.bench.bars import walk
from atms.bench.work.cross import Cross

SETTINGS: dict[str, Any] = {"stdstats": False, "runonce": False, "preload": False}


class Ticks(bt.feed.DataBase):
    """A feed as people write it for their venue: ``_load`` fills the lines with the next bar."""

    params = (("rows", ()),)

    def islive(self) -> bool:
        """Say that bars arrive as they come."""
        return True

    def start(self) -> None:
        """Begin with the first row."""
        super().start()
        self.left: Iterator[tuple[float, ...]] = iter(self.p.rows)

    def _load(self) -> bool:
        row = next(self.left, None)
        if row is None:
            return False
        lines = self.lines
        lines.datetime[0], lines.open[0], lines.high[0] = row[:3]
        lines.low[0], lines.close[0], lines.volume[0] = row[3:]
        lines.openinterest[0] = 0.0
        return True


def prepare(cerebro: bt.Cerebro, bars: int) -> None:
    """Add the feed, the strategy and the account."""
    frame = walk(bars)
    days = [bt.date2num(stamp) for stamp in frame.index.to_pydatetime()]
    columns = [frame[name].tolist() for name in ("open", "high", "low", "close", "volume")]
    feed = Ticks(
        rows=list(zip(days, *columns, strict=True)),
        timeframe=bt.TimeFrame.Minutes,
        compression=1,
    )
    cerebro.adddata(feed)
    cerebro.addstrategy(Cross)
    cerebro.broker.setcash(1_000_000.0)
    cerebro.broker.setcommission(commission=0.001)
