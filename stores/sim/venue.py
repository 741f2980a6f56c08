"""The paper venue: an account, its memory on the disk, and who listens to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from atms.errors import ConfigError, VenueError
from atms.steady import SteadyClock
from atms.stores.facts import Fact, OrderFact, State, Via
from atms.stores.market import Bar, Instrument
from atms.stores.outcomes import Acked, NotSent, Outcome, Reason, Refused
from atms.stores.requests import Key, Place, Refs
from atms.stores.sim import memory
from atms.stores.sim.book import Book
from atms.stores.sim.changes import Changes, Turned
from atms.stores.sim.engine import Round
from atms.stores.sim.following import Following
from atms.stores.sim.funds import Funds
from atms.stores.sim.handover import Outlet
from atms.stores.sim.holdings import Fill
from atms.stores.sim.intake import made, refusal
from atms.stores.sim.models import SimAccount, SimModels
from atms.stores.sim.orders import Order
from atms.stores.sim.statefile import Row, StateFile

REACTION = timedelta(seconds=10)
_MARK_EVERY = 1_000  # bars without anything to write


class SimVenue:
    """Takes orders, matches them on the final bars that it is given, and remembers.

    Args:
        cash: what a new account begins with; an account that has a state keeps its own.
        models: one for all instruments, or by symbol.
        sim_account: what holds for the whole account.
        state: the folder of its memory; None: it lives as long as this object.
        clock: the venue's time; None: one that nobody sets.
        account: its name, without a colon.
        reaction: an order that comes within this time after a bar was handed out counts as made
            on that bar, and meets the next from its open, as in a backtest; a later one meets
            the first bar that began after it came.

    Attributes:
        outlets: the streams of facts that are listened to.
        following: the streams of bars that are open.
        failed: why nothing is done any more: it could not be written.
        marks: by instrument, the timeframe and end of the bar that it was matched on last.
        book: the account.

    Raises:
        ConfigError: the name has a colon.
    """

    def __init__(
        self,
        *,
        cash: Mapping[str, Decimal],
        models: SimModels | Mapping[str, SimModels] | None = None,
        sim_account: SimAccount | None = None,
        state: Path | None = None,
        clock: Callable[[], datetime] | None = None,
        account: str = "paper",
        reaction: timedelta = REACTION,
    ) -> None:
        if ":" in account:
            raise ConfigError(f"account {account!r}: a colon parts account and symbol; write '-'")
        self.account = account
        self.outlets: list[Outlet] = []
        self.following = Following()
        self.failed: VenueError | None = None
        self.marks: memory.Marks = {}
        self._cash = dict(cash)
        self._models = SimModels() if models is None else models
        self._sim_account = sim_account or SimAccount()
        self._file = None if state is None else StateFile(state)
        self._clock = clock or SteadyClock().now
        self._reaction = reaction
        self._handed: datetime | None = None
        self._unmarked = 0
        self._users = 0
        self._new_book()
        self.book.open_account(self._birth(), self._cash)

    def now(self) -> datetime:
        """Return the venue's time."""
        return self._clock()

    def stamp(self) -> datetime:
        """Return the time of a fact that is told now."""
        self.book.now = self.now()
        return self.book.stamp(self.book.now)

    @property
    def has_sessions(self) -> bool:
        """Whether orders on the close are taken, of every instrument."""
        every = [self._models] if isinstance(self._models, SimModels) else self._models.values()
        return all(one.session_end is not None for one in every)

    # ---- its life -------------------------------------------------------------------------------
    def open(self) -> None:
        """Take the account, as it stands on the disk; a second connection takes it as it is.

        Raises:
            VenueError: another run has it; the file cannot be used.
        """
        if self._users == 0 and self._file is not None:
            rows = self._file.open()
            self._new_book()
            try:
                if not rows:
                    rows = [memory.head(self.account, self._birth(), self._cash)]
                    self._file.append(rows[0])
                where = str(self._file.path)
                self.marks = memory.restore(self.book, rows, self.account, where)
            except VenueError:
                self._file.close()
                raise
        self._users += 1

    def close(self) -> None:
        """Let the account go, with the last connection."""
        self._users -= 1
        if self._users == 0 and self._file is not None:
            self._file.close()

    def _new_book(self) -> None:
        self.book = Book(self._models, self._sim_account)
        self.funds = Funds(self.book)
        self.failed = None
        self.marks = {}
        self._handed = None

    def _birth(self) -> str:
        return f"{round(self.now().timestamp() * 1e6)}"

    def listen(self) -> Outlet:
        """Return a stream of what happens from now on."""
        outlet = Outlet(self._left)
        self.outlets.append(outlet)
        return outlet

    def _left(self, outlet: Outlet) -> None:
        if outlet in self.outlets:
            self.outlets.remove(outlet)

    # ---- orders ---------------------------------------------------------------------------------
    def place(self, request: Place) -> Outcome:
        """Take a group of tickets, whole or not at all."""
        if self.failed is not None:
            return NotSent(why=str(self.failed))
        self._begin()
        refused = refusal(self.book, request.tickets)
        if refused is not None:
            return refused
        orders = made(self.book, request, self._moment())
        lacking = self.funds.lacking(orders)
        if lacking:
            return Refused(code=f"insufficient funds: {lacking}", reason=Reason.FUNDS)
        instrument = self.book.instruments[orders[0].ticket.instrument]
        try:
            self._write(memory.placed(instrument, orders, self.book.stamp(self.book.now)))
        except VenueError as error:
            return NotSent(why=str(error))
        changes = Changes(self.book)
        for order in orders:
            self.book.add(order)
            changes.tell(order)
        self._tell(changes)
        return self._acked(orders)

    def cancel(self, key: Key, refs: Refs) -> Outcome:
        """End an order, and what goes with it."""
        self._begin()
        order = next((one for one in self.named(key, refs) if one.open), None)
        if order is None:
            return Refused(code="no such open order", reason=Reason.NOT_OPEN)
        changes = Changes(self.book)
        changes.end(order, State.CANCELED)
        self.book.stamp(self.book.now)
        self._write(memory.stepped(self.book, changes, order.ticket.instrument))
        self._tell(changes)
        return self._acked([order])

    def named(self, key: Key, refs: Refs) -> list[Order]:
        """Return the orders that are meant, by our key or by the venue's name."""
        numbers = {self.book.by_key[key]} if key in self.book.by_key else set()
        numbers |= {int(ref.rpartition("-")[2]) for ref in refs if ref.startswith(self._prefix)}
        return [self.book.orders[one] for one in sorted(numbers) if one in self.book.orders]

    def _moment(self) -> datetime:
        """Return the market's time: bars that began before it do not meet what is made now."""
        market = self.book.market or self.book.now
        if self._handed is None:
            return max(market, self.book.now)
        waited = self.book.now - self._handed
        return market if waited <= self._reaction else market + waited

    # ---- bars -----------------------------------------------------------------------------------
    def is_news(self, bar: Bar) -> bool:
        """Return whether a final bar is newer than what its instrument was matched on."""
        mark = self.marks.get(bar.instrument)
        return mark is None or bar.close_at > mark[1]

    def match(self, bar: Bar, timeframe: str) -> None:
        """Match an instrument's orders on its next final bar.

        Raises:
            VenueError: it cannot be written; nothing is told, and the venue is out of order.
        """
        self._begin()
        self.marks[bar.instrument] = (timeframe, bar.close_at)
        self.funds.begin()
        rests = self.book.resting(bar.instrument)
        if not rests and not self.book.holdings.qty(bar.instrument):
            self.note(bar)
            return
        round_ = Round(self.book, bar)
        round_.run()
        self._unmarked += 1
        if round_.changes.touched or self._unmarked >= _MARK_EVERY:
            row = memory.stepped(self.book, round_.changes, bar.instrument)
            self._write({**row, "mark": memory.marked(self.marks, bar.instrument)})
            self._tell(round_.changes)

    def note(self, bar: Bar) -> None:
        """Learn of a final bar that nothing is matched on."""
        self.book.see(bar)
        self.book.tape(bar.instrument).note(bar)

    def handed(self) -> None:
        """Learn that what was matched goes out now: orders that come at once are made on it."""
        self._handed = self.now()

    def learn(self, instruments: Iterable[Instrument]) -> None:
        """Learn what may be traded.

        Raises:
            ConfigError: one has no models, or its models count a unit otherwise than it does.
        """
        for one in instruments:
            counted = self.book.models(one.id).commission.p.mult
            if counted != float(one.multiplier):
                raise ConfigError(
                    f"{one.id}: a unit is worth {one.multiplier} times its price, and its models "
                    f"count {counted:g} times; give its instrument the multiplier"
                )
            self.book.instruments[one.id] = one

    # ---- telling --------------------------------------------------------------------------------
    @property
    def _prefix(self) -> str:
        return f"sim:{self.book.born}-"

    def refs(self, number: int) -> frozenset[str]:
        """Return the venue's name of an order."""
        return frozenset({f"{self._prefix}{number}"})

    def fact(self, order: Order, via: Via, turned: Turned | None = None) -> OrderFact:
        """Return how an order stands, or stood."""
        parent = self.book.orders[order.group].ticket.key if order.is_leg else None
        return OrderFact(
            at=self.book.last if turned else self.book.now, via=via, key=order.ticket.key,
            refs=self.refs(order.number), instrument=order.ticket.instrument,
            state=turned.state if turned else order.state,
            filled=turned.filled if turned else order.filled, ticket=order.ticket, parent=parent,
            reason=order.reason if turned is None or turned.state is order.state else None,
        )  # fmt: skip

    def _tell(self, changes: Changes) -> None:
        facts: list[Fact] = []
        for one in changes.told:
            if isinstance(one, Fill):
                facts.append(one.fact("stream", self.refs(one.order)))
            else:
                facts.append(self.fact(one.order, "stream", one))
        for outlet in list(self.outlets):
            for fact in facts:
                outlet.put(fact)

    def _acked(self, orders: Sequence[Order]) -> Acked:
        names = [(one.ticket.key, name) for one in orders for name in self.refs(one.number)]
        return Acked(refs=tuple(names), facts=tuple(self.fact(one, "reply") for one in orders))

    def _begin(self) -> None:
        if self.failed is not None:
            raise self.failed
        self.book.now = self.now()

    def _write(self, row: Row) -> None:
        self._unmarked = 0
        if self._file is None:
            return
        try:
            self._file.append(row)
        except VenueError as error:
            if row["row"] != "place":  # the book has moved on already
                self.failed = error
            raise
