"""The account's value at every step, computed after the run from its fills, in arrays.

The arithmetic and its order are Backtrader's, so that cash and value equal its broker's on every
bar, to the last bit.
"""

from __future__ import annotations

from itertools import pairwise

import backtrader as bt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.report.recording import Recording

Floats = NDArray[np.float64]


def equity(recording: Recording) -> pd.DataFrame:
    """Return cash, value and exposure at every step of the time range, index ``datetime`` UTC.

    Columns: cash and value in the account's currency; position, the value of what is held (long
    minus short); exposure, the sum of absolute position values as a share of value; drawdown,
    value over its peak so far (the starting cash included) minus 1.
    """
    sizes, prices, closes = zip(
        *(_holdings(recording, feed) for feed in range(len(recording.feeds))), strict=True
    )
    cash = _cash(recording, sizes, closes)
    position = np.zeros(len(recording.steps))
    gross = np.zeros(len(recording.steps))
    value = np.zeros(len(recording.steps))
    for feed in recording.position_order:
        record = recording.feeds[feed]
        size, close = sizes[feed], closes[feed]
        held = size != 0
        worth = np.where(held, size * close, 0.0)
        paid = worth if record.stocklike else np.zeros_like(worth)
        unrealized = np.where(held, size * (close - prices[feed]) * record.multiplier, 0.0)
        # bt's BackBroker._get_value takes a long's profit out of the leverage and adds it back.
        long = paid > 0
        value = value + np.where(long, (paid - unrealized) / record.leverage, paid)
        value = np.where(long, value + unrealized, value)
        position += worth * record.multiplier
        gross += np.abs(worth) * record.multiplier
    value = cash + value
    with np.errstate(divide="ignore", invalid="ignore"):
        exposure = np.where(value > 0, gross / value, np.nan)
    part = slice(recording.first, None)
    peak = np.maximum.accumulate(np.maximum(value[part], recording.start_cash))
    return pd.DataFrame(
        {
            "cash": cash[part],
            "value": value[part],
            "position": position[part],
            "exposure": exposure[part],
            "drawdown": value[part] / peak - 1,
        },
        index=pd.DatetimeIndex(
            pd.to_datetime(recording.stamps[part], unit="us", utc=True), name="datetime"
        ),
    )


def _holdings(recording: Recording, feed: int) -> tuple[Floats, Floats, Floats]:
    """Return size, average price and last close of *feed* at every step."""
    steps = len(recording.steps)
    size, price = np.zeros(steps), np.zeros(steps)
    position = bt.Position()
    fills = [fill for fill in recording.fills if fill.feed == feed]
    for fill, following in pairwise([*fills, None]):
        assert fill is not None  # the None closes the last pair
        position.update(fill.size, fill.price)
        part = slice(fill.step, following.step if following else None)
        size[part] = position.size
        price[part] = position.price
    bars = recording.bars_at_steps(feed)
    close = np.where(bars >= 0, recording.feeds[feed].columns["close"][bars], np.nan)
    return size, price, close


def _cash(recording: Recording, sizes: tuple[Floats, ...], closes: tuple[Floats, ...]) -> Floats:
    cash = np.full(len(recording.steps), recording.start_cash, dtype=np.float64)
    for fill in recording.fills:
        cash[fill.step :] = fill.cash
    margined = [i for i in recording.position_order if not recording.feeds[i].stocklike]
    if margined and recording.fills:
        _settle_each_bar(recording, cash, sizes, closes, margined)
    return cash


def _settle_each_bar(
    recording: Recording,
    cash: Floats,
    sizes: tuple[Floats, ...],
    closes: tuple[Floats, ...],
    margined: list[int],
) -> None:
    """Futures-like positions move cash on every bar by the change of the close."""
    booked = {fill.step for fill in recording.fills}
    for step in range(min(booked) + 1, len(cash)):
        if step in booked:
            continue  # the broker's own cash, this bar's settlement included
        cash[step] = cash[step - 1]
        for feed in margined:
            change = closes[feed][step] - closes[feed][step - 1]
            if sizes[feed][step]:
                cash[step] += sizes[feed][step] * change * recording.feeds[feed].multiplier
