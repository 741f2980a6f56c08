"""Cash that a strategy adds to its account, or takes out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

import atms


class Saver(bt.Strategy):
    """Buys and sells, and adds or takes cash in every way that Backtrader has."""

    params = dict(look=False, margin=None)

    def __init__(self) -> None:
        if self.p.margin:
            self.broker.setcommission(margin=self.p.margin, mult=2.0, commission=1.0)

    def next(self) -> None:
        if len(self) % 7 == 0:
            self.broker.add_cash(250.0 if len(self) % 2 else -100.0)
            if self.p.look:
                self.broker.getvalue([self.data])  # books what was added at once
        if len(self) % 5 == 0:
            self.buy(size=2)
        elif len(self) % 5 == 3 and self.position:
            self.close()


class Values(bt.Analyzer):
    def start(self) -> None:
        self.rows: list[tuple[float, float]] = []

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.rows.append((cash, value))


@pytest.mark.parametrize("params", [{}, {"look": True}, {"margin": 30.0}], ids=str)
def test_cash_and_value_equal_stocks_on_every_bar(
    frame: Callable[..., pd.DataFrame], params: dict[str, Any]
) -> None:
    bars = frame(120)
    result = atms.backtest(Saver, data=bars, params=params, commission=0.001)
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=bars))
    cerebro.addstrategy(Saver, **params)
    cerebro.broker.setcommission(commission=0.001)
    cerebro.addanalyzer(Values)
    rows = cerebro.run()[0].analyzers.values.rows
    assert list(zip(result.equity["cash"], result.equity["value"], strict=True)) == rows
    (warning,) = result.warnings
    assert "added cash" in warning
