"""A run of a few bars with one sizer, and what it sized."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import backtrader as bt
import pandas as pd

Plan = dict[int, Callable[[Any], Any]]


class Planned(bt.Strategy):
    """Does at each bar what the plan says, and keeps what orders were for."""

    params = dict(plan={})

    def __init__(self) -> None:
        self.sizes: list[float] = []
        self.given: list[Any] = []

    def next(self) -> None:
        if len(self) in self.p.plan:
            order = self.p.plan[len(self)](self)
            self.given.append(order)
            self.sizes.append(0.0 if order is None else abs(order.created.size))


class Offers(Planned):
    """Has a stop and a confidence."""

    params = dict(stop=math.nan, confidence=math.nan)

    def stop_for(self, data: Any) -> float:
        return self.p.stop

    def confidence_for(self, data: Any) -> float:
        return self.p.confidence


def buy(strategy: Any) -> Any:
    return strategy.buy()


def sell(strategy: Any) -> Any:
    return strategy.sell()


def close(strategy: Any) -> Any:
    return strategy.close()


def bars(closes: list[float], **columns: list[float]) -> pd.DataFrame:
    """Return daily bars whose open, high and low are the close, but for the columns given."""
    frame = pd.DataFrame(
        dict.fromkeys(("open", "high", "low", "close"), closes) | {"volume": 1.0},
        index=pd.date_range("2024-01-01", periods=len(closes)),
    )
    return frame.assign(**columns)


def run(
    sizer: type[bt.Sizer],
    closes: list[float],
    plan: Plan | None = None,
    *,
    strategy: type[bt.Strategy] = Planned,
    account: float = 10_000,
    broker: bt.BrokerBase | None = None,
    equip: Callable[[bt.Cerebro], None] = lambda cerebro: None,
    columns: dict[str, list[float]] | None = None,
    offers: dict[str, float] | None = None,
    modes: dict[str, Any] | None = None,
    **params: Any,
) -> Any:
    """Run a plan, {bar: what is done}, over daily bars under Backtrader's own Cerebro.

    The default plan buys at the last bar but one.
    """
    cerebro = bt.Cerebro(stdstats=False, **(modes or {}))
    if broker is not None:
        cerebro.setbroker(broker)
    cerebro.broker.setcash(account)
    cerebro.adddata(bt.feeds.PandasData(dataname=bars(closes, **(columns or {}))), name="toy")
    what = {len(closes) - 1: buy} if plan is None else plan
    cerebro.addstrategy(strategy, plan=what, **(offers or {}))
    cerebro.addsizer(sizer, **params)
    equip(cerebro)
    return cerebro.run()[0]
