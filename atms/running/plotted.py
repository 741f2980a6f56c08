"""What a strategy's plotted indicators were on every step, and where they belong in a chart."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.engine.warmup import data_under


def plotted(
    strategy: bt.Strategy, steps: NDArray[np.float64], stamps: NDArray[np.int64]
) -> pd.DataFrame:
    """Return every plotted indicator's lines at every step, as of that step.

    ``attrs["panes"]`` say of each column the place of the data whose bars it counts, and whether
    the indicator asks to be drawn beneath the price.
    """
    columns: dict[str, NDArray[np.float64]] = {}
    panes: dict[str, dict[str, Any]] = {}
    places = {id(data): place for place, data in enumerate(strategy.datas)}
    for indicator in strategy.getindicators_lines():
        if not indicator.plotinfo.plot:
            continue
        under = data_under(indicator, strategy.datas)
        clock: Any = strategy.data if under is None else under
        bars = np.searchsorted(line_array(clock.lines.datetime), steps, side="right") - 1
        aliases = indicator.lines.getlinealiases()
        for index, alias in enumerate(aliases):
            values = line_array(indicator.lines[index])
            seen = (bars >= 0) & (bars < len(values))
            label = _label(indicator) + (f".{alias}" if len(aliases) > 1 else "")
            column = np.full(len(steps), np.nan)
            column[seen] = values[bars[seen]]
            label = _free(label, columns)
            columns[label] = column
            panes[label] = {
                "feed": places[id(clock)],
                "beneath": bool(indicator.plotinfo.subplot),
            }
    index = pd.DatetimeIndex(pd.to_datetime(stamps, unit="us", utc=True), name="datetime")
    frame = pd.DataFrame(columns, index=index)
    frame.attrs["panes"] = panes
    return frame


def _label(indicator: bt.Indicator) -> str:
    values = [str(value) for value in indicator.p._getvalues() if isinstance(value, int | float)]
    return f"{type(indicator).__name__}({','.join(values)})"


def _free(label: str, taken: dict[str, Any]) -> str:
    number = 2
    free = label
    while free in taken:
        free = f"{label}#{number}"
        number += 1
    return free


def line_array(line: Any) -> NDArray[np.float64]:
    """Return a copy of a Backtrader line's values: over a view no later append would work."""
    return np.array(line.array, dtype=np.float64)
