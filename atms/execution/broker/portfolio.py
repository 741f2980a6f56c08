"""What the accounts of a run hold, in one currency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from decimal import Decimal
from typing import Any

from atms.errors import RunError
from atms.execution.broker.holdings import Holding, paid_in
from atms.execution.core.events import TellBooks
from atms.execution.core.records import Booked
from atms.stores.market import Instrument

_NOTHING = Decimal(0)


class Portfolio:
    """Holdings and balances of several accounts, in one currency.

    Cash and what positions are worth are both of the accounts' books as they were told last, so
    that no moment shows the one without the other.

    Args:
        base: the currency that everything is told in.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self.holdings: dict[str, Holding] = {}
        self.balances: dict[str, Mapping[str, Decimal]] = {}  # by account

    def add(self, instrument: Instrument, data: Any, account: str) -> Holding:
        """Let an instrument be one that is traded here, priced by *data*; return its holding."""
        if instrument.id not in self.holdings:
            self.holdings[instrument.id] = Holding(instrument, data, account)
        return self.holdings[instrument.id]

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

    @property
    def has_rates(self) -> bool:
        """Whether every rate is known: before a feed's first bar its rate is not."""
        return all(self.rate(asset) for asset in self._currencies())

    # ---- what there is --------------------------------------------------------------------------
    def unpriced(self) -> list[Holding]:
        """Return the holdings whose price is needed, and not known before their first bar."""
        pairs = [self._pair(asset) for asset in self._currencies() if asset != self.base]
        return [
            one
            for one in self.holdings.values()
            if not len(one.data) and (one.booked or any(one is pair for pair in pairs))
        ]

    def take(self, account: str, books: TellBooks) -> None:
        """Take an account's books in."""
        self.balances[account] = dict(books.balances)
        held = {name: (qty, cost) for name, qty, cost in positions_of(books)}
        for name, holding in self.holdings.items():
            if holding.account == account:
                holding.booked, holding.cost = held.get(name, (_NOTHING, None))

    def cash(self) -> float:
        """Return the balances of the currencies that instruments are paid in.

        One that is also held as a position, as BTC of BTC/USDT beside ETH/BTC, counts here.
        """
        currencies = self._currencies()
        return sum(
            float(total) * self.rate(asset)
            for balances in self.balances.values()
            for asset, total in balances.items()
            if total and asset in currencies
        )

    def worth(self, chosen: Callable[[Holding], bool] = lambda one: True) -> float:
        """Return what positions add to the cash."""
        currencies = self._currencies()
        return sum(
            one.worth() * self.rate(paid_in(one.instrument))
            for one in self.holdings.values()
            if one.booked and chosen(one) and not _is_cash(one.instrument, currencies)
        )

    # ---- rates ----------------------------------------------------------------------------------
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

        Units taken from what was bought are part of the price that is paid, too. A fee in an asset
        whose rate no feed tells is not in the rest.
        """
        instrument, units, paid = holding.instrument, _NOTHING, 0.0
        currency = paid_in(instrument)
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
        return {paid_in(one.instrument) for one in self.holdings.values()}

    def _pair(self, asset: str) -> Holding | None:
        for one in self.holdings.values():
            if {one.instrument.base, one.instrument.quote} == {asset, self.base}:
                return one
        return None


def _is_cash(instrument: Instrument, currencies: Set[str]) -> bool:
    return instrument.cash == "exchange" and instrument.base in currencies


def positions_of(books: TellBooks) -> Iterable[tuple[str, Decimal, Decimal | None]]:
    """Yield each instrument's units over all its buckets, and what they cost a unit on average.

    None: nobody knows it, of one of them at least.
    """
    sums: dict[str, tuple[Decimal, Decimal | None]] = {}
    for one in books.positions:
        qty, paid = sums.get(one.instrument, (_NOTHING, _NOTHING))
        known = paid is not None and one.price is not None
        sums[one.instrument] = (
            qty + one.qty,
            paid + one.qty * one.price if known else None,  # type: ignore[operator]
        )
    for name, (qty, paid) in sums.items():
        yield name, qty, paid / qty if qty and paid is not None else None
