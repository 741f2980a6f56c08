"""A fixed number of units."""

from __future__ import annotations

from atms.sizers.checks import above_zero
from atms.sizers.entry import Entry, _EntrySizer


class FixedSizer(_EntrySizer):
    """Every order is for the same number of units, exits too.

    Params:
        units: of the instrument: shares, contracts, coins.
        against, step, minimum: as of all sizers; ``against`` is "size" here.
    """

    name = "fixed"
    params = dict(units=1.0, against="size")

    def __init__(self) -> None:
        super().__init__()
        above_zero(self, "units")

    def _units(self, entry: Entry) -> float:
        return float(self.p.units)
