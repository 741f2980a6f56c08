"""What the hand-worked tests of the simulated broker share: plain bars, and a scripted run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

from atms.simulation import SimulatedBroker

Row = float | tuple[float, float, float, float]
Script = Mapping[int, Callable[[bt.Strategy], Any]]
OHLCV = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True)
class Fill:
    """One execution bit, and where it fell: *bar* is 0 for the first bar of the run."""

    bar: int
    order: bt.Order
    bit: Any

    @property
    def size(self) -> float:
        return float(self.bit.size)

    @property
    def price(self) -> float:
        return float(self.bit.price)

    @property
    def fee(self) -> float:
        return float(self.bit.closedcomm + self.bit.openedcomm)

    @property
    def costs(self) -> Any:
        return self.bit.costs


class Scripted(bt.Strategy):
    """Makes the orders of its script, and notes what happens on every bar."""

    params: tuple[tuple[str, Any], ...] = (("script", {}),)

    def __init__(self) -> None:
        self.made: list[bt.Order] = []
        self.fills: list[Fill] = []
        self.cash: list[float] = []
        self.value: list[float] = []

    def notify_order(self, order: bt.Order) -> None:
        self.fills += [Fill(len(self) - 1, order, bit) for bit in order.executed.getpending()]

    def next(self) -> None:
        self.cash.append(self.broker.getcash())
        self.value.append(self.broker.getvalue())
        made = self.p.script.get(len(self) - 1, lambda strategy: None)(self)
        self.made += made if isinstance(made, list) else [made] * (made is not None)


@dataclass(frozen=True)
class Played:
    """What a scripted run left; ``cash`` and ``value`` are those that each bar's next() saw."""

    strategy: Scripted
    broker: Any

    @property
    def orders(self) -> list[bt.Order]:
        """The orders that the script made, in its order."""
        return self.strategy.made

    @property
    def statuses(self) -> list[str]:
        return [order.getstatusname() for order in self.orders]

    @property
    def fills(self) -> list[Fill]:
        return self.strategy.fills

    @property
    def trades(self) -> list[tuple[int, float, float]]:
        """(bar, size, price) of every fill."""
        return [(fill.bar, fill.size, fill.price) for fill in self.fills]

    @property
    def prices(self) -> list[float]:
        return [fill.price for fill in self.fills]

    @property
    def fees(self) -> list[float]:
        return [fill.fee for fill in self.fills]

    @property
    def cash(self) -> list[float]:
        return self.strategy.cash

    @property
    def value(self) -> list[float]:
        return self.strategy.value

    @property
    def charges(self) -> list[Any]:
        return list(self.broker.charges)

    @property
    def liquidated(self) -> list[tuple[int, float, float]]:
        """(bar, size, price) of every fill by which the account was liquidated."""
        return [
            (fill.bar, fill.size, fill.price)
            for fill in self.fills
            if str(fill.order.info.get("reason") or "").startswith("liquidated")
        ]

    @property
    def held(self) -> list[float]:
        """What is held of each feed at the end."""
        return [self.broker.getposition(data).size for data in self.strategy.datas]


@pytest.fixture
def bars() -> Callable[..., pd.DataFrame]:
    """Make bars of rows (open, high, low, close); a bare number is a bar that stands still there.

    Stamps are UTC from *start* by *step*, or those given as *stamps*; other columns come by name,
    as one number or as one a bar.
    """

    def make(
        rows: Sequence[Row],
        *,
        start: str = "2024-01-01",
        step: str = "1D",
        stamps: Sequence[str] | None = None,
        volume: float | Sequence[float] = 1_000_000.0,
        **columns: float | Sequence[float],
    ) -> pd.DataFrame:
        whole = [row if isinstance(row, tuple) else (row,) * 4 for row in rows]
        index = (
            pd.date_range(start, periods=len(rows), freq=step, tz="UTC")
            if stamps is None
            else pd.DatetimeIndex(pd.to_datetime(list(stamps), utc=True))
        )
        frame = pd.DataFrame(whole, columns=list(OHLCV[:4]), index=index, dtype=float)
        return frame.assign(volume=volume, **columns).astype(float)

    return make


def feed_of(frame: pd.DataFrame, name: str, **options: Any) -> bt.feeds.PandasData:
    """Return a feed with a line for every column, and with no other extra line."""
    extra = tuple(column for column in frame.columns if column not in OHLCV)
    kind = type(
        "Plain",
        (bt.feeds.PandasData,),
        {"lines": extra, "params": tuple((line, line) for line in extra)},
    )
    return kind(dataname=frame, name=name, **options)


@pytest.fixture
def play() -> Callable[..., Played]:
    """Run a script (bar -> what the strategy does in its next()) on bars, or on several by name.

    *broker* is a new SimulatedBroker by default, *cash* what it starts with; *options* go to the
    feeds.
    """

    def run(
        frames: pd.DataFrame | Mapping[str, pd.DataFrame],
        script: Script,
        broker: Any = None,
        *,
        commission: Any = None,
        cash: float | None = None,
        **options: Any,
    ) -> Played:
        broker = SimulatedBroker() if broker is None else broker
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.setbroker(broker)
        if cash is not None:
            broker.setcash(cash)
        if commission is not None:
            broker.addcommissioninfo(commission)
        for name, frame in ({"X": frames} if isinstance(frames, pd.DataFrame) else frames).items():
            cerebro.adddata(feed_of(frame, name, **options), name=name)
        cerebro.addstrategy(Scripted, script=script)
        return Played(cerebro.run()[0], broker)

    return run
