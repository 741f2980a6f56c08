"""Mean reversion by the distance from a rolling mean."""

from __future__ import annotations

import backtrader as bt


class ZScoreReversion(bt.Strategy):
    """Buy far under the rolling mean and sell at it; with sides "both" the mirror, too.

    Rules: z is the close minus the mean of the last `period` closes, over their standard
    deviation (of the population; this close included). At a close where z comes down to -`entry`
    (a bar earlier it was above), buy at the next open, with the size that the sizer gives. Close
    at the next open after a close where z is at or above -`exit`, or at or below -`stop`. The
    mirror: sell short where z comes up to `entry`, leave at or under `exit`, or at or above
    `stop`. One decision a bar: a position is never turned, and after a stop z has to come back
    within `entry` first. Where closes do not differ, z is 0.

    Params:
        period: of mean and standard deviation, in bars.
        entry: z of an entry, in standard deviations.
        exit: z at which a position ends, less than entry; 0 is the mean.
        stop: z at which a losing position ends, more than entry; 0: none. No z exceeds the square
            root of period - 1.
        sides: "long", or "both".
    """

    params = dict(period=48, entry=2.0, exit=0.0, stop=3.5, sides="long")

    def __init__(self) -> None:
        p = self.p
        if p.sides not in ("long", "both"):
            raise ValueError(f"sides is {p.sides!r}; it must be 'long' or 'both'")
        if p.period < 3:
            raise ValueError(f"period is {p.period}; it must be 3 bars or more")
        if not (p.entry > 0 and p.exit < p.entry):
            raise ValueError(f"exit ({p.exit}) must be less than entry ({p.entry}), which is > 0")
        if p.stop and p.stop <= p.entry:
            raise ValueError(f"stop ({p.stop}) must be further than entry ({p.entry}), or 0")
        reach = (p.period - 1) ** 0.5  # one close off, all others equal
        if max(p.entry, p.stop) >= reach:
            raise ValueError(
                f"entry ({p.entry}) and stop ({p.stop}) must be less than {reach:.2f}: with period "
                f"{p.period} no z exceeds it"
            )
        self.mean = bt.ind.SMA(self.data.close, period=p.period)
        self.deviation = bt.ind.StdDev(self.data.close, self.mean, period=p.period)
        self.side = 1  # of the last entry
        self.order: bt.Order | None = None

    def z(self, ago: int = 0) -> float:
        """Return the z-score, *ago* bars ago (-1: the bar before)."""
        mean, deviation = self.mean[ago], self.deviation[ago]
        if deviation <= 1e-7 * abs(mean):  # what rounding leaves where closes are the same
            return 0.0
        return float((self.data.close[ago] - mean) / deviation)

    def stop_for(self, data: bt.feed.DataBase) -> float:
        """Return the price at which z would be at its stop by this close's mean and deviation.

        NaN without a stop.
        """
        if not self.p.stop:
            return float("nan")
        return float(self.mean[0] - self.side * self.p.stop * self.deviation[0])

    def notify_order(self, order: bt.Order) -> None:
        if not order.alive():
            self.order = None

    def next(self) -> None:
        if self.order is not None:
            return
        why = self.way_out(self.z()) if self.position else ""
        if why:
            self.order = self.close(reason=why, tag="zscore_reversion")
        elif not self.position:
            self.enter(self.z(), self.z(-1))

    def enter(self, now: float, before: float) -> None:
        entry = self.p.entry
        if now <= -entry < before:
            self.side = 1
            self.order = self.buy(
                reason=f"z {now:.2f} at or under -{entry:g}", tag="zscore_reversion"
            )
        elif self.p.sides == "both" and before < entry <= now:
            self.side = -1
            self.order = self.sell(
                reason=f"z {now:.2f} at or over {entry:g}", tag="zscore_reversion"
            )

    def way_out(self, now: float) -> str:
        """Return why the position is to be closed; empty: it is kept."""
        z = now if self.position.size > 0 else -now
        if z >= -self.p.exit:
            return f"z {now:.2f} is back"
        if self.p.stop and z <= -self.p.stop:
            return f"stop: z {now:.2f}"
        return ""
