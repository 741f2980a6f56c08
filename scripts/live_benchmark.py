"""What the live order path is measured by, the sandbox on loopback and the real ccxt between.

    python scripts/live_benchmark.py [--quick]

The sandbox runs in a process of its own. It prints a table, and leaves nothing behind.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import backtrader as bt
import numpy as np
import psutil

from atms.config import load_config
from atms.execution.driver.host import ThreadHost
from atms.feeds.live import live_feed
from atms.feeds.passes import Passes
from atms.running.live import LiveRun
from atms.sandbox.binance.config import Limits, MarketConfig, SandboxConfig
from atms.sandbox.binance.server import Sandbox
from atms.stores.market import Bar, BarFact, FeedLink

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.live.checking import differences

CONFIG = """
strategy: {name: "strategies.py:Many"}
stores:
  sandbox: {venue: binance, url: "${ATMS_SANDBOX_URL}", key: "${ATMS_SANDBOX_KEY}",
            secret: "${ATMS_SANDBOX_SECRET}", market_clock: stream}
data:
  warmup: 5
  feeds: [{name: btc, store: sandbox, symbol: BTC/USDT, timeframe: 1h, currency: USDT}]
risk: {max_order_notional: 1000000, max_position: 1000, max_orders_per_minute: 1000000}
execution: {state_dir: state}
ledger: {url: "sqlite:///ledger.db"}
"""
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
KEY, SECRET = "k" * 64, "s" * 64
MILLION = 10**6
WIDE = {"weight": MILLION, "raw": MILLION, "orders_10s": MILLION, "open_orders": 5000}
Row = tuple[str, str, str]


# ---- the sandbox ---------------------------------------------------------------------------------
async def serve(options: dict[str, Any]) -> None:
    """Serve a sandbox until standard input ends."""
    config = SandboxConfig(
        markets=(MarketConfig(source="sample:BTCUSD_1h"),), key=KEY, secret=SECRET,
        speed=3600 / options["bar"], balances={"USDT": Decimal(10**8)},
        log=Path(options["log"]), limits=Limits(**options["limits"]),
    )  # fmt: skip
    async with Sandbox(config) as sandbox:
        print(sandbox.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def sandbox(bar: float, limits: dict[str, int] | None = None) -> Iterator[Path]:
    """Serve one in a process of its own, a bar each *bar* seconds, in an empty folder."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        options = {"bar": bar, "log": str(Path(folder) / "venue.jsonl"), "limits": limits or {}}
        command = [sys.executable, __file__, "--serve", json.dumps(options)]
        process = subprocess.Popen(  # noqa: S603 - this file
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None and process.stdin is not None
        try:
            os.environ.update(
                ATMS_SANDBOX_URL=process.stdout.readline().strip(), ATMS_SANDBOX_KEY=KEY,
                ATMS_SANDBOX_SECRET=SECRET,
            )  # fmt: skip
            Path("live.yaml").write_text(CONFIG)
            Path("strategies.py").write_text(MANY)
            yield Path(options["log"])
        finally:
            os.chdir(before)
            process.communicate()


def log_of(path: Path) -> list[dict[str, Any]]:
    """Return the venue's log."""
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


# ---- one order a bar -----------------------------------------------------------------------------
class Times:
    """When what happened, by one clock."""

    def __init__(self) -> None:
        self.decided: list[float] = []
        self.sent: list[float] = []
        self.answered: list[float] = []
        self.accepted: list[float] = []
        self.closed: list[float] = []
        self.seen: list[float] = []


@contextmanager
def watched(times: Times) -> Iterator[None]:
    """Note when an order's bytes are written, its answer is there, a closed bar comes in."""

    async def sent(_: Any, __: Any, about: Any) -> None:
        if about.method == "POST" and about.url.path.endswith("/order"):
            times.sent.append(time.perf_counter())

    async def answered(_: Any, __: Any, about: Any) -> None:
        if about.method == "POST" and about.url.path.endswith("/order"):
            times.answered.append(time.perf_counter())

    made, received = aiohttp.ClientSession.__init__, aiohttp.ClientWebSocketResponse.receive

    def make(self: Any, *args: Any, **kwargs: Any) -> None:
        trace = aiohttp.TraceConfig()
        trace.on_request_chunk_sent.append(sent)
        trace.on_request_end.append(answered)
        made(self, *args, **{**kwargs, "trace_configs": [trace]})

    async def receive(self: Any, *args: Any, **kwargs: Any) -> Any:
        message = await received(self, *args, **kwargs)
        if isinstance(message.data, str) and '"x":true' in message.data.replace(" ", ""):
            times.closed.append(time.perf_counter())
        return message

    aiohttp.ClientSession.__init__ = make  # type: ignore[method-assign]
    aiohttp.ClientWebSocketResponse.receive = receive  # type: ignore[method-assign]
    try:
        yield
    finally:
        aiohttp.ClientSession.__init__ = made  # type: ignore[method-assign]
        aiohttp.ClientWebSocketResponse.receive = received  # type: ignore[method-assign]


def single(times: Times, count: int, busy: float) -> type[bt.Strategy]:
    """Return a strategy that makes one order a bar, *count* times; it computes *busy* seconds."""

    class Single(bt.Strategy):
        def next(self) -> None:
            if not self.data.live:
                return
            times.seen.append(time.perf_counter())
            if len(times.decided) == count:
                if len(times.accepted) == count:
                    self.env.runstop()
                return
            self.close() if self.position.size else self.buy(size=0.01)
            times.decided.append(time.perf_counter())
            while time.perf_counter() - times.decided[-1] < busy:
                pass

        def notify_order(self, order: bt.Order) -> None:
            if order.status == order.Accepted:
                times.accepted.append(time.perf_counter())
            elif order.status in (order.Rejected, order.Margin):
                raise RuntimeError(f"an order was refused: {order.info.get('reason')}")

    return Single


def run(strategy: type[bt.Strategy]) -> LiveRun:
    """Run a strategy on the sandbox to its end."""
    made = LiveRun(load_config("live.yaml").config, "live", strategy=strategy)
    made.look()
    made.run()
    return made


def spread(name: str, goal: str, later: list[float], earlier: list[float]) -> Row:
    """Return the row of a duration, in milliseconds."""
    waits = (np.array(later) - np.array(earlier)) * 1000
    half, most = np.percentile(waits, [50, 99])
    return f"{name} (n={len(waits)})", goal, f"p50 {half:.2f} ms, p99 {most:.2f} ms"


def latencies(count: int) -> Iterator[Row]:
    """Measure single orders, with a strategy that is idle afterwards and one that computes."""
    for busy, words in ((0.0, "idle"), (0.03, "computing 30 ms")):
        times = Times()
        with sandbox(0.1, WIDE) as log, watched(times):
            run(single(times, count, busy))
            wrong = differences(log_of(log), {"USDT": Decimal(10**8)}, Path("state"), None)
        yield spread(
            f"decision to bytes out, {words}", "p50 5, p99 25", times.sent[:count], times.decided
        )
        if not busy:
            yield spread(
                "answer in to Accepted told", "p99 100", times.accepted, times.answered[:count]
            )
            bars = [max(one for one in times.closed if one <= seen) for seen in times.seen]
            yield spread("closed bar in to next()", "p99 50, aim 5", times.seen, bars)
        yield f"lost or doubled, {words}", "0", str(len(wrong))


def rate(seconds: float) -> Row:
    """Hold 1,000 orders an hour."""
    count = round(seconds / 3.6)
    times = Times()
    with sandbox(3.6) as log:
        run(single(times, count, 0.0))
        lines = log_of(log)
        wrong = differences(lines, {"USDT": Decimal(10**8)}, Path("state"), Path("ledger.db"))
    orders = [line["at"] / 1000 for line in lines if line["what"] == "order"]
    an_hour = (len(orders) - 1) / (orders[-1] - orders[0]) * 3600
    told = f"{len(orders)} at {an_hour:,.0f} an hour, {len(wrong)} lost or doubled"
    return f"1,000 orders an hour for {seconds:.0f} s", "held, 0", told


def budget() -> Row:
    """Want more orders at once than the venue takes in ten seconds."""
    statuses: dict[int, str] = {}
    reasons: set[str] = set()

    class Burst(bt.Strategy):
        def next(self) -> None:
            if self.data.live and not statuses:
                for _ in range(150):
                    price = round(self.data.close[0] / 2, 2)
                    order = self.buy(size=0.01, exectype=bt.Order.Limit, price=price)
                    statuses[order.ref] = "Created"
            elif statuses and not {"Created", "Submitted"} & set(statuses.values()):
                self.env.runstop()

        def notify_order(self, order: bt.Order) -> None:
            statuses[order.ref] = order.getstatusname()
            if order.status == order.Rejected:
                reasons.add(str(order.info.get("reason")))

    with sandbox(0.5) as log:
        begun = time.monotonic()
        run(Burst)
        lines = log_of(log)
    refused = sum(1 for line in lines if line.get("code") in (-1003, -1015))
    taken = sum(1 for one in statuses.values() if one == "Accepted")
    why = "; ".join(sorted(reasons))[:120]
    told = (f"{taken} taken, {150 - taken} rejected ({why}), {refused} refused by the venue, "
            f"in {time.monotonic() - begun:.0f} s")  # fmt: skip
    return "150 orders at once, the venue takes 100 in 10 s", "told, 0 refused", told


# ---- restarts ------------------------------------------------------------------------------------
def restarts(kills: int, orders: int) -> Iterator[Row]:
    """Kill -9 at random instants with many open orders; time from start to READY."""
    rng = random.Random(1)
    waits: list[float] = []
    command = [sys.executable, "-m", "atms", "live", "-c", "live.yaml", "--yes", "-p"]
    with sandbox(0.5, WIDE) as log:
        for number in range(kills + 2):
            Path("ready").unlink(missing_ok=True)
            begun = time.time()
            with Path("live.err").open("w") as err:
                process = subprocess.Popen(  # noqa: S603 - atms
                    [*command, f"orders={orders}"], stdout=subprocess.DEVNULL, stderr=err
                )
            try:
                wait_for(lambda: Path("ready").exists() and Path("ready").read_text(), process)
                if number:
                    waits.append(float(Path("ready").read_text()) - begun)
                if not number:
                    wait_for(lambda: log.read_text().count('"what":"order"') >= orders, process)
                time.sleep(rng.uniform(0, 2))
            finally:
                process.send_signal(signal.SIGKILL if number <= kills else signal.SIGTERM)
                process.wait()
        wrong = differences(log_of(log), {"USDT": Decimal(10**8)}, Path("state"), None)
    half, most = np.percentile(np.array(waits), [50, 99])
    name = f"kill -9, start to READY with {orders:,} open orders (n={len(waits)})"
    yield name, "p99 30 s", f"p50 {half:.2f} s, p99 {most:.2f} s"
    yield f"lost or doubled after {kills + 1} kills", "0", str(len(wrong))


def wait_for(what: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    """Wait until *what* is true, while a process runs."""
    deadline = time.monotonic() + 300
    while not what():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"atms ended or hangs: {Path('live.err').read_text()[-2000:]}")
        time.sleep(0.02)


# ---- memory --------------------------------------------------------------------------------------
class Bars:
    """A store that tells bars as fast as they are taken."""

    account = "t:1"
    market_clock = "wall"

    def __init__(self, count: int) -> None:
        self.count = count

    async def history(self, *_: Any) -> AsyncIterator[Bar]:
        """Yield nothing."""
        for bar in ():
            yield bar

    async def bars(self, instrument: str, timeframe: str) -> AsyncIterator[BarFact]:
        """Yield the bars."""
        start, price = datetime(2024, 3, 4, tzinfo=UTC), Decimal(100)
        yield FeedLink(at=start, up=True)
        for number in range(self.count):
            open_at = start + number * timedelta(minutes=1)
            yield Bar(
                instrument=instrument, open_at=open_at, close_at=open_at + timedelta(minutes=1),
                open=price, high=price, low=price, close=price, volume=price, final=True,
            )  # fmt: skip
            if number % 200 == 199:
                await asyncio.sleep(0.02)


def memory(count: int) -> Row:
    """Take many bars with exactbars=1; what is used in the second half, more than in the first."""
    host = ThreadHost()
    passes = Passes(host)
    used: list[float] = []

    class Watch(bt.Strategy):
        def __init__(self) -> None:
            self.average = bt.ind.SMA(period=20)

        def next(self) -> None:
            if len(self) % (count // 10) == 0:
                gc.collect()
                used.append(psutil.Process().memory_info().rss / 2**20)
            if len(self) >= count - 20:
                passes.end()

    cerebro = bt.Cerebro(stdstats=False)
    start = datetime(2024, 3, 4, tzinfo=UTC)
    cerebro.adddata(live_feed(Bars(count), passes, "t:1:A", "1m", start=start))
    cerebro.addstrategy(Watch)
    cerebro.run(exactbars=1)
    host.close()
    told = f"{used[1]:.1f} MB at a fifth, {used[-1]:.1f} MB at the end"
    return f"memory over {count:,} bars, exactbars=1", "flat", told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes in place of an hour")
    parser.add_argument("--only", help="latencies, rate, budget, restarts or memory")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(json.loads(given.serve)))
        return
    logging.disable(logging.WARNING)
    quick = given.quick
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "latencies": lambda: latencies(300 if quick else 2000),
        "rate": lambda: iter([rate(120 if quick else 3600)]),
        "budget": lambda: iter([budget()]),
        "restarts": lambda: restarts(3 if quick else 50, 200 if quick else 1000),
        "memory": lambda: iter([memory(20_000 if quick else 200_000)]),
    }
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, part in parts.items():
        for what, goal, found in part() if given.only in (None, name) else ():
            print(f"{what:<62} goal {goal:<18} {found}", flush=True)


if __name__ == "__main__":
    main()
