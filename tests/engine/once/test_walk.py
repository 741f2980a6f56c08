"""The way through a strategy's tree: order, lengths, indices, and whoever has code of his own."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
import pytest

from atms.engine.once import compute_one
from atms.engine.once.originals import original
from tests.engine.once.sides import (
    Columns,
    Sides,
    bars,
    bits,
    compute,
    rows_of,
    run,
    same,
    see,
    stock_once,
    stock_parts,
    walk,
)

BARS = bars(walk(120))


class OwnOnce(bt.ind.Average):
    """Overrides once."""

    lines = ("own",)

    def once(self, start: int, end: int) -> None:
        super().once(start, end)
        for i in range(start, end):
            self.line.array[i] += 1.0


class OwnStart(bt.ind.Average):
    def oncestart(self, start: int, end: int) -> None:
        self.line.array[start] = -1.0


class OwnPreonce(bt.ind.Average):
    def preonce(self, start: int, end: int) -> None:
        for i in range(start, end):
            self.line.array[i] = -1.0


class OwnWay(bt.ind.SMA):
    def _once(self) -> None:
        super()._once()
        self.lines.sma.array[-1] = 7.0


@pytest.mark.parametrize("kind", [OwnOnce, OwnStart, OwnPreonce])
def test_who_overrides_anything_runs_his_own_code(kind: Any) -> None:
    parts = same(lambda s: kind(s.data), BARS)
    assert f"stock indicator {kind.__name__}: its class has code of its own" in stock_parts(parts)


def test_a_once_with_an_underscore_of_ones_own_is_called() -> None:
    parts = same(lambda s: OwnWay(s.data, period=4), BARS)
    assert stock_parts(parts) == ["stock indicator OwnWay: it has a _once of its own"]


@pytest.mark.parametrize("name", ["once", "oncestart", "preonce"])
def test_a_function_set_on_the_instance_is_called(name: str) -> None:
    def build(s: Any) -> None:
        inner = bt.ind.Average(s.data, period=4)

        def instead(start: int, end: int) -> None:
            for i in range(start, min(end, len(inner.line.array))):
                inner.line.array[i] = 3.0

        setattr(inner, name, instead)
        bt.ind.EMA(inner, period=3)

    parts = same(build, BARS)
    assert stock_parts(parts) == [f"stock indicator Average: the instance has its own {name}"]


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (bt.ind.Average, "once"),
        (bt.ind.Average, "oncestart"),
        (bt.linebuffer.LineActions, "_once"),
        (bt.linebuffer.LinesOperation, "_once_val_op"),
        (bt.linebuffer.LineBuffer, "forward"),
        (bt.linebuffer.LineBuffer, "oncebinding"),
    ],
)
def test_what_is_put_in_the_place_of_backtraders_own_is_called(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = getattr(owner, name), []

    def instead(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(self)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(owner, name, instead)
    counts = []
    for once in (stock_once, compute):
        calls.clear()
        run(once, lambda s: bt.ind.SMA(s.data.close * 2.0, period=4), BARS)
        counts.append(len(calls))
    assert counts[0] == counts[1] > 0


def test_what_was_put_there_before_is_not_taken_for_backtraders_own() -> None:
    def mine(self: Any) -> None:
        pass

    class Patched:
        once = mine
        next = bt.Indicator.next

    assert original(Patched, "once") is not mine
    assert original(Patched, "next") is bt.Indicator.next


def test_a_subclass_that_overrides_nothing_has_the_kernels() -> None:
    class Mine(bt.ind.MACD):
        params = (("period_me1", 3),)

    assert stock_parts(same(lambda s: Mine(s.data), BARS)) == []


def test_a_laguerre_filter_of_an_indicator_is_backtraders_affair() -> None:
    parts = same(lambda s: bt.ind.LRSI(bt.ind.SMA(s.data, period=5)), BARS)
    why = "its data is an indicator, or moves in its own way"
    assert stock_parts(parts) == [f"stock indicator LRSI: {why}"]


def test_a_line_that_two_write_ends_as_the_last_one_left_it() -> None:
    class Twice(bt.Indicator):
        lines = ("out",)

        def __init__(self) -> None:
            self.lines.out = self.data.close + 1.0
            self.lines.out = self.lines.out(-1) * 2.0
            self.later = self.lines.out - self.data.open

    same(lambda s: Twice(s.data), BARS)


def test_a_line_bound_by_name_gets_the_values() -> None:
    def build(s: Any) -> None:
        ppo = bt.ind.PPO(s.data)
        ppo.lines.histo.addbinding(ppo.lines.signal)

    same(build, BARS)


def test_a_reader_of_a_line_that_is_not_written_yet_sees_nothing() -> None:
    class Early(bt.Indicator):
        lines = ("out", "late")

        def __init__(self) -> None:
            self.lines.out = bt.Max(self.lines.late, 1.0)
            self.lines.late = self.data.close * 2.0

    same(lambda s: Early(s.data), BARS)


def test_feeds_of_different_lengths() -> None:
    long, short = bars(walk(90)), bars(walk(40, seed=8))

    def build(s: Any) -> None:
        bt.ind.SMA(s.data0, period=5)
        bt.ind.MACD(s.data1)
        s.data1.close + s.data0.close
        bt.ind.PSAR(s.data1)

    same(build, long, short)
    same(lambda s: s.data0.close + s.data1.close, long, short)  # raises, as stock does
    same(lambda s: bt.ind.CrossOver(s.data0.close, s.data1.close), long, short)


def test_a_feed_that_looks_ahead() -> None:
    same(lambda s: bt.ind.SMA(s.data.close(1), period=3), BARS, lookahead=3)


def test_fewer_bars_than_a_period() -> None:
    for n in (1, 2, 5):
        parts = same(lambda s: bt.ind.SMA(s.data, period=30), bars(walk(n)))
        assert not any(part.fast for part in parts)


def test_a_coupled_line_stays_empty() -> None:
    def build(s: Any) -> None:
        s.data.close()
        bt.ind.SMA(s.data)()
        bt.ind.PivotPoint(s.data)

    assert stock_parts(same(build, BARS)) == []


def test_a_line_that_is_plotted_by_name_is_written_before_it_has_room() -> None:
    def build(s: Any) -> Any:
        class Plotted(bt.LinePlotterIndicator):  # each time one is made, its class has a line more
            pass

        return Plotted(s.data.close - s.data.open, name="spread")

    same(build, BARS)


def test_lines_of_the_strategy_itself_are_bound() -> None:
    class Lined(bt.Strategy):
        lines = ("spread",)

        def __init__(self) -> None:
            self.lines.spread = self.data.close - self.data.open

    rows = []
    for once in (compute, stock_once):
        cerebro = Sides(once)
        cerebro.add_columns(BARS)
        cerebro.addstrategy(Lined)
        see(cerebro)
        rows.append(cerebro.rows)
    assert rows[0] == rows[1]


def test_observers_have_room_for_every_bar() -> None:
    same(lambda s: bt.ind.SMA(s.data, period=5), BARS, stdstats=True)


def test_the_array_of_a_line_stays_the_same_object() -> None:
    kept: list[Any] = []

    def build(s: Any) -> Any:
        average = bt.ind.SMA(s.data, period=5)
        kept.extend([average.lines[0].array, average])
        return average

    run(compute, build, BARS)
    array, average = kept[-2:]
    assert average.lines[0].array is array
    assert len(array) == 120


def test_lines_can_grow_afterwards() -> None:
    _, error = run(compute, lambda s: bt.ind.BollingerBands(s.data), BARS)
    assert error is None

    class Grows(bt.Strategy):
        def __init__(self) -> None:
            self.bands = bt.ind.BollingerBands(self.data)

        def next(self) -> None:
            for line in self.bands.lines:
                line.array.append(1.0)

    class Ours(bt.Cerebro):
        def _runonce(self, runstrats: list[Any]) -> None:
            for one in runstrats:
                one._once = lambda one=one: compute(one)
            super()._runonce(runstrats)

    cerebro = Ours(stdstats=False)
    cerebro.adddata(Columns(columns=BARS))
    cerebro.addstrategy(Grows)
    assert len(cerebro.run()[0].bands.lines[0].array) > 120


def test_one_part_of_a_tree_is_computed_by_itself() -> None:
    def of_parts(strategy: Any) -> list[Any]:
        strategy.forward(size=strategy._clock.buflen())
        return [part for child in strategy.getindicators() for part in compute_one(child)]

    def build(s: Any) -> Any:
        return bt.ind.MACD(s.data)

    ours, _ = run(of_parts, build, BARS)
    theirs, _ = run(stock_once, build, BARS)
    assert all(part.fast for part in ours.parts)
    for one, other in zip(ours.rows, theirs.rows, strict=True):
        if isinstance(one[1], bytes) and "MACD" in one[0]:
            assert one[1] == other[1]


def test_a_dead_indicator_does_not_stop_the_others() -> None:
    columns = bars(np.full(60, 5.0), spread=0.0)
    _, stock = run(stock_once, lambda s: bt.ind.Stochastic(s.data), columns)
    _, ours = run(compute, lambda s: bt.ind.Stochastic(s.data), columns)
    assert isinstance(stock, ZeroDivisionError)
    assert repr(ours) == repr(stock)


def test_rows_tell_bits_apart() -> None:
    assert bits([0.0]) != bits([-0.0])
    assert bits([1.0]) != bits([np.nextafter(1.0, 2.0)])
    assert rows_of  # the comparison itself is tested by what it finds above
