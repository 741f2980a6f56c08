"""What all sizers share: entries are sized, exits close what is held, and steps are kept."""

from __future__ import annotations

import logging
import math
from decimal import Decimal
from typing import Any

import backtrader as bt

from atms.sizers.checks import decimal_of, one_of
from atms.sizers.rounding import Terms, added, rounded_down, terms_of

log = logging.getLogger(__name__)


class Entry:
    """An order that opens a position or adds to one, as it is sized.

    Attributes:
        data: what is traded.
        is_buy: whether it buys.
        cash: the account's free cash.
        back: 0, or -1 while the bar of now is not over: with ``cheat_on_open``.
        where: the sizer, the data and the time, for errors and the log.
    """

    def __init__(self, sizer: Any, comminfo: Any, cash: float, data: Any, is_buy: bool) -> None:
        self.data, self.is_buy, self.cash = data, is_buy, cash
        self.where = f"sizer {sizer.name}: {data._name} at {bt.num2date(data.datetime[0])}"
        self.terms: Terms = terms_of(sizer.broker, comminfo, data)
        self.back = -1 if sizer.strategy.cerebro.p.cheat_on_open else 0
        self._broker, self._mult = sizer.broker, float(comminfo.p.mult)

    @property
    def price(self) -> float:
        """The last price that is known: the close, or with ``cheat_on_open`` the open."""
        line = self.data.open if self.back else self.data.close
        return self.finite(line[0], "the price", "mend the bars")

    @property
    def equity(self) -> float:
        """What the account is worth."""
        value = self._broker.getvalue()
        return self.finite(value, "the account's value", "see which price is missing")

    def value_of(self, size: float) -> float:
        """Return what *size* units are worth at the price, in the price's currency."""
        return size * self.price * self._mult

    def own(self, amount: float) -> float:
        """Return an amount per unit of the price in the account's currency, per unit of size."""
        return amount * self._mult * self.terms.rate

    def finite(self, value: float, what: str, way_out: str) -> float:
        """Return *value*; ValueError if it is NaN or infinite."""
        if not math.isfinite(value):
            raise ValueError(f"{self.where}: {what} is {value}; {way_out}")
        return float(value)


class _EntrySizer(bt.Sizer):
    """Sizes entries.

    An order against a position, a ``sell()`` while long, is an exit. ``against`` says what it is
    for. ``close()`` and the ``order_target_...`` methods ask no sizer.

    Params:
        against: "close", all that is held, to its last digit; "reverse", that and an entry; or
            "size", as an entry.
        step: smallest size step; default: the instrument's, where the broker knows it.
        minimum: smallest size; default: the instrument's, where the broker knows it.

    Raises:
        ValueError: of a parameter, when it is made; of a price or a strategy's answer that is no
            number, when an order is made.
    """

    name = ""
    params: dict[str, Any] = dict(against="close", step=None, minimum=None)

    def __init__(self) -> None:
        one_of(self, "against", ("close", "reverse", "size"))
        self._step = decimal_of(self, "step")
        self._minimum = decimal_of(self, "minimum", or_zero=True)
        self._told: set[tuple[str, str]] = set()

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:
        held = self.broker.getposition(data).size
        against = held < 0 if isbuy else held > 0
        if against and self.p.against == "close":
            return float(abs(held))
        size = self._allowed(Entry(self, comminfo, cash, data, isbuy))
        return added(abs(held), size) if against and self.p.against == "reverse" else size

    def _allowed(self, entry: Entry) -> float:
        """Return an entry's size as the instrument allows it: rounded down, or 0."""
        wanted = self._units(entry)
        if wanted <= 0:
            return 0.0
        entry.finite(wanted, "the size", "a price or an indicator behind it has no value")
        terms = entry.terms
        size = rounded_down(wanted, self._step or terms.step)
        least: Decimal | None = terms.minimum if self._minimum is None else self._minimum
        if size <= 0 or (least is not None and size < float(least)):
            smallest = max(least or Decimal(0), self._step or terms.step or Decimal(0))
            return self._none(entry, "size", f"{wanted:g} units are under the least, {smallest}")
        worth = terms.min_notional
        if worth is not None and entry.value_of(size) < float(worth):
            text = f"a value of {entry.value_of(size):g} is under the least, {worth}"
            return self._none(entry, "value", text)
        return size

    def _units(self, entry: Entry) -> float:
        """Return how many units an entry is for; 0 or less: none."""
        raise NotImplementedError

    def _worth(self, entry: Entry, amount: float) -> float:
        """Return how many units are worth *amount* of the account's currency."""
        unit = entry.own(entry.price)
        if unit <= 0:
            return self._none(entry, "price", f"a unit is worth {unit:g}: nothing can be sized")
        if amount <= 0:
            return self._none(entry, "amount", f"there is {amount:g} to spend")
        return amount / unit

    def _none(self, entry: Entry, kind: str, why: str) -> float:
        """Return 0, and say why in the log: once a run for each data and kind of reason."""
        if (entry.data._name, kind) not in self._told:
            self._told.add((entry.data._name, kind))
            log.warning("%s: no order: %s; said once", entry.where, why)
        return 0.0
