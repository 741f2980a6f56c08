"""The driver in its own thread: many orders from every side, none lost, none told twice."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import backtrader as bt

from atms.execution.disk.files import AccountFiles
from atms.execution.driver.host import ThreadHost
from tests.execution.live_bench import Told
from tests.execution.wall_bench import wall_run

ORDERS = 200


class Busy(Told):
    """Buys and sells out of every call, and takes every other resting order back."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Any] = []
        self.began: dict[int, float] = {}
        self.waits: list[float] = []

    def more(self, side: int) -> None:
        if len(self.all) >= ORDERS:
            return
        make = self.buy if side > 0 else self.sell
        began = time.perf_counter()
        order = make(size=0.1 + 0.2)
        self.began[order.ref] = began
        resting = self.buy(size=1, price=50.0, exectype=bt.Order.Limit)
        self.all += [order, resting]
        if len(self.all) % 8:
            self.cancel(resting)

    def next(self) -> None:
        if self.data.live:
            for _ in range(10):
                self.more(1)

    def notify_order(self, order: bt.Order) -> None:
        super().notify_order(order)
        if order.status == order.Completed and order.ref in self.began:
            self.waits.append(time.perf_counter() - self.began[order.ref])
            self.more(-1 if order.isbuy() else 1)
        elif order.status == order.Accepted and order.ref not in self.began:
            self.cancel(order)


def test_many_orders_from_both_sides_of_the_thread_are_each_told_once() -> None:
    before = threading.active_count()
    files: list[AccountFiles] = []

    def open_files(account: str) -> AccountFiles:
        files.append(AccountFiles.open(Path("state"), account))
        return files[-1]

    ran = wall_run(Busy, closes=[100] * 3, host=ThreadHost(), length=0.7, files=open_files)
    strategy = ran.strategy
    assert len(strategy.all) == ORDERS == len(strategy.statuses)
    for order in strategy.all:
        told = strategy.statuses[order.ref]
        assert len(told) == len(set(told))
        market = order.exectype == bt.Order.Market
        assert told[-1] == ("Completed" if market else "Canceled"), (order.ref, told)
    done = [order for order in strategy.all if order.status == order.Completed]
    sides = sum(3 if order.isbuy() else -3 for order in done)
    assert strategy.position.size == sides / 10
    assert len(strategy.waits) == len(done)
    assert not ran.broker._booking._by_tag  # what is over is forgotten
    assert threading.active_count() == before
