"""Engines that are wrong in one way each: the corpus must find every one of them.

Each is Backtrader's own code with one thing changed, so that none hangs on how ours is built.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import backtrader as bt

from tests.engine.corpus.broken_watching import BROKEN as WATCHING
from tests.engine.corpus.broken_watching import Broker, Patch, instead


def _dropped_bar(stock: Any) -> Any:
    def preload(self: Any) -> None:
        stock(self)
        for line in self.lines:
            del line.array[30:31]

    return preload


def _late_fill(stock: Any) -> Any:
    def try_market(self: Any, order: Any, *prices: float) -> None:
        if len(order.data) != order.plen + 1:
            stock(self, order, *prices)

    return try_market


def _other_sum(stock: Any) -> Any:
    def once(self: Any, start: int, end: int) -> None:
        source, target, period = self.data.array, self.line.array, self.p.period
        for i in range(start, end):
            # Not sum(): later Pythons make up for what each addition rounds off.
            target[i] = functools.reduce(operator.add, source[i - period + 1 : i + 1]) / period

    return once


def _value_from_the_right(stock: Any) -> Any:
    def value(self: Any, datas: Any = None, lever: bool = False) -> Any:
        if datas is None and len(self.positions) > 2:
            datas = list(reversed(self.positions))
        return stock(self, datas, lever)

    return value


def _lagging_trail(stock: Any) -> Any:
    def adjust(self: Any, price: float) -> None:
        last = getattr(self, "last_close", None)
        self.last_close = price
        stock(self, price if last is None else last)

    return adjust


def _stale_bar_untried(stock: Any) -> Any:
    def try_exec(self: Any, order: Any) -> None:
        stale = order.data.datetime[0] <= order.created.dt
        if not stale or order.exectype in (bt.Order.Market, bt.Order.Close):
            stock(self, order)

    return try_exec


def _never_expires(stock: Any) -> Any:
    def expire(self: Any) -> bool:
        return stock(self) if self.exectype != bt.Order.Limit else False

    return expire


def _forgetful_pairs(stock: Any) -> Any:
    def check(self: Any, order: Any) -> None:
        if order.exectype != bt.Order.Limit:
            stock(self, order)

    return check


def _unshared_created(stock: Any) -> Any:
    def clone(self: Any) -> Any:
        made = stock(self)
        made.created = self.created.clone()
        return made

    return clone


def _queue_turned_round(stock: Any) -> Any:
    def next_round(self: Any) -> None:
        self.pending.reverse()
        stock(self)

    return next_round


def _silent_acceptance(stock: Any) -> Any:
    def notify(self: Any, order: Any) -> None:
        if order.status != bt.Order.Accepted or order.exectype != bt.Order.Stop:
            stock(self, order)

    return notify


def _forgets_cash(stock: Any) -> Any:
    def add_cash(self: Any, cash: float) -> None:
        stock(self, cash if cash > 0 else 0.0)

    return add_cash


def _late_position(stock: Any) -> Any:
    def next_round(self: Any) -> None:
        before = [
            (one, getattr(one, "datetime", None)) for one in self.positions.values() if one.size
        ]
        stock(self)
        for position, moment in before:
            position.datetime = moment

    return next_round


def _free_interest(stock: Any) -> Any:
    return lambda self, data, position, moment: 0.0


def _lost_last_bar(stock: Any) -> Any:
    def last(self: Any, datamaster: Any = None) -> Any:
        return stock(self, datamaster) if datamaster is None and not self._filters else 0

    return last


def _stale_child(stock: Any) -> Any:
    def activate(self: Any) -> None:
        stock(self)
        self.created.dt = self.data.datetime[0]

    return activate


BROKEN: dict[str, Patch] = {
    "a dropped bar": instead(bt.feed.AbstractDataBase, "preload", _dropped_bar),
    "a late fill": instead(Broker, "_try_exec_market", _late_fill),
    "a float summed in another order": instead(bt.ind.Average, "once", _other_sum),
    "a value summed from the right": instead(Broker, "_get_value", _value_from_the_right),
    "a trailing price that lags": instead(bt.Order, "trailadjust", _lagging_trail),
    "a stale bar not tried": instead(Broker, "_try_exec", _stale_bar_untried),
    "a limit that never expires": instead(bt.Order, "expire", _never_expires),
    "a pair that is forgotten": instead(Broker, "_ococheck", _forgetful_pairs),
    "a created that clones do not share": instead(bt.Order, "clone", _unshared_created),
    "a queue turned round": instead(Broker, "next", _queue_turned_round),
    "an acceptance not told": instead(Broker, "notify", _silent_acceptance),
    "a withdrawal forgotten": instead(Broker, "add_cash", _forgets_cash),
    "a position whose time lags": instead(Broker, "next", _late_position),
    "interest never paid": instead(bt.CommInfoBase, "get_credit_interest", _free_interest),
    "a last bar that is never delivered": instead(
        bt.feed.AbstractDataBase, "_last", _lost_last_bar
    ),
    "a bracket's leg made anew": instead(bt.Order, "activate", _stale_child),
    **WATCHING,
}
