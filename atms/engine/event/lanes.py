"""The indicators that tick with one clock, computed one after the other by their kernels."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import length_hint
from typing import Any

from atms.engine.event.groups import NAN, Group
from atms.engine.event.nodes import Kernel

Step = Callable[[int], None]


@dataclass(eq=False)
class Work:
    """What one indicator computes, and where it goes.

    Args:
        place: in Backtrader's order of doing things; what comes later has moved later.
        period: the length of the clock at which it computes first.
        first, later: what it computes then, and from then on.
        appends: arrays that grow by the value; NaN before *period*.
        sets: arrays that others let grow, and in which it replaces the last value.
    """

    place: int
    period: int
    first: Kernel
    later: Kernel
    appends: list[array[float]]
    sets: list[array[float]] = field(default_factory=list)

    def step(self, length: int) -> Step:
        """Return what to do while the clock has *length*."""
        if length < self.period:
            return _blank(self.appends)
        return _writer(self.later if length > self.period else self.first, self.appends, self.sets)


class Lane:
    """Indicators of one clock between two that run code which is not known.

    Args:
        clock: the group of the clock.
        group: their own lines'.
    """

    def __init__(self, clock: Group, group: Group) -> None:
        self.clock = clock
        self.group = group
        self.works: list[Work] = []
        self.blanks: list[array[float]] = []
        self.forwarded: list[tuple[int, array[float]]] = []
        self._changes: list[int] = []
        self._change = 0
        self._steps: tuple[Step, ...] = ()
        self._places: list[int] = []

    def close(self) -> None:
        """Begin to be used: no more works come."""
        self._changes = sorted({n for work in self.works for n in (work.period, work.period + 1)})
        self._remake(0)

    def move(self, at: int) -> None:
        """Take all of them to the index *at*, the one after their present one."""
        if at >= self._change:
            self._remake(at + 1)
        self.group.at = at
        steps = iter(self._steps)
        try:
            for step in steps:
                step(at)
        except BaseException:
            self._mend(at, len(self._steps) - length_hint(steps) - 1)
            raise

    def _remake(self, length: int) -> None:
        steps = [work.step(length) for work in self.works]
        self._places = [work.place for work in self.works]
        if self.blanks:
            steps.insert(0, _blank(self.blanks))
            self._places.insert(0, -1)
        self._steps = tuple(steps)
        following = bisect_right(self._changes, length)
        more = following < len(self._changes)
        # the steps change with the length `changes[following]`, whose index is one less
        self._change = self._changes[following] - 1 if more else 1 << 62

    def _mend(self, at: int, failed: int) -> None:
        """Leave lines as Backtrader does when the step *failed* has raised: later ones behind."""
        place = self._places[failed]
        for forwarded, values in self.forwarded:
            if forwarded <= place and len(values) == at:
                values.append(NAN)
            elif forwarded > place and len(values) > at:
                values.pop()


def _blank(appends: list[array[float]]) -> Step:
    calls = tuple(values.append for values in appends)
    if len(calls) == 1:
        (call,) = calls
        return lambda i: call(NAN)

    def step(i: int) -> None:
        for call in calls:
            call(NAN)

    return step


def _writer(kernel: Kernel, appends: list[array[float]], sets: list[array[float]]) -> Step:
    if sets:
        return _mixed(kernel, appends, sets)
    calls = [values.append for values in appends]
    if len(calls) == 1:
        return _one(kernel, calls[0])
    if len(calls) == 2:
        return _two(kernel, *calls)
    if len(calls) == 3:
        return _three(kernel, *calls)
    return _mixed(kernel, appends, sets)


def _one(kernel: Kernel, a: Any) -> Step:
    return lambda i: a(kernel(i))


def _two(kernel: Kernel, a: Any, b: Any) -> Step:
    def step(i: int) -> None:
        value = kernel(i)
        a(value)
        b(value)

    return step


def _three(kernel: Kernel, a: Any, b: Any, c: Any) -> Step:
    def step(i: int) -> None:
        value = kernel(i)
        a(value)
        b(value)
        c(value)

    return step


def _mixed(kernel: Kernel, appends: list[array[float]], sets: list[array[float]]) -> Step:
    calls = tuple(values.append for values in appends)

    def step(i: int) -> None:
        value = kernel(i)
        for call in calls:
            call(value)
        for values in sets:
            values[-1] = value

    return step
