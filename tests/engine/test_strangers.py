"""What scripts of other people do, and an engine once got wrong."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import backtrader as bt
import pytest

from tests.engine.both import bars, pandas_feed, same

MODES = pytest.mark.parametrize("params", [{}, {"runonce": False}, {"preload": False}], ids=str)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
@MODES
def test_a_copy_of_a_position_is_one_of_backtraders_and_stays_as_it_was(
    copied: Any, params: dict[str, Any]
) -> None:
    def build(cerebro: Any) -> list[Any]:
        log: list[Any] = []

        class Copies(bt.Strategy):
            def next(self) -> None:
                if len(self) == 5:
                    self.buy()
                elif len(self) == 10:
                    self.kept = copied(self.position)
                    self.kept.size = 7
                elif len(self) == 20:
                    log.append(
                        (type(self.kept) is bt.Position, vars(self.kept), self.position.size)
                    )

        cerebro.adddata(pandas_feed(bars()))
        cerebro.addstrategy(Copies)
        return log

    assert same(build, **params).explain().fast("orders") or "preload" in params


@pytest.mark.parametrize("stdstats", [False, True])
@MODES
def test_a_feed_may_have_other_lines_than_prices(
    workdir: Path, params: dict[str, Any], stdstats: bool
) -> None:
    rows = [f"2024-01-{day:02},{100 + day}.5,{101 + day}.25" for day in range(1, 29)]
    Path("quotes.csv").write_text("\n".join(["date,bid,ask", *rows]))

    def build(cerebro: Any) -> list[Any]:
        log: list[Any] = []

        class Quotes(bt.feeds.GenericCSVData):
            linesoverride = True
            lines = ("bid", "ask", "datetime")
            params = dict(datetime=0, bid=1, ask=2, dtformat="%Y-%m-%d")

        class Spreads(bt.Strategy):
            def __init__(self) -> None:
                self.mean = bt.ind.SMA(self.data.ask - self.data.bid, period=5)

            def next(self) -> None:
                log.append((self.data.bid[0], self.mean[0], self.broker.getvalue()))

        cerebro.adddata(Quotes(dataname="quotes.csv"))
        cerebro.addstrategy(Spreads)
        return log

    same(build, stdstats=stdstats, **params)


@MODES
def test_a_position_of_a_feed_without_a_bar_raises_where_backtrader_does(
    params: dict[str, Any],
) -> None:
    def build(cerebro: Any) -> list[Any]:
        class Asks(bt.Strategy):
            def prenext(self) -> None:
                for data in self.datas:
                    self.getposition(data)

        cerebro.adddata(pandas_feed(bars(200, minutes=15)))
        cerebro.resampledata(cerebro.datas[0], timeframe=bt.TimeFrame.Days)
        cerebro.addstrategy(Asks)
        return []

    same(build, stdstats=True, **params)
