"""Orders of which nobody knows whether they stand, and which may be made once more without harm.

An order whose sending had no answer may hide for as long as its venue's outcome bound, and a second
one beside it could sell twice. It cannot where the venue lets only one of them be: of units that
are swapped a standing order, or one that has filled, leaves less than the second needs, unless
others' units are there to be taken for it; what only reduces a position does nothing once that is
gone, unless others hold some of it. Then the position need not wait for the bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

from atms.execution.core.events import Wake
from atms.execution.core.orders import OrderState
from atms.execution.core.step import Step
from atms.execution.emulation import plans
from atms.stores.market import Instrument

MOST = 6  # made in a row that nobody sees: then it is waited for what becomes of them
_PAUSE = timedelta(seconds=0.5)
_LONGEST = timedelta(seconds=5)


def may_be_made_again(
    step: Step, order: OrderState, units: Decimal, instrument: Instrument
) -> bool:
    """Return whether another order in the place of an unseen one can do no harm.

    Args:
        units: that are open and are closed by one order; everything else could be taken for it.
    """
    if not _is_unseen(step, order) or order.intended.repeatable:
        return False
    books, ticket, venue = step.state.books, order.ticket, step.core.capabilities
    if instrument.cash == "exchange":
        others = books.balances().get(instrument.base, Decimal(0)) - units
        return ticket.side < 0 and others < plans.may_fill(order)
    held = books.qty(instrument.id, ticket.bucket) * -ticket.side
    return venue is not None and venue.reduces == "flag" and ticket.reduces and held <= units


def due(step: Step, made: Collection[OrderState]) -> datetime | None:
    """Return when the next may be made after so many that nobody sees; None: at once."""
    last = max((step.past(one.intended.at) for one in made), default=None)
    if last is None:
        return None
    pause: timedelta = _PAUSE * 2 ** (_number(made) - 1)
    return last + min(pause, _LONGEST)


def are_many(made: Collection[OrderState]) -> bool:
    """Return whether so many are unseen that no other is made."""
    return _number(made) >= MOST


def _number(made: Collection[OrderState]) -> int:
    """Return how many there are for one leg, at most."""
    return max(Counter(one.intended.serves for one in made).values(), default=0)


def _is_unseen(step: Step, order: OrderState) -> bool:
    """Return whether an order and all of its group were not shown, or not for long enough."""
    if not order.unresolved:
        return False
    asking = step.core.asking
    group = [step.state.orders[key] for key in step.state.groups[order.intended.group]]
    sent = [asking.queued.get(one.key, step.past(one.intended.at)) for one in group]
    left = [at for at in sent if at is not None]
    if any(one.known for one in group) or len(left) < len(sent):
        return False  # it waits for our own budget, as another one would behind it
    due = max(left) + step.core.terms.naked / 2  # a look may hang, too
    if step.now >= due or all(one.key in asking.missed for one in group):
        return True
    step.then(Wake(at=due))
    return False
