"""One strategy under Backtrader's own loop twice: on the stock broker, and in the lane."""

from __future__ import annotations

import datetime
import math
import random
import struct
from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from atms.engine.broker import deliver, lane_class
from atms.engine.timeline import Timeline

START = datetime.datetime(2024, 3, 1, 9, 0)


def bits(value: Any) -> Any:
    """Return what tells *value* apart, to the last bit and with its type."""
    if type(value) is float:
        return "nan" if math.isnan(value) else ("float", struct.pack("<d", value).hex())
    if isinstance(value, np.generic):
        return type(value).__name__, value.tobytes().hex()
    if isinstance(value, dict):
        return {key: bits(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value).__name__, [bits(one) for one in value]
    if value is None or isinstance(value, int | str | bool | datetime.date):
        return type(value).__name__, value
    return type(value).__name__


_CREATED = (
    "dt", "size", "remsize", "price", "pricelimit", "trailamount", "trailpercent", "plimit",
    "pclose", "value", "comm", "margin", "pnl", "psize", "pprice", "p1", "p2",
)  # fmt: skip
_ORDER = (
    "ordtype", "exectype", "size", "price", "pricelimit", "valid", "tradeid", "oco", "trailamount",
    "trailpercent", "transmit", "simulated", "histnotify", "plimit", "triggered", "_active",
    "position", "_limitoffset", "dteos", "broker", "plen", "pannotated",
)  # fmt: skip
_BIT = (
    "dt", "size", "price", "closed", "opened", "closedvalue", "openedvalue", "closedcomm",
    "openedcomm", "value", "comm", "pnl", "psize", "pprice",
)  # fmt: skip
_TRADE = (
    "tradeid", "size", "price", "value", "commission", "pnl", "pnlcomm", "justopened", "isopen",
    "isclosed", "baropen", "dtopen", "barclose", "dtclose", "barlen", "historyon", "status", "long",
)  # fmt: skip
_POSITION = (
    "size", "price", "price_orig", "upopened", "upclosed", "updt", "adjbase", "datetime",
)  # fmt: skip
_BROKER = (
    "startingcash", "cash", "_value", "_valuemkt", "_valuelever", "_valuemktlever", "_leverage",
    "_unrealized", "_fundval", "_fundshares",
)  # fmt: skip


class Log:
    """What a run showed, row by row; order numbers count from the run's first."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.first: int | None = None
        self.first_trade: int | None = None
        self.curve: list[Any] = []

    def begin(self) -> None:
        """Count orders and trades from here."""
        self.first = next(bt.Order.refbasis) + 1
        self.first_trade = next(bt.Trade.refbasis) + 1

    def ref(self, order: Any) -> int | None:
        if order is None:
            return None
        return order.ref - self.first if self.first is not None else order.ref

    def add(self, *row: Any) -> None:
        self.rows.append(tuple(bits(one) for one in row))

    def order(self, order: Any, why: str) -> None:
        self.add(why, self.ref(order), order.status, order.getstatusname(), order.alive())

    def whole(self, order: Any, why: str) -> None:
        fields = {name: getattr(order, name, "none") for name in _ORDER}
        parts = [
            {name: getattr(part, name) for name in _CREATED}
            for part in (order.created, order.executed)
        ]
        exbits = [{name: getattr(bit, name) for name in _BIT} for bit in order.executed.exbits]
        pending = len(order.executed.getpending())
        lines = [
            line
            for line in str(order).splitlines()
            if not line.startswith(("Ref", "CommInfo", "Broker"))
        ]
        self.add(
            why,
            self.ref(order),
            type(order).__name__,
            order.status,
            fields,
            parts,
            exbits,
            pending,
            len(order.executed),
            dict(order.info),
            self.ref(order.parent),
            lines,
            order.data._name,
            type(order.comminfo).__name__,
            order.isbuy(),
            order.params is order.p,
            {k: v for k, v in order.p._getkwargs().items() if k not in ("owner", "data", "parent")},
        )

    def trade(self, trade: Any, why: str) -> None:
        self.add(
            why,
            trade.ref - self.first_trade,
            trade.data._name,
            len(trade.history),
            {name: getattr(trade, name, "none") for name in _TRADE},
        )

    def broker(self, broker: Any, why: str, datas: Any) -> None:
        self.add(
            why,
            {name: getattr(broker, name) for name in _BROKER},
            broker.getvalue(),
            broker.getcash(),
            broker.fundvalue,
            broker.fundshares,
        )
        for data, position in broker.positions.items():
            self.position(data, position)

    def position(self, data: Any, position: Any) -> None:
        fields = {name: getattr(position, name, "none") for name in _POSITION}
        self.add("position", data._name, fields)

    def queues(self, broker: Any) -> None:
        groups = {
            ref - self.first: [one - self.first for one in refs]
            for ref, refs in broker._ocol.items()
        }
        leaders = {ref - self.first: one - self.first for ref, one in broker._ocos.items()}
        charged = [(data._name, amount) for data, amount in broker.d_credit.items()]
        waiting = [self.ref(one) for one in broker.pending]
        submitted = [self.ref(one) for one in broker.submitted]
        kinds = type(broker).__name__, type(broker.p).__name__
        self.add("queues", waiting, submitted, groups, leaders, charged, kinds)


class Sleeping(bt.Cerebro):
    """Backtrader's loop, with a broker in the lane that is left asleep as long as it may."""

    quiet = True
    said: list[Any] = []
    timeline: Any = None
    curves: Any = None
    sleeps = True
    turns = slept = 0
    light = 0

    def runstrategies(self, iterstrat: Any, predata: bool = False) -> Any:
        broker = self._broker
        original = type(broker)
        mirrored, self.parts = lane_class(broker)
        if mirrored is not None:
            broker.__class__ = mirrored
        try:
            return super().runstrategies(iterstrat, predata)
        finally:
            if mirrored is not None:
                broker.lane_end()
                broker.__class__ = original

    def _runonce(self, runstrats: Any) -> Any:
        self.timeline = Timeline(self.datas)
        if hasattr(self._broker, "lane_begin"):
            self._broker.lane_begin(self.timeline)
        super()._runonce(runstrats)
        if hasattr(self._broker, "lane_begin"):
            self.curves = self._broker.curve(0, self.timeline.steps)
            self.said = self._broker.lane_parts()

    def _runnext(self, runstrats: Any) -> Any:
        if hasattr(self._broker, "lane_begin"):
            self._broker.lane_begin(None)
        super()._runnext(runstrats)
        if hasattr(self._broker, "lane_begin"):
            self.said = self._broker.lane_parts()

    def _brokernotify(self) -> None:
        step = 0
        if self.timeline is not None:
            step = self.timeline.main.at + 1
            self.timeline.go_to(step)
        broker = self._broker
        self.turns += 1
        if self.sleeps and step < getattr(broker, "asleep_until", 0):
            self.slept += 1
            return
        broker.next()
        deliver(broker, self.runningstrats)
        lane = vars(broker).get("_lane")
        self.light += lane is not None and lane.light


def frame(seed: int, bars: int, gaps: float = 0.0, minutes: int = 7) -> pd.DataFrame:
    """Return a random walk of OHLCV on a grid of minutes, some bars missing."""
    rng = random.Random(seed)
    rows, stamps, price = [], [], 100.0
    for number in range(bars):
        first = price + rng.gauss(0, 0.2)
        last = first + rng.gauss(0, 0.6)
        high = max(first, last) + abs(rng.gauss(0, 0.3))
        low = min(first, last) - abs(rng.gauss(0, 0.3))
        price = max(last, 5.0)
        if rng.random() >= gaps:
            rows.append((first, high, low, last, 1000.0))
            stamps.append(START + datetime.timedelta(minutes=minutes * number))
    names = ["open", "high", "low", "close", "volume"]
    return pd.DataFrame(rows, index=pd.DatetimeIndex(stamps), columns=names)


def run(
    kind: Any, strategy: Any, frames: list[pd.DataFrame],
    equip: Callable[[Any], None] | None = None, broker: Any = None, **params: Any,
) -> tuple[Any, Log]:  # fmt: skip
    """Run once; return the cerebro and the log."""
    cerebro = kind(stdstats=False)
    if broker is not None:
        cerebro.broker = broker()
    for number, one in enumerate(frames):
        cerebro.adddata(bt.feeds.PandasData(dataname=one), name=f"d{number}")
    if equip is not None:
        equip(cerebro)
    log = Log()
    cerebro.addstrategy(strategy, log=log, **params)
    [done] = cerebro.run()
    for order in cerebro.broker.orders:
        log.whole(order, "in the end")
    for order in done._orders:
        log.whole(order, "told")
    for _, trades in done._trades.items():
        for tradeid, some in trades.items():
            for trade in some:
                log.add("trade of", tradeid)
                log.trade(trade, "in the end")
    log.broker(cerebro.broker, "in the end", cerebro.datas)
    log.queues(cerebro.broker)
    return cerebro, log


def differences(
    strategy: Any,
    frames: list[pd.DataFrame],
    equip: Any = None,
    broker: Any = None,
    kind: Any = Sleeping,
    **params: Any,
) -> tuple[Any, list[Any], int]:
    """Return the lane's cerebro, the first rows that differ, and how many rows there were."""
    _, expected = run(bt.Cerebro, strategy, frames, equip, broker, **params)
    ours, found = run(kind, strategy, frames, equip, broker, **params)
    wrong = [
        (number, one, other)
        for number, (one, other) in enumerate(zip(expected.rows, found.rows, strict=False))
        if one != other
    ]
    if len(expected.rows) != len(found.rows):
        wrong.append(("rows", len(expected.rows), len(found.rows)))
    if ours.curves is not None:
        cash, value = ours.curves
        for name, mine, theirs in (
            ("cash", cash, [c for c, _ in expected.curve]),
            ("value", value, [v for _, v in expected.curve]),
        ):
            for step, (one, other) in enumerate(zip(theirs, mine.tolist(), strict=True)):
                if bits(float(one)) != bits(other):
                    wrong.append((name, step, one, other))
                    break
    return ours, wrong[:3], len(expected.rows)
