"""One strategy, unchanged: a backtest, and paper trading through Cerebro, driver and core."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd

from atms.execution.driver.host import InlineHost
from atms.model import Timeframe
from atms.running.trading import Trading
from atms.sandbox.simulation.adversary import MemoryJournal
from atms.sandbox.simulation.loop import VirtualLoop
from atms.simulation import Commission, MakerTaker, SimulatedBroker, Slippage
from atms.stores.market import Instrument
from atms.stores.sim import Recorded, SimModels, SimStore
from tests.execution.live_bench import MemoryFiles
from tests.stores.sim.twins import sample

FRAME = sample("SPY_1m.parquet", 200, 240)
WARM = 60
Row = tuple[pd.Timestamp, float, float, float]


class Busy(bt.Strategy):
    """Orders of every kind, each by the bar's time; notes at which bar it hears of fills."""

    def __init__(self) -> None:
        self.fills: list[Row] = []
        self.heard: list[tuple[int, int]] = []
        self.statuses: list[str] = []
        self.bars = 0

    def notify_order(self, order: bt.Order) -> None:
        for bit in order.executed.getpending():
            at = pd.Timestamp(bt.num2date(bit.dt)).round("ms")
            fee = bit.closedcomm + bit.openedcomm
            self.fills.append((at, bit.size, round(bit.price, 9), round(fee, 9)))
            self.heard.append((self.place(at), len(self)))
        if not order.alive():
            self.statuses.append(order.getstatusname())

    def place(self, at: pd.Timestamp) -> int:
        return int(FRAME.index.searchsorted(at.tz_localize("UTC"))) + 1

    def next(self) -> None:
        now = pd.Timestamp(bt.num2date(self.data.datetime[0])).round("ms")
        place, close = self.place(now), self.data.close[0]
        if place <= WARM + 5:
            return
        if place == WARM + 6:
            self.buy(size=100)  # legs of brackets only reduce on the live path
        elif place % 20 == 0:
            self.buy(size=4)
        elif place % 20 == 3:
            self.buy(size=2, exectype=bt.Order.Limit, price=round(close - 0.03, 2),
                     valid=timedelta(minutes=6))  # fmt: skip
        elif place % 20 == 5:
            self.sell(size=2, exectype=bt.Order.Stop, price=round(close - 0.02, 2))
        elif place % 20 == 8:
            self.sell(size=2, exectype=bt.Order.StopTrail, trailamount=0.05)
        elif place % 20 == 10:
            self.buy_bracket(
                size=3, exectype=bt.Order.Market, limitprice=round(close + 0.06, 2),
                stopprice=round(close - 0.06, 2),
            )  # fmt: skip
        elif place % 20 == 15:
            one = self.sell(size=1, exectype=bt.Order.Limit, price=round(close + 0.04, 2))
            self.sell(size=1, exectype=bt.Order.Stop, price=round(close - 0.04, 2), oco=one)


def commission() -> Any:
    return Commission(schedule=MakerTaker(0.0001, 0.0004))


SLIPPAGE = Slippage(fixed=0.01)


def in_a_backtest() -> Any:
    cerebro = bt.Cerebro(stdstats=False)
    broker = SimulatedBroker(slippage=SLIPPAGE, participation=0.02)
    broker.setcash(100_000.0)
    broker.addcommissioninfo(commission())
    cerebro.setbroker(broker)
    cerebro.adddata(bt.feeds.PandasData(dataname=FRAME, name="SPY"), name="SPY")
    cerebro.addstrategy(Busy)
    return cerebro.run()[0]


def on_paper() -> Any:
    start = FRAME.index[0].to_pydatetime() - timedelta(minutes=1)
    begins = FRAME.index[WARM].to_pydatetime() + timedelta(seconds=7)
    loop = VirtualLoop(begins)
    spy = Instrument(
        id="", base="SPY", quote="USD", settle="USD", qty_step=Decimal("0.00000001"),
        min_qty=Decimal("0.00000001"), price_steps=((Decimal(0), Decimal("0.01")),), cash="margin",
    )  # fmt: skip
    source = Recorded({"SPY": FRAME}, "1m", instruments={"SPY": spy}, start=begins)
    models = SimModels(commission=commission(), slippage=SLIPPAGE, participation=0.02)
    store = SimStore(
        source, cash={"USD": Decimal(100_000)}, base="USD", models=models, clock=loop.now
    )
    journal = MemoryJournal()
    trading = Trading(
        Path("state"),
        host=InlineHost(loop, shared=True),
        files=lambda account: MemoryFiles(journal),
    )
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(trading.feed(store, "SPY", Timeframe(1, "m"), start))
    cerebro.setbroker(trading.broker("USD"))
    cerebro.addstrategy(Busy)
    end = FRAME.index[-1].to_pydatetime()
    loop.call_later((end - begins).total_seconds() + 30, trading.end)
    try:
        return cerebro.run()[0]
    finally:
        trading.close()
        loop.close()


def test_a_strategy_on_paper_fills_as_in_its_backtest_and_hears_before_the_same_bar() -> None:
    expected, actual = in_a_backtest(), on_paper()
    assert actual.fills == expected.fills
    assert len(expected.fills) > 30
    assert all(length in (place - 1, place) for place, length in actual.heard)
    assert actual.statuses == expected.statuses
    assert actual.position.size == expected.position.size
