"""Our recorder of orders notes the same under both engines, with the light orders' own words."""

from __future__ import annotations

import inspect
from typing import Any

import backtrader as bt
import pytest
from backtrader.order import OrderExecutionBit

from atms.analyzers.orders import OrderRecorder
from atms.engine import Cerebro
from atms.engine.broker.parts import Booked
from atms.simulation import SimulatedBroker
from tests.engine.both import bars, pandas_feed

NAMES = tuple(inspect.signature(OrderExecutionBit.__init__).parameters)[1:]


class Several(bt.Strategy):
    """Brackets and market orders; *reads*: their executions are looked at, too."""

    params = (("reads", False),)

    def next(self) -> None:
        if len(self) % 7 == 1:
            self.buy(size=2)
        elif len(self) % 7 == 4:
            self.sell(size=3)
        elif len(self) % 7 == 5:
            price = self.data.close[0]
            self.buy_bracket(limitprice=price + 0.5, stopprice=price - 0.5, price=price)

    def notify_order(self, order: bt.Order) -> None:
        if self.p.reads and order.ref % 2:
            len(order.executed.exbits)


def noted(kind: type, broker: type, reads: bool = False) -> tuple[list[Any], OrderRecorder]:
    """Return what the recorder says, with numbers of orders from one on."""
    cerebro = kind(stdstats=False)
    cerebro.broker = broker()
    cerebro.broker.setcommission(commission=0.001)
    cerebro.adddata(pandas_feed(bars(300)))
    cerebro.addstrategy(Several, reads=reads)
    cerebro.addanalyzer(OrderRecorder)
    recorder = cerebro.run()[0].analyzers[0]
    first = min(recorder.orders)
    rows: list[Any] = [
        {ref - first: seen for ref, seen in recorder.statuses.items()},
        {ref - first: step for ref, step in recorder.heard.items()},
        recorder.last.ref - first,
    ]
    for one in recorder.executions:
        bit, costs = one.booked
        figures = [(name, getattr(bit, name)) for name in NAMES]
        rows.append((one.step, one.days, one.order.ref - first, one.place, one.cash))
        rows.append((figures, costs))
    return rows, recorder


@pytest.mark.parametrize("reads", [False, True])
@pytest.mark.parametrize("broker", [bt.brokers.BackBroker, SimulatedBroker])
def test_it_notes_the_same_under_both_engines(broker: type, reads: bool) -> None:
    stock, _ = noted(bt.Cerebro, broker, reads)
    ours, _ = noted(Cerebro, broker, reads)
    assert len(stock) > 100
    assert repr(ours) == repr(stock)


def test_light_orders_make_no_execution_bits_for_it() -> None:
    _, recorder = noted(Cerebro, bt.brokers.BackBroker)
    assert all(type(one.booked[0]) is Booked for one in recorder.executions)
    assert all(one.order._record.bits is None for one in recorder.executions)


def test_what_it_is_told_has_the_names_of_the_bit() -> None:
    assert Booked._fields == NAMES


def test_a_bit_that_somebody_asked_for_is_what_it_says() -> None:
    _, recorder = noted(Cerebro, SimulatedBroker)
    one = recorder.executions[0]
    costs = one.booked[1]
    bit = one.bit
    assert one.booked == (bit, costs)
    assert bit.costs is costs
