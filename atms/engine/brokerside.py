"""The broker's turn in the loop."""

from __future__ import annotations

from typing import Any

from atms.engine.broker import deliver
from atms.engine.explaining import Part
from atms.engine.timeline import Timeline


class BrokerSide:
    """What the loop asks of the broker.

    Args:
        cerebro: in the middle of its run.
        timeline: the steps; None: bars come one by one, and every one has a turn.

    Attributes:
        lane: the broker where its orders run in the lane; else something that is always awake.
    """

    def __init__(self, cerebro: Any, timeline: Timeline | None) -> None:
        self._cerebro = cerebro
        broker = cerebro.broker
        self._laned = hasattr(broker, "lane_begin")
        if self._laned:
            broker.lane_begin(timeline)
        self.lane: Any = broker if self._laned else _Awake()
        self._broker = broker

    def turn(self) -> None:
        """Let the broker match orders, and hand what it has to tell to the strategies."""
        cerebro, broker = self._cerebro, self._broker
        if not self._laned or cerebro.p.quicknotify:
            cerebro._brokernotify()
            return
        broker.next()
        deliver(broker, cerebro.runningstrats)

    def wake(self) -> None:
        """Tell the broker that prices are about to change, or a line was moved by hand."""
        if self._laned:
            self._broker.wake()

    def end(self) -> list[Part]:
        """Leave the broker as Backtrader would; say how the orders went."""
        if not self._laned:
            return []
        parts: list[Part] = self._broker.lane_parts()
        self._broker.lane_end()
        return parts


class _Awake:
    """Stands for a broker that has to be called on every step."""

    asleep_until = 0
