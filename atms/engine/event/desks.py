"""The broker's turn on a bar on which it has nothing to do but value what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import backtrader as bt
from backtrader.brokers import BackBroker
from backtrader.comminfo import CommInfoBase
from backtrader.position import Position
from backtrader.utils import num2date

from atms.engine.broker.positions import note
from atms.engine.broker.worth import settle
from atms.engine.event.run import Run
from atms.engine.event.swapping import Swaps
from atms.engine.explaining import Part
from atms.engine.identity import runs

_TURN = (
    "next", "check_submitted", "_process_order_history", "_get_value", "getcommissioninfo",
    "get_notification",
)  # fmt: skip
_COSTS = (
    "getvalue", "getvaluesize", "profitandloss", "cashadjust", "get_leverage",
    "get_credit_interest", "_get_credit_interest",
)  # fmt: skip


class Desk:
    """What stands for ``cerebro._brokernotify()``.

    Without orders, cash to book or a history to follow, Backtrader's broker goes through the
    positions: interest, cash of futures, the time of the position, its value. Where there is no
    interest and no future, the value and that time are all that changes.
    """

    def __init__(self, cerebro: Any, run: Run) -> None:
        self._cerebro, self._broker, self._run = cerebro, cerebro.broker, run
        self._standing = run.standing
        why = _why_not(cerebro)
        self._known = not why
        self._lane = None if why else vars(self._broker).get("_lane")
        self._calm = False
        run.parts.append(Part("broker", type(self._broker).__name__, not why, why))
        self._plain: dict[int, tuple[Any, bool]] = {}
        self._state: tuple[Any, ...] = (None, None, -1)
        self._times = Times(run.swaps)

    def turn(self) -> None:
        """Let the broker have its turn, and tell what it has to tell."""
        if self._known and self._standing.live and self._rests():
            return
        self._cerebro._brokernotify()
        if self._known:
            broker = self._broker
            self._state = broker.cash, broker._value, len(broker.positions)

    def _rests(self) -> bool:
        """Do the turn, if there is nothing to do but to value; False: nothing was done."""
        if self._lane is not None:
            return self._rests_in_lane(self._lane)
        broker = self._broker
        if (
            broker.pending
            or broker.submitted
            or broker._toactivate
            or broker._cash_addition
            or broker.notifs
        ):
            return False
        positions = broker.positions
        for position in positions.values():
            if position.size:
                return self._value(broker, positions)
        cash, value, count = self._state
        if broker.cash is not cash or broker._value is not value or len(positions) != count:
            return False
        if value - value != 0.0:  # of a close that was none
            return False
        for data in positions:
            close = data.close[0]
            if close - close != 0.0:
                return False
        return True

    def _rests_in_lane(self, lane: Any) -> bool:
        """Do the turn of a broker whose orders run in the lane, likewise."""
        d = self._broker.__dict__
        before, busy = self._calm, (
            d["pending"] or d["submitted"] or d["_toactivate"] or d["_cash_addition"] or d["notifs"]
        )  # fmt: skip
        self._calm = not busy and lane.light
        # A turn on which nothing is executed follows each on which something may have been: it
        # books what the lane keeps back.
        if not (before and self._calm) or type(d["cash"]) is not float:
            return False
        lane.main.at += 1
        if not self._is_same(d):
            lane.state.inside = True
            try:
                settle(lane.state)
                for position in d["positions"].values():
                    if position.__dict__["size"]:
                        note(position.__dict__)
            finally:
                lane.state.inside = False
            self._state = d["cash"], d["_value"], len(d["positions"])
        lane.settled = lane.main.at
        return True

    def _is_same(self, d: dict[str, Any]) -> bool:
        """Return whether the account is worth what it was worth after the turn before."""
        cash, value, count = self._state
        positions = d["positions"]
        if d["cash"] is not cash or d["_value"] is not value or len(positions) != count:
            return False
        if value - value != 0.0:
            return False
        for data, position in positions.items():
            if position.__dict__["size"]:
                return False
            close = data.close[0]
            if close - close != 0.0:
                return False
        return True

    def _value(self, broker: Any, positions: Any) -> bool:
        cash = broker.cash
        if type(cash) is not float or not cash or broker._userhist or broker._fundhist:
            return False
        for data, position in positions.items():
            if not self._is_plain(broker, data, position):
                return False
        for data, position in positions.items():
            if position.size:
                self._times.mark(data, position)
                position.adjbase = data.close[0]
        self._add_up(broker, positions, cash)
        self._state = (None, None, -1)
        return True

    def _add_up(self, broker: Any, positions: Any, cash: float) -> None:
        """Do what ``_get_value`` does of shares, its operations in its order."""
        worth = free = gained = 0.0
        short = broker.p.shortcash
        for data, position in positions.items():
            costs = broker.getcommissioninfo(data)
            size, price, close = position.size, position.price, data.close[0]
            value = size * close
            if not short:
                if not size >= 0:
                    value = price * size
                    value += (price - close) * size
                value = abs(value)
            gain = size * (close - price) * costs.p.mult
            worth += value
            gained += gain
            if value > 0:
                value -= gain
                free += value / costs.p.leverage
                free += gain
            else:
                free += value
        broker._value = total = cash + free
        broker._fundval = total / broker._fundshares
        broker._valuemkt = free
        broker._valuelever = cash + worth
        broker._valuemktlever = worth
        broker._leverage = worth / (free or 1.0)
        broker._unrealized = gained

    def _is_plain(self, broker: Any, data: Any, position: Any) -> bool:
        costs = broker.getcommissioninfo(data)
        known = self._plain.get(id(costs))
        if known is None or known[0] is not costs:
            known = self._plain[id(costs)] = costs, runs(costs, CommInfoBase, *_COSTS)
        if not (known[1] and costs._stocklike):
            return False
        if not position.size:
            return True
        if data not in broker.d_credit:
            return False
        if costs.p.interest_long or position.size < 0:
            price = position.price
            if costs._creditrate != 0.0 or price - price != 0.0:
                return False
        return self._times.known(self._run.feed(data), position)


class Times:
    """When positions were looked at last, made a datetime when somebody asks."""

    def __init__(self, swaps: Swaps) -> None:
        self._swaps = swaps
        self._mine: dict[int, Any] = {}

    def known(self, feed: Any, position: Any) -> bool:
        """Return whether the time of *position*, of the data of *feed*, can be left for later."""
        if id(position) in self._mine:
            return True
        if feed is None or type(position) is not Position:
            return False
        if position.__dict__.get("datetime") is None:
            return False
        self._mine[id(position)] = position
        self._swaps.then(lambda: _settle(position))
        self._swaps.put_class(position, "timed", lambda base: _TIMED)
        return True

    def mark(self, data: Any, position: Any) -> None:
        """Let the time of *position* be that of the present bar of *data*."""
        line = data.datetime
        number = line[0]
        if 2.0 <= number < 3652050.0:
            position.__dict__["_event_time"] = line, number
        else:
            position.datetime = line.datetime()


def _settle(position: Any) -> None:
    own = position.__dict__
    made = own.pop("_event_time", None)
    if made is not None:
        line, number = made
        own["datetime"] = num2date(number, tz=line._tz, naive=True)


def _read(self: Any) -> Any:
    _settle(self)
    try:
        return self.__dict__["datetime"]
    except KeyError:
        raise AttributeError("'Position' object has no attribute 'datetime'") from None


def _write(self: Any, value: Any) -> None:
    self.__dict__.pop("_event_time", None)
    self.__dict__["datetime"] = value


_TIMED: Mapping[str, Any] = {"datetime": property(_read, _write)}


def _why_not(cerebro: Any) -> str:
    broker = cerebro.broker
    if not runs(cerebro, bt.Cerebro, "_brokernotify"):
        return "Cerebro's _brokernotify is its own"
    kind = type(broker)
    if hasattr(kind, "lane_begin"):
        kind = kind.__mro__[1]  # the lane's class
    for name in _TURN:
        if name in vars(broker) or getattr(kind, name, None) is not getattr(BackBroker, name):
            return f"its {name} is its own"
    if broker._userhist or broker._fundhist:
        return "it follows a history"
    return ""
