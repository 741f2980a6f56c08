"""A strategy's indicators as a flat list of what is done on a bar, in Backtrader's order.

Backtrader walks the indicators on each bar: an indicator's lines move, then its own indicators
do the same, then it computes. Whatever other code an indicator may call sees the lines as they
stand at that moment: those that come later have not moved. So lines move together only between
two calls of such code, and an indicator whose clock or input moves after itself is left alone.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import backtrader as bt
from backtrader.linebuffer import LineActions
from backtrader.linebuffer import _LineDelay as LineDelay
from backtrader.lineiterator import LineIterator
from backtrader.lineseries import Lines, LineSeries

from atms.engine.event import averages, nodes
from atms.engine.event.groups import Group, joinable, untouched
from atms.engine.event.handles import guard, quicken
from atms.engine.event.lanes import Lane, Work
from atms.engine.event.nodes import Kernel, RefusedError, line_of
from atms.engine.event.standing import Standing
from atms.engine.event.swapping import Swaps, takes_class
from atms.engine.explaining import Part
from atms.engine.identity import overridden, runs

Call = Callable[[], None]
Kernels = dict[type, Any]
_INDICATORS = LineIterator.IndType
_MOVES = ("forward", "backwards", "rewind", "advance", "home", "reset", "extend", "__len__")


class Tree:
    """What a strategy's indicators do on a bar.

    Args:
        strategy: started, before its first bar.
        clocks: for each group of lines that moves before the indicators do, its lines and arrays.

    Attributes:
        parts: how each indicator is computed.
        counts: lists of indicators that other code may add to, and how many there are.
        lane: all there is to do on a bar; None: there is more.

    Raises:
        RefusedError: the indicators are tied up in a way that is not known.
    """

    def __init__(
        self, strategy: Any, clocks: Sequence[tuple[Group, Sequence[tuple[Any, array[float]]]]],
        swaps: Swaps, standing: Standing,
    ) -> None:  # fmt: skip
        self.parts: list[Part] = []
        self._swaps, self._retreat, self._standing = swaps, standing.retreat, standing
        self._clock_of: dict[int, Group] = {}  # line -> the group that its length follows
        self._arrays: dict[int, array[float]] = {}  # line -> values, once they are up to date
        self._later: dict[int, Lane] = {}  # line -> where it moves; its owner is not done yet
        self._bound_done: Counter[int] = Counter()
        # With several feeds an indicator is asked again while its clock stands still. Ours are not:
        # what they would give is the same, unless an input has changed.
        self._several = len(clocks) > 2
        self._changing: set[int] = set()
        for group, lines in clocks:
            for line, values in lines:
                if line.bindings:
                    raise RefusedError("a line of a feed or of the strategy is bound to another")
                self._clock_of[id(line)], self._arrays[id(line)] = group, values
        self._bound = Counter(id(line) for line in _bound_lines(strategy))
        self._lists = [strategy._lineiterators[_INDICATORS]]
        self._place = 0
        self._lanes: dict[int, Lane] = {}
        self._made: dict[int, tuple[Work, Lane]] = {}
        self._seen: set[int] = set()
        self._ops: list[Call] = []  # the same, one by one, as Backtrader does it
        self._runs: list[tuple[tuple[Lane, ...], Call | None, int]] = []
        self._walk(strategy)
        self._cut(None)
        self.counts = [(children, len(children)) for children in self._lists]
        lanes, call, _ = self._runs[0]
        self.lane = lanes[0] if len(self._runs) == len(lanes) == 1 and call is None else None

    def run(self) -> None:
        """Do one bar."""
        for lanes, call, done in self._runs:
            for lane in lanes:
                at = lane.clock.at
                if at != lane.group.at:
                    lane.move(at)
            if call is not None:
                call()
                if not self._standing.live:
                    for op in self._ops[done:]:
                        op()
                    return

    # ---- the walk -------------------------------------------------------------------------------
    def _walk(self, owner: Any) -> None:
        for node in owner._lineiterators[_INDICATORS]:
            if id(node) in self._seen:
                raise RefusedError("an indicator is there twice")
            self._seen.add(id(node))
            self._place += 1
            why = _why_whole(node)
            clock = None if why else self._find_clock(node)
            if clock is None:
                self._leave_alone(node, why or "its clock moves later, or is not known")
            elif isinstance(node, LineActions):
                self._enter([node], clock)
                self._ops.append(node._next)
                self._compute(node, [node], nodes.KERNELS, clock)
            else:
                self._enter(node.lines.lines, clock)
                self._ops.append(node._clk_update)
                self._walk(node)
                self._place += 1
                self._ops.append(_caller(node))
                self._compute(node, node.lines.lines, averages.KERNELS, clock)

    def _find_clock(self, node: Any) -> Group | None:
        try:
            return self._clock_of.get(id(line_of(node._clock)))
        except RefusedError:
            return None

    def _lane(self, clock: Group) -> Lane:
        lane = self._lanes.get(id(clock))
        if lane is None:
            lane = self._lanes[id(clock)] = Lane(clock, Group(-1, self._retreat))
        return lane

    def _enter(self, lines: list[Any], clock: Group) -> None:
        lane = self._lane(clock)
        for line in lines:
            values = line.array
            self._clock_of[id(line)] = clock
            self._later[id(line)] = lane
            lane.group.take(self._swaps, line)
            lane.forwarded.append((self._place, values))
            lane.blanks.append(values)

    def _compute(self, node: Any, lines: list[Any], kernels: Kernels, clock: Group) -> None:
        name = type(node).__name__
        why = ""
        if lines[0] is node or not runs(node, LineIterator, "prenext", "nextstart", "next"):
            try:
                self._add_work(node, self._kernel(node, kernels, clock), clock)
            except RefusedError as refused:
                why = str(refused)
                self._refuse_shared(lines)
                if lines[0] is not node:
                    self._lists.append(node._lineiterators[_INDICATORS])
                self._cut(_caller(node))
                for line in lines:
                    self._tell_bound(line)
                    if self._several:
                        self._changing |= {id(line), *map(id, _all_bound(line))}
        self.parts.append(Part("indicator", name, not why, why))
        quicken(node, self._swaps, None if why else self._retreat)
        for line in lines:
            self._later.pop(id(line), None)
            self._arrays[id(line)] = line._values

    def _refuse_shared(self, lines: list[Any]) -> None:
        """Refuse a line that unknown code writes, asked again, after others that are not."""
        if self._several:
            for target in (target for line in lines for target in _all_bound(line)):
                if self._bound[id(target)] > 1:
                    raise RefusedError("a line is written by several indicators")

    def _tell_bound(self, line: Any) -> None:
        """Let the lines bound to *line* be read from here on, once all that write them have."""
        for target in _all_bound(line):
            key = id(target)
            self._bound_done[key] += 1
            if self._bound_done[key] == self._bound[key] and key in self._later:
                self._arrays[key] = target._values

    def _kernel(self, node: Any, kernels: Kernels, clock: Group) -> Kernel:
        owner = next((kind for kind in kernels if runs(node, kind, "next")), None)
        if owner is None:
            raise RefusedError("its next is its own")
        if not runs(node, owner, "nextstart", "prenext"):
            raise RefusedError("its nextstart or prenext is its own")

        def source(thing: Any) -> array[float]:
            line = line_of(thing)
            if self._clock_of.get(id(line)) is not clock or id(line) not in self._arrays:
                raise RefusedError("it reads what ticks otherwise, or comes later")
            if id(line) in self._changing:
                raise RefusedError("it reads what may change between two bars")
            return self._arrays[id(line)]

        made: Kernel = kernels[owner](node, source)
        return made

    def _add_work(self, node: Any, kernel: Kernel, clock: Group) -> None:
        line = line_of(node)
        targets = list(_all_bound(line))
        for target in targets:
            if self._clock_of.get(id(target)) is not clock or id(target) not in self._later:
                raise RefusedError("it is bound to a line that ticks otherwise")
        lane = self._lane(clock)
        work = Work(self._place, node._minperiod, kernel, [])
        self._give(line, work, lane, writers=0)
        for target in targets:
            self._give(target, work, lane, writers=1)
        before = self._made.get(id(line_of(node.a))) if _copies(node) else None
        if before and before[1] is lane and before[0].period == work.period and not work.sets:
            before[0].appends.extend(work.appends)
            work = before[0]
        else:
            lane.works.append(work)
        self._made[id(line)] = work, lane
        self._tell_bound(line)

    def _give(self, line: Any, work: Work, lane: Lane, writers: int) -> None:
        """Let *line* have the values of *work*, and grow by them where nobody else writes."""
        values = line._values
        if self._bound[id(line)] == writers and self._later.get(id(line)) is lane:
            lane.blanks[:] = [other for other in lane.blanks if other is not values]
            work.appends.append(values)
            if self._several:
                guard(line, self._swaps, self._retreat)
        else:
            work.sets.append(values)

    # ---- code that is not known -----------------------------------------------------------------
    def _leave_alone(self, node: Any, why: str) -> None:
        self.parts.append(Part("indicator", type(node).__name__, False, why))
        self._ops.append(node._next)
        self._cut(node._next)

    def _cut(self, call: Call | None) -> None:
        """Let *call* be made here; lines that move later are of other groups."""
        lanes = tuple(self._lanes.values())
        for lane in lanes:
            lane.close()
        self._lanes = {}
        self._runs.append((lanes, call, len(self._ops)))


def _caller(node: Any) -> Call:
    """Return what calls an indicator whose lines have moved already."""
    clock = node._clock
    always = isinstance(node, LineActions)

    def call() -> None:
        length = len(clock)
        if length > node._minperiod:
            node.next()
        elif length == node._minperiod:
            node.nextstart()
        elif length or always:
            node.prenext()

    return call


def _copies(node: Any) -> bool:
    return isinstance(node, LineDelay) and not node.ago and isinstance(node.a, bt.LineRoot)


def _why_whole(node: Any) -> str | None:
    """Return why an indicator is left to Backtrader with all that is in it; None: it is not."""
    if isinstance(node, LineActions):
        changed = overridden(node, LineActions, ("_next",))
        lines = [node]
    elif isinstance(node, LineIterator):
        changed = overridden(node, LineIterator, ("_next", "_clk_update", "_notify"))
        changed = changed or overridden(node, LineSeries, ("forward", "__len__"))
        changed = changed or overridden(node.lines, Lines, _MOVES)
        lines = node.lines.lines
    else:
        return "it is no indicator of Backtrader's"
    if changed:
        return f"its {changed} is its own"
    if not all(map(takes_class, (node, node.lines, *lines))):
        return "its class hears of subclasses"
    if not all(untouched(line) and joinable(line, -1, 0) for line in lines):
        return "a line of it saves memory, or has methods or values of its own"
    return None


def _lines_of(owner: Any) -> Iterator[Any]:
    for child in owner._lineiterators[_INDICATORS]:
        if isinstance(child, LineActions):
            yield child
        else:
            yield from child.lines.lines
            yield from _lines_of(child)


def _bound_lines(strategy: Any) -> Iterator[Any]:
    for line in _lines_of(strategy):
        yield from line.bindings


def _all_bound(line: Any) -> Iterator[Any]:
    for target in line.bindings:
        yield target
        yield from _all_bound(target)
