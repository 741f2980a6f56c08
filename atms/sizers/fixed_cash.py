"""A fixed amount of money."""

from __future__ import annotations

from atms.sizers.checks import above_zero
from atms.sizers.entry import Entry, _EntrySizer


class FixedCashSizer(_EntrySizer):
    """Every entry is worth the same amount of money: size = cash / (price x multiplier).

    Params:
        cash: what an entry is worth, in the account's currency; of a future its value, not the
            margin that it ties.
        against, step, minimum: as of all sizers.
    """

    name = "fixed_cash"
    params = dict(cash=1000.0)

    def __init__(self) -> None:
        super().__init__()
        above_zero(self, "cash")

    def _units(self, entry: Entry) -> float:
        return self._worth(entry, float(self.p.cash))
