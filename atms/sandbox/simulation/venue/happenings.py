"""What happens at a simulated venue that nobody of ours has asked for; drawn every few seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from atms.sandbox.simulation.venue.booking import bust, correct, liquidate, move
from atms.sandbox.simulation.venue.manners import Span
from atms.sandbox.simulation.venue.orders import STOPS
from atms.stores.facts import State
from atms.stores.market import Instrument
from atms.stores.requests import Kind, Ticket

if TYPE_CHECKING:
    from atms.sandbox.simulation.venue.profiles import Profile
    from atms.sandbox.simulation.venue.truth import Venue

_CENT = Decimal("0.01")
_A_WHILE: Span = (20, 90)  # seconds
_OUTAGE: Span = (20, 150)
_KINDS = ("deposit", "funding", "financing", "dividend", "interest", "conversion", "other")


class Happenings:
    """Lets things happen at one venue, and undoes what lasts.

    Args:
        names: the instruments that are traded.
        begun: whether anybody has looked at the account yet: what came before is given.
        base: the currency that cash moves in.
    """

    def __init__(
        self,
        venue: Venue,
        profile: Profile,
        names: Sequence[str],
        begun: Callable[[], bool],
        base: str = "USD",
    ) -> None:
        self._venue = venue
        self._profile = profile
        self._names = names
        self._begun = begun
        self._base = base
        self._pending: list[Callable[[], None]] = []  # what is to be undone
        self._events: dict[str, Callable[[], None]] = {
            "outage": self._outage, "cash_moves": self._cash_moves,
            "funds_leave": self._funds_leave, "splits": self._splits,
            "corrected": self._corrected, "busted": self._busted,
            "liquidated": self._liquidated, "traded_by_hand": self._traded_by_hand,
            "foreign_order": self._foreign_order, "orders_ended": self._orders_ended,
            "switch_fires": self._switch_fires, "market_closes": self._market_closes,
            "suspended": self._suspended, "book_empties": self._book_empties,
            "rules_change": self._rules_change,
            "key_expires": self._key_expires, "nonce_used_elsewhere": self._nonce_used_elsewhere,
            "pool_forgotten": self._pool_forgotten, "venue_clock_jumps": self._venue_clock_jumps,
        }  # fmt: skip

    def happen(self) -> None:
        """Let happen what is drawn."""
        self._venue.turn()
        if not self._begun():
            return
        for name, event in self._events.items():
            if name in self._profile.happens and self._venue.chance.hit(name):
                event()

    def price(self, price: Decimal) -> Decimal:
        """Return where the market goes on from a price: there, or at a jump's end (F63)."""
        if not self._venue.chance.hit("price_jumps"):
            return price
        share = Decimal(self._venue.chance.whole(75, 130)) / 100
        return max(Decimal(50), (price * share).quantize(_CENT))

    def is_quiet(self) -> bool:
        """Return whether nobody trades now (F63: a gap)."""
        return self._venue.quiet_until > self._venue.now() or self._falls_quiet()

    def calm_down(self) -> None:
        """Undo what lasts; nothing more happens where the venue has no faults."""
        for undo in tuple(self._pending):
            undo()
        self._venue.quiet_until = self._venue.now()
        if self._venue.chain is not None:
            self._venue.chain.send_elsewhere_again()

    # ---- nobody can be reached ------------------------------------------------------------------
    def _outage(self) -> None:  # F59, F62
        if not self._venue.down:
            self._venue.down = True
            self._for_a_while(self._up, _OUTAGE)

    def _up(self) -> None:
        self._venue.down = False

    def _key_expires(self) -> None:  # F61
        self._venue.key_valid = False
        self._for_a_while(self._key_renewed)

    def _key_renewed(self) -> None:
        self._venue.key_valid = True

    # ---- money ----------------------------------------------------------------------------------
    def _cash_moves(self) -> None:  # F30
        kind = _KINDS[self._venue.chance.whole(0, len(_KINDS) - 1)]
        amount = Decimal(self._venue.chance.whole(-50, 200))
        move(self._venue, self._base, amount, kind)  # type: ignore[arg-type]

    def _funds_leave(self) -> None:  # F15
        gone = self._venue.holdings.balances.get(self._base, Decimal(0)) - 300
        if gone > 0:
            move(self._venue, self._base, -gone, "withdrawal")
            self._for_a_while(lambda: move(self._venue, self._base, gone, "deposit"))

    def _splits(self) -> None:  # F30: one and a half for one
        instrument = self._venue.instruments[self._names[0]]
        held = self._venue.holdings.balances.get(instrument.base, Decimal(0))
        step = instrument.qty_step
        more = (held - self._venue.unexplained) / 2 // step * step
        if more > 0:
            move(self._venue, instrument.base, more, "split", instrument.id)

    # ---- executions -----------------------------------------------------------------------------
    def _corrected(self) -> None:  # F18
        name = self._execution()
        if name:
            true = self._venue.executions[name]
            correct(self._venue, name, true.qty, true.price + _CENT)

    def _busted(self) -> None:  # F18
        name = self._execution()
        if name:
            bust(self._venue, name)

    def _execution(self) -> str:
        names = sorted(self._venue.executions)
        return names[self._venue.chance.whole(0, len(names) - 1)] if names else ""

    def _liquidated(self) -> None:  # F29: orders first, as venues do
        name = self._any()
        for order in self._venue.open_orders(name):
            self._venue.cancel(order.id, ours=False)
        liquidate(self._venue, name)

    def _traded_by_hand(self) -> None:  # F27
        self._outside(Kind.MARKET, None, manual=True)

    def _foreign_order(self) -> None:  # F28
        price = self._venue.prices[self._any()]
        made = self._outside(Kind.LIMIT, (price * Decimal("0.9")).quantize(_CENT), manual=False)
        if made:
            self._for_a_while(lambda: self._take_back(made))

    def _outside(self, kind: Kind, limit: Decimal | None, *, manual: bool) -> str:
        instrument = self._venue.instruments[self._any()]
        unit = max(instrument.qty_step, Decimal("0.1"))
        ticket = Ticket(
            key="", instrument=instrument.id, side=1, kind=kind, limit=limit,
            qty=self._venue.chance.whole(1, 3) * unit,
        )  # fmt: skip
        made = self._venue.outside(ticket, manual=manual)
        return made[0].id if isinstance(made, tuple) else ""

    def _take_back(self, number: str) -> None:
        self._venue.cancel(number, ours=False)

    # ---- orders ---------------------------------------------------------------------------------
    def _orders_ended(self) -> None:  # F35: a stop, or any order
        orders = [one for one in self._venue.open_orders() if one.state is not State.HELD]
        stops = [one for one in orders if one.ticket.kind in STOPS]
        if orders:
            chosen = stops or orders
            self._take_back(chosen[self._venue.chance.whole(0, len(chosen) - 1)].id)

    def _switch_fires(self) -> None:  # F41: and it spares nothing
        for order in self._venue.open_orders():
            self._take_back(order.id)

    # ---- the market -----------------------------------------------------------------------------
    def _market_closes(self) -> None:  # F59
        name = self._any()
        self._venue.closed.add(name)
        self._for_a_while(lambda: self._venue.closed.discard(name))

    def _suspended(self) -> None:  # F64
        self._changes(self._any(), lambda one: replace(one, tradable=False))

    def _book_empties(self) -> None:  # F64
        name = self._any()
        self._venue.empty.add(name)
        self._for_a_while(lambda: self._venue.empty.discard(name))

    def _rules_change(self) -> None:  # F09
        self._changes(self._any(), _coarser)

    def _changes(self, name: str, how: Callable[[Instrument], Instrument]) -> None:
        before = self._venue.instruments[name]
        if how(before) == before or name in self._venue.changed:
            return
        self._venue.changed.add(name)
        self._venue.list_instrument(how(before))

        def undo() -> None:
            self._venue.changed.discard(name)
            self._venue.list_instrument(before)

        self._for_a_while(undo)

    def _falls_quiet(self) -> bool:
        if not self._venue.chance.hit("market_is_quiet"):
            return False
        self._venue.quiet_until = self._venue.now() + self._venue.chance.time(_A_WHILE)
        return True

    def _venue_clock_jumps(self) -> None:  # F56
        self._venue.ahead = timedelta(seconds=self._venue.chance.seconds((-10, 10)))

    # ---- a chain --------------------------------------------------------------------------------
    def _nonce_used_elsewhere(self) -> None:  # F65
        assert self._venue.chain is not None
        self._venue.chain.spend_elsewhere()

    def _pool_forgotten(self) -> None:  # F65
        assert self._venue.chain is not None
        self._venue.chain.forget_pool()

    # ---- time -----------------------------------------------------------------------------------
    def _any(self) -> str:
        return self._names[self._venue.chance.whole(0, len(self._names) - 1)]

    def _for_a_while(self, undo: Callable[[], object], span: Span = _A_WHILE) -> None:
        """Undo something later, or when it is to be calm: once."""

        def once() -> None:
            if once in self._pending:
                self._pending.remove(once)
                undo()

        self._pending.append(once)
        when = self._venue.now() + timedelta(seconds=self._venue.chance.seconds(span))
        self._venue.at(when, once)


def _coarser(one: Instrument) -> Instrument:
    least = 2 * one.min_notional if one.min_notional is not None else None
    return replace(one, qty_step=2 * one.qty_step, min_qty=2 * one.min_qty, min_notional=least)
