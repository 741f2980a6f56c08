"""One run of a Cerebro: which of its parts can be fast, and the way back to Backtrader's own."""

from __future__ import annotations

import array
from typing import Any

import backtrader as bt

from atms.engine import event
from atms.engine.broker import lane_class
from atms.engine.brokerside import BrokerSide
from atms.engine.clocks import Clocks
from atms.engine.collecting import rare_collections
from atms.engine.explaining import Explanation, Part
from atms.engine.identity import overridden
from atms.engine.lines import SwappedLines, is_plain_feed
from atms.engine.loading import Loading
from atms.engine.loop import Loop
from atms.engine.once import compute
from atms.engine.resampling import prepare_resampled
from atms.engine.sparse import acting_steps
from atms.engine.swapping import Swaps
from atms.engine.timeline import Tickers, Timeline
from atms.engine.turns import FastTurn, HeldTurn, StockTurn
from atms.engine.warmup import is_held
from atms.engine.watching import Watching, guard, release

# What the loop leaves out or does in other words; who overrides one of them is run by Backtrader.
_CEREBRO = (
    "_brokernotify",
    "_check_timers",
    "_next_writers",
    "_storenotify",
    "_datanotify",
    "_next_stid",
)
_STRATEGY = (
    "_oncepost",
    "_oncepost_open",
    "_getminperstatus",
    "_next_analyzers",
    "_next_observers",
    "_addnotification",
    "clear",
    "forward",
    "_once",
    "reset",
)


