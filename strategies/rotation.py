"""Hold what has risen most, and look again every month."""

from __future__ import annotations

import math
from typing import Any

import backtrader as bt

from atms.explain import Explain


class Rotation(Explain, bt.Strategy):
    """Hold the strongest of several feeds in equal weights, chosen anew each month.

    Rules: on the first bar of a month (its date has another month than the bar before) rank the
    feeds by the rate of change of their close over `lookback` bars. Of the first `hold` those
    above `minimum` are held, each with the same share of equity, 1 / `hold` less its part of the
    `buffer`; a place that stays free stays cash. What is not held any more, or too large, is sold
    at the next open; when the last sale is through, what is missing is bought, at the open after
    that, as far as cash goes. Changes of less than `tolerance` of equity are left out. A feed is
    ranked once it has more than `lookback` bars, and not while its last bar is older than `stale`
    days; what is held of such a feed is left as it is, and takes a place. Orders that are open
    when the next month begins are cancelled. The sizer is not asked.

    Params:
        lookback: bars of the rate of change.
        hold: how many feeds are held.
        minimum: rate of change that must be exceeded, a share: 0.02 is 2 %; None: any will do.
        buffer: share of equity that stays cash, for fees and for prices that move before the fill.
        tolerance: share of equity below which a position is not changed, unless it is closed.
        stale: days after which a feed's last bar is too old to choose by.
        step: the smallest amount of each feed, in units, to which is rounded down; 0: none.
    """

    params = dict(
        lookback=126, hold=2, minimum=None, buffer=0.02, tolerance=0.01, stale=7, step=1.0
    )  # fmt: skip

    def __init__(self) -> None:
        p = self.p
        if p.lookback < 1:
            raise ValueError(f"lookback is {p.lookback}; it must be 1 bar or more")
        if not 1 <= p.hold <= len(self.datas):
            raise ValueError(
                f"hold ({p.hold}) must be at least 1, and at most the feeds given "
                f"({len(self.datas)})"
            )
        if not (0 <= p.buffer < 1 and 0 <= p.tolerance < 1):
            raise ValueError(f"buffer ({p.buffer}) and tolerance ({p.tolerance}) are 0 to below 1")
        if p.stale < 0 or p.step < 0:
            raise ValueError(f"stale ({p.stale}) and step ({p.step}) are 0 or more")
        self.changes = [bt.ind.RateOfChange(data.close, period=p.lookback) for data in self.datas]
        self._chosen: list[int] = []  # places of the feeds to hold, the strongest first
        self._month: int | None = None
        self._due = False
        self._buying = False  # whether buys wait for the sales before them
        self._working: dict[int, Any] = {}  # ref -> order that is not over
        self._past: set[str] = set()  # feeds whose bars are history yet: none can be traded on

    def prenext(self) -> None:
        self.next()  # a feed that starts late keeps nobody waiting

    def next(self) -> None:
        now = max(data.datetime[0] for data in self.datas if len(data))
        month = self.data.num2date(now).month
        self._due |= self._month is not None and month != self._month
        self._month = month
        if self._past:
            return
        if self._due:
            self._due = False
            self._rebalance(now)
        if self._buying and not self._working:
            self._buy()

    # ---- which are held ---------------------------------------------------------------------
    def _rebalance(self, now: float) -> None:
        for order in list(self._working.values()):
            self.cancel(order)
        # Backtrader's feeds answer == with a comparison of prices: they are told apart by place.
        fresh = [
            place
            for place, data in enumerate(self.datas)
            if len(data) and now - data.datetime[0] <= self.p.stale
        ]
        left = sum(
            bool(self.getposition(data))
            for place, data in enumerate(self.datas)
            if place not in fresh
        )
        self._chosen = self._choose(fresh, max(0, self.p.hold - left))
        for place in fresh:
            data = self.datas[place]
            if place not in self._chosen and self.getposition(data):
                self.signal("exit", data=data, change=self.changes[place][0])
                self._order(data, 0.0, "no longer among the strongest")
            elif place in self._chosen:
                self._change(data)
        self._buying = True

    def _choose(self, fresh: list[int], places: int) -> list[int]:
        """Return the places of the feeds to hold, the strongest first."""
        ready = [place for place in fresh if len(self.datas[place]) > self.p.lookback]
        ranked = sorted(ready, key=lambda place: -self.changes[place][0])
        chosen = []
        for rank, place in enumerate(ranked[:places], start=1):
            data, change = self.datas[place], self.changes[place][0]
            self.signal("long", data=data, change=change, rank=rank)
            limit = self.p.minimum
            if limit is None or self.gate("minimum", change > limit, change, limit, data=data):
                chosen.append(place)
        return chosen

    # ---- orders -----------------------------------------------------------------------------
    def _change(self, data: Any, cash: float | None = None) -> float:
        """Order what a feed has too much, or, with *cash*, what it lacks; return what that takes.

        Args:
            cash: the most that may be spent: a place that cannot be sold may hold more than its
                share.
        """
        value, price, held = self.broker.getvalue(), data.close[0], self.getposition(data).size
        units = self._whole(value * (1 - self.p.buffer) / self.p.hold / price)
        if cash is not None:
            units = min(units, held + self._whole(max(cash, 0.0) / price))
        more = units - held
        if (more > 0) != (cash is not None) or abs(more) * price <= self.p.tolerance * value:
            return 0.0
        self._order(data, units, "among the strongest")
        return float(more * price)

    def _whole(self, units: float) -> float:
        step = float(self.p.step)
        return math.floor(units / step + 1e-9) * step if step else units

    def _order(self, data: Any, units: float, why: str) -> None:
        order = self.order_target_size(data=data, target=units, reason=why, tag="rotation")
        if order is not None:
            self._working[order.ref] = order

    def _buy(self) -> None:
        """Buy what is missing; on the bar after the sales, whose prices and cash are known."""
        self._buying, cash = False, self.broker.getcash()
        for place in self._chosen:
            cash -= self._change(self.datas[place], cash)

    def notify_order(self, order: bt.Order) -> None:
        if not order.alive():
            self._working.pop(order.ref, None)

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        if status == data.DELAYED:
            self._past.add(data._name)
        elif status == data.LIVE:
            self._past.discard(data._name)
