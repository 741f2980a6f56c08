"""One round of the datas: each is asked for a bar, and those of the earliest time deliver."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from backtrader.feed import AbstractDataBase
from backtrader.utils import date2num

from atms.engine.event.run import Run
from atms.engine.identity import runs


class Rounds:
    """The datas of a run, in Backtrader's order: the finer timeframe first.

    Attributes:
        now: the time of the present step, in Backtrader's float days.
    """

    def __init__(self, cerebro: Any, run: Run) -> None:
        self._standing = run.standing
        self._masters = run.masters
        self._datas = sorted(cerebro.datas, key=lambda data: (data._timeframe, data._compression))
        datas = self._datas
        self._coarse = [data.resampling and not data.replaying for data in datas]
        self._only = all(self._coarse) or not any(self._coarse)
        self._clones = sum(data._clone for data in datas)
        self._live = [d for d in datas if not runs(d, AbstractDataBase, "haslivedata")]
        self._patient = any(not runs(d, AbstractDataBase, "do_qcheck") for d in datas)
        self.now = date2num(datetime.max) - 2
        one = run.feed(datas[0]) if len(datas) == 1 and not self._patient else None
        self._one = one if one is not None and one.steps else None

    def waits(self) -> bool:
        """Return whether datas may wait for bars in this round."""
        if not self._live or not any(data.haslivedata() for data in self._live):
            return True
        live = sum(data._laststatus == data.LIVE for data in self._datas)
        return not live or live == len(self._datas) - self._clones

    def take(self, waits: bool) -> bool | None:
        """Ask all datas; True: there are bars, None: there may be later, False: they are over."""
        if self._one is not None and self._standing.live:
            return self._take_one(self._one, waits)
        asked = self._ask(waits)
        if any(asked):
            self._deliver(asked)
            return True
        if any(came is None for came in asked):
            for data in self._datas:
                data._check()
            return None
        return False

    def last(self) -> bool:
        """Let filters deliver what they hold, as the datas are over; True: something came."""
        first, *others = self._datas
        came = first._last()
        for data in others:
            came += data._last(datamaster=first)
        return bool(came)

    # ---- one feed -------------------------------------------------------------------------------
    def _take_one(self, feed: Any, waits: bool) -> bool | None:
        data = feed.data
        if data.p.qcheck:
            data.do_qcheck(waits, 0.0)
        else:
            data._qcheck = 0.0
        came = feed.step()
        if not self._standing.live:
            return self._after(data, came)
        if came:
            self.now = day = feed.days[feed.group.at]
            self._masters.set(data, day)
            if feed.fills:
                group = feed.group
                group.filled = group.sealed = group.at
                if not feed.ticks:
                    feed.keep_ticks()
            elif not data.replaying:
                data._tick_fill(force=True)
            return True
        if came is None:
            data._check()
            return None
        return False

    def _after(self, data: Any, came: Any) -> bool | None:
        """Do the rest of a round in which the run went over to Backtrader's own code."""
        if came:
            self._deliver([came])
            return True
        if came is None:
            data._check()
        return None if came is None else False

    # ---- any number -----------------------------------------------------------------------------
    def _ask(self, waits: bool) -> list[Any]:
        asked = []
        start = datetime.now(UTC)
        for data in self._datas:
            lapse = datetime.now(UTC) - start if self._patient or data.p.qcheck else None
            if lapse is None:
                data._qcheck = 0.0
            else:
                data.do_qcheck(waits, lapse.total_seconds())
            asked.append(data.next(ticks=False))
        return asked

    def _deliver(self, asked: list[Any]) -> None:
        datas = self._datas
        pairs = zip(datas, asked, strict=True)
        times = [data.datetime[0] if came else None for data, came in pairs]
        known = [
            time for time, coarse in zip(times, self._coarse, strict=True)
            if time is not None and (self._only or not coarse)
        ]  # fmt: skip
        self.now = now = min(known)
        master = datas[times.index(now)]
        self._masters.set(master, now)
        for index, came in enumerate(asked):
            if came:
                continue
            data = datas[index]
            data._check(forcedata=master)
            if data.next(datamaster=master, ticks=False):
                times[index] = data.datetime[0]
        for data, time in zip(datas, times, strict=True):
            if time is None:
                continue
            if time > now:
                data.rewind()
            elif not data.replaying:
                data._tick_fill(force=True)
