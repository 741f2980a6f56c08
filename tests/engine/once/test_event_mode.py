"""Which kernels give what event mode gives, and which may be asked twice on a bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt
import pytest
from backtrader import functions, linebuffer
from backtrader.lineiterator import LineIterator

from atms.engine.once import IDEMPOTENT, KERNELS, NEXT_EQUAL, NEXT_KERNELS
from tests.engine.once.catalogue import SERIES
from tests.engine.once.sides import Columns, bits


def _ema_by_line(s: Any) -> Any:
    moved = abs(s.data.close - s.data.close(-3)) / s.data.close
    return bt.ind.ExponentialSmoothingDynamic(s.data.close, period=5, alpha=moved)


# One that uses each kernel.
USES: dict[Any, Callable[[Any], Any]] = {
    linebuffer.LinesOperation.once: lambda s: (s.data.close - s.data.open) * 2.0 > 0.1,
    linebuffer.LineOwnOperation.once: lambda s: abs(s.data.close - s.data.open),
    linebuffer._LineDelay.once: lambda s: s.data.close(-3),
    functions.DivByZero.once: lambda s: bt.DivByZero(s.data.close, s.data.close > s.data.open),
    functions.DivZeroByZero.once: lambda s: bt.DivZeroByZero(
        s.data.close, s.data.close > s.data.open
    ),
    functions.Cmp.once: lambda s: bt.Cmp(s.data.close, s.data.open),
    functions.If.once: lambda s: bt.If(s.data.close > s.data.open, s.data.high, 1.0),
    functions.MultiLogic.once: lambda s: bt.Max(s.data.close, s.data.open, 90.0),
    bt.ind.OperationN.once: lambda s: bt.ind.Highest(s.data.close, period=4),
    bt.ind.Accum.once: lambda s: bt.ind.Accum(s.data.close, seed=0.1),
    bt.ind.Average.once: lambda s: bt.ind.Average(s.data.close, period=4),
    bt.ind.ExponentialSmoothing.once: lambda s: bt.ind.ExponentialSmoothing(s.data, period=4),
    bt.ind.ExponentialSmoothingDynamic.once: _ema_by_line,
    bt.ind.WeightedAverage.once: lambda s: bt.ind.WMA(s.data.close, period=4),
    bt.ind.NonZeroDifference.once: lambda s: bt.ind.NonZeroDifference(s.data, s.data.open),
    bt.ind.ParabolicSAR.next: lambda s: bt.ind.PSAR(s.data),
    bt.ind.LaguerreRSI.next: lambda s: bt.ind.LRSI(s.data),
    bt.ind.LaguerreFilter.next: lambda s: bt.ind.LaguerreFilter(s.data),
    bt.ind.ZeroLagIndicator.next: lambda s: bt.ind.ZeroLagIndicator(s.data, gainlimit=4),
}
CALM = ["full mantissas", "two decimals", "long pauses", "holes", "negative"]


def test_every_kernel_of_the_table_is_tried_here() -> None:
    assert USES.keys() == NEXT_EQUAL
    assert NEXT_EQUAL >= IDEMPOTENT
    assert {*KERNELS, *NEXT_KERNELS} >= NEXT_EQUAL


@pytest.mark.parametrize("key", USES, ids=lambda key: key.__qualname__)
def test_event_mode_gives_the_same_values(key: Any) -> None:
    for name in CALM:
        whole = lines_of(USES[key], SERIES[name], runonce=True)
        assert lines_of(USES[key], SERIES[name], runonce=False) == whole


@pytest.mark.parametrize("key", sorted(IDEMPOTENT, key=str), ids=lambda key: key.__qualname__)
def test_a_bar_that_is_asked_twice_gives_the_same_values(key: Any) -> None:
    for name in CALM:
        once = lines_of(USES[key], SERIES[name], runonce=False)
        assert lines_of(USES[key], SERIES[name], runonce=False, calls=3) == once


@pytest.mark.parametrize("key", sorted(NEXT_EQUAL - IDEMPOTENT, key=str))
def test_what_is_left_out_does_change_when_it_is_asked_twice(key: Any) -> None:
    once = lines_of(USES[key], SERIES[CALM[0]], runonce=False)
    assert lines_of(USES[key], SERIES[CALM[0]], runonce=False, calls=3) != once


@pytest.mark.parametrize(
    "build",
    [
        lambda s: bt.CmpEx(s.data.close, s.data.open, 5.0, 6.0, 7.0),
        lambda s: s.data.close(3),
    ],
    ids=["CmpEx", "a delay into the future"],
)
def test_what_is_left_out_does_differ_in_event_mode(build: Any) -> None:
    columns = SERIES["full mantissas"]
    assert lines_of(build, columns, runonce=True) != lines_of(build, columns, runonce=False)


def lines_of(
    build: Callable[[Any], Any], columns: Any, *, runonce: bool, calls: int = 1
) -> list[tuple[str, bytes]]:
    """Run Backtrader's own code; return every indicator's line."""

    def init(self: Any) -> None:
        build(self)

    def start(self: Any) -> None:
        for child in self._lineiterators[LineIterator.IndType] if calls > 1 else ():
            child._next = lambda child=child: [type(child)._next(child) for _ in range(calls)]

    class Watched(bt.Strategy):
        __init__ = init

    Watched.start = start
    cerebro = bt.Cerebro(stdstats=False, runonce=runonce)
    cerebro.adddata(Columns(columns=columns))
    cerebro.addstrategy(Watched)
    found: list[tuple[str, bytes]] = []
    _collect(cerebro.run()[0], found)
    return found


def _collect(node: Any, found: list[tuple[str, bytes]]) -> None:
    for child in getattr(node, "_lineiterators", {}).get(LineIterator.IndType, ()):
        found.extend((type(child).__name__, bits(line.array)) for line in child.lines)
        _collect(child, found)
