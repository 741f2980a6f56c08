"""What Backtrader's own samples use runs unchanged."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

import atms

HOURS = {"timeframe": bt.TimeFrame.Minutes, "compression": 60}
Frame = Callable[..., pd.DataFrame]


def stock(
    strategy: type[bt.Strategy], *frames: pd.DataFrame, cheat_on_open: bool = False, **params: Any
) -> bt.Strategy:
    """Run a strategy in a hand-written stock script, and return it."""
    cerebro = bt.Cerebro(cheat_on_open=cheat_on_open)
    for number, frame in enumerate(frames):
        cerebro.adddata(bt.feeds.PandasData(dataname=frame, **HOURS), name=f"data{number}")
    cerebro.addstrategy(strategy, **params)
    (ran,) = cerebro.run()
    return ran


def fills(result: atms.Result) -> list[tuple[str, float, float]]:
    rows = result.fills
    return list(zip(rows["side"], rows["size"], rows["price"], strict=True))


def stock_fills(ran: bt.Strategy) -> list[tuple[str, float, float]]:
    """Return side, size and price of every fill, from the orders themselves."""
    bits = [bit for order in ran.broker.orders for bit in order.executed.exbits]
    return [
        ("buy" if bit.size > 0 else "sell", abs(bit.size), bit.price)
        for bit in sorted(bits, key=lambda bit: bit.dt)
    ]


# ---- signals ------------------------------------------------------------------------------------
class LongByCross(bt.SignalStrategy):
    """The quick start of Backtrader's own documentation."""

    def __init__(self) -> None:
        sma1, sma2 = bt.ind.SMA(period=5), bt.ind.SMA(period=15)
        self.signal_add(bt.SIGNAL_LONG, bt.ind.CrossOver(sma1, sma2))


class BothWays(bt.SignalStrategy):
    params = dict(period=7)

    def __init__(self) -> None:
        self.seen = 0
        self.signal_add(bt.SIGNAL_LONGSHORT, self.data.close - bt.ind.EMA(period=self.p.period))

    def next(self) -> None:
        self.seen += 1


@pytest.mark.parametrize("strategy", [LongByCross, BothWays])
def test_a_signal_strategy_trades_as_in_stock_backtrader(
    frame: Frame, strategy: type[bt.Strategy]
) -> None:
    bars = frame(200)
    result = atms.backtest(strategy, data=bars)
    assert fills(result) == stock_fills(stock(strategy, bars))
    assert len(result.fills) > 5


def test_a_signal_strategy_may_have_a_next_of_its_own(frame: Frame) -> None:
    result = atms.backtest(BothWays, data=frame(50), params={"period": 10})
    assert result.strategy.seen == 41  # bars 10 to 50


# ---- timers -------------------------------------------------------------------------------------
class Timed(bt.Strategy):
    def __init__(self) -> None:
        self.rings: list[tuple[Any, ...]] = []
        self.add_timer(time(12, 0), weekdays=[1, 3], who="noon")
        self.add_timer(bt.timer.SESSION_START, offset=timedelta(hours=3), who="third hour")
        self.add_timer(time(6, 0), repeat=timedelta(hours=8), cheat=True, who="cheat")
        self.add_timer(time(2, 0), monthdays=[5, 31], monthcarry=True, who="pay day")

    def notify_timer(self, timer: Any, when: datetime, *args: Any, **kwargs: Any) -> None:
        self.rings.append((kwargs["who"], when, len(self)))
        if kwargs["who"] == "noon":
            self.buy()
        elif kwargs["who"] == "cheat" and self.position:
            self.close()


def test_timers_ring_as_in_stock_backtrader(frame: Frame) -> None:
    bars = frame(24 * 40)
    bars = bars[[stamp.weekday() < 5 for stamp in bars.index]]
    result, ran = atms.backtest(Timed, data=bars), stock(Timed, bars)
    assert result.strategy.rings == ran.rings
    assert {who for who, _, _ in ran.rings} == {"noon", "third hour", "cheat", "pay day"}
    assert fills(result) == stock_fills(ran)
    assert len(result.fills) > 10


