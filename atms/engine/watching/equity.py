"""The account over a stretch of steps, and what else the watchers of a run need to know."""

from __future__ import annotations

import math
from array import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atms.engine.timeline import Timeline
from atms.engine.watching.periods import Calendar

Column = NDArray[np.float64]
Columns = tuple[Column, Column, Column | None, Column]  # cash, value, fund value, shares


def refuse_zero(divisors: Column) -> None:
    """Raise what Python raises for a division by one of *divisors*; numpy would give inf.

    Raises:
        ZeroDivisionError: one is 0.
    """
    for zero in divisors[divisors == 0.0][:1].tolist():
        math.copysign(1.0 / zero, 1.0)


class Setting:
    """What stays the same over a run.

    Args:
        strategy: started.
        timeline: the steps.
        broker: the strategy's.

    Attributes:
        started: the first step of ``nextstart``, on which ``_getminperstatus`` is not above 0.
        running: the first step of ``next``, on which it is below 0.
        calendar: the strategy's clock.
        holdings: what was held at each step, where somebody wants to know.
    """

    def __init__(self, strategy: Any, timeline: Timeline, broker: Any) -> None:
        self.strategy = strategy
        self.timeline = timeline
        self.broker = broker
        self.holdings: Any = None
        self.calendar = Calendar(timeline.stamps, strategy.lines.datetime._tz)
        self.started = self._reached(strategy._minperiods)
        self.running = self._reached([period + 1 for period in strategy._minperiods])

    def _reached(self, periods: list[int]) -> int:
        """Return the first step at which each data has as many bars as it needs."""
        datas, timeline = self.strategy.datas, self.timeline
        return max(
            timeline.step_of(data, max(period - 1, 0))
            for data, period in zip(datas, periods, strict=True)
        )

    def is_feed(self, data: Any) -> bool:
        """Return whether *data* is one of the run's feeds."""
        return any(data is feed for feed in self.strategy.datas)

    def column(self, data: Any, line: Any, first: int, last: int) -> Column:
        """Return ``line[0]`` of a feed at steps *first* to before *last*.

        A feed that has no bar yet shows its last, as Backtrader's lines do at index -1.
        """
        bars = self.timeline.bars(data)
        values = np.frombuffer(line.array, dtype=np.float64)
        return values[first:last].copy() if bars is None else values[bars[first:last]]


class Span:
    """A stretch of steps, and what the account was after the broker's turn on each of them.

    Args:
        setting: of the run.
        first: a step.
        last: the step after the last.
        columns: shape (last - first,) each: cash, value, the value of one share of the fund
            (None: it follows from the others), and the number of shares.
    """

    def __init__(self, setting: Setting, first: int, last: int, columns: Columns) -> None:
        self.setting = setting
        self.first = first
        self.last = last
        self.cash, self.value, self._fund, self.shares = columns

    @property
    def fund(self) -> Column:
        """Return the value of one share of the fund at each step."""
        if self._fund is None:
            with np.errstate(all="ignore"):
                self._fund = self.value / self.shares
        return self._fund

    def worth(self, watcher: Any) -> Column:
        """Return what a watcher with the parameter ``fund`` looks at."""
        return self.fund if watcher._fundmode else self.value

    def column(self, data: Any, line: Any) -> Column:
        """Return ``line[0]`` of the feed *data* on these steps."""
        return self.setting.column(data, line, self.first, self.last)


class Recorder:
    """The curve of a broker that does not keep it: noted on each step."""

    def __init__(self) -> None:
        self._columns = tuple(array("d") for _ in range(4))
        self.last: tuple[float, ...] = ()

    def note(self, cash: float, value: float, fund: float, shares: float) -> None:
        """Note what the broker has after its turn on the next step."""
        self.last = (cash, value, fund, shares)
        for column, figure in zip(self._columns, self.last, strict=True):
            column.append(figure)

    def begin(self, broker: Any, steps: int) -> None:
        """Note the present for each of the first *steps*; what was before it is not asked for."""
        for _ in range(steps):
            self.note(broker.getcash(), broker.getvalue(), broker.fundvalue, broker.fundshares)

    def columns(self, first: int, last: int) -> Columns:
        """Return what was noted at steps *first* to before *last*."""
        cash, value, fund, shares = (np.array(column[first:last]) for column in self._columns)
        return cash, value, fund, shares


class Accounts:
    """The account at every step so far.

    Args:
        setting: of the run.
        recorder: of a broker that does not keep its curve; None: it does.
    """

    def __init__(self, setting: Setting, recorder: Recorder | None) -> None:
        self._broker = setting.broker
        self.setting = setting
        self._recorder = recorder
        self._shares: float = self._broker.fundshares
        self._span: Span | None = None

    def begin(self) -> None:
        """Take the fund's shares anew: cash may have been added."""
        self._shares = self._broker.fundshares
        self._span = None

    def present(self) -> tuple[float, ...]:
        """Return cash, value, fund value and shares after the broker's turn on this step."""
        if self._recorder is not None:
            return self._recorder.last
        broker = self._broker
        return broker.getcash(), broker.getvalue(), broker.fundvalue, broker.fundshares

    def span(self, first: int, last: int) -> Span:
        """Return the stretch of steps *first* to before *last*."""
        span = self._span
        if span is None or (span.first, span.last) != (first, last):
            span = self._span = Span(self.setting, first, last, self._columns(first, last))
        return span

    def _columns(self, first: int, last: int) -> Columns:
        if self._recorder is not None:
            return self._recorder.columns(first, last)
        cash, value = self._broker.curve(first, last)
        return cash, value, None, np.broadcast_to(self._shares, len(cash))
