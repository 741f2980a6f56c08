"""Real processes, killed with SIGKILL and started again."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from live_figures.venue import WIDE, Row, lost_or_doubled, sandbox

MANY = """
import time
import backtrader as bt


class Many(bt.Strategy):
    params = {"orders": 0}

    def start(self):
        with open("ready", "w") as file:
            file.write(str(time.time()))

    def next(self):
        missing = self.p.orders - len(self.broker.get_orders_open())
        for _ in range(min(missing, 250) if self.data.live else 0):
            price = round(self.data.close[0] / 2, 2)
            self.buy(size=0.01, exectype=bt.Order.Limit, price=price)
"""
COMMAND = [sys.executable, "-m", "atms", "live", "-c", "live.yaml", "--yes", "-p"]


def restarts(kills: int, orders: int) -> Iterator[Row]:
    """Kill -9 at random instants with many open orders; time from start to READY."""
    rng = random.Random(1)
    waits: list[float] = []
    with sandbox(0.5, WIDE) as log:
        Path("strategies.py").write_text(MANY)
        for number in range(kills + 2):
            waits.append(_one_life(log, orders, rng.uniform(0, 2), number, last=number > kills))
        wrong = lost_or_doubled(log)
    half, most = np.percentile(np.array(waits[1:]), [50, 99])
    name = f"kill -9, start to READY with {orders:,} open orders (n={len(waits) - 1})"
    yield name, "p99 30 s", f"p50 {half:.2f} s, p99 {most:.2f} s"
    yield f"lost or doubled after {kills + 1} kills", "0", str(len(wrong))


def _one_life(log: Path, orders: int, then: float, number: int, *, last: bool) -> float:
    """Start, end it *then* seconds after READY; return how long READY took.

    The first one makes the orders.
    """
    ready = Path("ready")
    ready.unlink(missing_ok=True)
    begun = time.time()
    with Path("live.err").open("w") as err:
        process = subprocess.Popen(  # noqa: S603 - atms
            [*COMMAND, f"orders={orders}"], stdout=subprocess.DEVNULL, stderr=err
        )
    try:
        _wait_for(lambda: ready.exists() and ready.read_text(), process)
        took = float(ready.read_text()) - begun
        if not number:
            _wait_for(lambda: log.read_text().count('"what":"order"') >= orders, process)
        time.sleep(then)
    finally:
        process.send_signal(signal.SIGTERM if last else signal.SIGKILL)
        process.wait()
    return took


def _wait_for(what: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    """Wait until *what* is true, while a process runs."""
    deadline = time.monotonic() + 300
    while not what():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"atms ended or hangs: {Path('live.err').read_text()[-2000:]}")
        time.sleep(0.02)
