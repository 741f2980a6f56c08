"""One order's state, and the table of what may follow what; no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from atms.execution.core.records import Answered, Booked, Closed, Intended, Stood
from atms.stores.facts import State
from atms.stores.requests import Key, Ticket

FINAL = frozenset({State.FILLED, State.CANCELED, State.EXPIRED, State.REFUSED})

# Which of the venue's states may follow which, when facts come late and out of order: what is not
# here is old news.
FOLLOWS: dict[State, frozenset[State]] = {
    State.PENDING: frozenset(State) - {State.PENDING},
    State.HELD: frozenset({State.WORKING}) | FINAL,
    State.WORKING: FINAL,
    State.CANCELED: frozenset({State.FILLED}),  # a fill can cross our cancel on the wire
    State.EXPIRED: frozenset({State.FILLED}),
    State.REFUSED: frozenset({State.WORKING, State.FILLED, State.CANCELED}),  # it stood after all
    State.FILLED: frozenset(),
}
_REJECTED = frozenset({"refused", "not_placed", "not_sent"})
_GIVEN_UP = _REJECTED | {"vanished"}  # it may stand all the same


@dataclass
class OrderState:
    """What is known of one order.

    Attributes:
        key: our id.
        intended: what was made durable before it was sent.
        names: the venue's, all that were learned.
        answered: what sending gave last; None: nothing came back, or not yet.
        stands: the venue's last state that was no old news.
        claimed: the sum that the venue said had filled.
        booked: the sum in the books.
        busted: execution -> units that the venue took back for good; the sum that it tells may
            have them all the same.
        executions: those in the books; *pending*: of them, what may still be undone.
        cancel_asked: when a cancellation may have been sent last; *first_asked*: first.
        shifted: units that its fees brought to the position, below 0: took.
        closed: how it ended for the strategy.
    """

    intended: Intended
    names: set[str] = field(default_factory=set)
    answered: Answered | None = None
    stands: Stood | None = None
    claimed: Decimal | None = None
    booked: Decimal = Decimal(0)
    busted: dict[str, Decimal] = field(default_factory=dict)
    executions: set[str] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)
    cancel_asked: datetime | None = None
    first_asked: datetime | None = None
    shifted: Decimal = Decimal(0)
    closed: Closed | None = None

    def __post_init__(self) -> None:
        self.key: Key = self.intended.ticket.key  # asked for more often than anything else

    @property
    def ticket(self) -> Ticket:
        """The order."""
        return self.intended.ticket

    @property
    def known(self) -> bool:
        """Whether the venue has shown, by anything, that the order exists."""
        return self.acked or self.stands is not None or self.booked > 0

    @property
    def acked(self) -> bool:
        """Whether the venue has said that it has it."""
        return self.answered is not None and self.answered.outcome == "acked"

    @property
    def stood(self) -> bool:
        """Whether the venue has shown that it took the order: a refusal cannot be true."""
        took = self.stands is not None and self.stands.state not in (State.PENDING, State.REFUSED)
        return self.acked or took or self.booked > 0

    @property
    def revived(self) -> bool:
        """Whether it stands at the venue though the strategy was told that it does not."""
        if self.closed is None or self.closed.how not in _GIVEN_UP or self.over:
            return False
        standing = self.stands is not None and self.stands.state is not State.PENDING
        return self.acked or standing

    @property
    def live(self) -> bool:
        """Whether it may fill: it is not over for the strategy, or it stands all the same."""
        return self.closed is None or self.revived

    @property
    def lost(self) -> bool:
        """Whether it had stood, was shown no more, and was not seen since."""
        return self.closed is not None and self.closed.how == "vanished" and self.stands is None

    @property
    def releases(self) -> bool:
        """Whether it was rejected with signed bytes whose place another has not taken yet.

        What was signed later waits for that place: an empty request of the same place frees it.
        """
        if self.closed is None or not self.intended.repeatable or self.over:
            return False
        return self.closed.how in ("refused", "not_sent")

    @property
    def owed(self) -> Decimal | None:
        """Return the sum that must be booked: the last state's, else the largest that was told."""
        if self.stands is not None and self.stands.filled is not None:
            return self.stands.filled
        return self.claimed

    @property
    def follows(self) -> bool:
        """Whether the venue may let it do less than was ordered: what others of its group leave."""
        intended = self.intended
        entry = intended.link == "bracket" and intended.group == self.key
        return intended.link != "single" and not entry

    @property
    def whole(self) -> Decimal:
        """Return the sum with which it is filled.

        That is what was ordered, unless the venue says that it has filled it and had it do less: a
        leg is as large as what it protects.
        """
        stood = self.stands
        if stood is None or stood.state is not State.FILLED:
            return self.ticket.qty
        if stood.qty is not None:
            return max(stood.qty, stood.filled or stood.qty)
        if self.follows and stood.filled is not None:
            return stood.filled
        return self.ticket.qty

    @property
    def accounted(self) -> Decimal:
        """Return the sum of which it is known what became of it: booked, or taken back."""
        return self.booked + sum(self.busted.values(), Decimal(0))

    @property
    def unresolved(self) -> bool:
        """Whether nobody knows if the venue has it: its instrument takes no new entries."""
        return self.closed is None and not self.known

    @property
    def over(self) -> bool:
        """Whether the venue says that it is."""
        return self.stands is not None and self.stands.state in FINAL

    @property
    def outlived(self) -> bool:
        """Whether it was taken back since its time was over: that is no wish of a strategy's."""
        until, asked = self.intended.until, self.first_asked
        return until is not None and asked is not None and asked >= until

    def ask_back(self, at: datetime) -> None:
        """Take in that a cancellation may have been sent."""
        self.cancel_asked = at
        self.first_asked = self.first_asked or at

    def takes(self, stood: Stood) -> bool:
        """Return whether a state is news."""
        if self.stands is None:
            return True
        if stood.state is self.stands.state:
            told = self.stands.filled
            sized = stood.qty is not None and self.stands.qty is None
            more = stood.filled is not None and (told is None or stood.filled > told)
            return more or (stood.state is State.FILLED and sized)
        if (self.stands.state, stood.state) == (State.REFUSED, State.WORKING):
            return stood.at > self.stands.at  # else it is from before the refusal
        return stood.state in FOLLOWS[self.stands.state]

    def stand(self, stood: Stood) -> None:
        """Take a state in."""
        before = self.stands
        if before is not None and before.state is stood.state and stood.filled is None:
            stood = replace(stood, filled=before.filled)
        self.stands = stood
        if stood.filled is not None:
            self.claimed = max(stood.filled, self.claimed or Decimal(0))

    def close(self, closed: Closed) -> None:
        """Let it be over for the strategy."""
        self.closed = closed
        if closed.how == "vanished":  # what was known of it before shows nothing any more
            self.stands = self.answered = None

    def book(self, row: Booked, sign: int) -> None:
        """Take an execution in, or out again."""
        self.booked += sign * row.qty
        own = (one.qty for one in row.shifts if one.instrument == row.instrument)
        self.shifted += sign * sum(own, Decimal(0))
        self.executions.discard(row.exec)
        self.pending.discard(row.exec)
        if sign > 0:
            self.executions.add(row.exec)
        if sign > 0 and not row.final:
            self.pending.add(row.exec)
