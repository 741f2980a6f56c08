"""A strategy's turn on a bar: ``Strategy._next`` without what has nothing to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import backtrader as bt
from backtrader.lineseries import Lines

from atms.engine.event.feeding import Feed
from atms.engine.event.groups import NAN, Group, joinable, untouched
from atms.engine.event.identity import overridden
from atms.engine.event.nodes import Refused
from atms.engine.event.observing import Watchers
from atms.engine.event.swapping import Swaps
from atms.engine.event.tree import Tree

_STOCK = (
    "_next", "_clk_update", "_notify", "_getminperstatus", "_next_analyzers", "_next_observers",
    "clear", "__len__", "forward",
)  # fmt: skip
_MOVES = ("forward", "backwards", "rewind", "advance", "home", "reset", "extend", "__len__")


class Turn:
    """One strategy's.

    Args:
        strategy: started, before its first bar.
        feeds: of all its datas, in their order.
        alive: whether the run is still on our code.

    Raises:
        Refused: the strategy takes its turns in a way of its own.
    """

    def __init__(
        self, strategy: Any, feeds: Sequence[Feed], swaps: Swaps,
        retreat: Callable[[str], None], alive: Callable[[], bool],
    ) -> None:  # fmt: skip
        _require_stock(strategy)
        _require_plain(feeds)
        self.strategy = strategy
        self._alive, self._retreat = alive, retreat
        self._own = strategy.__dict__
        self._feeds = [feed.group for feed in feeds]
        self._first, self._single = self._feeds[0], len(feeds) == 1
        self._days = [feed.days for feed in feeds]
        self._at = [feed.group.at for feed in feeds]
        swaps.then(self._write_lengths)
        lines = strategy.lines.lines
        self._group = Group(-1, retreat)
        clocks = [(feed.group, list(zip(feed.lines, feed.arrays, strict=True))) for feed in feeds]
        clocks.append((self._group, [(line, line.array) for line in lines]))
        self._dated = strategy.lines.datetime.array
        self._others = [line.array for line in lines if line is not strategy.lines.datetime]
        for line in lines:
            self._group.take(swaps, line)
        self._tree = Tree(strategy, clocks, swaps, retreat, alive)
        self._watchers = Watchers(strategy, self._group, feeds, swaps, retreat, alive)
        self.parts = [*self._tree.parts, *self._watchers.parts]

    def take(self) -> None:
        """Do what ``strategy._next()`` does."""
        strategy = self.strategy
        if self._tree.grown():
            self._retreat("an indicator was made during the run")
        if not (self._alive() and self._move()):
            strategy._next()
            return
        self._tree.run()
        if "_notify" in self._own or self._watchers.has_news():
            strategy._notify()
        status = self._status()
        if status < 0:
            strategy.next()
        elif status == 0:
            strategy.nextstart()
        else:
            strategy.prenext()
        self._end(strategy)

    def _end(self, strategy: Any) -> None:
        if not self._alive():
            status = strategy._getminperstatus()
            strategy._next_analyzers(status)
            strategy._next_observers(status)
            strategy.clear()
            return
        self._watchers.look(self._status())
        if strategy._orderspending:
            strategy._orders.extend(strategy._orderspending)
        strategy._orderspending = []
        strategy._tradespending = []

    # ---- the clock ------------------------------------------------------------------------------
    def _move(self) -> bool:
        """Move with the feeds; False: they have moved in a way that is not known."""
        grown = False
        for index, feed in enumerate(self._feeds):
            at = feed.at
            if at != self._at[index]:
                if at != self._at[index] + 1:
                    self._retreat("a feed moved by more than a bar")
                    return False
                self._at[index] = at
                grown = True
        group = self._group
        latest = self._latest()
        if grown:
            group.at += 1
            for values in self._others:
                values.append(NAN)
            self._dated.append(latest)
        else:
            self._dated[group.at] = latest
        return True

    def _latest(self) -> float:
        if self._single:
            return self._days[0][self._first.at]
        pairs = zip(self._feeds, self._days, strict=True)
        return max(days[feed.at] for feed, days in pairs if feed.at >= 0)

    def _status(self) -> Any:
        """Do what ``_getminperstatus`` does."""
        strategy = self.strategy
        if not self._alive():
            return strategy._getminperstatus()
        if self._single:
            status = strategy._minperiods[0] - self._first.at - 1
        else:
            periods = zip(strategy._minperiods, self._feeds, strict=False)
            status = max(period - feed.at - 1 for period, feed in periods)
        strategy._minperstatus = status
        return status

    def _write_lengths(self) -> None:
        self.strategy._dlens = [at + 1 for at in self._at]


def _require_stock(strategy: Any) -> None:
    changed = overridden(strategy, bt.Strategy, _STOCK)
    changed = changed or overridden(strategy.lines, Lines, _MOVES)
    if changed not in (None, "_notify", "_next_analyzers"):
        raise Refused(f"its {changed} is its own")
    if strategy._oldsync:
        raise Refused("oldsync")
    for line in strategy.lines.lines:
        if not (untouched(line) and joinable(line, -1, 0)):
            raise Refused("a line of it saves memory, or has methods or values of its own")


def _require_plain(feeds: Sequence[Feed]) -> None:
    for feed in feeds:
        if not (feed.grows and feed.fills):
            raise Refused("a data of it is replayed, or has a filter that may change its last bar")
        if len(feeds) > 1:
            feed.watch()
