"""Brackets that a trader of a trial wants: most with a stop and a limit, some with a stop alone."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

from atms.execution.core.events import Wish
from atms.sandbox.simulation.venue.profiles import Profile
from atms.stores.requests import Kind, Side, Ticket


def bracket(rng: random.Random, profile: Profile, instrument: str, price: Decimal) -> Wish:
    """Return a wish for one; nothing is sold that is not lent."""
    side: Side = rng.choice((1, -1)) if profile.cash == "margin" else 1
    back: Side = -1 if side > 0 else 1
    qty = rng.randrange(2, 40) * max(profile.qty_step, Decimal("0.1"))
    entry = Ticket(key="", instrument=instrument, side=side, qty=qty, kind=Kind.MARKET)
    if rng.random() < 0.5:
        away = Decimal(rng.randrange(-10, 30)) / 100
        entry = replace(entry, kind=Kind.LIMIT, limit=price - side * away)
    away = Decimal(rng.randrange(40, 200)) / 100
    leg = replace(entry, side=back, limit=None, reduces=True)
    stop = replace(leg, kind=Kind.STOP, trigger=price - side * away)
    limit = replace(leg, kind=Kind.LIMIT, limit=price + side * away)
    legs = rng.choice(((stop, limit), (stop, limit), (stop,)))
    tags = tuple(rng.randrange(1_000_000) for _ in (entry, *legs))
    return Wish(tickets=(entry, *legs), tags=tags, link="bracket")


def pair(rng: random.Random, profile: Profile, instrument: str, price: Decimal) -> Wish:
    """Return a wish for two orders of which one is to be."""
    side: Side = rng.choice((1, 1, -1))
    away = Decimal(rng.randrange(10, 80)) / 100
    one = Ticket(
        key="", instrument=instrument, side=side, kind=Kind.LIMIT, limit=price - side * away,
        qty=rng.randrange(2, 20) * max(profile.qty_step, Decimal("0.1")),
    )  # fmt: skip
    other = replace(one, kind=Kind.STOP, limit=None, trigger=price + side * away)
    tags = (rng.randrange(1_000_000), rng.randrange(1_000_000))
    return Wish(tickets=(one, other), tags=tags, link="oco")