# ---- the calls of a strategy --------------------------------------------------------------------
class Calls(bt.Strategy):
    """Writes down in which order it is called."""

    params = dict(period=10)

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.sma = bt.ind.SMA(period=self.p.period)

    def start(self) -> None:
        self.calls.append("start")

    def prenext(self) -> None:
        self.calls.append("prenext")

    def nextstart(self) -> None:
        self.calls.append("nextstart")
        self.buy()

    def next(self) -> None:
        self.calls.append("next")

    def notify_order(self, order: bt.Order) -> None:
        self.calls.append(f"order {order.getstatusname()}")

    def notify_trade(self, trade: bt.Trade) -> None:
        self.calls.append("trade")

    def stop(self) -> None:
        self.calls.append("stop")


def test_prenext_nextstart_next_and_the_notifications_come_in_backtraders_order(
    frame: Frame,
) -> None:
    result = atms.backtest(Calls, data=frame(13))
    assert result.strategy.calls == [
        "start",
        *["prenext"] * 9,  # the average of ten bars is known on the tenth
        "nextstart",
        *["order Submitted", "order Accepted", "order Completed", "trade", "next"],
        *["next"] * 2,
        "stop",
    ]


class OnTheOpen(bt.Strategy):
    """Buys at the open of every fifth bar, knowing it."""

    def __init__(self) -> None:
        self.opens: list[float] = []

    def next_open(self) -> None:
        if len(self.data) % 5 == 0:
            self.opens.append(self.data.open[0])
            self.buy()


def test_next_open_buys_at_the_open_that_it_sees(frame: Frame) -> None:
    bars = frame(30)
    result = atms.backtest(OnTheOpen, data=bars, cheat_on_open=True)
    wanted = list(bars["open"].iloc[4::5])  # bars 5, 10, ...
    assert result.strategy.opens == wanted
    assert list(result.fills["price"]) == wanted
    assert list(result.fills["ts"]) == list(bars.index[4::5])


def test_without_cheat_on_open_next_open_is_not_called(frame: Frame) -> None:
    result = atms.backtest(OnTheOpen, data=frame(30))
    assert result.strategy.opens == []


class Named(bt.Strategy):
    """Reaches its data in every way that Backtrader offers."""

    def __init__(self) -> None:
        self.spread = self.data0.close - self.data1.close
        self.same = [
            self.data is self.datas[0],
            self.getdatabyname("gld") is self.data0,
            self.dnames.gdx is self.data1,
            self.data1_close is self.data1.lines.close,
        ]

    def next(self) -> None:
        if len(self) == 5:
            self.buy("gdx", size=2)
        if len(self) == 8:
            self.close("gdx")


def test_several_data_are_found_by_number_and_by_name(frame: Frame) -> None:
    gld, gdx = frame(20, seed=1), frame(20, seed=2)
    result = atms.backtest(Named, data={"gld": gld, "gdx": gdx})
    assert result.strategy.same == [True] * 4
    assert result.strategy.spread.array.tolist() == (gld["close"] - gdx["close"]).tolist()
    assert list(result.fills["symbol"]) == ["gdx", "gdx"]
    assert list(result.fills["price"]) == [gdx["open"].iloc[5], gdx["open"].iloc[8]]


class Stopped(bt.Strategy):
    """Ends the run on its eighth bar, by one of the names of its Cerebro."""

    params = dict(by="env")

    def next(self) -> None:
        if len(self) == 2:
            self.buy(size=10)
        if len(self) == 8:
            getattr(self, self.p.by).runstop()


@pytest.mark.parametrize("by", ["env", "cerebro"])
def test_runstop_ends_the_run_and_keeps_the_results_up_to_then(frame: Frame, by: str) -> None:
    bars, other = frame(30), frame(30, seed=3)
    result = atms.backtest(Stopped, data={"a": bars, "b": other}, params={"by": by})
    assert result.status == "finished"
    assert list(result.equity.index) == list(bars.index[:8])
    assert list(result.bars.groupby("feed").size()) == [8, 8]
    # Ten units bought at the third bar's open, still held at the eighth bar's close.
    worth = 10_000 + 10 * (bars["close"].iloc[7] - bars["open"].iloc[2])
    assert result.metrics["final_value"] == pytest.approx(worth, rel=1e-12)
    assert list(result.trades["status"]) == ["open"]
    assert result.trades["pnl"].iloc[0] == pytest.approx(worth - 10_000, rel=1e-9)
    assert result.metrics["bars"] == 8


