"""Returns over a stretch of steps: TimeReturn, LogReturnsRolling, Returns, VWR, GrossLeverage."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from atms.engine.watching import frames, moments, solvency
from atms.engine.watching.equity import Column, Setting, Span, refuse_zero
from atms.engine.watching.frames import Steps


class Pieces(NamedTuple):
    """Stretches over which a return is measured from one base.

    Attributes:
        ends: of each, the index in the span after its last step.
        bases: what the last value of each is compared with.
        keys: the name of each in the analyzer's result.
        worth: the value at each step, shape (steps,).
        skipped: steps at the beginning of the span on which nothing is measured.
        base: what the next value is compared with if no period begins.
    """

    ends: Steps
    bases: Column
    keys: list[Any]
    worth: Column
    skipped: int
    base: float

    def last_ratios(self) -> Column:
        """Return value to base at the end of each piece.

        Raises:
            ZeroDivisionError: a base is 0, as Backtrader raises on its step.
        """
        refuse_zero(self.bases)
        with np.errstate(all="ignore"):
            ratios: Column = self.worth[self.ends - 1] / self.bases
        return ratios

    def ratios(self) -> Column:
        """Return value to base at each step, NaN on those that are skipped."""
        found = np.full(len(self.worth), np.nan)
        starts = np.concatenate(([self.skipped], self.ends[:-1]))
        bases = np.repeat(self.bases, self.ends - starts)
        with np.errstate(all="ignore"):
            found[self.skipped :] = self.worth[self.skipped :] / bases
        return found


def why_not_return(analyzer: Any, setting: Setting) -> str:
    """Return why the periods or the data that *analyzer* measures cannot be told beforehand."""
    data = analyzer.p.data
    if data is not None and not setting.is_feed(data):
        return "measures something that is no feed"
    return frames.why_not(analyzer, setting)


def why_not_rolling(analyzer: Any, setting: Setting) -> str:
    """Return why a LogReturnsRolling has to be called on each bar; "" if it need not be."""
    if not analyzer.p._doprenext:
        return "begins after the warm-up"
    why = why_not_return(analyzer, setting)
    if why or analyzer.p.data is None:
        return why or solvency.why_not(setting)
    prices = (analyzer.p.data.lines.close, analyzer.p.data.lines.open)
    if not all((np.array(line.array) > 0.0).all() for line in prices):
        return "a price is not above 0"
    return ""


def _worth(analyzer: Any, span: Span) -> Column:
    data = analyzer.p.data
    return span.worth(analyzer) if data is None else span.column(data, data.lines[0])


def _first_price(analyzer: Any, span: Span, step: int) -> float:
    """Return what a data is compared with that has no value before."""
    data = analyzer.p.data
    line = data.lines.open if analyzer.p.firstopen else data.lines[0]
    return float(span.setting.column(data, line, step, step + 1)[0])


def pieces(analyzer: Any, span: Span) -> Pieces:
    """Return the pieces of a TimeReturn over *span*; it stays as it was before."""
    worth = _worth(analyzer, span)
    begin = span.first
    if not analyzer.p._doprenext:
        begin = max(begin, min(span.setting.started, span.last))
    steps = frames.events(analyzer, span)
    base = _base_before(analyzer, span, steps[steps < begin])
    steps = steps[steps >= begin]
    if len(steps) and steps[0] == begin:
        base = analyzer._lastvalue
        if base is None:
            base = _first_price(analyzer, span, begin)
    starts = frames.with_first(steps, begin)
    bases = worth[starts - span.first - 1]
    bases[0] = base
    ends = np.append(starts[1:], span.last) - span.first
    keys = _keys(analyzer, span, starts)
    if begin >= span.last:
        return Pieces(ends[:0], bases[:0], [], worth, begin - span.first, base)
    return Pieces(ends, bases, keys, worth, begin - span.first, float(bases[-1]))


def _base_before(analyzer: Any, span: Span, steps: Steps) -> float:
    """Return ``_value_start`` after periods that began before anything was measured."""
    base: float = analyzer._value_start
    if len(steps):
        base = analyzer._lastvalue
        if base is None:
            base = _first_price(analyzer, span, int(steps[-1]))
    return base


def _keys(analyzer: Any, span: Span, steps: Steps) -> list[Any]:
    """Return ``dtkey`` at *steps*."""
    periods = frames.periods(analyzer, span)
    starts = periods.starts(span.first, span.last)
    keys = periods.keys(span.first, span.last)
    if len(starts) == len(steps) and (starts == steps).all():
        return keys
    keys = [analyzer.dtkey, *keys]
    return [keys[place] for place in np.searchsorted(starts, steps, side="right").tolist()]


def settle_timereturn(analyzer: Any, span: Span) -> None:
    """Leave a TimeReturn as it is after *span*."""
    found = pieces(analyzer, span)
    returns = found.last_ratios() - 1.0
    analyzer._value = float(found.worth[-1])
    analyzer._value_start = found.base
    if len(returns):
        analyzer.rets.update(zip(found.keys, returns.tolist(), strict=True))
        analyzer._lastvalue = analyzer._value
    frames.set_clock(analyzer, span)


def rolling_pieces(analyzer: Any, span: Span) -> tuple[Pieces, list[float]]:
    """Return the pieces of a LogReturnsRolling over *span*, and all that it rolls over."""
    worth = _worth(analyzer, span)
    steps = frames.events(analyzer, span)
    pushed = worth[steps - span.first - 1]
    data = analyzer.p.data
    bars = None if data is None else span.setting.timeline.bars(data)
    for place, step in enumerate(steps.tolist()):
        if data is not None and (step if bars is None else bars[step]) < 1:
            pushed[place] = _first_price(analyzer, span, step)
        elif step == span.first:
            pushed[place] = analyzer._lastvalue
        elif bars is None:
            break
    rolled = [*analyzer._values, *pushed.tolist()]
    starts = frames.with_first(steps, span.first)
    own = len(starts) - len(steps)  # 1 where the first piece began before
    bases = np.array(rolled[1 - own :][: len(starts)])
    ends = np.append(starts[1:], span.last) - span.first
    keys = _keys(analyzer, span, starts)
    return Pieces(ends, bases, keys, worth, 0, float(bases[-1])), rolled


def logs(ratios: Column) -> list[float]:
    """Return the natural logarithms, by ``math.log``: numpy's differs in the last bit.

    Raises:
        ValueError: a ratio is not positive.
    """
    return [math.log(ratio) for ratio in ratios.tolist()]


def settle_rolling(analyzer: Any, span: Span) -> None:
    """Leave a LogReturnsRolling as it is after *span*."""
    found, rolled = rolling_pieces(analyzer, span)
    lasts = found.last_ratios()
    ratios = found.ratios()
    logs(ratios[ratios <= 0.0][:1])
    analyzer.rets.update(zip(found.keys, logs(lasts), strict=True))
    analyzer._values.extend(rolled[-analyzer._values.maxlen :])
    analyzer._value = analyzer._lastvalue = float(found.worth[-1])
    frames.set_clock(analyzer, span)


def settle_returns(analyzer: Any, span: Span) -> None:
    """Leave a Returns as it is after *span*: it counts periods."""
    analyzer._tcount += len(frames.events(analyzer, span))
    frames.set_clock(analyzer, span)


def settle_vwr(analyzer: Any, span: Span) -> None:
    """Leave a VWR as it is after *span*: the values at which periods ended and began."""
    worth = span.worth(analyzer)
    steps = frames.events(analyzer, span)
    at_events = worth[steps - span.first].tolist()
    ends = analyzer._pns
    if at_events:
        ends[-1] = at_events[0]
        ends.extend([*at_events[1:], None])
        analyzer._pis.extend(at_events)
    if not at_events or steps[-1] < span.last - 1:
        ends[-1] = float(worth[-1])
    frames.set_clock(analyzer, span)


def settle_leverage(analyzer: Any, span: Span) -> None:
    """Leave a GrossLeverage as it is after *span*.

    Raises:
        ZeroDivisionError: the account was worth nothing, as Backtrader raises on that step.
    """
    worth, data = span.worth(analyzer), analyzer.data0
    refuse_zero(worth)
    with np.errstate(all="ignore"):
        leverage = (worth - span.cash) / worth
    line = data.lines.datetime
    moments_at = moments.microseconds(span.column(data, line), line._tz)
    analyzer.rets.update(zip(moments.as_datetimes(moments_at), leverage.tolist(), strict=True))
    analyzer._cash, analyzer._value = float(span.cash[-1]), float(worth[-1])
