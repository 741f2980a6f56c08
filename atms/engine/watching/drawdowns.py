"""Drawdowns over a stretch of steps: DrawDown and TimeDrawDown, and Calmar's ratio."""

from __future__ import annotations

import bisect
import math
from typing import Any, NamedTuple

import numpy as np

from atms.engine.watching import frames, solvency
from atms.engine.watching.equity import Column, Setting, Span, refuse_zero
from atms.engine.watching.moments import CHUNK


class Fall(NamedTuple):
    """How far the account is below its peak at each step; shape (steps,) each.

    ``deepest`` and ``longest`` are of the run so far.
    """

    peak: Column
    money: Column
    percent: Column
    deepest: Column
    length: Column
    longest: Column


def fall(worth: Column, peak: float, deepest: float, length: int, longest: float) -> Fall:
    """Return the drawdowns of *worth* after a stretch that ended with the other arguments.

    Money below the peak, ``100 * money / peak`` percent of it; the length is counted in steps
    that are not at the peak.

    Raises:
        ZeroDivisionError: the peak is 0, as Backtrader raises on its step.
    """
    peaks = np.fmax.accumulate(np.concatenate(([peak], worth)))[1:]
    refuse_zero(peaks)
    with np.errstate(all="ignore"):
        money = peaks - worth
        percent = 100.0 * money
        percent /= peaks
    deep = np.fmax.accumulate(np.concatenate(([deepest], percent)))[1:]
    steps = np.arange(len(worth))
    at_peak = np.where(percent == 0.0, steps, -1 - length)
    lengths = (steps - np.maximum.accumulate(at_peak)).astype(np.float64)
    longer = np.maximum.accumulate(np.concatenate(([longest], lengths)))[1:]
    return Fall(peaks, money, percent, deep, lengths, longer)


def fall_of(analyzer: Any, span: Span) -> Fall:
    """Return the drawdowns that a DrawDown sees over *span*."""
    rets = analyzer.rets
    return fall(span.worth(analyzer), analyzer._maxvalue, rets.max.drawdown, rets.len, rets.max.len)


def why_not_drawdown(analyzer: Any, setting: Setting) -> str:
    """Return why a DrawDown has to be called on each bar; "" if it need not be."""
    return "" if analyzer._maxvalue > 0.0 else "the account began with nothing"


def settle_drawdown(analyzer: Any, span: Span) -> None:
    """Leave a DrawDown as it is after *span*."""
    worth = span.worth(analyzer)
    for first in range(0, len(worth), CHUNK):
        _settle_part(analyzer, worth[first : first + CHUNK])


def _settle_part(analyzer: Any, worth: Column) -> None:
    rets, top = analyzer.rets, analyzer.rets.max
    falls = fall(worth, analyzer._maxvalue, top.drawdown, rets.len, top.len)
    analyzer._value = float(worth[-1])
    analyzer._maxvalue = float(falls.peak[-1])
    rets.moneydown = float(falls.money[-1])
    rets.drawdown = float(falls.percent[-1])
    top.moneydown = float(np.fmax.reduce(falls.money, initial=top.moneydown))
    top.drawdown = float(falls.deepest[-1])
    rets.len = int(falls.length[-1])
    if falls.longest[-1] > top.len:  # a float 0.0 until there is a drawdown
        top.len = int(falls.longest[-1])


class _Streak(NamedTuple):
    peak: float
    dd: float
    ddlen: int
    maxdd: float
    maxddlen: int


def _streaks(analyzer: Any, span: Span) -> list[_Streak]:
    """Return what a TimeDrawDown holds after each of its events in *span*."""
    steps = frames.events(analyzer, span)
    peak, ddlen = analyzer.peak, analyzer.ddlen
    maxdd, maxddlen = analyzer.maxdd, analyzer.maxddlen
    found = []
    for value in span.worth(analyzer)[steps - span.first].tolist():
        if value > peak:
            peak, ddlen = value, 0
        dd = 100.0 * (peak - value) / peak
        ddlen += bool(dd)
        maxdd = max(maxdd, dd)
        maxddlen = max(maxddlen, ddlen)
        found.append(_Streak(peak, dd, ddlen, maxdd, maxddlen))
    return found


def settle_timedrawdown(analyzer: Any, span: Span) -> None:
    """Leave a TimeDrawDown as it is after *span*."""
    streaks = _streaks(analyzer, span)
    if streaks:
        for name, value in streaks[-1]._asdict().items():
            setattr(analyzer, name, value)
    frames.set_clock(analyzer, span)


def why_not_calmar(analyzer: Any, setting: Setting) -> str:
    """Return why a Calmar has to be called on each bar; "" if it need not be."""
    return frames.why_not(analyzer, setting) or solvency.why_not(setting)


def settle_calmar(analyzer: Any, span: Span) -> None:
    """Leave a Calmar as it is after *span*; its TimeDrawDown is still as it was before."""
    child = analyzer._maxdd
    depths = [child.maxdd, *(streak.maxdd for streak in _streaks(child, span))]
    child_steps = frames.events(child, span).tolist()
    steps = frames.events(analyzer, span)
    keys = _keys(analyzer, span, steps.tolist())
    worth = span.worth(analyzer)[steps - span.first].tolist()
    values = analyzer._values
    for step, key, value in zip(steps.tolist(), keys, worth, strict=True):
        depth = depths[bisect.bisect_right(child_steps, step)]
        analyzer._mdd = max(analyzer._mdd, depth)
        values.append(value)
        yearly = math.log(values[-1] / values[0]) / len(values)
        analyzer.calmar = analyzer.rets[key] = yearly / (analyzer._mdd or math.inf)
    frames.set_clock(analyzer, span)


def _keys(analyzer: Any, span: Span, steps: list[int]) -> list[Any]:
    """Return ``dtkey`` at *steps*."""
    periods = frames.periods(analyzer, span)
    starts = periods.starts(span.first, span.last).tolist()
    keys = [analyzer.dtkey, *periods.keys(span.first, span.last)]
    return [keys[bisect.bisect_right(starts, step)] for step in steps]