def test_runstop_and_close_at_end_close_at_the_bar_of_the_stop(frame: Frame) -> None:
    bars = frame(30)
    result = atms.backtest(Stopped, data=bars, close_at_end=True)
    assert list(result.fills["price"]) == [bars["open"].iloc[2], bars["close"].iloc[7]]
    assert list(result.fills["ts"]) == [bars.index[2], bars.index[7]]


class StoppedEarly(bt.Strategy):
    """Trades, and ends the run, before its own indicator has a value."""

    def __init__(self) -> None:
        bt.ind.SMA(self.data, period=20)

    def prenext(self) -> None:
        if len(self) == 3:
            self.buy(size=2)
        if len(self) == 8:
            self.env.runstop()


def test_runstop_before_the_indicators_are_ready_keeps_the_results(frame: Frame) -> None:
    bars = frame(30)
    result = atms.backtest(StoppedEarly, data=bars)
    assert list(result.equity.index) == list(bars.index[:8])
    assert fills(result) == [("buy", 2.0, bars["open"].iloc[3])]


class Skipped(bt.Strategy):
    def __init__(self) -> None:
        raise bt.errors.StrategySkipError("fast is not below slow")


def test_a_strategy_that_skips_itself_is_named_in_the_error(frame: Frame) -> None:
    with pytest.raises(atms.StrategyError, match=r"(?i)Skipped\b.*\bskip"):
        atms.backtest(Skipped, data=frame(30))


# ---- files --------------------------------------------------------------------------------------
OLD = """#!/usr/bin/env python
# -*- coding: utf-8; py-indent-offset:4 -*-
from __future__ import (absolute_import, division, print_function,
                        unicode_literals)

import argparse
import datetime

import backtrader as bt
import backtrader.feeds as btfeeds
import backtrader.indicators as btind


class St(bt.Strategy):
    params = (
        ('a', 1),
        ('period', 3),
    )

    def log(self, txt, dt=None):
        dt = dt or self.datas[0].datetime.date(0)
        print('%s, %s' % (dt.isoformat(), txt))

    def __init__(self):
        super(St, self).__init__()
        self.sma = btind.MovAv.SMA(self.data, period=self.p.period)
        self.order = None

    def notify(self, order):
        if order.status in [order.Submitted, order.Accepted]:
            return
        if order.status in [order.Completed]:
            self.log('BUY EXECUTED, Price: %.2f' % order.executed.price)
        self.order = None

    def next(self):
        if self.order:
            return
        if not self.position:
            if self.data.close[0] > self.sma[0]:
                self.order = self.buy(size=self.params.a)


def runstrat():
    raise SystemExit('a sample runs its own Cerebro only when it is a script')


if __name__ == '__main__':
    runstrat()
"""


