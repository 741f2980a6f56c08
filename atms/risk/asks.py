"""What a gate is asked about, and what it must know of the instrument: orders and their reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One order that is wished for.

    Attributes:
        qty: units of the instrument.
        limit, trigger: the prices that it names; None: it names none.
        stops: whether it is a stop, a trailing one too.
        reduces: whether the venue itself holds it to reducing.
    """

    qty: Decimal
    limit: Decimal | None = None
    trigger: Decimal | None = None
    stops: bool = False
    reduces: bool = False

    def price(self, last: Decimal | None) -> Decimal | None:
        """Return by what it is valued: the highest price that it is likely to fill at.

        Args:
            last: the last price, finite; None: not known.
        """
        named = [price for price in (self.limit, self.trigger) if price is not None]
        if not all(price.is_finite() for price in named):
            return None
        if self.qty > 0 and self.limit is not None:
            return self.limit
        if self.qty < 0 and self.trigger is not None:
            return max(named)
        # A sale's limit is a floor, and a stop to buy that was passed fills where the price is.
        return max([*named, last] if last is not None else named, default=None)


@dataclass(frozen=True, kw_only=True)
class Working:
    """Open orders of one instrument that belong together.

    Attributes:
        one_of: their rests; of several, one fills.
        then: rests of orders of which one fills after that; with no *one_of*, now.
        reducing: rests of orders that the venue itself holds to reducing; of several, one fills.
        leaving: whether their cancellation was asked for. Until it is certain they count against
            what opens, and not against what reduces.
    """

    one_of: tuple[Decimal, ...] = ()
    then: tuple[Decimal, ...] = ()
    reducing: tuple[Decimal, ...] = ()
    leaving: bool = False

    def reach(self, side: int) -> Decimal:
        """Return how far they can move the position to a side, 1 or -1, at most; 0 or above.

        What is held to reducing is left out: how far that goes, depends on the position.
        """
        first = self.one_of or (NOTHING,)
        ends = [*first, *(one + more for one in first for more in self.then)]
        return max(NOTHING, *(side * end for end in ends))

    def reduces(self, side: int) -> Decimal:
        """Return how much of a position on the other side they can close at most; 0 or above."""
        return max(side * rest for rest in (NOTHING, *self.reducing))


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What is to be sent in one go: an order, or a group that belongs together.

    Attributes:
        at: when, aware.
        instrument: as the limits name it.
        orders: one; of a bracket the entry first, of an OCO group all.
        link: how they belong together.
        last: the last price, finite; None: not known.
        multiplier: what one unit is worth at a price of 1.
        instead: open orders that end when this one fills: it joins their OCO group.
    """

    at: datetime
    instrument: str
    orders: tuple[Wanted, ...]
    link: Literal["single", "oco", "bracket"] = "single"
    last: Decimal | None = None
    multiplier: Decimal = Decimal(1)
    instead: Working = Working()

    @property
    def working(self) -> Working:
        """What it will be once it is open."""
        free = [order.qty for order in self.orders if not order.reduces]
        held = [order.qty for order in self.orders if order.reduces]
        follow = 1 if self.link == "bracket" and not self.orders[0].reduces else len(free)
        return Working(
            one_of=(*free[:follow], *self.instead.one_of),
            then=(*free[follow:], *self.instead.then),
            reducing=(*held, *self.instead.reducing),
        )

    def opens(self, position: Decimal) -> list[bool]:
        """Return of each order whether it opens anything, or turns a *position*."""
        found = []
        for place, order in enumerate(self.orders):
            after_entry = self.link == "bracket" and place > 0
            held = position + self.orders[0].qty if after_entry else position
            lessens = held * order.qty < 0 and abs(order.qty) <= abs(held)
            found.append(not (order.reduces or lessens))
        return found

    def protects(self, position: Decimal) -> bool:
        """Return whether all of it protects a *position*: stops, and legs, that open nothing."""
        return all(
            not opens and (order.stops or (self.link == "bracket" and place > 0))
            for place, (order, opens) in enumerate(
                zip(self.orders, self.opens(position), strict=True)
            )
        )


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """An instrument as it stands.

    Attributes:
        position: units, below 0 for a short.
        working: every order that may still fill, once; the *instead* of an ask is left out.
    """

    position: Decimal = NOTHING
    working: tuple[Working, ...] = ()

    def furthest(self, side: int, working: Iterable[Working]) -> Decimal:
        """Return where the position can come to on a side, 1 or -1, with open orders; units.

        What is held to reducing closes first what is held on the other side, at most all of it;
        then whatever else is open moves on from there. Any other order of fills, and any part of
        it, ends less far.
        """
        held, groups = side * self.position, tuple(working)
        closed = min(sum((one.reduces(side) for one in groups), NOTHING), max(NOTHING, -held))
        return held + closed + sum((one.reach(side) for one in groups), NOTHING)
