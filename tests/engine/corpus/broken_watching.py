"""Engines that watch wrongly: analyzers, observers, timers, lines, errors and what is left."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import backtrader as bt
import numpy as np

Broker = bt.brokers.BackBroker
Patch = Callable[[], AbstractContextManager[Any]]


def instead(owner: Any, name: str, make: Callable[[Any], Any]) -> Patch:
    """Return what puts ``make(the stock function)`` in the place of a function for a while."""
    return lambda: patch.object(owner, name, make(getattr(owner, name)))


def _misses_a_bar(stock: Any) -> Any:
    def next_bar(self: Any) -> None:
        if len(self.strategy) != 41:
            stock(self)

    return next_bar


def _shifted_observer(stock: Any) -> Any:
    def next_bar(self: Any) -> None:
        stock(self)
        if len(self) > 1:
            self.lines[0][-1] = self.lines[0][0]

    return next_bar


def _index_off_by_one(stock: Any) -> Any:
    def run_once(self: Any, strategies: Any) -> None:
        stock(self, strategies)
        self.datas[0].lines[0]._idx -= 1

    return run_once


def _numpy_in_results(stock: Any) -> Any:
    def stop(self: Any) -> None:
        stock(self)
        self.rets.max.drawdown = np.float64(self.rets.max.drawdown)

    return stop


def _whole_number_max(stock: Any) -> Any:
    def start(self: Any) -> None:
        stock(self)
        self.rets.max.len = 0

    return start


def _no_future(stock: Any) -> Any:
    def getitem(self: Any, ago: int) -> Any:
        value = stock(self, ago)
        return math.nan if ago == 1 and value < 700_000.0 else value  # stamps are above

    return getitem


def _late_timer(stock: Any) -> Any:
    def check(self: Any, days: float) -> Any:
        return stock(self, days - 1 / 1440)

    return check


def _another_error(stock: Any) -> Any:
    def div(self: Any) -> None:
        try:
            stock(self)
        except ZeroDivisionError as error:
            raise ValueError("division by zero") from error

    return div


def _swallowed_error(stock: Any) -> Any:
    def run(self: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(ValueError):
            return stock(self, **kwargs)
        return []

    return run


def _one_more_warning(stock: Any) -> Any:
    def start(self: Any) -> None:
        warnings.warn("this would be new", RuntimeWarning, stacklevel=2)
        stock(self)

    return start


def _next_twice_at_the_start(stock: Any) -> Any:
    def nextstart(self: Any) -> None:
        self.next()
        stock(self)

    return nextstart


def _trade_length(stock: Any) -> Any:
    def update(self: Any, *args: Any, **kwargs: Any) -> None:
        stock(self, *args, **kwargs)
        self.barlen += self.isclosed

    return update


@contextlib.contextmanager
def _foreign_class() -> Iterator[None]:
    """Leave another class on the broker when the run is over."""
    other = type.__new__(type(Broker), "BackBroker", (Broker,), {"__module__": Broker.__module__})
    stock = bt.Cerebro.run

    def run(self: Any, **kwargs: Any) -> Any:
        try:
            return stock(self, **kwargs)
        finally:
            if type(self.broker) is Broker:
                self.broker.__class__ = other

    with patch.object(bt.Cerebro, "run", run):
        yield


BROKEN: dict[str, Patch] = {
    "an analyzer that misses a bar": instead(bt.analyzers.DrawDown, "next", _misses_a_bar),
    "an observer shifted by one": instead(bt.observers.Broker, "next", _shifted_observer),
    "a line index off by one at the end": instead(bt.Cerebro, "_runonce", _index_off_by_one),
    "a numpy number in a result": instead(bt.analyzers.DrawDown, "stop", _numpy_in_results),
    "a whole number for a float": instead(bt.analyzers.DrawDown, "start", _whole_number_max),
    "no bar ahead": instead(bt.linebuffer.LineBuffer, "__getitem__", _no_future),
    "a timer a minute late": instead(bt.timer.Timer, "check", _late_timer),
    "another error than stock's": instead(bt.analyzers.SharpeRatio, "stop", _another_error),
    "an error swallowed": instead(bt.Cerebro, "run", _swallowed_error),
    "a warning of its own": instead(bt.analyzers.Returns, "start", _one_more_warning),
    "two first bars": instead(bt.Strategy, "nextstart", _next_twice_at_the_start),
    "a trade a bar too long": instead(bt.trade.Trade, "update", _trade_length),
    "a class left behind": _foreign_class,
}
