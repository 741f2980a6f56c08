"""What Backtrader's time frame analyzers share: when a period begins for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from backtrader import TimeFrame
from numpy.typing import NDArray

from atms.engine.watching.equity import Setting, Span
from atms.engine.watching.periods import Periods

_KNOWN = (
    TimeFrame.Seconds,
    TimeFrame.Minutes,
    TimeFrame.Days,
    TimeFrame.Weeks,
    TimeFrame.Months,
    TimeFrame.Years,
    TimeFrame.NoTimeFrame,
)
Steps = NDArray[np.int64]


def why_not(analyzer: Any, setting: Setting) -> str:
    """Return why the periods of *analyzer* cannot be told beforehand; "" if they can."""
    if type(analyzer.timeframe) is not int or analyzer.timeframe not in _KNOWN:
        return "an unknown timeframe"
    if type(analyzer.compression) is not int or analyzer.compression < 1:
        return "a compression that is no positive whole number"
    return ""


def periods(analyzer: Any, span: Span) -> Periods:
    """Return the periods of *analyzer* over the whole run."""
    return span.setting.calendar.periods(analyzer.timeframe, analyzer.compression)


def forced(analyzer: Any, span: Span) -> Steps:
    """Return the steps at which ``on_dt_over`` is called for the start of ``next`` alone."""
    if analyzer.p._doprenext:
        return np.empty(0, np.int64)
    setting = span.setting
    first, last = max(span.first, setting.started), min(span.last, setting.running)
    return np.arange(first, max(first, last))


def events(analyzer: Any, span: Span) -> Steps:
    """Return the steps of *span* at which ``on_dt_over`` is called."""
    starts = periods(analyzer, span).starts(span.first, span.last)
    extra = forced(analyzer, span)
    if not len(extra):
        return starts
    return np.sort(np.concatenate((starts, extra[~np.isin(extra, starts)])))


def with_first(steps: Steps, first: int) -> Steps:
    """Return *steps*, none of which is before *first*, with *first* among them."""
    if len(steps) and steps[0] == first:
        return steps
    return np.concatenate(([first], steps))


def set_clock(analyzer: Any, span: Span) -> None:
    """Leave the analyzer's keys as they are after the last step of *span*."""
    starts = periods(analyzer, span).starts(span.first, span.last)
    if not len(starts):
        return
    before = analyzer.dtcmp, analyzer.dtkey
    at = span.setting.calendar.at
    if len(starts) > 1:
        before = analyzer._get_dt_cmpkey(at(int(starts[-2])))
    analyzer.dtcmp1, analyzer.dtkey1 = before
    analyzer.dtcmp, analyzer.dtkey = analyzer._get_dt_cmpkey(at(int(starts[-1])))
