"""A strategy that does everything that can be done with orders, by a seed."""

from __future__ import annotations

import random
from typing import Any

import backtrader as bt

from tests.engine.broker.meddling import meddle
from tests.engine.broker.placing import KINDS

Order = bt.Order


class Mixer(bt.Strategy):
    """Params: seed, reads (how much is read: 0 nothing, 1 some bars, 2 all), rate, wild."""

    params = dict(
        log=None, seed=1, reads=1, rate=0.15, wild=0.0, kinds=None, cancels=0.05, meddles=None
    )

    def __init__(self) -> None:
        self.rng = random.Random(self.p.seed)
        self.mine: list[Any] = []
        self.counts: dict[str, int] = {}
        self.p.log.begin()

    def notify_order(self, order: Any) -> None:
        log = self.p.log
        log.order(order, "told")
        if self.p.reads == 2 or (self.p.reads and self.rng.random() < 0.3):
            log.whole(order, "told")
        if order.status in (Order.Completed,):
            log.add(order.executed.price, order.executed.size, order.executed.comm)

    def notify_trade(self, trade: Any) -> None:
        self.p.log.trade(trade, "told")

    def _notify(self, *args: Any, **kwargs: Any) -> None:
        if not getattr(self.cerebro, "quiet", False):
            super()._notify(*args, **kwargs)
            return
        for order in self._orderspending:
            self.notify_order(order)
        for trade in self._tradespending:
            self.notify_trade(trade)

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.p.log.curve.append((cash, value))

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        rng, log = self.rng, self.p.log
        if self.p.reads == 2 or (self.p.reads and rng.random() < 0.1):
            log.broker(self.broker, "bar", self.datas)
            for order in self.mine[-5:]:
                log.whole(order, "mine")
        for data in self.datas:
            if len(data) and rng.random() < self.p.rate:
                self.act(data)
        if rng.random() < self.p.wild and any(map(len, self.datas)):
            meddle(self)
        if self.mine and rng.random() < self.p.cancels:
            order = rng.choice(self.mine[-8:])
            log.add("cancel", self.broker.cancel(order), len(self.broker.pending))

    def stop(self) -> None:
        self.p.log.broker(self.broker, "stop", self.datas)

    def act(self, data: Any) -> None:
        """Place what one of the kinds is."""
        name = self.rng.choice(self.p.kinds or list(KINDS))
        self.mine.extend(one for one in KINDS[name](self, data) if one is not None)
