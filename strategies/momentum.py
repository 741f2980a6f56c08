"""Momentum: the rate of change, confirmed by volume."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from atms.explain import Explain


class Momentum(Explain, bt.Strategy):
    """Buy what has risen fast on much volume, and sell when it no longer rises. Long only.

    Rules: the rate of change is the close over that of `period` bars before, minus 1. At a close
    where it is above `threshold`, and the bar's volume is at least `volume_factor` times the
    average of the `volume_period` bars before it, buy at the next open, with the size that the
    sizer gives. Close at the next open after a close where the rate of change is below 0, or that
    is the `hold`-th of the position.

    Params:
        period: of the rate of change, in bars.
        threshold: least rate of change of an entry, in percent, 0 or more.
        volume_period: of the average volume, in bars.
        volume_factor: least volume of an entry, in averages; 0: volume does not matter.
        hold: most bars that a position is held; 0: no limit.
    """

    params = dict(period=24, threshold=3.0, volume_period=48, volume_factor=1.5, hold=0)

    def __init__(self) -> None:
        p = self.p
        if p.period < 1 or p.volume_period < 1:
            raise ValueError(
                f"period ({p.period}) and volume_period ({p.volume_period}) must be 1 bar or more"
            )
        if p.threshold < 0:
            raise ValueError(f"threshold ({p.threshold}) must be 0 or more: positions end below 0")
        if p.volume_factor < 0 or p.hold < 0:
            raise ValueError(
                f"volume_factor ({p.volume_factor}) and hold ({p.hold}) must be 0 or more"
            )
        self.change = bt.ind.ROC100(self.data.close, period=p.period)
        self.average = bt.ind.SMA(self.data.volume(-1), period=p.volume_period)
        self.order: bt.Order | None = None
        # Kept over a restart of a live run, whose first bars are those of before it.
        self.strategy_state: dict[str, Any] = {"held": 0, "last": 0.0}

    def notify_order(self, order: bt.Order) -> None:
        if not order.alive():
            self.order = None

    def next(self) -> None:
        self.count()
        if self.order is not None:
            return
        change = self.change[0]
        if self.position:
            self.leave(change)
        elif change > self.p.threshold:
            self.enter(change)

    def enter(self, change: float) -> None:
        factor = self.p.volume_factor
        self.signal("long", change=change)
        if factor:
            volume, least = self.data.volume[0], factor * self.average[0]
            if not self.gate("volume", volume >= least, volume, least):
                return
        self.order = self.buy(reason=f"up {change:.2f} % in {self.p.period} bars", tag="momentum")

    def leave(self, change: float) -> None:
        why = ""
        if change < 0:
            why = f"down {-change:.2f} % in {self.p.period} bars"
        elif self.p.hold and self.strategy_state["held"] >= self.p.hold:
            why = f"held for {self.p.hold} bars"
        if why:
            self.signal("exit", change=change)
            self.order = self.close(reason=why, tag="momentum")

    def count(self) -> None:
        """Count the bars that the position is held, each once."""
        now, state = self.data.datetime[0], self.strategy_state
        if not self.position:
            self.strategy_state = {"held": 0, "last": now}
        elif now > state["last"]:
            self.strategy_state = {"held": state["held"] + 1, "last": now}
