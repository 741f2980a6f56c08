"""What is changed on the objects of a run while it is on our code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backtrader.feed import AbstractDataBase

from atms.engine.event import feeding
from atms.engine.event.feeding import Feed
from atms.engine.event.identity import runs
from atms.engine.event.masters import Masters
from atms.engine.event.nodes import Refused
from atms.engine.event.swapping import Swaps
from atms.engine.event.turning import Turn
from atms.engine.explaining import Part


class Run:
    """The feeds and strategies of one run.

    Attributes:
        live: whether it is on our code; once it is not, it never is again.
        parts: how each part is run.
        turns: what to call for each strategy's turn.
    """

    def __init__(self, cerebro: Any, runstrats: list[Any]) -> None:
        self.live = True
        self.parts: list[Part] = []
        self.turns: list[Callable[[], None]] = [strategy._next for strategy in runstrats]
        self._strategies = runstrats
        self._swaps = Swaps()
        self.masters = Masters(cerebro, self._swaps)
        self._told = all(runs(d, AbstractDataBase, "get_notifications") for d in cerebro.datas)
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

    def hears(self, datas: list[Any]) -> bool:
        """Return whether a data may have something to tell."""
        if not self._told:
            return True
        for data in datas:
            if data.notifs:
                return True
        return False

    def end(self) -> None:
        """Leave every object as Backtrader would."""
        self.live = False
        self._swaps.undo()

    def _retreat(self, why: str) -> None:
        if self.live:
            self.parts.append(Part("loop", "", False, f"from a bar on: {why}"))
            self.turns[:] = [strategy._next for strategy in self._strategies]
        self.end()

    def _alive(self) -> bool:
        return self.live

    def _add_feed(self, data: Any) -> None:
        why = feeding.why_not(data)
        if why is None:
            self._feeds[id(data)] = Feed(data, self._swaps, self._retreat, self._alive)
        self.parts.append(Part("load", data._name, why is None, why or ""))

    def _add_turn(self, index: int, strategy: Any) -> None:
        name = type(strategy).__name__
        inner = Swaps()
        try:
            feeds = [self._feeds[id(data)] for data in strategy.datas]
            turn = Turn(strategy, feeds, inner, self._retreat, self._alive)
        except (Refused, KeyError) as error:
            inner.undo()
            why = str(error) if isinstance(error, Refused) else "a data of it is Backtrader's own"
            self.parts.append(Part("strategy", name, False, why))
            return
        self._swaps.then(inner.undo)
        self.turns[index] = turn.take
        self.parts.append(Part("strategy", name, True))
        self.parts.extend(turn.parts)
