"""Cash and positions: what a trade costs, and what they are worth together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.simulation.reference.scenario import Settings

FeeOf = Callable[[float, float], float]  # units of the fill before, units -> their fee


@dataclass
class Position:
    """A holding; profit counts from *entry*, a future's since it last moved cash from *base*."""

    size: float = 0.0
    entry: float = 0.0
    base: float = 0.0

    def parts(self, size: float) -> tuple[float, float]:
        """Split a trade into what closes and what opens."""
        if self.size * size >= 0:
            return 0.0, size
        closes = max(-self.size, size) if size < 0 else min(-self.size, size)
        return closes, size - closes

    def add(self, size: float, price: float) -> None:
        """Trade; the entry is the mean of what was opened."""
        _, opens = self.parts(size)
        left = self.size + size
        if opens == size:
            self.entry = (self.entry * self.size + size * price) / left
        elif opens:
            self.entry = price
        self.size = left
        if not left:
            self.entry = 0.0


@dataclass
class Account:
    """The money."""

    terms: Settings
    cash: float
    held: dict[str, Position] = field(default_factory=dict)

    def position(self, feed: str) -> Position:
        """Find the position in a feed, none yet being one of size 0."""
        return self.held.setdefault(feed, Position())

    def tied(self, size: float, price: float) -> float:
        """Tell the cash that a position takes at its entry; negative where a sale brings it."""
        if self.terms.per_contract is not None:
            return abs(size) * self.terms.per_contract
        if size > 0 or not self.terms.margin_account:
            return size * price / (self.terms.leverage if size > 0 else 1.0)
        return -size * price / self.terms.leverage

    def gain(self, position: Position, price: float) -> float:
        """Tell the profit that is not in the cash yet."""
        base = position.entry if self.terms.per_contract is None else position.base
        return position.size * (price - base) * self.terms.multiplier

    def equity(self, marks: dict[str, float]) -> float:
        """Tell cash and positions at the prices given by feed."""
        return self.cash + sum(
            self.tied(p.size, p.entry) + self.gain(p, marks[name]) for name, p in self.open()
        )

    def open(self) -> Iterable[tuple[str, Position]]:
        """List what is held."""
        return [(name, position) for name, position in self.held.items() if position.size]

    def settle(
        self, feed: str, size: float, price: float, fee: FeeOf, lost: float
    ) -> tuple[float, float]:
        """Book a fill and tell the size done and its fee; *lost* is unavailable for opening."""
        position = self.position(feed)
        closes, opens = position.parts(size)
        charged = 0.0
        if closes:
            going = Position(-closes, position.entry, position.base)
            charged = fee(0.0, abs(closes))
            self.cash += self.tied(-closes, position.entry) + self.gain(going, price) - charged
        if opens:
            opening = fee(abs(closes), abs(opens))
            after = self.cash - self.tied(opens, price) - opening
            if after < 0.0 or (lost and after < lost):
                opens = 0.0
            else:
                self.cash, charged = after, charged + opening
                if self.terms.per_contract is not None and not closes:
                    self.cash += self.gain(position, price)
                position.base = price
        done = closes + opens
        if done:
            position.add(done, price)
        return done, charged

    def trial(self, cash: float, scratch: Position, size: float, price: float, fee: FeeOf) -> float:
        """Tell the cash left if an order filled at the price it was made with."""
        closes, opens = scratch.parts(size)
        scratch.add(size, price)
        if closes:
            cash += self.tied(-closes, price) - fee(0.0, abs(closes))
        if opens:
            cash -= self.tied(opens, price) + fee(abs(closes), abs(opens))
        return cash

    def close_of_bar(self, closes: dict[str, float]) -> None:
        """Move the day's gain of futures into cash."""
        if self.terms.per_contract is not None:
            for name, position in self.open():
                self.cash += self.gain(position, closes[name])
                position.base = closes[name]

    def value(self, closes: dict[str, float]) -> float:
        """Tell what the account is worth."""
        return self.equity(closes)
