"""The other side of the book: levels around the last print, as deep as the bar traded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from atms.sandbox.venue.numbers import ZERO, down
from atms.sandbox.venue.symbols import Symbol

Level = list[Decimal]  # price, quantity
_LEVELS = 20
_GAP = Decimal("0.0001")  # between levels, of the price


class Ladder:
    """Prices and quantities that takers meet; what is taken is gone until the next print.

    Attributes:
        depth: units of the base asset on the best level.
        version: grows with every change.
    """

    def __init__(self, symbol: Symbol, depth: Decimal) -> None:
        self.symbol = symbol
        self.depth = depth
        self.version = 1
        self._bids: list[Level] = []
        self._asks: list[Level] = []
        self._around: tuple[Decimal, bool] | None = None

    @property
    def bids(self) -> list[Level]:
        """The levels to sell to, the best first."""
        self._build()
        return self._bids

    @property
    def asks(self) -> list[Level]:
        """The levels to buy from, the best first."""
        self._build()
        return self._asks

    def around(self, price: Decimal, buyer_took: bool) -> None:
        """Stand around a print: at it on the side that was taken, one tick off on the other."""
        self._around = (price, buyer_took)
        self.version += 1

    def stand(self, bids: Sequence[Sequence[Decimal]], asks: Sequence[Sequence[Decimal]]) -> None:
        """Stand exactly so, the best first, until the next print."""
        self._around = None
        self._bids = [list(level) for level in bids]
        self._asks = [list(level) for level in asks]
        self.version += 1

    def _build(self) -> None:
        if self._around is None:
            return
        price, buyer_took = self._around
        self._around = None
        tick, step = self.symbol.tick, self.symbol.step
        ask = price if buyer_took else price + tick
        bid = ask - tick
        gap = max(tick, down(price * _GAP, tick))
        sizes = [max(step, down(self.depth * (4 + k) / 4, step)) for k in range(_LEVELS)]
        self._asks = [[ask + k * gap, size] for k, size in enumerate(sizes)]
        self._bids = [[bid - k * gap, size] for k, size in enumerate(sizes) if bid > k * gap]

    def against(self, buys: bool, limit: Decimal | None) -> Iterator[Level]:
        """Yield the levels that a taker meets up to *limit*, the best first."""
        for level in self.asks if buys else self.bids:
            if limit is not None and (level[0] > limit if buys else level[0] < limit):
                return
            if level[1] > ZERO:
                yield level

    def available(self, buys: bool, limit: Decimal | None) -> Decimal:
        """Return the units that a taker could have up to *limit*."""
        return sum((level[1] for level in self.against(buys, limit)), ZERO)

    def cost(self, buys: bool, qty: Decimal) -> Decimal:
        """Return the quote currency that *qty* would take, as far as the book reaches."""
        cost = ZERO
        for price, size in self.against(buys, None):
            taken = min(size, qty)
            cost += taken * price
            qty -= taken
            if qty <= 0:
                break
        return cost

    def take(self, level: Level, qty: Decimal) -> None:
        """Take *qty* from a level of :meth:`against`."""
        level[1] -= qty
        self.version += 1
