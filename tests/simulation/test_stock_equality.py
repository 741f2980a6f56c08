"""Without costs of ours the broker is stock's to the last bit, stock's own options included."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

from atms.risk import Limits, Loss
from atms.simulation import SimulatedBroker

TYPES = ("Market", "Close", "Limit", "Stop", "StopLimit", "StopTrail", "StopTrailLimit")


class Wild(bt.Strategy):
    """Makes every kind of order at random, and keeps all that it is told."""

    params = (("seed", 0),)

    def __init__(self) -> None:
        self.rng = np.random.default_rng(self.p.seed)
        self.told: list[tuple[Any, ...]] = []
        self.first = 0
        self.made: list[bt.Order] = []

    def notify_order(self, order: bt.Order) -> None:
        self.first = self.first or order.ref  # refs are counters of the process
        done = order.executed
        self.told.append(
            (len(self), order.ref - self.first, order.getstatusname(), done.size, done.price,
             done.comm, done.pnl, done.dt, order.triggered, order.created.price)
        )  # fmt: skip

    def next(self) -> None:
        self.told.append((self.broker.getcash(), self.broker.getvalue()))
        if self.made and self.rng.random() < 0.1:
            self.cancel(self.made[self.rng.integers(len(self.made))])
        for data in self.datas:
            if self.rng.random() < 0.5:
                self.made += self._make(data)

    def _make(self, data: Any) -> list[bt.Order]:
        rng, close = self.rng, data.close[0]
        near = [float(close * (1 + rng.normal(0, 0.01))) for _ in range(3)]
        trade = self.buy if rng.random() < 0.5 else self.sell
        size = float(rng.integers(1, 40))
        if rng.random() < 0.15:
            low, high = min(near) * 0.99, max(near) * 1.01
            return list(self.buy_bracket(
                data=data, size=size, price=near[0], stopprice=low, limitprice=high
            ))  # fmt: skip
        kind = TYPES[rng.integers(len(TYPES))]
        options: dict[str, Any] = {"exectype": getattr(bt.Order, kind)}
        if kind not in ("Market", "Close"):
            options["price"] = near[0]
        if kind in ("StopLimit", "StopTrailLimit"):
            options["plimit"] = near[1]
        if "Trail" in kind:
            options["trailpercent" if rng.random() < 0.5 else "trailamount"] = (
                0.01 if "trailpercent" in options else close * 0.01
            )
        if rng.random() < 0.2:
            options["valid"] = data.datetime.datetime() + pd.Timedelta(hours=3).to_pytimedelta()
        if self.made and rng.random() < 0.15:
            options["oco"] = self.made[-1]
        return [trade(data=data, size=size, **options)]


def bars(seed: int) -> pd.DataFrame:
    """Return hourly bars with gaps, some of them flat, some without volume."""
    rng = np.random.default_rng(seed)
    n = 120
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    start = np.concatenate([[100.0], close[:-1]]) * (1 + rng.normal(0, 0.004, n))
    high = np.maximum(start, close) * (1 + abs(rng.normal(0, 0.004, n)))
    low = np.minimum(start, close) * (1 - abs(rng.normal(0, 0.004, n)))
    flat = rng.random(n) < 0.05
    values = {"open": start, "high": high, "low": low, "close": close}
    frame = pd.DataFrame({name: np.round(np.where(flat, 100, v), 2) for name, v in values.items()})
    frame["volume"] = np.where(rng.random(n) < 0.1, 0, rng.integers(1, 60, n)).astype(float)
    frame["openinterest"] = 0.0
    frame.index = pd.date_range("2024-01-01", periods=n, freq="1h")
    return frame


def options_of(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return stock options of a broker, and of its commission, drawn by seed."""
    rng = np.random.default_rng(seed + 10_000)
    slip = [{}, {"slip_perc": 0.004}, {"slip_fixed": 0.3}][rng.integers(3)]
    flags = ("slip_open", "slip_match", "slip_limit", "slip_out", "checksubmit", "shortcash")
    broker = {name: bool(rng.random() < 0.6) for name in flags}
    broker["coc"] = bool(rng.random() < 0.2)
    fillers = (None, bt.broker.fillers.FixedSize(size=9), bt.broker.fillers.FixedBarPerc(perc=50))
    broker["filler"] = fillers[rng.integers(3)]
    commissions = (
        {"commission": 0.001},
        {"commission": 2.0, "margin": 500.0, "mult": 3.0},
        {"commission": 0.002, "leverage": 3.0, "interest": 0.05},
    )
    return {**slip, **broker}, commissions[rng.integers(3)]


def told(kind: Any, seed: int) -> tuple[list[Any], float]:
    cerebro = bt.Cerebro(stdstats=False)
    broker, commission = options_of(seed)
    cerebro.setbroker(kind(cash=20_000.0, **broker))
    cerebro.broker.setcommission(**commission)
    for number in range(2):
        cerebro.adddata(bt.feeds.PandasData(dataname=bars(seed + 500 * number)))
    cerebro.addstrategy(Wild, seed=seed)
    (strategy,) = cerebro.run()
    return strategy.told, cerebro.broker.getvalue()


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_every_notification_cash_and_value_is_stocks(first: int) -> None:
    for seed in range(first, first + 10):
        assert told(SimulatedBroker, seed) == told(bt.brokers.BackBroker, seed), seed


def test_the_streams_do_all_that_they_are_to_compare() -> None:
    statuses, types = set(), 0
    for seed in range(20):
        rows = [row for row in told(bt.brokers.BackBroker, seed)[0] if len(row) > 2]
        statuses |= {row[2] for row in rows}
        types += sum(row[8] for row in rows)
    assert statuses >= {"Completed", "Partial", "Canceled", "Expired", "Margin", "Accepted"}
    assert types  # stop-limit orders were triggered


def test_with_limits_that_hold_nothing_back_it_is_stocks_all_the_same() -> None:
    far = Limits(
        max_order_notional=Decimal(10**9), max_position=Decimal(10**9), max_rejects=10**9,
        max_orders_per_minute=10**9, max_daily_loss=Loss(Decimal(10**9)),
    )  # fmt: skip

    def watched(**options: Any) -> SimulatedBroker:
        return SimulatedBroker(limits=far, **options)

    for seed in range(10):
        assert told(watched, seed) == told(bt.brokers.BackBroker, seed), seed


def test_a_limited_position_stays_inside_whatever_is_ordered() -> None:
    for seed in range(30):
        cerebro = bt.Cerebro(stdstats=False)
        broker, commission = options_of(seed)
        limits = Limits(max_position=Decimal(50))
        cerebro.setbroker(SimulatedBroker(cash=1e6, limits=limits, **{**broker, "filler": None}))
        cerebro.broker.setcommission(**commission)
        for number in range(2):
            cerebro.adddata(bt.feeds.PandasData(dataname=bars(seed + 500 * number)))
        cerebro.addstrategy(Wild, seed=seed)
        cerebro.addanalyzer(Largest, _name="largest")
        (strategy,) = cerebro.run()
        assert 20 < strategy.analyzers.largest.size <= 50, seed


class Largest(bt.Analyzer):
    """The largest position of any data, of either side, on any bar."""

    size = 0.0

    def next(self) -> None:
        broker = self.strategy.broker
        sizes = [abs(broker.getposition(data).size) for data in self.strategy.datas]
        self.size = max(self.size, *sizes)
