"""What an account is worth: worked out when asked, and for a whole run at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from atms.engine.broker.feeds import Feed, Floats
from atms.engine.broker.state import State

_BLOCK = 1 << 16  # steps worked out at once


def settle(state: State) -> None:
    """Set the broker's values as Backtrader's broker would have at the end of its last turn."""
    d, p = state.d, state.p
    total = unlevered = unrealized = 0.0
    for data, position in d["positions"].items():
        feed = state.feeds[id(data)]
        close = feed.close[feed.ticker.at]
        info = state.fit(data)[0]
        held = position.__dict__
        size, paid = held["size"], held["price"]
        if not p.shortcash:
            value = abs(info.getvalue(position, close))
        elif info._stocklike:
            value = size * close
        else:
            value = info.getvaluesize(size, close)
        gain = size * (close - paid) * info.p.mult
        total += value
        unrealized += gain
        if value > 0:
            value -= gain
            unlevered += value / info.p.leverage
            unlevered += gain
        else:
            unlevered += value
    _put(d, total, unlevered, unrealized)


def _put(d: dict[str, Any], total: Any, unlevered: Any, unrealized: Any) -> None:
    cash = d["cash"]
    d["_value"] = value = cash + unlevered
    d["_fundval"] = value / d["_fundshares"]
    d["_valuemkt"] = unlevered
    d["_valuelever"] = cash + total
    d["_valuemktlever"] = total
    d["_leverage"] = total / (unlevered or 1.0)
    d["_unrealized"] = unrealized


class Curve:
    """Cash and value at the end of each step, kept as the few numbers that they follow from.

    Args:
        cash: before the first step.
    """

    def __init__(self, cash: Any) -> None:
        self._steps = [-1]
        self._cash = [cash]
        self._told_steps: list[int] = []
        self._told_values: list[Any] = []
        self._frozen: Floats = np.empty(0)

    def freeze(self, state: State, upto: int) -> None:
        """Work out the values of the steps before *upto*: a price or a setting is to change."""
        first = len(self._frozen)
        if upto > first:
            self._frozen = np.append(self._frozen, self.between(state, first, upto)[1])

    def keep(self, step: int, cash: Any) -> None:
        """Note the cash from *step* on."""
        if cash is not self._cash[-1]:
            self._steps.append(step)
            self._cash.append(cash)

    def tell(self, step: int, value: Any) -> None:
        """Note the value at *step*, where it was worked out in full."""
        self._told_steps.append(step)
        self._told_values.append(value)

    def between(self, state: State, first: int, last: int) -> tuple[Floats, Floats]:
        """Return cash and value after steps first..last-1, each of shape (last - first,)."""
        cash = np.empty(last - first)
        value = np.empty(last - first)
        told = np.array(self._told_steps, dtype=np.int64)
        low, high = np.searchsorted(told, (first, last))
        whole = high - low == last - first
        steps, kept = np.array(self._steps), np.array(self._cash, dtype=np.float64)
        for start in range(first, last, _BLOCK):
            stop = min(start + _BLOCK, last)
            here = slice(start - first, stop - first)
            at = np.arange(start, stop)
            cash[here] = kept[np.searchsorted(steps, at, side="right") - 1]
            value[here] = 0.0 if whole else cash[here] + _unlevered(state, at)
        value[told[low:high] - first] = self._told_values[low:high]
        frozen = self._frozen[first:last]
        value[: len(frozen)] = frozen
        return cash, value


def _unlevered(state: State, at: Any) -> Floats:
    """Return the positions' value without leverage, added up in Backtrader's order."""
    total = np.zeros(len(at))
    for data in state.d["positions"]:
        feed = state.feeds.get(id(data))
        if feed is not None and feed.steps:
            with np.errstate(invalid="ignore", over="ignore"):
                _add_worth(total, feed, state.fit(data)[0], state.p.shortcash, at)
    return total


def _add_worth(total: Floats, feed: Feed, info: Any, shortcash: bool, at: Any) -> None:
    steps = np.array([-1, *feed.steps])
    held = np.searchsorted(steps, at, side="right") - 1
    size = np.array([0.0, *feed.sizes])[held]
    paid = np.array([0.0, *feed.prices])[held]
    close = feed.closes[at if feed.bars is None else feed.bars[at]]
    if not np.isfinite(close).all():  # Backtrader multiplies once there is a position object
        close = np.where(at < feed.steps[0], 0.0, close)
    # A future is only here while none is held.
    value = size * close if info._stocklike else np.zeros(len(at))
    if not shortcash and info._stocklike:
        short = paid * size + (paid - close) * size
        value = np.abs(np.where(size >= 0, value, short))
    gain = size * (close - paid) * info.p.mult
    total += np.where(value > 0, (value - gain) / info.p.leverage, value)
    total += np.where(value > 0, gain, 0.0)
