"""Two instruments that move together: trade the distance between them."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import backtrader as bt
import numpy as np

from atms.explain import Explain

_SAME = 1e-12  # of a price: a deviation this small is what rounding leaves


class PairTrading(Explain, bt.Strategy):
    """Buy the cheap one of a pair and sell the dear one; close both when they meet again.

    Rules: only bars that both feeds have are looked at. On each, ordinary least squares of the
    first price on the second (or of their logarithms) over the `period` bars before gives
    intercept, hedge ratio and the standard deviation of the residuals (of the population). z is
    the residual of this bar over that deviation. At z of -`entry` or less buy the first and sell
    the second, at `entry` or more the mirror, both at the next open; never beyond `stop`, nor
    with a hedge ratio of 0 or less. The first leg has the size that the sizer gives; the second
    has hedge ratio times as many units, with logarithms hedge ratio times as much value, rounded
    down to `step`. While a pair is held, z is measured by the line that it was entered by; both
    legs are closed when z comes back to `exit` of the mean, goes on to `stop`, or after `hold`
    bars. After a stop, z has to come back within `entry` before the next pair. If one leg is
    refused, the other is taken back: cancelled, or closed.

    Params:
        period: bars of the regression, before the bar that is judged.
        entry, exit, stop: distances from the line, in standard deviations of its residuals.
        log: True: of logarithms of prices; False: of prices.
        hold: most bars of both that a pair is held; 0: no limit.
        step: the second leg's smallest amount, in units; 0: it is not rounded.
    """

    params = dict(period=60, entry=2.0, exit=0.5, stop=4.0, log=True, hold=0, step=1.0)

    def __init__(self) -> None:
        p = self.p
        if len(self.datas) != 2:
            names = ", ".join(data._name for data in self.datas)
            raise ValueError(
                f"needs two feeds, one a leg: it was given {len(self.datas)} ({names})"
            )
        if p.period < 3:
            raise ValueError(f"period is {p.period}; a line needs 3 bars or more")
        if not 0 <= p.exit < p.entry < p.stop:
            raise ValueError(
                f"exit ({p.exit}) must be less than entry ({p.entry}), and entry less than stop "
                f"({p.stop})"
            )
        if p.hold < 0 or p.step < 0:
            raise ValueError(f"hold ({p.hold}) and step ({p.step}) are 0 or more")
        # Nothing reads these: the first call, and the warm-up, wait for as many bars.
        self.waits = [data.close(-p.period) for data in self.datas]
        self.fit: tuple[float, float, float] | None = None  # intercept, hedge ratio, deviation
        self.z = math.nan
        self.failures = 0  # entries of which only one leg came about
        # Kept over a restart of a live run: the line that the pair was entered by.
        self.strategy_state: dict[str, Any] = {"line": None, "bars": 0, "last": 0.0}
        self._pairs: deque[tuple[float, float]] = deque(maxlen=p.period + 1)
        self._last = 0.0  # stamp of the last bar of both
        self._stopped = False
        self._working: dict[int, Any] = {}  # ref -> order that is not over
        self._past: set[str] = set()  # feeds whose bars are history yet: none can be traded on
        self._entering = False
        self._broken = False  # what is held is to be closed, because a leg is missing

    # ---- the line ---------------------------------------------------------------------------
    def _take(self) -> bool:
        """Take in the bar if both feeds have it; return whether they do, and it is new."""
        one, two = self.datas
        now = one.datetime[0]
        if now != two.datetime[0] or now <= self._last:
            return False
        if not self._last:
            self._take_past()
        self._last = now
        self._pairs.append((self._of(one.close[0]), self._of(two.close[0])))
        return True

    def _take_past(self) -> None:
        """Take in the common bars before this one, which the warm-up kept from the strategy."""
        (early, ys), (late, xs) = (self._before(data) for data in self.datas)
        _, left, right = np.intersect1d(early, late, return_indices=True)
        for i, j in zip(left[-self.p.period :], right[-self.p.period :], strict=True):
            self._pairs.append((self._of(ys[i]), self._of(xs[j])))

    def _before(self, data: Any) -> tuple[Any, Any]:
        """Return the stamps and closes of the bars before this one."""
        size = len(data) - 1
        stamps, closes = data.datetime.get(ago=-1, size=size), data.close.get(ago=-1, size=size)
        return np.array(stamps), np.array(closes)

    def _of(self, price: float) -> float:
        return math.log(price) if self.p.log else float(price)

    def _fit(self) -> tuple[float, float, float] | None:
        """Return the line of the bars before this one; None: they have none."""
        if len(self._pairs) <= self.p.period:
            return None
        y, x = np.array(self._pairs)[:-1].T
        apart = x - x.mean()
        spread = float(apart @ apart)
        if spread <= (_SAME * abs(x.mean())) ** 2 * len(x):
            return None
        hedge = float(apart @ y) / spread
        intercept = float(y.mean() - hedge * x.mean())
        deviation = float((y - intercept - hedge * x).std())
        return (intercept, hedge, deviation) if deviation > _SAME * abs(y.mean()) else None

    def _z(self, line: tuple[float, float, float]) -> float:
        intercept, hedge, deviation = line
        y, x = self._pairs[-1]
        return (y - intercept - hedge * x) / deviation

    # ---- what happens -----------------------------------------------------------------------
    def next(self) -> None:
        new = self._take()
        if new:
            self.fit = self._fit()
            self.z = math.nan if self.fit is None else self._z(self.fit)
            self._stopped &= not abs(self.z) < self.p.entry
        if self._past or self._working:
            return
        held = sum(bool(self.getposition(data)) for data in self.datas)
        if self._broken or held == 1:
            self._take_back()
        elif new and held:
            self._watch()
        elif new and self.fit is not None:
            self._enter(self.fit, self.z)

    def _enter(self, line: tuple[float, float, float], z: float) -> None:
        if abs(z) < self.p.entry:
            return
        side = -1 if z > 0 else 1
        self.signal("long" if side > 0 else "short", z=z, hedge=line[1])
        if not self.gate("back since the stop", not self._stopped, abs(z), self.p.entry):
            return
        if not self.gate("within the stop", abs(z) < self.p.stop, abs(z), self.p.stop):
            return
        if not self.gate("hedge ratio above 0", line[1] > 0, line[1], 0):
            return
        first = abs(float(self.getsizing(self.data0, isbuy=side > 0)))
        second = self._second(first, line[1])
        if not self.gate("size of both legs", min(first, second) > 0, min(first, second), 0):
            return
        self.strategy_state = {"line": list(line), "bars": 0, "last": self._last}
        self._entering = True
        why = f"z {z:.2f}, hedge ratio {line[1]:.3f}"
        self._send(self.data0, side * first, why)
        self._send(self.data1, -side * second, why)

    def _second(self, first: float, hedge: float) -> float:
        """Return the units of the second leg."""
        units = first * hedge
        if self.p.log:
            units *= self.data0.close[0] / self.data1.close[0]
        # A whole number of steps may come out a last bit short of itself.
        return math.floor(units / self.p.step + 1e-9) * self.p.step if self.p.step else units

    def _watch(self) -> None:
        """Close a pair that has come back, run away, or been held for long enough."""
        state = self.strategy_state
        if self._last > state["last"]:  # not a bar again that was counted before a restart
            state = self.strategy_state = {**state, "bars": state["bars"] + 1, "last": self._last}
        line = state["line"] or self.fit
        if line is None:
            return
        self.z = self._z(tuple(line))
        away = -self.z if self.getposition(self.data0).size > 0 else self.z
        if away <= self.p.exit:
            self._close_both(f"z {self.z:.2f} is back")
        elif away >= self.p.stop:
            self._stopped = True
            self._close_both(f"stop: z {self.z:.2f}")
        elif self.p.hold and state["bars"] >= self.p.hold:
            self._close_both(f"held for {state['bars']} bars")

    def _close_both(self, why: str) -> None:
        self.signal("exit", z=self.z)
        for data in self.datas:
            self._send(data, -self.getposition(data).size, why)

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        if status == data.DELAYED:
            self._past.add(data._name)
        elif status == data.LIVE:
            self._past.discard(data._name)

    # ---- legs -------------------------------------------------------------------------------
    def _send(self, data: Any, units: float, why: str) -> None:
        order = (self.buy if units > 0 else self.sell)(
            data=data, size=abs(units), reason=why, tag="pair_trading"
        )
        if order is not None:
            self._working[order.ref] = order

    def notify_order(self, order: bt.Order) -> None:
        if order.alive() or self._working.pop(order.ref, None) is None:
            return
        if self._entering and order.status != order.Completed:
            self._broken = True
            for other in list(self._working.values()):
                self.cancel(other)
        if self._entering and not self._working:
            self._entering = False
            if self._broken:
                self.failures += any(self.getposition(data) for data in self.datas)
                self._take_back()

    def _take_back(self) -> None:
        """Close what is held of a pair of which a leg is missing; next() asks until it is."""
        held = [data for data in self.datas if self.getposition(data)]
        self._broken = bool(held)
        for data in held:
            self._send(data, -self.getposition(data).size, "the other leg is missing")
