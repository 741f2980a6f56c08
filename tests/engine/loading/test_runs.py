"""In a run of the engine stock feeds are loaded in columns, and are Backtrader's own after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import backtrader as bt
import pytest

from atms.engine import Cerebro
from tests.engine.loading.same import bars


class Seeing(bt.Strategy):
    """Notes each feed's class, stamp and prices on each bar."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        for data in self.datas:
            if len(data):
                now = (data.datetime[0], data.open[0], data.close[0], data.volume[0])
                self.seen.append((type(data).__name__, len(data), data.datetime.datetime(0), *now))


def system(kind: Any) -> Any:
    cerebro = kind(tz="US/Eastern")
    frame, late = bars(60), bars(40, start="2024-01-01 12:00")
    Path("bars.csv").write_text(bars(50).to_csv(date_format="%Y-%m-%d %H:%M:%S"))
    minutes = {"timeframe": bt.TimeFrame.Minutes, "tz": "Europe/Berlin"}
    one = bt.feeds.PandasData(dataname=frame, **minutes)
    cerebro.adddata(one, name="frame")
    cerebro.adddata(bt.feeds.PandasDirectData(dataname=late, **minutes), name="tuples")
    cerebro.adddata(bt.feeds.GenericCSVData(dataname="bars.csv", **minutes), name="text")
    cerebro.adddata(one.clone(), name="clone")
    cerebro.addstrategy(Seeing)
    return cerebro


@pytest.mark.parametrize("params", [{}, {"lookahead": 2}, {"stdstats": False}, {"runonce": False}])
def test_a_strategy_sees_the_same_bars(params: dict[str, Any]) -> None:
    theirs, ours = system(bt.Cerebro), system(Cerebro)
    (expected,), (found,) = theirs.run(**params), ours.run(**params)
    assert found.seen == expected.seen
    assert len(found.seen) > 150
    for name in ("frame", "tuples", "text", "clone"):
        assert ours.explain().fast("load", name), str(ours.explain())
    for mine, stock in zip(ours.datas, theirs.datas, strict=True):
        assert type(mine) is type(stock)
        assert sorted(vars(mine)) == sorted(vars(stock))


def test_a_run_that_fails_leaves_the_feeds_their_classes() -> None:
    cerebro = system(Cerebro)
    cerebro.datas[1].p.dataname = cerebro.datas[1].p.dataname.assign(close="x")
    with pytest.raises(TypeError):
        cerebro.run()
    assert [type(data) for data in cerebro.datas] == [
        bt.feeds.PandasData, bt.feeds.PandasDirectData, bt.feeds.GenericCSVData, bt.feed.DataClone,
    ]  # fmt: skip
    cerebro.datas[2].stop()


def test_feeds_are_loaded_in_columns_again_in_the_next_run() -> None:
    cerebro = system(Cerebro)
    first = cerebro.run()[0].seen
    cerebro.strats.clear()
    cerebro.addstrategy(Seeing)
    assert cerebro.run()[0].seen == first
    assert cerebro.explain().fast("load")
