"""A strategy's turn on a bar: ``Strategy._next`` without what has nothing to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import backtrader as bt
from backtrader.lineseries import Lines

from atms.engine.event.feeding import Feed
from atms.engine.event.groups import NAN, Group, joinable, untouched
from atms.engine.event.nodes import RefusedError
from atms.engine.event.observing import Watchers
from atms.engine.event.standing import Standing
from atms.engine.event.swapping import Swaps
from atms.engine.event.tree import Tree
from atms.engine.identity import overridden

_STOCK = (
    "_next", "_clk_update", "_getminperstatus", "_next_observers", "clear", "__len__", "forward",
)  # fmt: skip
_MOVES = ("forward", "backwards", "rewind", "advance", "home", "reset", "extend", "__len__")


class Turn:
    """One strategy's.

    Args:
        strategy: started, before its first bar.
        feeds: of all its datas, in their order.

    Attributes:
        take: does what ``strategy._next()`` does.
        parts: how each part of it is run.

    Raises:
        RefusedError: the strategy takes its turns in a way of its own.
    """

    def __init__(
        self, strategy: Any, feeds: Sequence[Feed], swaps: Swaps, standing: Standing
    ) -> None:
        _require_stock(strategy)
        _require_plain(feeds)
        self.strategy, self._standing = strategy, standing
        self._own = strategy.__dict__
        self._loud = type(strategy)._notify is not bt.Strategy._notify
        self._feeds = [feed.group for feed in feeds]
        self._days = [feed.days for feed in feeds]
        self._at = [feed.group.at for feed in feeds]
        swaps.then(self._write_lengths)
        self._group = Group(-1, standing.retreat)
        lines = strategy.lines.lines
        clocks = [(feed.group, list(zip(feed.lines, feed.arrays, strict=True))) for feed in feeds]
        clocks.append((self._group, [(line, line.array) for line in lines]))
        self._dated = strategy.lines.datetime.array
        self._others = [line.array for line in lines if line is not strategy.lines.datetime]
        for line in lines:
            self._group.take(swaps, line)
        self._tree = Tree(strategy, clocks, swaps, standing)
        self._watchers = Watchers(strategy, self._group, feeds, swaps, standing)
        self.parts = [*self._tree.parts, *self._watchers.parts]
        self.take = self._take_one if len(feeds) == 1 else self._take_some

    def _take_one(self) -> None:
        at, lane = self._feeds[0].at, self._tree.lane
        group = self._group
        self._look_for_more()
        if at != group.at + 1 or not self._standing.live:
            self._take_some()
            return
        self._at[0] = group.at = at
        self._dated.append(self._days[0][at])
        for values in self._others:
            values.append(NAN)
        if lane is None:
            self._tree.run()
        elif lane.clock.at != lane.group.at:
            lane.move(at)
        self._call()

    def _take_some(self) -> None:
        self._look_for_more()
        if not (self._standing.live and self._move()):
            self.strategy._next()
            return
        self._tree.run()
        self._call()

    def _look_for_more(self) -> None:
        for children, count in self._tree.counts:
            if len(children) != count:
                self._standing.retreat("an indicator was made during the run")

    # ---- the turn -------------------------------------------------------------------------------
    def _call(self) -> None:
        """Do what follows the indicators."""
        strategy, watchers = self.strategy, self._watchers
        if (
            self._loud
            or not watchers.quiet
            or strategy._orderspending
            or strategy._tradespending
            or "_notify" in self._own
            or watchers.added()
        ):
            strategy._notify()
        status = self._status()
        if status < 0:
            strategy.next()
        elif status == 0:
            strategy.nextstart()
        else:
            strategy.prenext()
        status = self._status()
        if not self._standing.live:
            strategy._next_analyzers(status)
            strategy._next_observers(status)
            strategy.clear()
            return
        watchers.look(status)
        if strategy._orderspending:
            strategy._orders.extend(strategy._orderspending)
        strategy._orderspending = []
        strategy._tradespending = []

    def _status(self) -> Any:
        """Do what ``_getminperstatus`` does."""
        strategy, feeds = self.strategy, self._feeds
        if not self._standing.live:
            return strategy._getminperstatus()
        if len(feeds) == 1:
            status = strategy._minperiods[0] - feeds[0].at - 1
        else:
            periods = zip(strategy._minperiods, feeds, strict=False)
            status = max(period - feed.at - 1 for period, feed in periods)
        strategy._minperstatus = status
        return status

    # ---- the clock ------------------------------------------------------------------------------
    def _move(self) -> bool:
        """Move with the feeds; False: they have moved in a way that is not known."""
        grown = False
        for index, feed in enumerate(self._feeds):
            at = feed.at
            if at != self._at[index]:
                if at != self._at[index] + 1:
                    self._standing.retreat("a feed moved by more than a bar")
                    return False
                self._at[index] = at
                grown = True
        latest = self._latest()
        if grown:
            self._group.at += 1
            for values in self._others:
                values.append(NAN)
            self._dated.append(latest)
        else:
            self._dated[self._group.at] = latest
        return True

    def _latest(self) -> float:
        pairs = zip(self._feeds, self._days, strict=True)
        latest: float = max(days[feed.at] for feed, days in pairs if feed.at >= 0)
        return latest

    def _write_lengths(self) -> None:
        self.strategy._dlens = [at + 1 for at in self._at]


def _require_stock(strategy: Any) -> None:
    changed = overridden(strategy, bt.Strategy, _STOCK)
    changed = changed or overridden(strategy.lines, Lines, _MOVES)
    if type(strategy)._next_analyzers is not bt.Strategy._next_analyzers:
        changed = "_next_analyzers"
    if changed:
        raise RefusedError(f"its {changed} is its own")
    if strategy._oldsync:
        raise RefusedError("oldsync")
    for line in strategy.lines.lines:
        if not (untouched(line) and joinable(line, -1, 0)):
            raise RefusedError("a line of it saves memory, or has methods or values of its own")


def _require_plain(feeds: Sequence[Feed]) -> None:
    for feed in feeds:
        if not (feed.grows and feed.fills):
            raise RefusedError(
                "a data of it is replayed, or has a filter that may change its last bar"
            )
        if len(feeds) > 1:
            feed.watch()
