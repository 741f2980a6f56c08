"""The last bars of a data, as a sizer reads them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from atms.sizers.entry import Entry


def last_values(entry: Entry, line_name: str, count: int) -> NDArray[np.float64] | None:
    """Return a line's last values, oldest first, shape (count,); None: there are not so many yet.

    With ``cheat_on_open`` the bar of now is not over, and not among them.

    Raises:
        ValueError: ``exactbars`` keeps fewer; one of them is NaN or infinite.
    """
    line = getattr(entry.data.lines, line_name)
    if len(line) + entry.back < count:
        return None
    if len(line.array) < count - entry.back:
        raise ValueError(
            f"{entry.where}: {count} bars are needed and exactbars keeps {len(line.array)}; run "
            "without exactbars, or shorten the sizer's period"
        )
    values = np.array(line.get(ago=entry.back, size=count), dtype=np.float64)
    if not np.isfinite(values).all():
        bad = values[~np.isfinite(values)][0]
        entry.finite(float(bad), f"{line_name} in the last {count} bars", "mend the bars")
    return values


def true_range_average(entry: Entry, period: int) -> float | None:
    """Return the mean true range of the last *period* bars; None: there are too few yet.

    A plain mean depends on these bars alone. Wilder's own smoothing, of which it is the first
    value, depends on all bars before (J. Welles Wilder, New Concepts in Technical Trading
    Systems, 1978).
    """
    high, low = last_values(entry, "high", period), last_values(entry, "low", period)
    closes = last_values(entry, "close", period + 1)
    if high is None or low is None or closes is None:
        return None
    before = closes[:-1]
    return float(np.mean(np.maximum(high, before) - np.minimum(low, before)))
