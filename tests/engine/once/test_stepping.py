"""Users' indicators that only have a next: called as stock calls them, wherever they look."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pytest

from atms.engine.once import compute
from tests.engine.once.sides import bars, run, same, stock_once, stock_parts, walk

BARS = bars(walk(120))


class OnlyNext(bt.Indicator):
    """Only next, which looks at what stands where."""

    lines = ("seen",)

    def __init__(self) -> None:
        self.average = bt.ind.SMA(self.data, period=3)
        self.sum = self.data + self.data1 if len(self.datas) > 1 else self.data * 2.0

    def prenext(self) -> None:
        self.lines.seen[0] = len(self) * 1000.0

    def next(self) -> None:
        self.lines.seen[0] = self.data[0] + self.average[0] + self.sum[-1] + len(self.data)


class Looks(bt.Indicator):
    """Looks at everything that a bar has."""

    lines = ("out", "slow")
    params = (("back", 3),)

    def __init__(self) -> None:
        self.addminperiod(self.p.back)
        self.fast = bt.ind.EMA(self.data.close, period=2)
        self.cross = bt.ind.CrossOver(self.fast, self.data.open)
        self.log: list[Any] = []

    def nextstart(self) -> None:
        self.lines.slow[0] = self.data.close[0]
        self.next()

    def next(self) -> None:
        window = self.data.close.get(size=self.p.back)
        self.l.out[0] = max(window) - min(self.data.low.get(ago=-1, size=2))
        self.l.slow[0] = self.l.slow[-1] * 0.5 + self.fast[0] * 0.5 + self.cross.crossover[0]
        self.log.append(
            (
                len(self),
                len(self.data),
                len(self.fast),
                self.data.datetime.datetime(0),
                self.data.tick_close,
                self.data.tick_last,
                self.data.lines.high.idx,
                self.data.close[1] if len(self) < self.data.buflen() else None,
                self.line.array[0],
            )
        )


class Moves(bt.Indicator):
    """Moves its data by itself, once."""

    lines = ("out",)
    params = (("at", 40),)

    def next(self) -> None:
        self.lines.out[0] = self.data.close[0] * 2.0
        if len(self) == self.p.at:
            self.data.lines.close.rewind()


class Writes(bt.Indicator):
    """Writes its data's future."""

    lines = ("out",)

    def next(self) -> None:
        self.lines.out[0] = self.data.close[0]
        if len(self) % 7 == 0:
            self.data.lines.close[-1] = 5.0
            self.data.lines.close[0] = 4.0


class Fails(bt.Indicator):
    lines = ("out",)

    def next(self) -> None:
        self.lines.out[0] = len(self)
        if len(self) == 33:
            raise ValueError("no more")


class NextOfSMA(bt.ind.SMA):
    def next(self) -> None:
        self.lines.sma[0] = 5.0


class OwnParabolic(bt.ind.ParabolicSAR):
    def prenext(self) -> None:
        super().prenext()


class Counted(bt.Indicator):
    lines = ("out",)
    calls = 0

    def next(self) -> None:
        self.__class__.calls += 1
        self.lines.out[0] = self.__class__.calls


KINDS = [OnlyNext, Looks, Writes, Fails, NextOfSMA, OwnParabolic]


@pytest.mark.parametrize("kind", KINDS)
def test_an_indicator_with_only_a_next_sees_what_stock_shows_it(kind: Any) -> None:
    for columns in (BARS, bars(walk(31)), bars(walk(3))):
        same(lambda s: kind(s.data), columns)


@pytest.mark.parametrize("kind", [OnlyNext, Looks, Writes, NextOfSMA, OwnParabolic])
def test_it_is_stepped_by_a_ticker(kind: Any) -> None:
    part = same(lambda s: kind(s.data), BARS)[-1]
    assert str(part) == f"fast  indicator {kind.__name__}: its own next, bar by bar"


def test_what_it_saw_is_what_stock_shows() -> None:
    logs = []
    for once in (compute, stock_once):
        sides, _ = run(once, lambda s: Looks(s.data), BARS)
        logs.append(sides.runningstrats[0].built.log)
    assert repr(logs[0]) == repr(logs[1])
    assert len(logs[0]) == 118


