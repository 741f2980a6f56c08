"""vectorbt: no events; signals and a portfolio as arrays, compiled by numba before it is timed."""

from __future__ import annotations

from importlib.metadata import version

import common
import numpy as np
import pandas as pd
import vectorbt as vbt


def run(opens: pd.Series, closes: pd.Series) -> vbt.Portfolio:
    """Fill at the next bar's open what the averages say at the close."""
    fast = closes.rolling(common.FAST).mean()
    difference = (fast - closes.rolling(common.SLOW).mean()).to_numpy()
    sign = pd.Series(np.where(np.abs(difference) < 1e-5, 0.0, np.sign(difference)), closes.index)
    sign = sign.replace(0.0, np.nan).ffill()
    above, before = sign > 0, sign.shift(1)
    entries = (above & (before < 0)).shift(1, fill_value=False)
    exits = ((sign < 0) & (before > 0)).shift(1, fill_value=False)
    return vbt.Portfolio.from_signals(
        opens, entries, exits, size=1, fees=common.FEE, init_cash=common.CASH, freq="1min"
    )


bars = common.bars()
index = pd.to_datetime(bars["datetime"])
opens, closes = (pd.Series(bars[name], index) for name in ("open", "close"))
run(opens[:2000], closes[:2000]).orders.count()
clock = common.Clock()
with clock.running():
    fills = int(run(opens, closes).orders.count())
common.answer(version("vectorbt"), clock, fills)
