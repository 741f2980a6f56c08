"""The loop over preloaded bars: Backtrader's, with everything left out that does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any

from atms.engine.brokerside import BrokerSide
from atms.engine.identity import function_of
from atms.engine.timeline import Timeline
from atms.engine.turns import FastTurn, HeldTurn, StockTurn
from atms.engine.warmup import is_held


class Loop:
    """One run over preloaded bars.

    Args:
        cerebro: in the middle of its run.
        turns: a turn a strategy, in their order.
        timeline: the steps.
        broker: its side.

    Attributes:
        turns: as they are now.
        loose: set when somebody moved a line by himself: only Backtrader's own way of moving
            all lines is right from the next step on.
    """

    def __init__(
        self, cerebro: Any, turns: list[Any], timeline: Timeline, broker: BrokerSide
    ) -> None:
        self.loose = False
        self._cerebro = cerebro
        self.turns = turns
        self._timeline = timeline
        self._broker = broker
        self._lane = broker.lane

    def loosen(self) -> None:
        """Leave the tickers at the next step."""
        self.loose = True
        self._broker.wake()

    def prices_change(self) -> None:
        """Have all that is worked out later worked out now: prices are about to be written."""
        self._broker.wake()
        for turn in self.turns:
            if isinstance(turn, FastTurn):
                turn.watching.pause()

    def run(self) -> None:
        """Go over the steps until the last, a stop, or a line that was let go."""
        cerebro, turns = self._cerebro, self.turns
        first = self._warm_up()
        if cerebro._event_stop:
            return
        timed = cerebro._timers or cerebro._timerscheat
        simple = len(turns) == 1 and isinstance(turns[0], FastTurn)
        if simple and not (timed or cerebro.p.cheat_on_open or cerebro.runwriters):
            calls, start = turns[0].calls(), self._start(turns[0], first)
            if start is None:
                return
            if calls is None:
                self._run_simple(turns[0], start)
            else:
                self._run_sparse(turns[0], calls, start)
        else:
            self._run_steps(self._by_ticker(first), turns)

    def run_rest(self) -> None:
        """Go over the steps that are left by moving every feed and indicator, as Backtrader."""
        self._run_steps(self._by_feed(), [StockTurn(turn.strategy, None) for turn in self.turns])

    def _warm_up(self) -> int:
        """Go over the steps on which a strategy is held; return the first after them."""
        held = [turn for turn in self.turns if isinstance(turn, HeldTurn)]
        if held:
            opening = self._while_held(self._by_ticker(0), [turn.strategy for turn in held])
            self._run_steps(opening, self.turns)
        for turn in held if not self._cerebro._event_stop else ():
            self.turns[self.turns.index(turn)] = turn.opened()
        return self._timeline.main.at + 1

    def _while_held(
        self, steps: Iterator[tuple[int, float]], strategies: list[Any]
    ) -> Iterator[tuple[int, float]]:
        while any(is_held(strategy) for strategy in strategies):
            step = next(steps, None)
            if step is None:
                return
            yield step

    def _start(self, turn: FastTurn, step: int) -> int | None:
        """Come to the first step of ``next``; None: a stop, or a line that was let go.

        Until the strategy is called, only a broker that is awake, and watchers of every bar, have
        something to do.
        """
        last = self._timeline.steps - 1
        while step < turn.next_at:
            if self.loose or not self._visit(turn, step):
                return None
            step += 1
            if not turn.watching.every_bar:
                step = max(step, min(turn.starts_at, last, self._lane.asleep_until))
        return step

    def _run_simple(self, turn: FastTurn, first: int) -> None:
        cerebro, lane, watching = self._cerebro, self._lane, turn.watching
        feeds, own, strategy = self._timeline.feeds, turn.tickers, turn.strategy
        main, own_main, held = feeds.main, own.main, strategy.__dict__
        plain = isinstance(function_of(strategy, "next"), FunctionType)
        # A feed's ticker and the strategy's for it: while the broker sleeps they move as one.
        pairs = zip(feeds.moving, own.moving, strict=True)
        moving = [(ticker, other, bars) for (ticker, bars), (other, _) in pairs]
        for step in range(first, self._timeline.steps):
            if step < lane.asleep_until and not watching.every_bar:
                main.at = own_main.at = step
                if moving:
                    for ticker, other, places in moving:
                        ticker.at = other.at = places[step]
                # ``strategy.next`` is found slowly: Backtrader's classes have a ``__getattr__``.
                if "next" in held or not plain:
                    strategy.next()
                else:
                    type(strategy).next(strategy)
                if watching.every_bar:  # since this moment: somebody looked, or cash was moved
                    watching.after(-1)
                    strategy.clear()
            elif self.loose or not self._visit(turn, step):
                return
            if cerebro._event_stop:
                return

    def _visit(self, turn: FastTurn, step: int) -> bool:
        """Let the broker, if it is awake, and the strategy have their turns; False: a stop."""
        self._timeline.feeds.go_to(step)
        if step >= self._lane.asleep_until:
            self._broker.turn()
            if self._cerebro._event_stop:
                return False
        turn.take(step, 0.0)
        return not self._cerebro._event_stop

    def _run_sparse(self, turn: FastTurn, calls: list[int], first: int) -> None:
        """Visit the steps on which the strategy or the broker has something to do."""
        lane, feeds = self._lane, self._timeline.feeds
        steps, upcoming, step = self._timeline.steps, iter(calls), first
        call = next(upcoming, steps)
        while step < steps:
            if self.loose or not self._visit(turn, step):
                return
            step += 1
            if not turn.watching.every_bar:
                while call < step:
                    call = next(upcoming, steps)
                step = max(step, min(call, lane.asleep_until))
        if steps:
            feeds.go_to(steps - 1)
            turn.tickers.go_to(steps - 1)

    def _by_ticker(self, first: int) -> Iterator[tuple[int, float]]:
        feeds = self._timeline.feeds
        for step, stamp in enumerate(self._timeline.stamps[first:].tolist(), first):
            if self.loose:
                return
            feeds.go_to(step)
            yield step, stamp

    def _by_feed(self) -> Iterator[tuple[int, float]]:
        step = self._timeline.main.at
        datas = self._cerebro.datas
        while True:
            peeks = [data.advance_peek() for data in datas]
            stamp = min(peeks)
            if stamp == float("inf"):
                return
            for data, peek in zip(datas, peeks, strict=True):
                if peek <= stamp:
                    data.advance()
            step += 1
            yield step, stamp

    def _run_steps(self, steps: Iterator[tuple[int, float]], turns: list[Any]) -> None:
        """Do all that a step can ask for, in Backtrader's order."""
        cerebro, broker, lane = self._cerebro, self._broker, self._lane
        strategies = [turn.strategy for turn in turns]
        for step, stamp in steps:
            cerebro._check_timers(strategies, stamp, cheat=True)
            if cerebro.p.cheat_on_open:
                for strategy in strategies:
                    strategy._oncepost_open()
                    if cerebro._event_stop:
                        return
            if step >= lane.asleep_until:
                broker.turn()
            if cerebro._event_stop:
                return
            cerebro._check_timers(strategies, stamp, cheat=False)
            for turn in turns:
                turn.take(step, stamp)
                if cerebro._event_stop:
                    return
                cerebro._next_writers(strategies)
