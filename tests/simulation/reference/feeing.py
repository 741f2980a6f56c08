"""Fees: what a fill adds to the fee of its order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulation.reference.scenario import Fill, Settings


@dataclass
class Fees:
    """The account's schedule, and what was traded on it: (stamp, value) of each fill."""

    terms: Settings
    traded: list[tuple[datetime, float]] = field(default_factory=list)

    def of(
        self, before: list[Fill], start: float, size: float, price: float, maker: bool,
        now: datetime, rate: float,
    ) -> float:  # fmt: skip
        """Tell the fee of *size* more units after *start* units of this fill.

        *before* are the earlier fills of the order, *rate* the price of the fee's currency.
        """
        done = sum(abs(fill.size) for fill in before)
        paid = sum(abs(fill.size) * fill.price for fill in before)
        done_value, unit = paid * self.terms.multiplier, price * self.terms.multiplier
        low = self._total(done + start, done_value + start * unit, rate)
        high = self._total(done + start + size, done_value + (start + size) * unit, rate)
        return high - low + self.share(maker, now) * size * price * self.terms.multiplier

    def share(self, maker: bool, now: datetime) -> float:
        """Tell which share of the value a fill pays."""
        kind, rows = self.terms.fee, self.terms.terms
        if kind == "percent":
            return rows[0][0]
        if kind == "maker_taker":
            return rows[0][0 if maker else 1]
        if kind == "tiered":
            since = now - timedelta(days=self.terms.days)
            volume = sum(value for stamp, value in self.traded if stamp >= since)
            row = [row for row in rows if row[0] <= volume][-1]
            return row[1 if maker else 2]
        return 0.0

    def _total(self, size: float, value: float, rate: float) -> float:
        if self.terms.fee == "per_contract":
            return size * self.terms.terms[0][0] * rate
        if self.terms.fee == "per_share" and size:
            each, minimum, maximum = self.terms.terms[0]
            fee = max(each * rate * size, minimum * rate)
            return fee if maximum < 0 else min(fee, maximum * value)
        return 0.0
