"""What became of orders, told to strategies at the moment at which they may hear it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import backtrader as bt

from atms.execution.core.events import TellAccount


class News:
    """Notifications on their way to strategies, under any Cerebro.

    Between bars they are told at once. In a pass that brings a bar they are told as in a
    backtest: when the strategy's indicators know the bar too, before its ``next()``, all orders
    before all trades. Cerebro's own queue can do one of the two only, so each strategy's
    ``_notify`` is followed here, on the instance, for the length of the run.

    Args:
        cerebro: whose strategies hear it.
        on_bar: called when a strategy has a bar, before it hears anything.
    """

    def __init__(self, cerebro: Any, on_bar: Callable[[], None] = lambda: None) -> None:
        self._cerebro = cerebro
        self._on_bar = on_bar
        self._waiting: dict[int, deque[bt.Order]] = {}
        self._followed: dict[int, tuple[bt.Strategy, Any]] = {}
        self._quick_before = cerebro.p.quicknotify

    # ---- a run ----------------------------------------------------------------------------------
    def follow(self) -> None:
        """Follow the strategies that run, once they are there."""
        if self._followed or not self._cerebro.runningstrats:
            return
        self._cerebro.p.quicknotify = True
        for strategy in self._cerebro.runningstrats:
            original = strategy._notify
            self._followed[id(strategy)] = (strategy, original)
            strategy._notify = partial(self._ordinary, strategy, original)

    def leave(self) -> None:
        """Follow no more."""
        for strategy, _ in self._followed.values():
            strategy.__dict__.pop("_notify", None)
        self._followed.clear()
        self._cerebro.p.quicknotify = self._quick_before

    # ---- what waits -----------------------------------------------------------------------------
    @property
    def waits(self) -> bool:
        """Whether something could be told that is not."""
        return any(_can_be_told(order) for kept in self._waiting.values() for order in kept)

    def put(self, order: bt.Order, *, first: bool = False) -> None:
        """Let an order's strategy hear how it stands now; *first*: before what waits already."""
        owner = self.owner_of(order)
        if owner is not None:
            kept = self._waiting.setdefault(id(owner), deque())
            (kept.appendleft if first else kept.append)(order.clone())

    def waiting_for(self, order: bt.Order, bit: Any) -> list[Any]:
        """Return what is still to be told of an order's executions, where *bit* is one of them."""
        return [
            kept.executed
            for waiting in self._waiting.values()
            for kept in waiting
            if kept.ref == order.ref and any(one is bit for one in _known(kept.executed))
        ]

    def owner_of(self, order: bt.Order) -> bt.Strategy | None:
        """Return whose an order is: the first strategy's, if it is of none that runs."""
        running = self._cerebro.runningstrats
        if any(order.owner is one for one in running):
            return order.owner
        return running[0] if running else None

    # ---- telling --------------------------------------------------------------------------------
    def tell_all(self) -> None:
        """Tell everything now: no bar is on its way."""
        for strategy, original in list(self._followed.values()):
            self._tell(strategy, original)

    def _tell(self, strategy: bt.Strategy, original: Any) -> None:
        """Tell a strategy what waits now; what it does then is told the next time."""
        kept = self._waiting.pop(id(strategy), None)
        if not kept:
            return
        ready = [order for order in kept if _can_be_told(order)]
        later = deque(order for order in kept if not _can_be_told(order))
        if later:  # orders that it makes now come after these
            self._waiting[id(strategy)] = later
        trades = len(strategy._tradespending)
        for order in ready:
            order.p.simulated = False  # its data has a bar by now: trades can bear its time
            _add(strategy, order)
            if order.exectype == order.Historical:
                strategy._orderspending.pop()  # for observers it is no order of this day
        if ready:
            original(qorders=ready, qtrades=strategy._tradespending[trades:])

    def _ordinary(
        self, strategy: bt.Strategy, original: Any, qorders: Any = (), qtrades: Any = ()
    ) -> None:
        """Stand for a strategy's ``_notify``, which Cerebro calls when indicators know a bar."""
        self._on_bar()
        self._tell(strategy, original)
        original(qorders=qorders, qtrades=qtrades)


def _known(executed: Any) -> Iterator[Any]:
    """Return the executions that a copy of an order knows: it shares them with those after it."""
    return islice(executed.exbits, executed.p2)


def _add(strategy: bt.Strategy, order: bt.Order) -> None:
    """Let a strategy's trades take in what an order has executed; each part notes its trade.

    That is how :meth:`backtrader.Strategy._addnotification` shares executions among trades: what
    opens is of the last one, or of another if that is closed.
    """
    if not order.executed.size:
        strategy._addnotification(order, quicknotify=False)
        return
    other = order.data._compensate
    trades = strategy._trades[order.data if other is None else other][order.tradeid]
    place, size = max(len(trades) - 1, 0), trades[-1].size if trades else 0.0
    over = bool(trades) and trades[-1].isclosed
    strategy._addnotification(order, quicknotify=False)
    for bit in order.executed.getpending():
        if bit.closed:
            over, size = bool(size and not size + bit.closed), size + bit.closed
            bit.closes = trades[place]
        if bit.opened:
            place, size = place + over, 0.0 if over else size
            over, size = bool(size and not size + bit.opened), size + bit.opened
            bit.opens = trades[place]


def _can_be_told(order: bt.Order) -> bool:
    """Return whether its data has a bar: strategies, and trades, look at it when they hear."""
    return len(order.data) > 0


class StoreNews:
    """What Cerebro gives to ``notify_store``: (what, account, instrument, text).

    Args:
        over: called when Cerebro has been through a pass, before it waits for the next one.
    """

    def __init__(self, over: Callable[[], None]) -> None:
        self._over = over
        self._waiting: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def put(self, account: str, word: TellAccount) -> None:
        """Let strategies hear a word of an account."""
        about = {"account": account, "instrument": word.instrument, "text": word.text}
        self._waiting.append((word.what, (), about))

    def get_notifications(self) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
        """Return what waits; Cerebro asks in each pass, right after ``next()``."""
        self._over()
        found, self._waiting = self._waiting, []
        return found

    def start(self) -> None:
        """Do nothing; Cerebro starts its stores."""

    def stop(self) -> None:
        """Do nothing; Cerebro stops its stores."""
