"""Timers, writers, a store, callbacks: what else is added to a Cerebro."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import backtrader as bt

from tests.engine.corpus.indicators import AVERAGES
from tests.engine.corpus.recording import Log


class NewsStore:
    """A store that has something to tell now and then."""

    def __init__(self) -> None:
        self._asked = 0

    def start(self, data: Any = None, broker: Any = None) -> None:
        """Begin."""
        self._asked = 0

    def stop(self) -> None:
        """End."""

    def get_notifications(self) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
        """Return what is new."""
        self._asked += 1
        return [("news", (self._asked,), {"level": 1})] if self._asked % 9 == 0 else []


def own_cerebro(engine: Any, log: Log) -> Any:
    """Return a user's subclass of a Cerebro, which is told things itself."""

    class Own(engine):
        def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
            log.add("cerebro's timer", log.show((timer.p.tid, when)))

        def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
            log.add("cerebro's data", log.show((status, args)))

        def notify_store(self, msg: str, *args: Any, **kwargs: Any) -> None:
            log.add("cerebro's store", log.show((msg, args)))

    return Own


def _not_on_the_30th(day: datetime.date) -> bool:
    return day.day != 30


TIMERS: dict[str, Callable[[Any], Any]] = {
    "at ten": lambda c: c.add_timer(datetime.time(10, 0), strats=True),
    "at the start": lambda c: c.add_timer(
        bt.timer.SESSION_START, offset=datetime.timedelta(minutes=11), strats=True, cheat=True
    ),
    "again and again": lambda c: c.add_timer(
        datetime.time(9, 45), repeat=datetime.timedelta(minutes=13), strats=True, extra="told"
    ),
    "on some days": lambda c: c.add_timer(
        datetime.time(9, 31), weekdays=[2, 4], weekcarry=True, strats=True
    ),
    "on days of the month": lambda c: c.add_timer(
        datetime.time(9, 31), monthdays=[1, 31], allow=_not_on_the_30th, strats=True
    ),
    "at the end": lambda c: c.add_timer(bt.timer.SESSION_END, tzdata=c.datas[0], strats=True),
}


def _compensate(cerebro: Any, log: Log) -> None:
    if len(cerebro.datas) > 1:
        cerebro.datas[1].compensate(cerebro.datas[0])


EXTRAS: dict[str, Callable[[Any, Log], Any]] = {
    "indicator by cerebro": lambda c, log: c.addindicator(bt.ind.SMA, period=4),
    "average by cerebro": lambda c, log: c.addindicator(getattr(bt.ind, AVERAGES[1]), period=3),
    "store": lambda c, log: c.addstore(NewsStore()),
    "callbacks": lambda c, log: (
        c.addstorecb(lambda msg, *a, **k: log.add("store callback", log.show((msg, a, k)))),
        c.adddatacb(lambda data, status, *a, **k: log.add("data callback", log.show((status, a)))),
    ),
    "optimiser's callback": lambda c, log: c.optcallback(
        lambda run: log.add("opt callback", str(len(run)))
    ),
    "compensation": _compensate,
    "accumulates": lambda c, log: None,
    "concurrent": lambda c, log: None,
    "own cerebro": lambda c, log: None,
}
WRITERS: dict[str, Callable[[Any], Any]] = {
    "printed": lambda c: c.addwriter(bt.WriterFile, csv=True),
    "rounded": lambda c: c.addwriter(bt.WriterFile, csv=False, rounding=3),
    "no nan": lambda c: c.addwriter(
        bt.WriterFile, csv=True, csv_filternan=False, csv_counter=False
    ),
}
