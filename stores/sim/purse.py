"""Cash and positions in floats, moved as Backtrader's broker moves them: what a fill may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from backtrader.position import Position


class Swap(NamedTuple):
    """What an execution did.

    Attributes:
        closed, opened: units, below 0 for a sale; opened is 0 where the cash did not suffice.
        fee: of both.
        short: whether the cash did not suffice for what would have been opened.
    """

    closed: float
    opened: float
    fee: float
    short: bool

    @property
    def size(self) -> float:
        """All that was executed."""
        return self.closed + self.opened


@dataclass
class Purse:
    """The cash of one currency and the positions that are paid from it, by instrument.

    Attributes:
        cash: as Backtrader's ``getcash``.
        shortcash: whether what a short sale brings is in it.
    """

    cash: float
    shortcash: bool
    positions: dict[str, Position]

    def position(self, instrument: str) -> Position:
        """Return what is held of an instrument."""
        return self.positions.setdefault(instrument, Position())

    def tried(self, cash: float, held: Position, info: Any, size: float, price: float) -> float:
        """Return the cash after an order that would fill whole; *held* is moved along."""
        _, _, opened, closed = held.update(size, price)
        if closed:
            fee = info.getcommission(closed, price)
            cash = self._closed(cash, info, closed, price, 0.0) - fee
        if opened:
            fee = info.getcommission(opened, price)
            cash = self._opened(cash, info, opened, price) - fee
        return cash

    def execute(self, instrument: str, info: Any, size: float, price: float, tied: float) -> Swap:
        """Book an execution, as much of it as can be paid.

        Args:
            info: Backtrader's commission info.
            size: units, below 0 for a sale.
            tied: what must stay in the cash: others' losses.
        """
        self.cash -= tied
        swap = self._executed(self.position(instrument), info, size, price)
        self.cash += tied
        if swap.size:
            info.confirmexec(swap.size, price)
            self.position(instrument).update(swap.size, price)
        return swap

    def _executed(self, held: Position, info: Any, size: float, price: float) -> Swap:
        base = held.price
        after, _, opened, closed = held.pseudoupdate(size, price)
        fees = 0.0
        if closed:
            pnl = info.profitandloss(-closed, base, price)
            fees = info.getcommission(closed, price)
            cash = self._closed(self.cash, info, closed, base, pnl) - fees
            self.cash = cash + info.cashadjust(-closed, held.adjbase, price)
        if not opened:
            return Swap(closed, 0.0, fees, False)
        fee = info.getcommission(opened, price)
        cash = self._opened(self.cash, info, opened, price) - fee
        if cash < 0.0:
            return Swap(closed, 0.0, fees, True)
        if abs(after) > abs(opened):
            cash += info.cashadjust(after - opened, held.adjbase, price)
        held.adjbase = price
        self.cash = cash
        return Swap(closed, opened, fees + fee, False)

    def mark(self, instrument: str, info: Any, close: float) -> None:
        """Move a future's gain of this bar into the cash."""
        held = self.position(instrument)
        if held:
            self.cash += info.cashadjust(held.size, held.adjbase, close)
            held.adjbase = close

    def _closed(self, cash: float, info: Any, closed: float, base: float, pnl: float) -> float:
        """Return the cash with what closing gives back, before the fee."""
        if self.shortcash:
            value = info.getvaluesize(-closed, base)
        else:
            value = info.getoperationcost(closed, base)
        back: float = value / info.get_leverage() if value > 0 else value
        gained: float = pnl * info.stocklike
        return cash + (back + gained)

    def _opened(self, cash: float, info: Any, opened: float, price: float) -> float:
        """Return the cash without what opening takes, before the fee."""
        value_of = info.getvaluesize if self.shortcash else info.getoperationcost
        value: float = value_of(opened, price)
        return cash - (value / info.get_leverage() if value > 0 else value)
