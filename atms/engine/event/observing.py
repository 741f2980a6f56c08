"""Analyzers and observers on a bar: only those that do something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import backtrader as bt
from backtrader.lineiterator import LineIterator
from backtrader.lineseries import Lines, LineSeries
from backtrader.observer import Observer
from backtrader.observers import Broker, BuySell, Trades

from atms.engine.event.feeding import Feed
from atms.engine.event.groups import NAN, Group, joinable, untouched
from atms.engine.event.standing import Standing
from atms.engine.event.swapping import Swaps
from atms.engine.explaining import Part
from atms.engine.identity import overridden, runs

Look = Callable[[], None]
_MOVES = ("forward", "backwards", "rewind", "advance", "home", "reset", "extend", "__len__")
_BAR = ("_prenext", "_nextstart", "_next", "prenext", "nextstart", "next")
_CASH = ("_notify_cashvalue", "_notify_fund", "notify_cashvalue", "notify_fund")
_READ = ("getcash", "getvalue", "get_cash", "get_value", "get_fundvalue", "get_fundshares")


class Watchers:
    """A strategy's analyzers and observers.

    Args:
        group: of the strategy's lines.
        feeds: of its datas.
    """

    def __init__(
        self, strategy: Any, group: Group, feeds: Sequence[Feed], swaps: Swaps, standing: Standing
    ) -> None:
        self.parts: list[Part] = []
        self._strategy, self._standing = strategy, standing
        self._own = strategy.__dict__
        self._swaps = swaps
        self._items = vars(strategy.analyzers)["_items"]
        self._count = len(self._items)
        self._called = [one for one in self._items if self._works(one)]
        self._slaves = strategy._slave_analyzers
        self.quiet = self._is_quiet()
        self._observers = strategy._lineiterators[LineIterator.ObsType]
        clocks = {id(feed.data): feed.group for feed in feeds} | {id(strategy): group}
        self._pairs = [(one, self._look_of(one, clocks)) for one in self._observers]

    def _works(self, analyzer: Any) -> bool:
        silent = _silent(analyzer)
        self.parts.append(Part("analyzer", type(analyzer).__name__, silent))
        return not silent

    # ---- notifications --------------------------------------------------------------------------
    def _is_quiet(self) -> bool:
        """Return whether nobody wants to hear of cash and value on every bar."""
        strategy = self._strategy
        return (
            runs(strategy, bt.Strategy, "notify_cashvalue", "notify_fund")
            and _reads_only(strategy.broker)
            and all(_deaf(one) for one in (*self._items, *self._slaves))
        )

    def added(self) -> bool:
        """Return whether an analyzer was added since."""
        return len(self._items) != self._count

    # ---- the end of a bar -----------------------------------------------------------------------
    def look(self, status: int) -> None:
        """Do what ``_next_analyzers`` and ``_next_observers`` do."""
        strategy = self._strategy
        if "_next_analyzers" in self._own or len(self._items) != self._count:
            strategy._next_analyzers(status)
        else:
            for analyzer in self._called:
                if status < 0:
                    analyzer._next()
                elif status == 0:
                    analyzer._nextstart()
                else:
                    analyzer._prenext()
        if len(self._observers) != len(self._pairs):
            strategy._next_observers(status)
            return
        for observer, look in self._pairs:
            for analyzer in observer._analyzers:
                if status < 0:
                    analyzer._next()
                elif status == 0:
                    analyzer._nextstart()
                else:
                    analyzer._prenext()
            if look is None or not self._standing.live:
                observer._next()
            else:
                look()

    # ---- observers ------------------------------------------------------------------------------
    def _look_of(self, observer: Any, clocks: dict[int, Group]) -> Look | None:
        why = _why_stock(observer)
        clock = clocks.get(id(observer._clock))
        kind = next((one for one in _LOOKS if runs(observer, one, "next")), None)
        if why is None and (clock is None or kind is None):
            why = "its next or its clock is its own"
        if why is None and kind is Broker and not _reads_only(self._strategy.broker):
            why = "the broker computes cash and value in its own way"
        self.parts.append(Part("observer", type(observer).__name__, why is None, why or ""))
        if why is not None or clock is None or kind is None:
            return None
        arrays = [line.array for line in observer.lines.lines]
        group = Group(-1, self._standing.retreat)
        for line in observer.lines.lines:
            group.take(self._swaps, line)
        return _LOOKS[kind](observer, self._strategy, clock, group, arrays)


def _broker(observer: Any, strategy: Any, clock: Group, group: Group, arrays: Any) -> Look:
    cash, value = arrays

    def look() -> None:
        if clock.at != group.at + 1:
            observer._next()
            return
        group.at += 1
        value.append(NAN)
        cash.append(NAN)
        if observer._fundmode:
            observer.next()
            return
        broker = strategy.broker
        value[-1] = broker.getvalue()
        cash[-1] = broker.getcash()

    return look


def _signs(observer: Any, strategy: Any, clock: Group, group: Group, arrays: Any) -> Look:
    buy, sell = (values.append for values in arrays)

    def look() -> None:
        if clock.at != group.at + 1:
            observer._next()
            return
        group.at += 1
        buy(NAN)
        sell(NAN)
        if strategy._orderspending:
            observer.next()
        else:
            observer.curbuylen = observer.curselllen = 0

    return look


def _trades(observer: Any, strategy: Any, clock: Group, group: Group, arrays: Any) -> Look:
    plus, minus = (values.append for values in arrays)

    def look() -> None:
        if clock.at != group.at + 1:
            observer._next()
            return
        group.at += 1
        plus(NAN)
        minus(NAN)
        if strategy._tradespending:
            observer.next()

    return look


_LOOKS: dict[type, Callable[[Any, Any, Group, Group, Any], Look]] = {
    Broker: _broker,
    BuySell: _signs,
    Trades: _trades,
}


def _why_stock(observer: Any) -> str | None:
    changed = overridden(observer, LineIterator, ("_next", "_clk_update", "_notify", "nextstart"))
    changed = changed or overridden(observer, Observer, ("prenext",))
    changed = changed or overridden(observer, LineSeries, ("forward", "__len__"))
    changed = changed or overridden(observer.lines, Lines, _MOVES)
    if changed:
        return f"its {changed} is its own"
    if observer._lineiterators[LineIterator.IndType] or len(observer.lines.lines) != 2:
        return "it has indicators or lines of its own"
    for line in observer.lines.lines:
        if line.bindings or not (untouched(line) and joinable(line, -1, 0)):
            return "a line of it is bound, saves memory, or has methods or values of its own"
    return None


def _silent(analyzer: Any) -> bool:
    """Return whether an analyzer does nothing on a bar, nor do those in it."""
    return runs(analyzer, bt.Analyzer, *_BAR) and all(map(_silent, analyzer._children))


def _deaf(analyzer: Any) -> bool:
    """Return whether an analyzer does nothing with cash and value, nor do those in it."""
    return runs(analyzer, bt.Analyzer, *_CASH) and all(map(_deaf, analyzer._children))


def _reads_only(broker: Any) -> bool:
    """Return whether asking the broker for cash and value changes nothing."""
    known = runs(broker, bt.brokers.BackBroker, *_READ, "fundvalue", "fundshares")
    return known or hasattr(broker, "lane_begin")
