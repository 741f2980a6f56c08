"""Sparse mode: a strategy says which lines it acts on, and sleeps on all other bars.

::

    class Cross(bt.Strategy):
        act_on = ("cross",)

``next`` is called on the bars on which one of these lines is neither 0 nor NaN, and on those on
which the strategy has just been told of an order or a trade. ``prenext`` and ``nextstart`` are
called as ever.
"""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
from backtrader.linebuffer import LineBuffer
from numpy.typing import NDArray

from atms.engine.clocks import Clocks
from atms.engine.timeline import Tickers
from atms.errors import StrategyError


def acting_steps(
    strategy: bt.Strategy, clocks: Clocks, tickers: Tickers, steps: int
) -> NDArray[np.bool_] | None:
    """Return on which steps a line of ``act_on`` calls for ``next``; None: there is no act_on.

    Raises:
        StrategyError: a name is no line of the strategy, or one that moves with no feed.
    """
    names = getattr(strategy, "act_on", None)
    if names is None:
        return None
    acting = np.zeros(steps, dtype=bool)
    for name in (names,) if isinstance(names, str) else names:
        acting |= _calling(strategy, name, clocks, tickers, steps)
    return acting


def _calling(
    strategy: bt.Strategy, name: str, clocks: Clocks, tickers: Tickers, steps: int
) -> NDArray[np.bool_]:
    where = f"strategy {type(strategy).__name__}: act_on: {name!r}"
    found: Any = getattr(strategy, name, None)
    line = found if isinstance(found, LineBuffer) else getattr(found, "lines", [None])[0]
    if not isinstance(line, LineBuffer):
        raise StrategyError(f"{where} is no line or indicator of the strategy: name those")
    ticker = clocks.of(found) or clocks.of(line)
    if ticker is None:
        raise StrategyError(f"{where} does not move with a feed: leave act_on away")
    values = np.asarray(line.array, dtype=np.float64)
    calls: NDArray[np.bool_] = (values != 0) & ~np.isnan(values)
    for moving, places in tickers.moving:
        if moving is ticker:
            bars = np.array(places)
            calls = np.append(calls, False)[bars]  # -1: no bar yet
            break
    return calls[:steps]


def orders_of(broker: Any) -> list[tuple[Any, ...]]:
    """Return every order that a broker was given, as plain values in the order of arrival."""
    return [
        (order.data._name, order.created.dt, order.exectype, order.size, order.status,
         *[(bit.dt, bit.size, bit.price) for bit in order.executed.exbits])
        for order in broker.orders
    ]  # fmt: skip


def check_same(dense: list[tuple[Any, ...]], sparse: list[tuple[Any, ...]]) -> None:
    """Refuse a strategy that does something else on all bars than on those of ``act_on``.

    Raises:
        StrategyError: with the first order that differs.
    """
    if dense == sparse:
        return
    pairs = zip(dense, sparse, strict=False)
    unlike = (number for number, (one, other) in enumerate(pairs) if one != other)
    number = next(unlike, min(len(dense), len(sparse)))
    either = (dense[number:] or sparse[number:])[0]
    when = bt.num2date(either[1])
    raise StrategyError(
        f"act_on: order {number + 1}, of {either[0]} at {when:%Y-%m-%d %H:%M:%S}, differs between "
        f"all bars ({len(dense)} orders) and the bars of act_on ({len(sparse)}): the strategy acts "
        "on more than it says; name those lines too, or leave act_on away"
    )
