"""A broker's round: which datas have a new bar, and the finer bars that orders are matched on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import backtrader as bt

from atms.simulation.finer import FinerBars, micros
from atms.simulation.matching import Bar


class Rounds:
    """Keeps the time of one run.

    Args:
        datas: of the run.
        intrabar: data's name -> DataFrame of finer bars.
        latency: from an order's making to the first finer bar that it can fill on.

    Attributes:
        fresh: the datas that have a new bar in this round.
        closes: id of a data -> its close before this round.
        is_last: whether this pass is over the datas' own bars, after all finer ones.
    """

    def __init__(self, datas: list[Any], intrabar: Any, latency: timedelta) -> None:
        self.fresh: list[Any] = []
        self.closes: dict[int, float] = {}
        self.is_last = True
        self._datas = datas
        self._latency = round(latency.total_seconds() * 1e6)
        self._finer = {
            id(data): FinerBars.from_frame(intrabar[data._name])
            for data in datas
            if data._name in (intrabar or {})
        }
        self._seen: dict[int, float] = {}
        self._places: dict[int, dict[int, int]] = {}
        self._moment = 0

    def begin(self) -> None:
        """Look which datas have moved, and which finer bars lie in their new bars."""
        self.fresh = [
            data for data in self._datas if len(data) and data.datetime[0] != self._last_seen(data)
        ]
        self._places = {}
        for data in self.fresh:
            self._seen[id(data)] = data.datetime[0]
            finer = self._finer.get(id(data))
            if finer is not None and len(data) > 1:
                places = finer.between(_moment(data, -1), _moment(data, 0))
                if places:
                    self._places[id(data)] = {int(finer.ends[place]): place for place in places}

    def passes(self) -> Iterator[None]:
        """Go through the finer bars of all datas in the order of time."""
        for moment in sorted({end for places in self._places.values() for end in places}):
            self._moment, self.is_last = moment, False
            yield
        self.is_last = True

    def bar_for(self, order: bt.Order) -> Bar | None:
        """Return the bar that an order is matched against in this pass, if there is one."""
        places = self._places.get(id(order.data))
        if places is None:
            if not self.is_last or (self._latency and self._too_soon(order)):
                return None
            return bar_of(order.data)
        if self.is_last or self._moment not in places:
            return None
        finer, place = self._finer[id(order.data)], places[self._moment]
        if self._latency and not finer.began(place, _created(order) + self._latency):
            return None
        return finer.bar(place)

    def stamp_for(self, order: bt.Order) -> int | None:
        """Return the end of the finer bar of this pass, microseconds since 1970 UTC."""
        places = self._places.get(id(order.data))
        return self._moment if places and not self.is_last else None

    def end(self) -> None:
        """Keep the closes for the next round."""
        for data in self.fresh:
            self.closes[id(data)] = data.close[0]

    def _last_seen(self, data: Any) -> float | None:
        return self._seen.get(id(data))

    def _too_soon(self, order: bt.Order) -> bool:
        """Return whether a bar without finer ones began before the order arrived."""
        if len(order.data) < 2:
            return True
        return micros(_moment(order.data, -1)) + 1_000 < _created(order) + self._latency


def bar_of(data: Any) -> Bar:
    """Return a data's bar, as it has grown so far."""
    open_, high, low, close = (_price(data, name) for name in ("open", "high", "low", "close"))
    return Bar(open_, high, low, close, data.volume[0])


def _price(data: Any, name: str) -> float:
    tick = getattr(data, f"tick_{name}", None)  # of a bar that is replayed
    price: float = getattr(data, name)[0] if tick is None else tick
    return price


def _moment(data: Any, ago: int) -> Any:
    return bt.num2date(data.datetime[ago])  # UTC: the data's own clock may be another zone's


def _created(order: bt.Order) -> int:
    return micros(bt.num2date(order.created.dt))
