"""AnnualReturn, which asks every bar for its date once the run is over."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from typing import Any

import numpy as np
from backtrader import TimeFrame, analyzers, observers

from atms.engine.swapping import Body, Mirrors
from atms.engine.watching import lines
from atms.engine.watching.periods import Calendar

_MARK = "_atms_hastened"


def _body(base: type) -> Body:
    def stop(analyzer: Any) -> None:
        analyzer.__class__ = base
        if not _stop(analyzer):
            analyzer.stop()

    return {"stop": stop, _MARK: True}


_MIRRORS = Mirrors(_body)


def hasten(analyzer: Any) -> None:
    """Let an AnnualReturn find its years in arrays when it is stopped; others are left alone."""
    kind = type(analyzer)
    own = getattr(kind, "stop", None) is analyzers.AnnualReturn.stop
    if own and "stop" not in analyzer.__dict__:
        analyzer.__class__ = _MIRRORS.of(kind)


def restore(analyzer: Any) -> None:
    """Give an analyzer its own class again, if it was not stopped."""
    if _MARK in vars(type(analyzer)):
        analyzer.__class__ = type(analyzer).__mro__[1]


def _stop(analyzer: Any) -> bool:
    """Do what AnnualReturn does; False, with nothing done, if it has to be asked itself.

    The return of a year is its last value over the last value of the year before; that of the
    first year over its first value.
    """
    broker: Any = getattr(analyzer.strategy.stats, "broker", None)
    if type(broker) is not observers.Broker or not lines.plain(broker):
        return False
    values, clock = broker.lines.value, analyzer.data.lines.datetime
    count = len(analyzer.data)
    if not 0 < count <= min(values.lencount, len(clock)):
        return False
    end = clock.idx + 1
    stamps = np.array(clock.array[end - count : end])
    if not (np.isfinite(stamps).all() and (stamps >= 1.0).all()):
        return False
    calendar = Calendar(stamps, clock._tz)
    starts = calendar.periods(TimeFrame.Years, 1).starts(0, count).tolist()
    shown = values.array[values._idx + 1 - count : values._idx + 1]
    bounds = [0, *starts, count]
    analyzer.rets, analyzer.ret = [], OrderedDict()
    base = shown[0]
    for first, last in pairwise(bounds):
        gain = (shown[last - 1] / base) - 1.0
        analyzer.rets.append(gain)
        analyzer.ret[calendar.at(first).year] = gain
        base = shown[last - 1]
    return True
