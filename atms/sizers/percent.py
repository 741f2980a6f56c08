"""A share of the account."""

from __future__ import annotations

from atms.sizers.checks import above_zero
from atms.sizers.entry import Entry, _EntrySizer


class PercentSizer(_EntrySizer):
    """Every entry is worth a percentage of equity: size = equity x percent / (price x multiplier).

    Fees and a gap to the next open come on top: at 100 percent a broker without credit refuses
    most orders.

    Params:
        percent: of the account's value; above 100 it is borrowed, or of a future's value.
        against, step, minimum: as of all sizers.
    """

    name = "percent"
    params = dict(percent=20.0)

    def __init__(self) -> None:
        super().__init__()
        above_zero(self, "percent")

    def _units(self, entry: Entry) -> float:
        return self._worth(entry, entry.equity * self.p.percent / 100)
