"""What was held of each data at every step, and what PositionsValue makes of it."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
from numpy.typing import NDArray

from atms.engine.watching.equity import Column, Setting, Span

_VALUERS = ("getvaluesize", "getvalue")


class Holdings:
    """Size and price of each position, noted where an order was executed.

    Args:
        setting: of the run.
        step: the present one.
    """

    def __init__(self, setting: Setting, step: int) -> None:
        self._broker = setting.broker
        self._datas = setting.strategy.datas
        self._steps: list[int] = []
        self._sizes: list[list[float]] = []
        self._prices: list[list[float]] = []
        self.note(step)

    def note(self, step: int) -> None:
        """Note what is held from *step* on."""
        held = [self._broker.positions.get(data) for data in self._datas]
        self._steps.append(step)
        self._sizes.append([one.size if one is not None else 0 for one in held])
        self._prices.append([one.price if one is not None else 0.0 for one in held])

    def columns(self, span: Span, place: int) -> tuple[Column, Column]:
        """Return size and price of the position in the data at *place*, over *span*."""
        at = np.arange(span.first, span.last)
        rows: NDArray[np.int64] = np.searchsorted(self._steps, at, side="right") - 1
        sizes = np.array([row[place] for row in self._sizes], dtype=np.float64)
        prices = np.array([row[place] for row in self._prices], dtype=np.float64)
        return sizes[rows], prices[rows]


def why_not(analyzer: Any, setting: Setting) -> str:
    """Return why the values of positions cannot be told afterwards; "" if they can."""
    broker, stock = setting.broker, bt.brokers.BackBroker
    if len(setting.strategy.cerebro.runningstrats) > 1:
        return "another strategy may trade"
    for name in ("_get_value", "get_value", "getcommissioninfo"):
        if name in broker.__dict__ or getattr(type(broker), name, None) is not getattr(stock, name):
            return f"{type(broker).__name__} has its own {name}"
    for data in setting.strategy.datas:
        info = broker.getcommissioninfo(data)
        if any(getattr(type(info), n) is not getattr(bt.CommInfoBase, n) for n in _VALUERS):
            return f"{type(info).__name__} values in its own way"
        if not info._stocklike:
            return "positions are valued by their margin"
    return ""


def settle_positions(analyzer: Any, span: Span) -> None:
    """Leave a PositionsValue as it is after *span*."""
    calendar = span.setting.calendar
    columns = [_values(span, place, data) for place, data in enumerate(analyzer.datas)]
    if analyzer.p.cash:
        columns.append(span.cash.tolist())
    named = calendar.dates if analyzer._usedate else calendar.datetimes
    rows = map(list, zip(*columns, strict=True))
    analyzer.rets.update(zip(named(span.first, span.last), rows, strict=True))


def _values(span: Span, place: int, data: Any) -> list[float]:
    holdings: Holdings = span.setting.holdings
    sizes, prices = holdings.columns(span, place)
    close = span.column(data, data.lines.close)
    with np.errstate(all="ignore"):
        values = sizes * close
        if not span.setting.broker.p.shortcash:  # a short is worth more as the price falls
            shorts = prices * sizes + (prices - close) * sizes
            values = np.where(sizes >= 0, values, shorts)
    found: list[float] = values.tolist()
    return found
