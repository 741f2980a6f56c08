"""Which of Backtrader's indicators have a kernel, and whether event mode gives the same values.

Keys are the functions that Backtrader would call, so that a subclass which overrides none of them
has the kernel, too, and one that overrides any runs its own code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import backtrader as bt
from backtrader import functions, linebuffer, lineiterator, lineroot

from atms.engine.once import averages, by_next, logic, operations, ta_lib
from atms.engine.once.originals import original


@dataclass(frozen=True)
class Kernel:
    """How an indicator's values are computed at once.

    Args:
        compute: called with the indicator, the first bar that has a value, and their number;
            raises NotExactError where it would not give Backtrader's own bits.
        expected: the other functions that Backtrader's code would call, by name.
    """

    compute: Callable[[Any, int, int], None]
    expected: dict[str, Any] = field(default_factory=dict)

    def fits(self, kind: type[Any]) -> bool:
        """Return whether a class has all functions that the kernel stands for."""
        return all(getattr(kind, name, None) is one for name, one in self.expected.items())


def _kernel(owner: Any, compute: Callable[[Any, int, int], None], names: tuple[str, ...]) -> Kernel:
    return Kernel(compute, {name: original(owner, name) for name in names})


def _of(owner: Any, compute: Callable[[Any, int, int], None], *more: str) -> tuple[Any, Kernel]:
    names = ("preonce", "oncestart", *more)
    return original(owner, "once"), _kernel(owner, compute, names)


KERNELS: dict[Any, Kernel] = dict(
    [
        _of(
            linebuffer.LinesOperation,
            operations.lines_operation,
            "_once_op",
            "_once_val_op",
            "_once_val_op_r",
        ),
        _of(linebuffer.LineOwnOperation, operations.own_operation),
        _of(linebuffer._LineDelay, operations.delay),
        _of(linebuffer._LineForward, operations.forward),
        _of(functions.DivByZero, logic.divide_by_zero),
        _of(functions.DivZeroByZero, logic.divide_zero_by_zero),
        _of(functions.Cmp, logic.compare),
        _of(functions.CmpEx, logic.compare_and_choose),
        _of(functions.If, logic.if_else),
        _of(functions.MultiLogic, logic.many),
        _of(bt.ind.OperationN, averages.of_window),
        _of(bt.ind.Accum, averages.accumulate),
        _of(bt.ind.Average, averages.average),
        _of(bt.ind.ExponentialSmoothing, averages.smoothing),
        _of(bt.ind.ExponentialSmoothingDynamic, averages.smoothing_by_line),
        _of(bt.ind.WeightedAverage, averages.weighted_average),
        _of(bt.ind.NonZeroDifference, averages.non_zero_difference),
    ]
)
if hasattr(bt.talib, "_TALibIndicator"):  # where TA-Lib is installed
    KERNELS.update([_of(bt.talib._TALibIndicator, ta_lib.ta_lib)])
_ONCE_VIA_NEXT = original(bt.Indicator, "once_via_next")
_VIA_NEXT = ("once", "preonce", "oncestart", "prenext", "nextstart")


def _of_next(owner: Any, compute: Callable[[Any, int, int], None]) -> tuple[Any, Kernel]:
    return original(owner, "next"), _kernel(owner, compute, _VIA_NEXT)


# For those that only have a next: Backtrader's once calls it bar by bar. By their next.
NEXT_KERNELS: dict[Any, Kernel] = dict(
    [
        _of_next(bt.ind.ParabolicSAR, by_next.parabolic_sar),
        _of_next(bt.ind.LaguerreRSI, by_next.laguerre_index),
        _of_next(bt.ind.LaguerreFilter, by_next.laguerre_filter),
        _of_next(bt.ind.ZeroLagIndicator, by_next.zero_lag),
    ]
)


def kernel_of(kind: type[Any]) -> Kernel | None:
    """Return the kernel for a class of indicators; None: it has code of its own."""
    kernel = KERNELS.get(kind.once)
    if kernel is None and kind.once is _ONCE_VIA_NEXT:
        kernel = NEXT_KERNELS.get(kind.next)
    return kernel if kernel is not None and kernel.fits(kind) else None


# Those that give the same values in event mode (next, bar by bar) as over whole arrays. Of each
# by itself: a line that two of them write, or that one reads before it is written, can differ.
NEXT_EQUAL: frozenset[Any] = frozenset([*KERNELS, *NEXT_KERNELS]) - {
    linebuffer._LineForward.once,  # next writes behind the index, which is not moved yet
    functions.CmpEx.once,  # next compares, and does not choose
    *([bt.talib._TALibIndicator.once] if hasattr(bt.talib, "_TALibIndicator") else []),
}
# Those whose next may be called several times on the same bar, as it is where a bar of a slower
# feed lasts: nothing is carried forward but what stands in lines of bars before.
IDEMPOTENT: frozenset[Any] = NEXT_EQUAL - {
    bt.ind.LaguerreRSI.next,
    bt.ind.LaguerreFilter.next,
}

# What does nothing: indicators that are made of others, and those that only have a next.
EMPTY: dict[str, frozenset[Any]] = {
    name: frozenset(original(one, name) for one in (lineiterator.LineIterator, lineroot.LineRoot))
    for name in ("preonce", "oncestart", "once")
}
