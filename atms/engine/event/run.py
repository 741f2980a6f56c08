"""What is changed on the objects of a run while it is on our code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backtrader.feed import AbstractDataBase

from atms.engine.event import feeding
from atms.engine.event.feeding import Feed
from atms.engine.event.masters import Masters
from atms.engine.event.nodes import RefusedError
from atms.engine.event.standing import Standing
from atms.engine.event.swapping import Swaps
from atms.engine.event.turning import Turn
from atms.engine.explaining import Part
from atms.engine.identity import runs


class Run:
    """The feeds and strategies of one run.

    Attributes:
        standing: whether it is on our code.
        swaps: what was changed on objects.
        parts: how each part is run.
        bars: how many rounds have brought a bar.
        speaks: whether a data gives its notifications in a way of its own.
        turns: what to call for each strategy's turn.
    """

    def __init__(self, cerebro: Any, runstrats: list[Any]) -> None:
        self.standing = Standing(self._leave)
        self.parts: list[Part] = []
        self.bars = 0
        self._left_at: int | None = None
        self.turns: list[Callable[[], None]] = [strategy._next for strategy in runstrats]
        self._strategies = runstrats
        self.swaps = Swaps()
        self.masters = Masters(cerebro, self.swaps)
        known = (runs(data, AbstractDataBase, "get_notifications") for data in cerebro.datas)
        self.speaks = not all(known)
        self._feeds: dict[int, Feed] = {}
        try:
            for data in cerebro.datas:
                self._add_feed(data)
            for index, strategy in enumerate(runstrats):
                self._add_turn(index, strategy)
        except BaseException:
            self.end()
            raise

    def feed(self, data: Any) -> Feed | None:
        """Return our feed of *data*; None: it runs as Backtrader's."""
        return self._feeds.get(id(data))

    @property
    def fast_bars(self) -> int:
        """How many rounds were on our code, strategies' turns included."""
        if not any(part.kind == "strategy" and part.fast for part in self.parts):
            return 0
        return self.bars if self._left_at is None else self._left_at

    def end(self) -> None:
        """Leave every object as Backtrader would."""
        self.standing.live = False
        self.swaps.undo()

    def _leave(self, why: str) -> None:
        self._left_at = self.bars
        self.parts.append(Part("loop", "", False, f"from bar {self.bars}: {why}"))
        self.turns[:] = [strategy._next for strategy in self._strategies]
        self.swaps.undo()

    def _add_feed(self, data: Any) -> None:
        why = feeding.why_not(data)
        inner = Swaps()
        if why is None:
            try:
                self._feeds[id(data)] = Feed(data, inner, self.standing)
            except TypeError as error:  # an object that cannot have another class
                inner.undo()
                why = str(error)
        self.swaps.then(inner.undo)
        self.parts.append(Part("load", data._name, why is None, why or ""))

    def _add_turn(self, index: int, strategy: Any) -> None:
        name = type(strategy).__name__
        inner = Swaps()
        try:
            feeds = [self._feed_of(data) for data in strategy.datas]
            turn = Turn(strategy, feeds, inner, self.standing)
        except (RefusedError, TypeError) as error:
            inner.undo()
            self.parts.append(Part("strategy", name, False, str(error)))
            return
        self.swaps.then(inner.undo)
        self.turns[index] = turn.take
        self.parts.append(Part("strategy", name, True))
        self.parts.extend(turn.parts)

    def _feed_of(self, data: Any) -> Feed:
        feed = self.feed(data)
        if feed is None:
            raise RefusedError("a data of it is Backtrader's own")
        return feed
