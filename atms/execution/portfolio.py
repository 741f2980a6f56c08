"""What the strategy's side holds of each instrument, exact, and what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import backtrader as bt

from atms.errors import RunError
from atms.execution.records import Booked
from atms.stores.market import Instrument


@dataclass
class Holding:
    """One instrument of one account.

    Attributes:
        instrument: what.
        data: the feed that shows its price; the first of several.
        qty: units, below 0 for a short: what the strategy has been told of.
        position: the same as Backtrader knows it.
    """

    instrument: Instrument
    data: Any
    qty: Decimal = Decimal(0)
    position: bt.Position = field(default_factory=bt.Position)

    @property
    def price(self) -> float:
        """The last close; before the first bar, what the position cost."""
        return float(self.data.close[0]) if len(self.data) else float(self.position.price)

    def move(self, qty: Decimal, price: float, at: Any = None) -> tuple[float, float, float]:
        """Take units in or out; return what that opened and closed, and the price before."""
        before = self.position.price
        _, _, opened, closed = self.position.update(float(qty), price, at)
        self.qty += qty
        self.position.size = float(self.qty)  # sums of floats would leave dust
        if not self.qty:
            self.position.price = 0.0
        return opened, closed, before

    def worth(self) -> float:
        """Return what the position adds to the cash: its value, or its open profit."""
        size, multiplier = self.position.size, float(self.instrument.multiplier)
        if not size:
            return 0.0
        if self.instrument.cash == "exchange":
            return float(size * self.price * multiplier)
        return float(size * (self.price - self.position.price) * multiplier)


class Portfolio:
    """Holdings and balances of several accounts, in one currency.

    Args:
        base: the currency that everything is told in.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self.holdings: dict[str, Holding] = {}
        self.balances: dict[str, Mapping[str, Decimal]] = {}  # by account

    def add(self, instrument: Instrument, data: Any) -> None:
        """Let an instrument be one that is traded here, priced by *data*."""
        if instrument.id not in self.holdings:
            self.holdings[instrument.id] = Holding(instrument, data)

    def check_rates(self) -> None:
        """Make sure that everything can be told in the base currency.

        Raises:
            RunError: there is no feed that has the rate of a currency.
        """
        for asset in sorted(self._currencies()):
            if asset != self.base and self._pair(asset) is None:
                raise RunError(
                    f"no rate from {asset} to {self.base}, in which equity is told: add a feed of "
                    f"{asset}/{self.base}, or set stores.NAME.base"
                )

    def cash(self) -> float:
        """Return the balances of the currencies that instruments are paid in."""
        currencies = self._currencies()
        return sum(
            float(total) * self.rate(asset)
            for balances in self.balances.values()
            for asset, total in balances.items()
            if asset in currencies and total
        )

    def worth(self, chosen: Callable[[Holding], bool] = lambda one: True) -> float:
        """Return what positions add to the cash."""
        return sum(
            one.worth() * self.rate(_paid_in(one.instrument))
            for one in self.holdings.values()
            if one.qty and chosen(one)
        )

    def rate(self, asset: str) -> float:
        """Return what one unit of a currency is in the base; 0 until a bar has told."""
        if asset == self.base:
            return 1.0
        pair = self._pair(asset)
        price = pair.price if pair is not None else 0.0
        if pair is None or not price:
            return 0.0
        return price if pair.instrument.base == asset else 1 / price

    def fee(self, row: Booked, holding: Holding) -> tuple[Decimal, float]:
        """Return a fill's fees: units of the instrument itself, and the rest in its currency.

        Units taken from what was bought are part of the price that is paid, too.
        """
        instrument, units, paid = holding.instrument, Decimal(0), 0.0
        currency = _paid_in(instrument)
        for fee in row.fees or ():
            if fee.asset == currency:
                paid += float(fee.amount)
            elif fee.asset == instrument.base and instrument.cash == "exchange":
                units += fee.amount
                paid += float(fee.amount * row.price * instrument.multiplier)
            else:
                to, per = self.rate(fee.asset), self.rate(currency)
                paid += float(fee.amount) * to / per if per else 0.0
        return units, paid

    def _currencies(self) -> set[str]:
        return {_paid_in(one.instrument) for one in self.holdings.values()}

    def _pair(self, asset: str) -> Holding | None:
        for one in self.holdings.values():
            if {one.instrument.base, one.instrument.quote} == {asset, self.base}:
                return one
        return None


def _paid_in(instrument: Instrument) -> str:
    return instrument.quote if instrument.cash == "exchange" else instrument.settle
