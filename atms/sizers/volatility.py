"""A position that is the smaller, the more its data moves."""

from __future__ import annotations

import math

import numpy as np

from atms.sizers.bars import last_values
from atms.sizers.checks import above_zero, whole
from atms.sizers.entry import Entry, _EntrySizer


class VolatilitySizer(_EntrySizer):
    """An entry is worth equity x target / realised volatility, at most ``cap`` times equity.

    The realised volatility is the standard deviation (divisor n - 1) of the last ``period``
    log returns of the close, times the square root of the periods in a year. Scaling by the
    inverse of it: Harvey, Hoyle, Korgaonkar, Rattray, Sargaison and Van Hemert, The Impact of
    Volatility Targeting, Journal of Portfolio Management 45(1), 2018.

    Params:
        target: wanted volatility of the position, percent a year of equity.
        period: returns that are looked back on.
        periods_per_year: bars in a year, and needed: 252 for daily bars of a stock exchange, 365
            and 8760 for daily and hourly bars around the clock.
        cap: the most that a position is worth, times equity.
        against, step, minimum: as of all sizers.
    """

    name = "volatility"
    params = dict(target=15.0, period=20, periods_per_year=None, cap=1.0)

    def __init__(self) -> None:
        super().__init__()
        if self.p.periods_per_year is None:
            raise ValueError(
                "sizer volatility: give periods_per_year, how many bars a year has: 252 for daily "
                "bars of a stock exchange, 8760 for hourly bars around the clock"
            )
        above_zero(self, "target", "periods_per_year", "cap")
        whole(self, "period", 2)

    def _units(self, entry: Entry) -> float:
        period = int(self.p.period)
        closes = last_values(entry, "close", period + 1)
        if closes is None:
            return self._none(entry, "bars", f"there are not {period + 1} bars yet")
        if closes.min() <= 0:
            return self._none(entry, "price", f"a close of {closes.min():g} has no log return")
        spread = float(np.std(np.diff(np.log(closes)), ddof=1))
        realised = 100 * spread * math.sqrt(self.p.periods_per_year)
        if realised == 0:
            return self._none(entry, "flat", f"the last {period} returns are all the same")
        leverage = min(self.p.target / realised, self.p.cap)
        return self._worth(entry, entry.equity * leverage)
