"""A share of the account that grows with how sure the strategy is."""

from __future__ import annotations

from typing import Any

from atms.sizers.asking import method_of
from atms.sizers.checks import above_zero
from atms.sizers.entry import Entry, _EntrySizer


class ConfidenceSizer(_EntrySizer):
    """An entry is worth a percentage of equity, scaled by the strategy's confidence.

    The percentage is the smaller of percent x confidence and cap. The strategy has a method
    ``confidence_for(data)`` that returns 0 to 1; without one the run is refused.

    Params:
        percent: of the account's value, at a confidence of 1.
        cap: the most percent of the account's value.
        against, step, minimum: as of all sizers.
    """

    name = "confidence"
    params = dict(percent=50.0, cap=30.0)

    def __init__(self) -> None:
        super().__init__()
        above_zero(self, "percent", "cap")

    def set(self, strategy: Any, broker: Any) -> None:
        """Take the strategy; ValueError if it offers no confidence."""
        super().set(strategy, broker)
        self._confidence_for = method_of(self, "confidence_for", "how sure it is, from 0 to 1")

    def _units(self, entry: Entry) -> float:
        name = f"{type(self.strategy).__name__}.confidence_for"
        confidence = self._confidence_for(entry.data)
        entry.finite(confidence, name, "return a number from 0 to 1")
        if not 0 <= confidence <= 1:
            raise ValueError(f"{entry.where}: {name} is {confidence:g}; return 0 to 1")
        if confidence == 0:
            return self._none(entry, "confidence", "the confidence is 0")
        percent = min(self.p.percent * confidence, self.p.cap)
        return self._worth(entry, entry.equity * percent / 100)
