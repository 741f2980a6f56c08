"""What became of orders, told to strategies at the moment at which they may hear it."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

import backtrader as bt

from atms.execution.events import TellAccount


class News:
    """Notifications on their way to strategies, under any Cerebro.

    Between bars they are told at once. In a pass that brings a bar they are told as in a
    backtest: when the strategy's indicators know the bar too, before its ``next()``. Cerebro's own
    queue can do one of the two only, so each strategy's ``_notify`` is followed here, on the
    instance, for the length of the run.
    """

    def __init__(self, cerebro: Any) -> None:
        self._cerebro = cerebro
        self._waiting: dict[int, deque[bt.Order]] = {}
        self._followed: list[bt.Strategy] = []
        self._quick_before = cerebro.p.quicknotify
        self.bars = 0  # how often a strategy was given a bar

    def follow(self) -> None:
        """Follow the strategies that run, once they are there."""
        if self._followed or not self._cerebro.runningstrats:
            return
        self._cerebro.p.quicknotify = True
        for strategy in self._cerebro.runningstrats:
            strategy._notify = partial(self._ordinary, strategy, strategy._notify)
            self._followed.append(strategy)

    def leave(self) -> None:
        """Follow no more."""
        for strategy in self._followed:
            del strategy._notify
        self._followed.clear()
        self._cerebro.p.quicknotify = self._quick_before

    @property
    def waits(self) -> bool:
        """Whether something is not told yet."""
        return any(self._waiting.values())

    def put(self, order: bt.Order) -> None:
        """Let an order's strategy hear how it stands now."""
        owner = self.owner_of(order)
        if owner is not None:
            self._waiting.setdefault(id(owner), deque()).append(order.clone())

    def owner_of(self, order: bt.Order) -> bt.Strategy | None:
        """Return whose an order is: the first strategy's, if it is nobody's."""
        if order.owner is not None:
            return order.owner
        running = self._cerebro.runningstrats
        return running[0] if running else None

    def tell_all(self) -> None:
        """Tell everything now: no bar is on its way."""
        for strategy in self._followed:
            self._tell(strategy)

    def _tell(self, strategy: bt.Strategy) -> None:
        waiting = self._waiting.get(id(strategy))
        while waiting:
            strategy._addnotification(waiting.popleft(), quicknotify=True)

    def _ordinary(
        self, strategy: bt.Strategy, original: Any, qorders: Any = (), qtrades: Any = ()
    ) -> None:
        if not qorders:  # Cerebro's own call, in a bar's pass
            self.bars += 1
            self._tell(strategy)
        original(qorders=qorders, qtrades=qtrades)


class StoreNews:
    """What Cerebro gives to ``notify_store``: (what, account, instrument, text)."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def put(self, account: str, word: TellAccount) -> None:
        """Let strategies hear a word of an account."""
        about = {"account": account, "instrument": word.instrument, "text": word.text}
        self._waiting.append((word.what, (), about))

    def get_notifications(self) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
        """Return what waits; Cerebro asks in each pass."""
        found, self._waiting = self._waiting, []
        return found

    def start(self) -> None:
        """Do nothing; Cerebro starts its stores."""

    def stop(self) -> None:
        """Do nothing; Cerebro stops its stores."""
