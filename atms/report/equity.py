"""The account's value at every step, computed after the run from its fills, in arrays.

The arithmetic and its order are Backtrader's, so that cash and value equal its broker's on every
bar, to the last bit.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import backtrader as bt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.report.metrics import drawdowns
from atms.report.recording import Recording

Floats = NDArray[np.float64]


def equity(recording: Recording) -> pd.DataFrame:
    """Return cash, value and exposure at every step of the time range, index ``datetime`` UTC.

    Columns: cash and value in the account's currency; position, the value of what is held (long
    minus short); exposure, the sum of absolute position values as a share of value; drawdown,
    wealth (see :func:`wealth`) over its peak so far minus 1.
    """
    feeds = [holding(recording, feed) for feed in range(len(recording.feeds))]
    cash = _cash(recording, feeds)
    position = np.zeros(len(recording.rounds))
    gross = np.zeros(len(recording.rounds))
    value = np.zeros(len(recording.rounds))
    for feed in recording.position_order:
        record, (size, price, close, margin) = recording.feeds[feed], feeds[feed]
        held = size != 0
        worth = np.where(held, size * close, 0.0)
        paid = worth if margin is None else np.where(held, np.abs(size) * margin, 0.0)
        unrealized = np.where(held, size * (close - price) * record.multiplier, 0.0)
        # bt's BackBroker._get_value takes a long's profit out of the leverage and adds it back.
        if recording.short_cash:
            long = paid > 0
            value = value + np.where(long, (paid - unrealized) / record.leverage, paid)
            value = np.where(long, value + unrealized, value)
        elif margin is None:
            value = value + np.abs(size * np.where(held, price, 0.0)) / record.leverage + unrealized
        else:
            value = value + paid
        position += worth * record.multiplier
        gross += np.abs(worth) * record.multiplier
    value = cash + value
    with np.errstate(divide="ignore", invalid="ignore"):
        exposure = np.where(value > 0, gross / value, np.nan)
    exposure = np.where(gross > 0, exposure, 0.0)
    part = recording.last_rounds[recording.first :]
    drawdown = drawdowns(wealth(recording, value[part]))[1:]
    return pd.DataFrame(
        {
            "cash": cash[part],
            "value": value[part],
            "position": position[part],
            "exposure": exposure[part],
            "drawdown": drawdown,
        },
        index=pd.DatetimeIndex(
            pd.to_datetime(recording.stamps[recording.first :], unit="us", utc=True),
            name="datetime",
        ),
    )


def wealth(recording: Recording, value: Floats) -> Floats:
    """Return the starting cash, then the account's value at each step of the time range.

    Cash that the strategy added or took is no profit: where there is some, each step counts by
    its time-weighted return, value over value before, each without what was added between them
    (after the fills, or before them), chained from the starting cash
    (CFA Institute, Global Investment Performance Standards, 2020: true time-weighted return).

    Args:
        recording: the run.
        value: at each step of the time range, shape (n,); what is returned has shape (n + 1,).
    """
    early, late = np.zeros(len(value)), np.zeros(len(value))
    ends = recording.last_rounds[recording.first :]
    for move in recording.deposits:
        step = int(np.searchsorted(ends, move.tick))
        if step < len(value):
            (early if move.first else late)[step] += move.amount
    return time_weighted(recording.start_cash, value, early, late)


def time_weighted(start: float, value: Floats, early: Floats, late: Floats) -> Floats:
    """Return *start* and what became of it, shape (n + 1,), without cash that was added.

    Args:
        start: the starting cash.
        value: what the account held at each step, shape (n,).
        early, late: cash that was added at each step, before and after its fills, shape (n,).
    """
    before = np.concatenate([[start], value[:-1]])
    moved = early.any() or late.any()
    if not moved or (before + early <= 0).any():
        return np.concatenate([[start], value])
    growth = np.cumprod((value - late) / (before + early))
    return start * np.concatenate([[1.0], growth])


class Holding(NamedTuple):
    """One feed at every tick: size held, its average price, the price it is valued at, margin."""

    size: Floats
    price: Floats
    close: Floats
    margin: Floats | None


def holding(recording: Recording, feed: int) -> Holding:
    """Return what was held of a feed at every round of the broker."""
    record, ticks = recording.feeds[feed], recording.rounds
    size, price = np.zeros(len(ticks)), np.zeros(len(ticks))
    position = bt.Position()
    fills = [fill for fill in recording.fills if fill.feed == feed]
    for fill, following in pairwise([*fills, None]):
        assert fill is not None  # the None closes the last pair
        position.update(fill.size, fill.price)
        part = slice(fill.tick, following.tick if following else None)
        size[part] = position.size
        price[part] = position.price
    days, marks = record.mark_path
    at = np.searchsorted(days, ticks, side="right") - 1
    close = np.where(at >= 0, marks[at], np.nan)
    margin = None if record.margins is None else record.margins[np.maximum(at, 0)]
    return Holding(size, price, close, margin)


def _cash(recording: Recording, feeds: list[Holding]) -> Floats:
    cash = np.full(len(recording.rounds), recording.start_cash, dtype=np.float64)
    # A fill's cash was read after its whole round, so that it knows what was added there too.
    moves = {move.tick: move.cash for move in recording.cash_moves if move.tick < len(cash)}
    known = {**moves, **{fill.tick: fill.cash for fill in recording.fills}}
    for tick, end in pairwise([*sorted(known), len(cash)]):
        cash[tick:end] = known[tick]
    margined = [feed for feed in recording.position_order if feeds[feed].margin is not None]
    if margined and recording.fills:
        _settle_each_tick(recording, cash, feeds, margined, set(known))
    return cash


def _settle_each_tick(
    recording: Recording,
    cash: Floats,
    feeds: list[Holding],
    margined: list[int],
    booked: set[int],
) -> None:
    """Futures-like positions move cash on every tick by the change of the close."""
    for tick in range(min(booked) + 1, len(cash)):
        if tick in booked:
            continue  # the broker's own cash, this tick's settlement included
        cash[tick] = cash[tick - 1]
        for feed in margined:
            size, _, close, _ = feeds[feed]
            if size[tick]:
                change = close[tick] - close[tick - 1]
                cash[tick] += size[tick] * change * recording.feeds[feed].multiplier