class FastRun:
    """What is exchanged for the length of a run, and what is to be said about it.

    Args:
        cerebro: about to run.
    """

    def __init__(self, cerebro: Any) -> None:
        self._cerebro = cerebro
        self._loading = Loading()
        self._swaps = Swaps()
        self._parts: list[Part] = []
        self._bars = 0
        self._fast_bars = 0

    def begin(self, iterstrat: Any, predata: bool) -> Any:
        """Exchange what can be exchanged before feeds and broker start."""
        if self._cerebro._dopreload and not predata:
            self._loading.begin(self._cerebro.datas)
        broker = self._cerebro.broker
        lane, parts = lane_class(broker)
        self._parts += parts
        if lane is not None:
            self._swaps.swap(broker, lane)
        return [(_guarded(kind), args, kwargs) for kind, args, kwargs in iterstrat]

    def end(self) -> None:
        """Give everything its own class again."""
        self._loading.end()
        self._swaps.undo()
        for strategy in getattr(self._cerebro, "runningstrats", ()):
            release(strategy)

    def explanation(self) -> Explanation:
        """Return what was fast and what was not."""
        parts = (*self._loading.parts, *self._parts)
        return Explanation(parts, self._bars, self._fast_bars)

    def run_next(self, strategies: list[Any]) -> bool:
        """Run the strategies bar by bar; False, with nothing done, if it cannot be."""
        why = self._why_stock_cerebro()
        if why:
            self._note("loop", "", False, why)
            return False
        known = prepare_resampled(self._cerebro, strategies)
        if isinstance(known, str):
            self._note("schedule", "", False, known)
            self._run_events(self._cerebro, strategies)
            return True
        try:
            known.go(self._run_events)
        finally:
            self._parts += known.parts
            self._bars += known.steps
            self._fast_bars += known.steps
        return True

    def _run_events(self, cerebro: Any, strategies: list[Any]) -> None:
        """Run the bars that are left one by one."""
        broker = BrokerSide(cerebro, None)
        try:
            run = event.run_next(cerebro, strategies)
        finally:
            self._parts += broker.end()
        self._parts += run.parts
        self._bars += run.bars
        self._fast_bars += run.fast_bars

    def run_once(self, strategies: list[Any]) -> bool:
        """Run the strategies over preloaded bars; False, with nothing done, if it cannot be."""
        why = self._why_not(strategies)
        if not why:
            try:
                timeline = Timeline(self._cerebro.datas)
            except ValueError as error:
                why = str(error)
        if why:
            self._note("loop", "", False, why)
            return False
        for strategy in strategies:
            self._parts += compute(strategy)
            strategy.reset()
        self._loop(strategies, timeline)
        return True

    def _why_not(self, strategies: list[Any]) -> str:
        why = self._why_stock_cerebro()
        if why or not strategies:
            return why or "no strategy"
        for data in self._cerebro.datas:
            if not is_plain_feed(data):
                return f"feed {data._name or type(data).__name__} moves in its own way"
        return ""

    def _why_stock_cerebro(self) -> str:
        cerebro = self._cerebro
        changed = overridden(cerebro, bt.Cerebro, _CEREBRO)
        return f"{type(cerebro).__name__} has its own {changed}" if changed else ""

    def _loop(self, strategies: list[Any], timeline: Timeline) -> None:
        cerebro, swaps = self._cerebro, Swaps()
        broker = BrokerSide(cerebro, timeline)
        turns: list[Any] = []
        loop = Loop(cerebro, turns, timeline, broker)
        lines = SwappedLines(swaps, loop.prices_change, loop.loosen)
        self._bars = timeline.steps
        try:
            turns += [self._turn(strategy, timeline, lines) for strategy in strategies]
            for data in cerebro.datas:
                lines.feed(data, timeline.ticker(data))
            with rare_collections():
                loop.run()
        finally:
            self._fast_bars = timeline.main.at + 1
            try:
                self._finish(turns)
            finally:
                self._parts += broker.end()
                swaps.undo()
        if loop.loose and not cerebro._event_stop:
            self._note("loop", "", False, f"from bar {self._fast_bars}: a line was moved by hand")
            loop.run_rest()
        else:
            self._note("loop", "", True)

    def _finish(self, turns: list[Any]) -> None:
        for turn in turns:
            if isinstance(turn, FastTurn):
                turn.finish()
                self._parts += turn.watching.parts()

    def _turn(self, strategy: Any, timeline: Timeline, lines: SwappedLines) -> Any:
        own = timeline.tickers()
        clocks = Clocks(strategy, self._cerebro.datas, own)
        for indicator, ticker in clocks.moved:
            lines.indicator(indicator, ticker)

        def opened() -> Any:
            return self._opened(strategy, clocks, own, timeline, lines)

        return HeldTurn(strategy, own, opened) if is_held(strategy) else opened()

    def _opened(
        self,
        strategy: Any,
        clocks: Clocks,
        own: Tickers,
        timeline: Timeline,
        lines: SwappedLines,
    ) -> Any:
        """Return the turn of a strategy that is not held, at the step that is next."""
        why = _why_stock(strategy, clocks)
        self._note("strategy", type(strategy).__name__, not why, why)
        if why:
            return StockTurn(strategy, own)
        acting = None
        if self._cerebro.p.sparse:
            acting = acting_steps(strategy, clocks, own, timeline.steps)
        if acting is not None:
            calls = f"{int(acting.sum()):,} of {timeline.steps:,} bars call"
            self._note("sparse", type(strategy).__name__, True, calls)
        watching = Watching(strategy, timeline, strategy.broker)
        lines.grown(strategy.lines.datetime, own.main, _grown(timeline.stamps))
        return FastTurn(strategy, timeline, own, watching, acting)

    def _note(self, kind: str, name: str, fast: bool, why: str = "") -> None:
        self._parts.append(Part(kind, name, fast, why))


def _guarded(kind: Any) -> Any:
    """Return what makes a strategy of *kind* and has looks at its analyzers noted."""

    def make(*args: Any, **kwargs: Any) -> Any:
        strategy = kind(*args, **kwargs)
        guard(strategy)
        return strategy

    return make


def _why_stock(strategy: Any, clocks: Clocks) -> str:
    """Return why a strategy's turns have to be Backtrader's own; "" if they have not."""
    changed = overridden(strategy, bt.Strategy, _STRATEGY)
    if changed:
        return f"has its own {changed}"
    if strategy.lines.fullsize() != 1:
        return "declares lines"
    for indicator in clocks.others:
        return f"{type(indicator).__name__} does not move with a feed"
    return ""


def _grown(stamps: Any) -> array.array[float]:
    return array.array("d", stamps.tobytes())
