"""The indicators that tick with one clock, computed one after the other by their kernels."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import length_hint
from typing import Any

from atms.engine.event.groups import NAN, Group
from atms.engine.event.nodes import Function, Kernel
from atms.engine.event.writing import compose, work_of

Step = Callable[[int], None]


@dataclass(eq=False)
class Work:
    """What one indicator computes, and where it goes.

    Args:
        place: in Backtrader's order of doing things; what comes later has moved later.
        period: the length of the clock at which it computes first.
        kernel: what it computes then, and from then on.
        appends: arrays that grow by the value; NaN before *period*.
        sets: arrays that others let grow, and in which it replaces the last value.
    """

    place: int
    period: int
    kernel: Kernel
    appends: list[array[float]]
    sets: list[array[float]] = field(default_factory=list)

    def step(self, length: int) -> Step:
        """Return what to do while the clock has *length*."""
        if length < self.period:
            return _blank(self.appends)
        kernel = self.kernel
        first = kernel.first if length == self.period else None
        return _writer(first or kernel.call, self.appends, self.sets)


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
        self._whole: Step | None = None

    def close(self) -> None:
        """Begin to be used: no more works come."""
        self._changes = sorted({n for work in self.works for n in (work.period, work.period + 1)})
        self._remake(0)

    def move(self, at: int) -> None:
        """Take all of them to the index *at*, the one after their present one."""
        if at >= self._change:
            self._remake(at + 1)
        self.group.at = at
        if self._whole is not None:
            try:
                self._whole(at)
            except BaseException as error:
                self._mend(at, work_of(error, self._whole))
                raise
            return
        steps = iter(self._steps)
        try:
            for step in steps:
                step(at)
        except BaseException:
            self._mend(at, len(self._steps) - length_hint(steps) - 1)
            raise

    def _remake(self, length: int) -> None:
        if not self._changes or length >= self._changes[-1]:
            self._whole = compose(self.works, self.blanks)
            self._steps, self._places = (self._whole,), [work.place for work in self.works]
            self._change = 1 << 62
            return
        steps = [work.step(length) for work in self.works]
        self._places = [work.place for work in self.works]
        if self.blanks:
            steps.insert(0, _blank(self.blanks))
            self._places.insert(0, -1)
        self._steps = tuple(steps)
        following = bisect_right(self._changes, length)
        # the steps change with the length `changes[following]`, whose index is one less
        self._change = self._changes[following] - 1

    def _mend(self, at: int, failed: int) -> None:
        """Leave lines as Backtrader does when the step *failed* has raised: later ones behind."""
        place = self._places[failed] if failed >= 0 else -1
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


def _writer(kernel: Function, appends: list[array[float]], sets: list[array[float]]) -> Step:
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


def _one(kernel: Function, a: Any) -> Step:
    return lambda i: a(kernel(i))


def _two(kernel: Function, a: Any, b: Any) -> Step:
    def step(i: int) -> None:
        value = kernel(i)
        a(value)
        b(value)

    return step


def _three(kernel: Function, a: Any, b: Any, c: Any) -> Step:
    def step(i: int) -> None:
        value = kernel(i)
        a(value)
        b(value)
        c(value)

    return step


def _mixed(kernel: Function, appends: list[array[float]], sets: list[array[float]]) -> Step:
    calls = tuple(values.append for values in appends)

    def step(i: int) -> None:
        value = kernel(i)
        for call in calls:
            call(value)
        for values in sets:
            values[-1] = value

    return step