@pytest.mark.parametrize("at", [1, 40, 119, 120])
def test_one_that_moves_a_line_goes_on_as_backtrader_moves_it(at: int) -> None:
    same(lambda s: Moves(s.data, at=at), BARS)


def test_lines_alone_are_datas_too() -> None:
    def build(s: Any) -> None:
        OnlyNext(s.data.high, s.data.low)
        OnlyNext(s.data.high - s.data.low)
        OnlyNext(bt.ind.SMA(s.data, period=4).lines.sma)
        OnlyNext(bt.ind.MACD(s.data).signal, s.data.close)

    assert stock_parts(same(build, BARS)) == []


def test_a_line_that_is_moved_twice_a_bar_fails_as_in_stock() -> None:
    same(lambda s: OnlyNext(s.data, s.data.close), BARS)
    _, error = run(compute, lambda s: OnlyNext(s.data.close, s.data.close), BARS)
    assert isinstance(error, IndexError)


def test_an_indicator_as_data_is_backtraders_affair() -> None:
    parts = same(lambda s: OnlyNext(bt.ind.SMA(s.data, period=4)), BARS)
    assert len(stock_parts(parts)) == 1


def test_feeds_of_different_lengths() -> None:
    long, short = BARS, bars(walk(60, seed=2))
    same(lambda s: OnlyNext(s.data1, s.data0), long, short)
    same(lambda s: OnlyNext(s.data0, s.data1), long, short)


def test_one_inside_of_another() -> None:
    class Outer(bt.Indicator):
        lines = ("twice", "bound")

        def __init__(self) -> None:
            inner = OnlyNext(self.data)
            self.lines.bound = inner.seen - 1.0
            self.late = bt.ind.SMA(self.lines.bound, period=2)

        def next(self) -> None:
            self.lines.twice[0] = self.late[0] * 2.0 + self.lines.bound[0]

    same(lambda s: (Outer(s.data), Outer(s.data)), BARS)


def test_it_may_count_in_its_class() -> None:
    same(lambda s: setattr(Counted, "calls", 0) or Counted(s.data), BARS)


def test_two_that_only_have_a_next_share_a_feed() -> None:
    def build(s: Any) -> None:
        bt.ind.PSAR(s.data)
        OnlyNext(s.data)
        bt.ind.LaguerreFilter(s.data.close)
        bt.ind.LaguerreRSI(s.data.close)
        bt.ind.PSAR(s.data, period=9, af=0.05)
        OnlyNext(s.data.high, s.data.low)
        bt.ind.ZeroLagIndicator(s.data, gainlimit=5)

    assert stock_parts(same(build, BARS)) == []


def test_the_state_of_the_parabolic_is_left_as_next_leaves_it() -> None:
    for columns in (BARS, bars(walk(121))):
        sides = [
            run(once, lambda s: bt.ind.PSAR(s.data), columns)[0] for once in (stock_once, compute)
        ]
        stock, ours = (one.runningstrats[0].built for one in sides)
        assert list(map(str, ours._status)) == list(map(str, stock._status))


def test_the_stages_of_a_laguerre_filter_are_left_as_next_leaves_them() -> None:
    sides = [run(once, lambda s: bt.ind.LRSI(s.data), BARS)[0] for once in (stock_once, compute)]
    stock, ours = (one.runningstrats[0].built for one in sides)
    for name in ("l0", "l1", "l2", "l3"):
        assert repr(getattr(ours, name)) == repr(getattr(stock, name))


@pytest.mark.parametrize("kind", [bt.ind.PSAR, Looks])
def test_a_feed_is_left_with_what_backtrader_keeps_of_a_bar(kind: Any) -> None:
    kept = []
    for once in (compute, stock_once):
        sides, _ = run(once, lambda s: kind(s.data), BARS)
        own = vars(sides.datas[0])
        kept.append({name: own[name] for name in own if name.startswith("tick_")})
    assert kept[0] == kept[1] != {}


def test_classes_are_given_back() -> None:
    sides, _ = run(compute, lambda s: Looks(s.data), BARS)
    built = sides.runningstrats[0].built
    assert type(built) is Looks
    assert type(built.fast) is bt.ind.EMA
    assert "_ticker" not in vars(built)
    assert "_ticker" not in vars(sides.datas[0].lines.close)
