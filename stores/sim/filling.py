"""How much of an order a bar fills, at which price, for which fee: the simulated broker's way."""

from __future__ import annotations

from decimal import Decimal

from atms.simulation import Commission, Tiered
from atms.simulation.costs import NO_PARTS, Parts, worsened
from atms.simulation.liquidity import fillable
from atms.simulation.matching import Match
from atms.stores.sim.book import Book
from atms.stores.sim.orders import Order
from atms.stores.sim.purse import Swap


class Filling:
    """One bar of one instrument.

    Args:
        volume: of the bar.

    Attributes:
        used: what of that volume the account's orders have had.
    """

    def __init__(self, book: Book, instrument: str, volume: float) -> None:
        self.used = 0.0
        self._book = book
        self._name = instrument
        self._volume = volume
        self._models = book.models(instrument)

    def priced(
        self, order: Order, found: Match, bound: float | None, wanted: float, late: bool
    ) -> tuple[float, float] | None:
        """Return size and price with its costs; None: nothing fills.

        Args:
            found: has a price.
            bound: never passed; None: there is none.
            wanted: units, positive.
            late: the fill is on the bar before.
        """
        models, size, reference = self._models, wanted, found.price
        assert reference is not None
        if models.participation is not None:
            volume = self._book.tape(self._name).bars[-1].volume if late else self._volume
            used = self._book.used_before(self._name) if late else self.used
            size = fillable(wanted, volume, models.participation, used, self._step)
            if not size:
                return None
        if models.slippage is None and models.impact is None:
            return size, reference
        parts = NO_PARTS if found.maker else self._parts(reference, size, late)
        if parts is None:
            return None
        return size, worsened(reference, order.buys, parts, bound)[0]

    def book(self, order: Order, maker: bool, size: float, price: float, late: bool) -> Swap:
        """Pay for a fill; *size* is below 0 for a sale."""
        book, info = self._book, self._models.commission
        ours = info if isinstance(info, Commission) else None
        if ours:
            ours.begin(maker, order.totals, traded_for(book, ours))
        try:
            tied = book.lost_elsewhere(self._name) if book.account.margin else 0.0
            swap = book.purse_of(self._name).execute(self._name, info, size, price, tied)
        finally:
            if ours:
                ours.end()
        units = abs(swap.size)
        end = book.tape(self._name).end
        if late and end is not None:
            book.used[self._name] = (book.used_before(self._name) + units, end)
        else:
            self.used += units
        return swap

    @property
    def _step(self) -> Decimal:
        rules = self._models.rules
        if rules is not None and rules.step is not None:
            return rules.step
        return self._book.instruments[self._name].qty_step

    def _parts(self, reference: float, size: float, late: bool) -> Parts | None:
        slippage, impact, law = self._models.slippage, 0.0, self._models.impact
        if law is not None:
            found = self._book.tape(self._name).impact(law, reference, size, late)
            if found is None:
                return None
            impact = found
        return Parts(0.0, slippage.amount(reference) if slippage else 0.0, impact)


def traded_for(book: Book, commission: Commission) -> float:
    """Return the value that a schedule's tiers are counted by."""
    schedule = commission.p.schedule
    if not isinstance(schedule, Tiered):
        return 0.0
    return book.traded.since(book.days - schedule.days)
