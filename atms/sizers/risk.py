"""A fixed risk a trade."""

from __future__ import annotations

from typing import Any

from atms.sizers.asking import method_of
from atms.sizers.bars import true_range_average
from atms.sizers.checks import above_zero, one_of, whole
from atms.sizers.entry import Entry, _EntrySizer


class RiskSizer(_EntrySizer):
    """An entry loses a percentage of the account where its stop is hit, costs and gaps apart.

    size = account x percent / (distance to the stop x multiplier), as fixed fractional sizing
    (Ralph Vince, Portfolio Management Formulas, 1990). No more than ``cap`` percent of equity,
    however near the stop is. With ``stop: strategy`` the strategy has a method
    ``stop_for(data)`` that returns the price of the stop; without one the run is refused. A stop
    on the wrong side of the price sizes nothing, and the log says so.

    Params:
        percent: what a trade may lose, of ``of``.
        of: "equity" or "cash".
        stop: "strategy", asked for the stop's price; or "atr": the distance is ``multiple`` times
            the mean true range of the last ``period`` bars.
        period: bars, for "atr".
        multiple: of the mean true range, for "atr".
        cap: the most that a position is worth, percent of equity.
        against, step, minimum: as of all sizers.
    """

    name = "risk"
    params = dict(percent=1.0, of="equity", stop="strategy", period=14, multiple=2.0, cap=100.0)

    def __init__(self) -> None:
        super().__init__()
        above_zero(self, "percent", "multiple", "cap")
        one_of(self, "of", ("equity", "cash"))
        one_of(self, "stop", ("strategy", "atr"))
        whole(self, "period", 1)

    def set(self, strategy: Any, broker: Any) -> None:
        """Take the strategy; ValueError if it offers no stop where it is asked for one."""
        super().set(strategy, broker)
        if self.p.stop == "strategy":
            way_out = "give the sizer stop: atr"
            self._stop_for = method_of(self, "stop_for", "the price of the stop", way_out)

    def _units(self, entry: Entry) -> float:
        distance = self._distance(entry)
        if distance <= 0:
            return 0.0
        account = entry.equity if self.p.of == "equity" else entry.cash
        per_unit = entry.own(distance)
        entry.finite(account, "the account's cash", "see which price is missing")
        if per_unit <= 0:
            return self._none(entry, "rate", "the price's currency has no rate yet")
        if account <= 0:
            return self._none(entry, "amount", f"there is {account:g} to risk")
        most = self._worth(entry, entry.equity * self.p.cap / 100)
        return min(account * float(self.p.percent) / 100 / per_unit, most)

    def _distance(self, entry: Entry) -> float:
        """Return how far the stop is, in the price's currency; 0: nothing can be sized."""
        if self.p.stop == "atr":
            period = int(self.p.period)
            average = true_range_average(entry, period)
            if average is None:
                return self._none(entry, "bars", f"there are not {period + 1} bars yet")
            if average == 0:
                return self._none(entry, "range", f"the last {period} bars have no range")
            return average * float(self.p.multiple)
        name = f"{type(self.strategy).__name__}.stop_for"
        stop = entry.finite(
            self._stop_for(entry.data), name, "return the price of the stop for an entry now"
        )
        distance = entry.price - stop if entry.is_buy else stop - entry.price
        if distance <= 0:
            side, place = ("buy", "below") if entry.is_buy else ("sell", "above")
            text = f"{name} is {stop:g}; the stop of a {side} lies {place} {entry.price:g}"
            return self._none(entry, f"stop of a {side}", text)
        return distance
