from __future__ import annotations

from typing import Any

import backtrader as bt

from tests.execution.live_bench import Bench


class Told(bt.Strategy):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def notify_order(self, order: bt.Order) -> None:
        self.heard.append((order.getstatusname(), order.executed.size, len(self)))

    def notify_trade(self, trade: bt.Trade) -> None:
        self.heard.append(("trade", trade.size, trade.isclosed))

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        self.heard.append(data._getstatusname(status))

    def notify_store(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.heard.append(str(msg))


class OneBuy(Told):
    def next(self) -> None:
        if self.data.live if hasattr(self.data, "live") else True:
            if not self.position and not getattr(self, "sent", None):
                self.sent = self.buy(size=2)


def test_a_market_order_is_bought_and_told() -> None:
    strategy, _ = Bench([100, 101, 102, 103]).run(OneBuy)
    print(strategy.heard)
    print(strategy.broker.getcash(), strategy.broker.getvalue(), strategy.position)
    assert strategy.position.size == 2
