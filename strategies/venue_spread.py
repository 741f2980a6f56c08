"""One symbol, two sources: trade the difference where it is more than it costs."""

from __future__ import annotations

import math
from typing import Any

import backtrader as bt

from atms.explain import Explain

_BASIS_POINT = 1e-4
_ALIKE = 0.05  # two prices further apart, as a share, are not of one symbol


class VenueSpread(Explain, bt.Strategy):
    """Sell a symbol where it is dear, buy it where it is cheap, and close both when they agree.

    It is the arithmetic of an arbitrage and no proof of one: it sees closes, and fills come at
    the next opens. Whether both prices could be had at one moment, bars cannot tell. Where a
    source gives one side of the market only, its price is off by half of its spread: name both
    sides in `prices` where there are both, and give what is left between the sources as `usual`.

    Rules: only bars that both feeds have are looked at. A feed's price is the mean of its lines
    named in `prices`. The spread is the second price less the first, in basis points of their
    mean, less `usual`. Its edge is its distance from 0 less the cost of the four fills that a
    round trip takes: twice the fee of each feed, and four times `slippage`. Where the edge
    reaches `threshold`, buy the cheap one and sell the dear one at the next open, the same units
    of each, with the size that the sizer gives for the first. Both are closed when the spread is
    back within `exit` or beyond 0, after `hold` bars, or outside of `hours`. If one leg is refused,
    or not filled after `patience` bars, it is cancelled and the other closed, which `failures`
    counts.

    Params:
        prices: for each of the two feeds, the names of the lines whose mean is its price.
        usual: spread that is there when nothing is to be had, in basis points.
        fees: for each of the two feeds, the fee of one fill, in basis points.
        slippage: expected cost of one fill beside the fee (half of the spread of bid and ask,
            and what is slipped), in basis points.
        threshold: edge of an entry, in basis points, above 0.
        exit: spread at which both are closed, in basis points.
        hold: most bars of both that the legs are held.
        hours: the first hour of the day in which entries are made, and the one before which they
            end, by the ends of the bars; where a market closes, the next open is far away.
        patience: most bars, of either, that a leg may take to fill.
    """

    params = dict(
        prices=(("close",), ("close",)), usual=0.0, fees=(0.0, 0.0), slippage=0.5,
        threshold=0.5, exit=0.0, hold=24, hours=(0, 24), patience=2,
    )  # fmt: skip

    def __init__(self) -> None:
        self._check()
        self.cost = 2 * sum(self.p.fees) + 4 * self.p.slippage  # of a round trip, basis points
        self.spread = math.nan
        self.failures = 0  # entries of which only one leg came about
        # Kept over a restart of a live run: how long the legs are held.
        self.strategy_state: dict[str, Any] = {"bars": 0, "last": 0.0}
        self._last = 0.0  # stamp of the last bar of both
        self._waited = 0  # bars since the orders under way were made
        self._past: set[str] = set()  # feeds whose bars are history yet: none can be traded on
        self._working: dict[int, Any] = {}  # ref -> order that is not over
        self._entering = False
        self._broken = False  # what is held is to be closed, because a leg is missing

    def _check(self) -> None:
        p, names = self.p, ", ".join(data._name for data in self.datas)
        if len(self.datas) != 2:
            raise ValueError(
                f"needs two feeds, one a venue: it was given {len(self.datas)} ({names})"
            )
        if len(p.prices) != 2 or len(p.fees) != 2:
            raise ValueError(f"prices ({p.prices}) and fees ({p.fees}) are one for each feed")
        for data, lines in zip(self.datas, p.prices, strict=True):
            known = data.getlinealiases()
            missing = [name for name in lines if name not in known]
            if missing or not lines:
                raise ValueError(
                    f"prices: {data._name} has no {', '.join(missing) or 'line named'}; it has: "
                    f"{', '.join(known)}"
                )
        if p.slippage < 0 or not p.threshold > 0:
            raise ValueError(
                f"slippage ({p.slippage}) is 0 or more, threshold ({p.threshold}) above 0"
            )
        if not 0 <= p.exit < self.p.threshold + 2 * sum(p.fees) + 4 * p.slippage:
            raise ValueError(
                f"exit ({p.exit}) must be less than the spread of an entry: threshold "
                f"({p.threshold}) and costs"
            )
        if len(p.hours) != 2 or not 0 <= p.hours[0] < p.hours[1] <= 24:
            raise ValueError(f"hours ({p.hours}) are two, the first before the second, 0 to 24")
        if p.hold < 1 or p.patience < 1:
            raise ValueError(f"hold ({p.hold}) and patience ({p.patience}) are 1 bar or more")

    # ---- the spread -------------------------------------------------------------------------
    def _take(self) -> bool:
        """Take in the bar if both feeds have it; return whether they do, and it is new."""
        one, two = self.datas
        now = one.datetime[0]
        if now != two.datetime[0] or now <= self._last:
            return False
        first, second = self._price(0), self._price(1)
        apart = (second - first) / ((first + second) / 2)
        if not (self._last or abs(apart) <= _ALIKE):
            raise ValueError(
                f"{one._name} and {two._name} are {first:g} and {second:g}: not the same symbol in "
                "the same currency"
            )
        self._last = now
        self.spread = apart / _BASIS_POINT - self.p.usual
        return True

    def _price(self, place: int) -> float:
        lines = self.p.prices[place]
        return float(sum(getattr(self.datas[place], name)[0] for name in lines) / len(lines))

    def _hour(self) -> int:
        return int(self.data0.datetime.time(0).hour)

    def _open(self) -> bool:
        return bool(self.p.hours[0] <= self._hour() < self.p.hours[1])

    # ---- what happens -----------------------------------------------------------------------
    def next(self) -> None:
        new = self._take()
        if self._past:
            return
        held = sum(bool(self.getposition(data)) for data in self.datas)
        if self._working:
            self._wait()
        elif self._broken or held == 1:
            self._take_back()
        elif new and held:
            self._watch()
        elif new:
            self._enter()

    def _enter(self) -> None:
        if abs(self.spread) <= self.p.exit:
            return
        side = 1 if self.spread > 0 else -1  # of the first leg
        edge = abs(self.spread) - self.cost
        if edge <= 0:
            return
        self.signal("long" if side > 0 else "short", spread=self.spread, edge=edge)
        if not self.gate("edge", edge >= self.p.threshold, edge, self.p.threshold):
            return
        if not self.gate("one symbol", abs(self.spread) <= _ALIKE / _BASIS_POINT, self.spread):
            return
        if not self.gate("hours", self._open(), self._hour(), self.p.hours[1]):
            return
        size = abs(float(self.getsizing(self.data0, isbuy=side > 0)))
        if not self.gate("size", size > 0, size, 0):
            return
        self.strategy_state = {"bars": 0, "last": self._last}
        self._entering = True
        why = f"spread {self.spread:.2f} bp, {edge:.2f} after costs"
        self._send(self.data0, side * size, why)
        self._send(self.data1, -side * size, why)

    def _watch(self) -> None:
        """Close both legs when the spread has closed, or they were held for long enough."""
        state = self.strategy_state
        if self._last > state["last"]:  # not a bar again that was counted before a restart
            state = self.strategy_state = {"bars": state["bars"] + 1, "last": self._last}
        left = self.spread if self.getposition(self.data0).size > 0 else -self.spread
        if left <= self.p.exit:
            self._close_both(f"spread {self.spread:.2f} bp")
        elif state["bars"] >= self.p.hold:
            self._close_both(f"held for {state['bars']} bars")
        elif not self._open():
            self._close_both("outside of hours")

    def _close_both(self, why: str) -> None:
        self.signal("exit", spread=self.spread)
        for data in self.datas:
            self._send(data, -self.getposition(data).size, why)

    # ---- legs -------------------------------------------------------------------------------
    def _send(self, data: Any, units: float, why: str) -> None:
        order = (self.buy if units > 0 else self.sell)(
            data=data, size=abs(units), reason=why, tag="venue_spread"
        )
        if order is not None:
            self._working[order.ref] = order
            self._waited = 0

    def _wait(self) -> None:
        """Give up an entry of which a leg does not fill."""
        self._waited += 1
        if self._entering and self._waited >= self.p.patience:
            self._give_up()

    def _give_up(self) -> None:
        self._broken = True
        for order in list(self._working.values()):
            self.cancel(order)

    def notify_order(self, order: bt.Order) -> None:
        if order.alive() or self._working.pop(order.ref, None) is None:
            return
        if self._entering and order.status != order.Completed:
            self._give_up()
        if self._entering and not self._working:
            self._entering = False
            if self._broken:
                self.failures += any(self.getposition(data) for data in self.datas)
                self._take_back()

    def _take_back(self) -> None:
        """Close what is held of a trade of which a leg is missing; next() asks until it is."""
        held = [data for data in self.datas if self.getposition(data)]
        self._broken = bool(held)
        for data in held:
            self._send(data, -self.getposition(data).size, "the other leg is missing")

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        if status == data.DELAYED:
            self._past.add(data._name)
        elif status == data.LIVE:
            self._past.discard(data._name)
