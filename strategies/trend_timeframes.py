"""A trend on long bars, entered on a pullback of shorter ones."""

from __future__ import annotations

import math
from typing import Any

import backtrader as bt

from atms.explain import Explain

_SECONDS = {
    bt.TimeFrame.Seconds: 1,
    bt.TimeFrame.Minutes: 60,
    bt.TimeFrame.Days: 86_400,
    bt.TimeFrame.Weeks: 604_800,
    bt.TimeFrame.Months: 2_678_400,
}


class TrendTimeframes(Explain, bt.Strategy):
    """Go with the trend of long bars when a pullback on shorter bars ends, with an ATR stop.

    The feeds stand from the shortest bars to the longest: the first is traded, the last but one
    decides entries, the last the trend (of two feeds the first is both traded and decides). A
    config makes the longer ones of the first with ``of`` and ``resample``; see
    docs/configuration.md. Every bar counts from its end on: none that still grows is read.

    Rules: the trend is up while the fast exponential average of the long closes is above the slow
    one, down while it is below. With the trend up, and nothing held, buy at the next open after an
    entry bar at which the RSI has risen to `pullback` or above from below it; with the size that
    the sizer gives and, from the moment it fills, a stop order `atr_stop` average true ranges of
    the entry bars below the entry bar's close. When the trend turns, cancel the stop, and close at
    the open after the bar on which that is confirmed; a position without a stop is closed too.
    With the trend down the mirror: sell short where the RSI falls to 100 - `pullback` or below.

    Params:
        fast, slow: periods of the averages, in long bars.
        rsi: period of the RSI, in entry bars.
        pullback: RSI from below which an upward trend is entered, 0 to 100.
        atr: period of the average true range, in entry bars.
        atr_stop: distance of the stop, in average true ranges.
        sides: "long", "short" or "both".
    """

    params = dict(fast=8, slow=21, rsi=14, pullback=40.0, atr=14, atr_stop=3.0, sides="both")

    def __init__(self) -> None:
        self._check()
        _check_feeds(self.datas)
        self.entry_data, long = self.datas[-2], self.datas[-1]
        self.fast = bt.ind.EMA(long.close, period=self.p.fast)
        self.slow = bt.ind.EMA(long.close, period=self.p.slow)
        self.rsi = bt.ind.RSI(self.entry_data.close, period=self.p.rsi, safediv=True)
        self.atr = bt.ind.ATR(self.entry_data, period=self.p.atr)
        self._seen = 0  # entry bars
        self._entry_order: Any = None
        self._stop_order: Any = None
        self._exit_order: Any = None
        self._past: set[str] = set()  # feeds whose bars are history yet: none can be traded on

    def _check(self) -> None:
        p = self.p
        if not 0 < p.fast < p.slow:
            raise ValueError(f"fast ({p.fast}) must be shorter than slow ({p.slow})")
        if not 0 < p.pullback < 100:
            raise ValueError(f"pullback is {p.pullback}; an RSI lies between 0 and 100")
        if not p.atr_stop > 0:
            raise ValueError(f"atr_stop is {p.atr_stop}; it must be above 0")
        if p.sides not in ("long", "short", "both"):
            raise ValueError(f"sides is {p.sides!r}; it must be 'long', 'short' or 'both'")

    def trend(self) -> int:
        """Return 1 while the trend is up, -1 while it is down, 0 while the averages are equal."""
        fast, slow = self.fast[0], self.slow[0]
        return int(fast > slow) - int(fast < slow)

    def stop_for(self, data: bt.feed.DataBase) -> float:
        """Return the price of the stop for an entry now, with the trend; NaN without a trend."""
        side = self.trend()
        if not side:
            return math.nan
        return float(self.entry_data.close[0] - side * self.p.atr_stop * self.atr[0])

    # ---- what happens -----------------------------------------------------------------------
    def next(self) -> None:
        new, self._seen = len(self.entry_data) > self._seen, len(self.entry_data)
        if self._past or self._entry_order is not None or self._exit_order is not None:
            return
        if self.position:
            self._watch()
        elif new and self._stop_order is None:
            self._enter()

    def _enter(self) -> None:
        side, level = self.trend(), float(self.p.pullback)
        before, now = self.rsi[-1], self.rsi[0]
        if side < 0:
            before, now = 100 - before, 100 - now
        if not side or not before < level <= now:
            return
        self.signal("long" if side > 0 else "short", rsi=self.rsi[0], atr=self.atr[0])
        allowed = self.p.sides in ("both", "long" if side > 0 else "short")
        stop = self.stop_for(self.data)
        if not self.gate("sides", allowed, side, self.p.sides):
            return
        if not self.gate("a stop away from the price", self.atr[0] > 0 and stop > 0, stop, 0):
            return
        size = abs(float(self.getsizing(self.data, isbuy=side > 0)))
        if not self.gate("size", size > 0, size, 0):
            return
        enter, leave = (self.buy, self.sell) if side > 0 else (self.sell, self.buy)
        why = f"trend {'up' if side > 0 else 'down'}, RSI {self.rsi[0]:.1f} turned"
        self._entry_order = enter(size=size, transmit=False, reason=why, tag="trend_timeframes")
        self._stop_order = leave(
            size=size, price=stop, exectype=bt.Order.Stop, parent=self._entry_order,
            reason=f"stop at {stop:g}", tag="trend_timeframes",
        )  # fmt: skip

    def _watch(self) -> None:
        """Leave when the trend has turned, or no stop stands: never while one may still fill."""
        side = 1 if self.position.size > 0 else -1
        turned = self.trend() == -side
        if self._stop_order is not None:
            if turned and self._stop_order.alive():
                self.cancel(self._stop_order)
            return  # it is forgotten when it is told that it is over
        self.signal("exit", fast=self.fast[0], slow=self.slow[0])
        why = "the trend has turned" if turned else "no stop stands"
        self._exit_order = self.close(reason=why, tag="trend_timeframes")

    def notify_order(self, order: bt.Order) -> None:
        if order.alive():
            if order.info.get("adopted") and order.exectype == bt.Order.Stop:
                self._stop_order = order  # of this run, before it was started again
            return
        for name in ("_entry_order", "_stop_order", "_exit_order"):
            one = getattr(self, name)
            if one is not None and one.ref == order.ref:
                setattr(self, name, None)

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        if status == data.DELAYED:
            self._past.add(data._name)
        elif status == data.LIVE:
            self._past.discard(data._name)


def _check_feeds(datas: list[Any]) -> None:
    """Refuse feeds that are too few, in another order, or of bars that still grow."""
    names = ", ".join(data._name for data in datas)
    if len(datas) not in (2, 3):
        raise ValueError(f"needs two or three feeds, of bars ever longer; it was given: {names}")
    lengths = [_SECONDS.get(data._timeframe, 0) * data._compression for data in datas]
    for data, one, other in zip(datas, lengths, lengths[1:], strict=False):
        if not one < other:
            raise ValueError(
                f"feeds must stand from the shortest bars to the longest ({names}): {data._name} "
                f"has {one} s, the next {other} s"
            )
    for data in datas:
        if data.replaying:
            raise ValueError(
                f"{data._name} is replayed: its bar is seen while it grows; use resample"
            )
