"""Orders one by one, in bursts, and for an hour."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import backtrader as bt
from live_figures.venue import WIDE, Row, log_of, lost_or_doubled, run, sandbox
from live_figures.watching import Times, spread, watched

REFUSED = (bt.Order.Rejected, bt.Order.Margin)


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
            if self.broker.get_orders_open():
                return  # on a slow machine the last one is on its way
            self.close() if self.position.size else self.buy(size=0.01)
            times.decided.append(time.perf_counter())
            while time.perf_counter() - times.decided[-1] < busy:
                pass

        def notify_order(self, order: bt.Order) -> None:
            if order.status == order.Accepted:
                times.accepted.append(time.perf_counter())
            elif order.status in REFUSED:
                raise RuntimeError(f"an order was refused: {order.info.get('reason')}")

    return Single


def latencies(count: int) -> Iterator[Row]:
    """Measure single orders, with a strategy that is idle afterwards and one that computes."""
    for busy, words in ((0.0, "idle"), (0.03, "computing 30 ms")):
        times = Times()
        with sandbox(0.1, WIDE) as log, watched(times):
            run(single(times, count, busy))
            wrong = lost_or_doubled(log)
        name = f"decision to bytes out, {words}"
        yield spread(name, "p50 5, p99 25", times.sent["POST"][:count], times.decided)
        if not busy:
            answered = times.answered["POST"][:count]
            yield spread("answer in to Accepted told", "p99 100", times.accepted, answered)
            if times.closed:  # of venues that say when a bar is over
                bars = [max(one for one in times.closed if one <= seen) for seen in times.seen]
                yield spread("closed bar in to next()", "p99 50, aim 5", times.seen, bars)
        yield f"lost or doubled, {words}", "0", str(len(wrong))


def bursty(times: Times, rounds: int, size: int) -> type[bt.Strategy]:
    """Return a strategy that makes *size* orders in one next(), then takes them all back."""

    class Bursty(bt.Strategy):
        def __init__(self) -> None:
            self.open: list[bt.Order] = []
            self.told = self.rounds = 0

        def next(self) -> None:
            if not self.data.live or self.told < len(self.open):
                return
            self.told = 0
            if self.open and self.open[0].alive():
                for order in self.open:
                    self.cancel(order)
                    times.undone.append(time.perf_counter())
                return
            if self.rounds == rounds:
                self.env.runstop()
                return
            self.rounds += 1
            price = round(self.data.close[0] / 2, 2)
            self.open = []
            for _ in range(size):
                self.open.append(self.buy(size=0.01, exectype=bt.Order.Limit, price=price))
                times.decided.append(time.perf_counter())

        def notify_order(self, order: bt.Order) -> None:
            if order.status in (order.Accepted, order.Canceled):
                kept = times.accepted if order.status == order.Accepted else times.canceled
                kept.append(time.perf_counter())
                self.told += 1
            elif order.status in REFUSED:
                raise RuntimeError(f"an order was refused: {order.info.get('reason')}")

    return Bursty


def bursts(rounds: int, size: int = 200) -> Iterator[Row]:
    """Measure many orders of one next()."""
    times = Times()
    with sandbox(0.1, WIDE) as log, watched(times):
        run(bursty(times, rounds, size))
        wrong = lost_or_doubled(log)
    name, goal = f"burst of {size}", "p99 50"
    yield spread(f"{name}, decision to bytes out", "", times.sent["POST"], times.decided)
    answered = times.answered
    yield spread(f"{name}, answer to Accepted told", goal, times.accepted, answered["POST"])
    yield spread(f"{name}, decision to Accepted told", "", times.accepted, times.decided)
    yield spread(f"{name}, answer to Canceled told", goal, times.canceled, answered["DELETE"])
    yield spread(f"{name}, wanted back to Canceled told", "", times.canceled, times.undone)
    yield f"{name}, lost or doubled", "0", str(len(wrong))


def rate(seconds: float) -> Iterator[Row]:
    """Hold 1,000 orders an hour."""
    times = Times()
    with sandbox(3.6) as log:
        run(single(times, round(seconds / 3.6), 0.0))
        lines = log_of(log)
        wrong = lost_or_doubled(log, ledger=True)
    orders = [line["at"] / 1000 for line in lines if line["what"] == "order"]
    an_hour = (len(orders) - 1) / (orders[-1] - orders[0]) * 3600
    told = f"{len(orders)} at {an_hour:,.0f} an hour, {len(wrong)} lost or doubled"
    yield f"1,000 orders an hour for {seconds:.0f} s", "held, 0", told


class Eager(bt.Strategy):
    """Wants *orders* at once, and stays until each is accepted or refused."""

    params = {"orders": 150, "statuses": None, "heard": None}

    def next(self) -> None:
        statuses = self.p.statuses
        if self.data.live and not statuses:
            price = round(self.data.close[0] / 2, 2)
            for _ in range(self.p.orders):
                order = self.buy(size=0.01, exectype=bt.Order.Limit, price=price)
                statuses[order.ref] = "Created"
        elif statuses and not {"Created", "Submitted"} & set(statuses.values()):
            self.env.runstop()

    def notify_order(self, order: bt.Order) -> None:
        self.p.statuses[order.ref] = order.getstatusname()

    def notify_store(self, msg: Any, *args: Any, **about: Any) -> None:
        if msg in ("orders_wait", "orders_through"):
            self.p.heard.append(f"{msg}: {about['text']}")


def budget(count: int = 300) -> Iterator[Row]:
    """Want more orders at once than the venue takes in ten seconds."""
    statuses: dict[int, str] = {}
    heard: list[str] = []

    class Burst(Eager):
        params = {"orders": count, "statuses": statuses, "heard": heard}

    with sandbox(0.5, {"open_orders": 5000}) as log:
        begun = time.monotonic()
        run(Burst)
        took = time.monotonic() - begun
        lines, wrong = log_of(log), lost_or_doubled(log)
    refused = sum(1 for line in lines if line.get("code") in (-1003, -1015))
    taken = sum(1 for one in statuses.values() if one == "Accepted")
    told = (f"{taken} taken, {count - taken} rejected, {refused} refused by the venue, "
            f"{len(wrong)} lost or doubled, in {took:.0f} s; told: {'; '.join(heard)}")  # fmt: skip
    yield f"{count} orders at once, the venue takes 100 in 10 s", "told, 0 refused", told