def test_a_sample_with_old_style_headers_runs_from_its_file(
    frame: Frame, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my_old.py").write_text(OLD)
    bars = frame(closes=[10.0, 10.0, 10.0, 11.0, 12.0, 13.0], step="1D")
    bars.to_csv(tmp_path / "bars.csv")
    config = {
        "strategy": {"name": "my_old.py", "params": {"a": 4}},
        "data": {"feeds": [{"source": "bars.csv"}]},
    }
    result = atms.backtest(config)
    # Above its average on the fourth bar, it buys at the fifth bar's open, the fourth's close.
    assert fills(result) == [("buy", 4.0, 11.0)]
    assert result.log.splitlines() == ["2024-01-05, BUY EXECUTED, Price: 11.00"]
    assert capfd.readouterr().out == ""


SIBLING = """from {helper} import SIZE


class Mine(bt.Strategy):
    def nextstart(self):
        self.buy(size=SIZE)
"""


def test_a_strategy_file_imports_the_module_beside_it(
    frame: Frame, write_strategy: Callable[..., str], tmp_path: Path
) -> None:
    path = write_strategy(SIBLING.format(helper="my_sizes"), "deep/er/my_strategy.py")
    (tmp_path / "deep/er/my_sizes.py").write_text("SIZE = 5\n")
    frame(10).to_csv("bars.csv")
    config = {"strategy": path, "data": {"feeds": [{"source": "bars.csv"}]}}
    assert fills(atms.backtest(config))[0][:2] == ("buy", 5.0)


def test_two_folders_with_a_module_of_one_name_do_not_get_each_others(
    frame: Frame, write_strategy: Callable[..., str], tmp_path: Path
) -> None:
    frame(10).to_csv("bars.csv")
    sizes = []
    for folder, size in (("one", 3), ("two", 8)):
        path = write_strategy(SIBLING.format(helper="my_shared"), f"{folder}/my_strategy.py")
        (tmp_path / folder / "my_shared.py").write_text(f"SIZE = {size}\n")
        result = atms.backtest({"strategy": path, "data": {"feeds": [{"source": "bars.csv"}]}})
        sizes.append(result.fills["size"].iloc[0])
    assert sizes == [3.0, 8.0]


# ---- parameters, indicators, sizers, observers, analyzers ---------------------------------------
class AnyAverage(bt.Strategy):
    params = dict(average=bt.ind.SMA, period=4, since=None)

    def __init__(self) -> None:
        self.line = self.p.average(self.data, period=self.p.period)


def test_a_parameter_may_be_any_object_as_in_a_script(frame: Frame) -> None:
    params = {"average": bt.ind.EMA, "since": datetime(2024, 1, 1)}
    result = atms.backtest(AnyAverage, data=frame(20), params=params)
    assert isinstance(result.strategy.line, bt.ind.EMA)
    assert result.strategy.p.since == datetime(2024, 1, 1)


class Range(bt.Indicator):
    """Own indicator by next: high minus low, and its highest so far."""

    lines = ("range", "widest")
    params = (("factor", 1.0),)
    plotinfo = dict(subplot=True)

    def __init__(self) -> None:
        self.addminperiod(3)

    def next(self) -> None:
        self.lines.range[0] = (self.data.high[0] - self.data.low[0]) * self.p.factor
        last = self.lines.widest[-1]
        self.lines.widest[0] = max(self.lines.range[0], last if last == last else 0.0)


class Overall(bt.Indicator):
    """Own indicator by operations on lines alone."""

    lines = ("mid",)

    def __init__(self) -> None:
        self.lines.mid = (self.data.high + self.data.low) / 2.0


class WithOwnIndicators(bt.Strategy):
    def __init__(self) -> None:
        self.range = Range(self.data, factor=2.0)
        self.mid = bt.ind.SMA(Overall(self.data), period=2)
        self.seen: list[tuple[float, float, float]] = []

    def next(self) -> None:
        self.seen.append((self.range.range[0], self.range.widest[0], self.mid[0]))


def test_own_indicators_give_what_arithmetic_gives(frame: Frame) -> None:
    bars = frame(30)
    result = atms.backtest(WithOwnIndicators, data=bars)
    width = ((bars["high"] - bars["low"]) * 2.0).to_numpy()
    mid = ((bars["high"] + bars["low"]) / 2.0).to_numpy()
    wanted = [
        (width[i], width[2 : i + 1].max(), pytest.approx((mid[i - 1] + mid[i]) / 2.0, rel=1e-12))
        for i in range(2, 30)
    ]
    assert result.strategy.seen == wanted
    assert [name for name in result.lines if name.startswith("Range")] == [
        "Range(2.0).range",
        "Range(2.0).widest",
    ]


FAULTY = """class Inverse(bt.Indicator):
    lines = ("inverse",)

    def once(self, start, end):
        for i in range(start, end):
            self.lines.inverse.array[i] = 1.0 / (self.data.array[i] - 10.0)

    def next(self):
        self.lines.inverse[0] = 1.0 / (self.data[0] - 10.0)


class Mine(bt.Strategy):
    def __init__(self):
        Inverse(self.data)
"""


def test_an_own_indicator_that_raises_in_once_is_named_by_its_own_line(
    frame: Frame, write_strategy: Callable[..., str]
) -> None:
    path = write_strategy(FAULTY, "my_faulty.py")
    frame(closes=[9.0, 9.5, 10.0, 11.0]).to_csv("bars.csv")
    config = {"strategy": f"{path}:Mine", "data": {"feeds": [{"source": "bars.csv"}]}}
    # It computes the whole column before the first bar: there is no result up to then.
    with pytest.raises(
        atms.StrategyError, match=r"(?s)Mine raised.*ZeroDivisionError.*my_faulty.py:9"
    ) as caught:
        atms.backtest(config)
    assert caught.value.result is None


class Candles(bt.Strategy):
    """Heikin-Ashi makes Backtrader leave its vectorised mode."""

    def __init__(self) -> None:
        self.candle = bt.ind.HeikinAshi(self.data)

    def next(self) -> None:
        up = self.candle.ha_close[0] > self.candle.ha_open[0]
        self.order_target_size(target=1 if up else 0)


def test_an_indicator_that_forbids_runonce_trades_as_in_stock_backtrader(frame: Frame) -> None:
    bars, other = frame(150), frame(150, seed=3)
    result = atms.backtest(Candles, data=[bars, other])
    assert fills(result) == stock_fills(stock(Candles, bars, other))
    assert len(result.fills) > 20


class TenthOfCash(bt.Sizer):
    params = (("share", 0.1),)

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> int:
        return int(cash * self.p.share / data.close[0])


class BuysOnce(bt.Strategy):
    params = dict(own=False)

    def __init__(self) -> None:
        if self.p.own:
            self.setsizer(TenthOfCash(share=0.3))

    def nextstart(self) -> None:
        self.buy()


def test_a_sizer_set_by_the_strategy_itself_is_used(frame: Frame) -> None:
    bars = frame(closes=[50.0, 51.0, 52.0])
    result = atms.backtest(BuysOnce, data=bars, params={"own": True})
    assert fills(result) == [("buy", 60.0, 50.0)]  # 0.3 * 10,000 / 50


SIZER = """class Fifth(bt.Sizer):
    params = (("share", 0.2),)

    def _getsizing(self, comminfo, cash, data, isbuy):
        return int(cash * self.p.share / data.close[0])
"""


def test_a_sizer_comes_from_a_file(frame: Frame, write_strategy: Callable[..., str]) -> None:
    path = write_strategy(SIZER, "my_sizer.py")
    bars = frame(closes=[50.0, 51.0, 52.0])
    result = atms.backtest(BuysOnce, data=bars, sizer=f"{path}:Fifth")
    assert fills(result) == [("buy", 40.0, 50.0)]  # 0.2 * 10,000 / 50


class Watching(bt.Strategy):
    """Reads the standard observers, as the samples do."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []

    def next(self) -> None:
        if len(self) == 3:
            self.buy(size=5)
        if len(self) > 1:  # observers are filled in after next
            self.seen.append((self.stats.broker.cash[0], self.stats.broker.value[0]))
        if len(self) == 9:
            self.close()


def test_the_standard_observers_are_there_to_be_read(frame: Frame) -> None:
    result = atms.backtest(Watching, data=frame(20))
    before = result.equity.iloc[:-1]  # what next sees is the bar before
    assert result.strategy.seen == list(zip(before["cash"], before["value"], strict=True))
    assert result.equity["cash"].nunique() == 3
    assert hasattr(result.strategy.stats, "buysell")
    assert hasattr(result.strategy.stats, "trades")


ANALYZER = """class Highest(bt.Analyzer):
    params = (("factor", 1.0),)

    def start(self):
        self.highest = 0.0

    def next(self):
        self.highest = max(self.highest, self.data.high[0] * self.p.factor)

    def get_analysis(self):
        return {"highest": self.highest}
"""


class InAndOut(bt.Strategy):
    def next(self) -> None:
        if len(self) % 6 == 2:
            self.buy(size=3)
        elif len(self) % 6 == 5:
            self.close()


def test_own_and_stock_analyzers_come_from_the_config(
    frame: Frame, write_strategy: Callable[..., str]
) -> None:
    own = write_strategy(ANALYZER, "my_analyzer.py")
    stock_name = "backtrader.analyzers:TradeAnalyzer"
    bars = frame(60)
    result = atms.backtest(
        InAndOut, data=bars, analyzers=[{"name": own, "params": {"factor": 2.0}}, stock_name]
    )
    assert result.analyzers[own] == {"highest": bars["high"].max() * 2.0}
    closed = result.trades[result.trades["status"] == "closed"]
    found = result.analyzers[stock_name]
    assert found["total"]["closed"] == len(closed) == 10
    assert found["pnl"]["net"]["total"] == pytest.approx(closed["net_pnl"].sum(), rel=1e-12)


def test_one_analyzer_twice_with_other_parameters_gives_both_results(
    frame: Frame, write_strategy: Callable[..., str]
) -> None:
    own = write_strategy(ANALYZER, "my_analyzer.py")
    bars = frame(30)
    result = atms.backtest(
        InAndOut,
        data=bars,
        analyzers=[
            {"name": own, "params": {"factor": 1.0}},
            {"name": own, "params": {"factor": 3.0}},
        ],
    )
    highest = bars["high"].max()
    found = sorted(analysis["highest"] for analysis in result.analyzers.values())
    assert found == [highest, highest * 3.0]


class ExtraLines(bt.Strategy):
    def __init__(self) -> None:
        self.average = bt.ind.SMA(self.data.volume_usd, period=2)
        self.seen: list[tuple[float, ...]] = []

    def next(self) -> None:
        self.seen.append(
            (self.data.volume_usd[0], self.data_trade_count[-1], self.average[0])
        )  # fmt: skip


def test_extra_columns_are_lines_of_the_data(frame: Frame) -> None:
    bars = frame(5).assign(volume_usd=[1.5, 2.5, 4.5, 8.5, 16.5], trade_count=[3, 1, 4, 1, 5])
    result = atms.backtest(ExtraLines, data=bars)
    assert result.strategy.seen == [
        (2.5, 3.0, 2.0), (4.5, 1.0, 3.5), (8.5, 4.0, 6.5), (16.5, 1.0, 12.5)
    ]  # fmt: skip


# ---- pictures -----------------------------------------------------------------------------------
PLOT = """
import backtrader as bt
import pandas as pd

import atms
from atms.engine import Cerebro
from atms.feeds.history import history_feed

bars = pd.read_csv("bars.csv", index_col="datetime", parse_dates=True)


class Mine(bt.Strategy):
    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=3), bt.ind.EMA(period=9))

    def next(self):
        self.order_target_size(target=1 if self.cross[0] > 0 else 0)


cerebro = Cerebro()
cerebro.adddata(history_feed(bars))
cerebro.addstrategy(Mine)
cerebro.run()
(script,) = cerebro.plot(iplot=False)
script[0].savefig("script.png")
result = atms.backtest(Mine, data=bars, timerange="2024-01-03..")
(ours,) = result.cerebro.plot(iplot=False)
ours[0].savefig("ours.png")
"""


def test_cerebro_plot_draws_without_a_display(frame: Frame, tmp_path: Path) -> None:
    frame(120).to_csv("bars.csv")
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "-c", PLOT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for name in ("script.png", "ours.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_result_plot_returns_a_figure_of_equity_and_drawdown(frame: Frame) -> None:
    from matplotlib.figure import Figure

    result = atms.backtest(InAndOut, data=frame(60))
    figure = result.plot()
    assert isinstance(figure, Figure)
    value, drawdown = figure.axes
    (equity, hold) = value.lines
    assert list(equity.get_ydata()) == list(result.equity["value"])
    assert len(hold.get_ydata()) == 60
    assert drawdown.get_ylabel() == "drawdown"
