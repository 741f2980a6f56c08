"""A grid of limit orders around a price."""

from __future__ import annotations

import math
from typing import Any

import backtrader as bt

from atms.explain import Explain

_DUST = 1e-9  # of a level's size: what floating point leaves behind


class Grid(Explain, bt.Strategy):
    """Buy a step lower, sell a step higher, around a centre that follows the price when it must.

    Rules: levels stand at equal steps on both sides of the centre; limit orders to buy on those
    below the price, to sell on those above, and one level in between is empty. Where an order
    fills its level becomes the empty one, and the opposite order is placed one step away. No buy
    is placed that could take the inventory beyond the limit, and no sale that would sell more
    than is held (or, with short, than the limit allows). When the close is more than recentre
    steps outside of the outermost level, every order is cancelled, and once all cancels are
    confirmed the grid is set up anew around the close, with a new size; what is held stays, and
    the new levels sell it. What is refused is asked again after retry bars.

    Params:
        centre: price in the middle of the first grid; None: the first close.
        spacing: a step: with kind "percent" a share of the price (0.01 is 1 %, each level that
            much above the one below), with "fixed" an amount of price.
        kind: "percent" or "fixed".
        levels: levels on each side.
        recentre: steps outside of the grid after which it moves; None: never.
        max_inventory: the most that is held, long or short; None: as many levels as levels says.
        inventory_in: "levels", sizes of one level, or "units" of what is traded.
        short: True also sells what is not held.
        retry: bars after which a refused level is asked again.
    """

    params = dict(
        centre=None, spacing=0.01, kind="percent", levels=5, recentre=2.0, max_inventory=None,
        inventory_in="levels", short=False, retry=24,
    )  # fmt: skip

    def __init__(self) -> None:
        self._check()
        self.centre: float | None = None
        self.size = 0.0  # of each order of the present grid
        self.at = 0  # the empty level: 0 is the centre, -1 the first below it
        self.orders: dict[int, Any] = {}  # level -> the order that stands there
        self._leaving = False
        self._refused: dict[int, int] = {}  # level -> the bar from which on it is asked again
        self._barred: int | None = None  # the level that the inventory limit keeps empty
        self._past = False  # whether bars are history yet: none can be traded on

    def _check(self) -> None:
        if self.p.kind not in ("percent", "fixed"):
            raise ValueError(f"kind is {self.p.kind!r}; it must be 'percent' or 'fixed'")
        if not self.p.spacing > 0:
            raise ValueError(f"spacing is {self.p.spacing}; a step must be above 0")
        if self.p.kind == "percent" and self.p.spacing >= 1:
            raise ValueError(f"spacing is {self.p.spacing}, a share of the price: 0.01 is 1 %")
        if self.p.levels < 1:
            raise ValueError(f"levels is {self.p.levels}; a grid has at least 1 on each side")
        if self.p.recentre is not None and self.p.recentre < 0:
            raise ValueError(f"recentre is {self.p.recentre}; it must be 0 or more, or None")
        if self.p.inventory_in not in ("levels", "units"):
            raise ValueError(
                f"inventory_in is {self.p.inventory_in!r}; it must be 'levels' or 'units'"
            )
        if self.p.max_inventory is not None and not self.p.max_inventory > 0:
            raise ValueError(f"max_inventory is {self.p.max_inventory}; it must be above 0")
        if self.p.max_inventory is None and self.p.inventory_in == "units":
            raise ValueError("inventory_in is 'units' and max_inventory None: give the units")
        reach = self.p.levels * self.p.spacing
        if self.p.kind == "fixed" and self.p.centre is not None and reach >= self.p.centre:
            raise ValueError(
                f"levels ({self.p.levels}) times spacing ({self.p.spacing}) reach down to 0 from "
                f"the centre ({self.p.centre})"
            )

    # ---- where the levels are ---------------------------------------------------------------
    def price_of(self, level: int) -> float:
        """Return the price of a level of the present grid."""
        assert self.centre is not None
        if self.p.kind == "fixed":
            return float(self.centre + level * self.p.spacing)
        return float(self.centre * (1 + self.p.spacing) ** level)

    def _steps(self, price: float) -> float:
        """Return how many steps a price is above the centre."""
        assert self.centre is not None
        if self.p.kind == "fixed":
            return float((price - self.centre) / self.p.spacing)
        return math.log(price / self.centre) / math.log1p(self.p.spacing)

    # ---- what happens -----------------------------------------------------------------------
    def next(self) -> None:
        if self._past:
            return
        if self._leaving and self.orders:
            self._leave()  # the old grid's cancels are not all confirmed
            return
        if self.centre is None or self._leaving:
            self._set_up()
        elif self._outside():
            self._leave()
            return
        if self.centre is not None:
            self._place()
            self._explain()

    def notify_order(self, order: bt.Order) -> None:
        found = [level for level, one in self.orders.items() if one.ref == order.ref]
        if not found:
            if order.alive() and order.info.get("adopted"):
                self.cancel(order)  # of a process before this one: its grid is not this one
            return
        if order.alive():
            return
        del self.orders[found[0]]
        if order.status == order.Completed:
            self.at += -1 if order.isbuy() else 1
        elif order.status in (order.Margin, order.Rejected):
            self._refused[found[0]] = len(self) + self.p.retry
        if self._past or self._leaving or self._outside():
            return
        # Another order that has filled will be told next, and moves the empty level on.
        if not any(one.status == order.Completed for one in self.orders.values()):
            self._place()

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        if status in (data.DELAYED, data.LIVE):
            self._past = status == data.DELAYED
            self._refused.clear()

    def _set_up(self) -> None:
        first, close = self.centre is None, float(self.data.close[0])
        self.centre = self.p.centre if first and self.p.centre is not None else close
        adds = self.position.size >= 0  # a sizer may take the other side for a closing of all
        self.size = abs(float(self.getsizing(self.data, isbuy=adds)))
        if not self.size > 0:  # it is tried again on the next bar
            self.centre = None
            return
        self.at = max(-self.p.levels, min(self.p.levels, round(self._steps(close))))
        self._leaving = False
        self._refused.clear()

    def _outside(self) -> bool:
        if self.p.recentre is None:
            return False
        return bool(abs(self._steps(self.data.close[0])) > self.p.levels + self.p.recentre)

    def _leave(self) -> None:
        self._leaving = True
        for order in list(self.orders.values()):
            self.cancel(order)

    # ---- which orders stand -----------------------------------------------------------------
    def _held(self) -> float:
        """Return what is held by orders that are over: one that is half filled still counts."""
        return float(self.position.size - sum(one.executed.size for one in self.orders.values()))

    def _limit(self) -> float:
        """Return the most that may be held, in units."""
        if self.p.max_inventory is None:
            return float(self.p.levels * self.size)
        levels = self.p.inventory_in == "levels"
        return float(self.p.max_inventory * (self.size if levels else 1.0))

    def _wanted(self) -> dict[int, float]:
        """Return the units that should be bought (above 0) or sold (below 0), by level."""
        held, limit, size = self._held(), self._limit(), self.size
        wanted: dict[int, float] = {}
        for place, level in enumerate(range(self.at - 1, -self.p.levels - 1, -1), start=1):
            if held + place * size <= limit + _DUST * size and self.price_of(level) > 0:
                wanted[level] = size
        for place, level in enumerate(range(self.at + 1, self.p.levels + 1)):
            left = held + (limit if self.p.short else 0.0) - place * size
            if left > _DUST * size:
                wanted[level] = -min(size, left)
        return wanted

    def _place(self) -> None:
        """Cancel the orders that are not wanted, and place those that are missing."""
        wanted = self._wanted()
        for level, order in list(self.orders.items()):
            if order.isbuy() != (wanted.get(level, 0.0) > 0) or level not in wanted:
                self.cancel(order)  # its level is taken again once this is confirmed
        for level, units in wanted.items():
            if level not in self.orders and self._refused.get(level, 0) <= len(self):
                self._order(level, units)

    def _order(self, level: int, units: float) -> None:
        price, side = self.price_of(level), "buy" if units > 0 else "sell"
        order = (self.buy if units > 0 else self.sell)(
            size=abs(units), price=price, exectype=bt.Order.Limit, tag="grid",
            reason=f"{side} at level {level:+d} of the grid around {self.centre:g}",
        )  # fmt: skip
        if order is not None:
            self.orders[level] = order

    def _explain(self) -> None:
        """Say, once, that the price is at a level that the inventory limit keeps empty."""
        level = self.at - 1
        barred = (
            level >= -self.p.levels
            and self.data.close[0] <= self.price_of(level)
            and level not in self._wanted()
        )
        if barred and self._barred != level:
            self.signal("long", level=self.price_of(level))
            self.gate("inventory", False, self._held() + self.size, self._limit())
        self._barred = level if barred else None
