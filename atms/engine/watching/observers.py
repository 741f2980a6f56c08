"""Observers whose lines follow from the equity curve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from atms.engine.watching import lines
from atms.engine.watching.drawdowns import fall, fall_of
from atms.engine.watching.equity import Column, Span
from atms.engine.watching.returns import logs, pieces, rolling_pieces

Columns = list[Column]  # one a line, in the order of the observer's lines


def settle(columns: Callable[[Any, Span], Columns], observer: Any, span: Span) -> None:
    """Leave an observer as it is after *span*; its analyzers are still as they were before."""
    found = columns(observer, span)
    lines.grow(observer, span.last - span.first)
    for line, values in zip(observer.lines.lines, found, strict=False):
        lines.write(line, span.first, values)
    lines.go_to(observer, span.last)


def cash(observer: Any, span: Span) -> Columns:
    """Return the line of a Cash."""
    return [span.cash]


def value(observer: Any, span: Span) -> Columns:
    """Return the line of a Value."""
    return [span.worth(observer)]


def broker(observer: Any, span: Span) -> Columns:
    """Return cash and value of a Broker; in fund mode it shows no cash."""
    if observer._fundmode:
        return [np.full(len(span.fund), np.nan), span.fund]
    return [span.cash, span.value]


def fund_value(observer: Any, span: Span) -> Columns:
    """Return the line of a FundValue."""
    return [span.fund]


def fund_shares(observer: Any, span: Span) -> Columns:
    """Return the line of a FundShares."""
    return [span.shares]


def drawdown(observer: Any, span: Span) -> Columns:
    """Return drawdown and its maximum in percent, of a DrawDown."""
    falls = fall_of(observer._dd, span)
    return [falls.percent, falls.deepest]


def drawdown_length(observer: Any, span: Span) -> Columns:
    """Return length and longest length of a DrawDownLength, in steps."""
    falls = fall_of(observer._dd, span)
    return [falls.length, falls.longest]


def drawdown_old(observer: Any, span: Span) -> Columns:
    """Return drawdown and its maximum in percent, of a DrawDown_Old."""
    falls = fall(span.value, observer.peak, observer.maxdd, 0, 0)
    observer.peak, observer.maxdd = float(falls.peak[-1]), float(falls.deepest[-1])
    return [falls.percent, falls.deepest]


def time_return(observer: Any, span: Span) -> Columns:
    """Return the line of a TimeReturn: the return of the period so far."""
    return [_returns(observer.treturn, span)]


def benchmark(observer: Any, span: Span) -> Columns:
    """Return the period's return so far, the account's and the reference's, of a Benchmark."""
    return [_returns(observer.treturn, span), _returns(observer.tbench, span)]


def _returns(analyzer: Any, span: Span) -> Column:
    found = pieces(analyzer, span)
    found.last_ratios()
    return found.ratios() - 1.0


def log_returns(observer: Any, span: Span) -> Columns:
    """Return the line of a LogReturns."""
    return [_logs(observer.logret1, span)]


def log_returns2(observer: Any, span: Span) -> Columns:
    """Return the lines of a LogReturns2."""
    return [_logs(observer.logret1, span), _logs(observer.logret2, span)]


def _logs(analyzer: Any, span: Span) -> Column:
    found, _ = rolling_pieces(analyzer, span)
    found.last_ratios()
    return np.array(logs(found.ratios()))
