"""Faults as data: how often each happens. The numbers are those of the fault catalogue."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta

from atms.sandbox.simulation.venue.manners import Span

# How often a fault happens where it is drawn at all: most of what may, now and then what lasts.
# What needs another fault to happen at all would be too rare.
_USUAL, _SELDOM, _OFTEN = (0.02, 0.1, 0.3), (0.005, 0.02), (0.3, 0.6, 0.9)
HAPPENINGS = frozenset(
    {
        "outage", "key_expires", "cash_moves", "funds_leave", "splits", "corrected", "busted",
        "liquidated", "traded_by_hand", "foreign_order", "orders_ended", "switch_fires",
        "market_closes", "suspended", "book_empties", "rules_change", "price_jumps",
        "market_is_quiet", "nonce_used_elsewhere", "pool_forgotten", "venue_clock_jumps",
    }
)  # fmt: skip
_RATES: dict[str, tuple[float, ...]] = dict.fromkeys(
    (
        *HAPPENINGS,
        "venue_down",
        "rate_limited",
        "spent_elsewhere",
        "auth_failed",
        "stream_fails",
    ),
    _SELDOM,
)
_RATES["lose_in_reorg"] = _OFTEN
WRONG_BARS = frozenset(
    {
        "late_bar",
        "drop_bar",
        "duplicate_bar",
        "reorder_bars",
        "revised_bar",
        "feed_silent",
        "feed_fails",
        "absurd_bar",
    }
)
ON_CHAINS = frozenset({"reorg", "drop_transaction", "lose_in_reorg"})


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Rates from 0, never, to 1, always; each is drawn where it may happen.

    Raises:
        ValueError: a rate is no share.
    """

    # ---- a write's way (drawn once a request)
    lose_request: float = 0  # F02: it never arrives; the store times out
    late_request: float = 0  # F02: it arrives after the store has given up
    lose_reply: float = 0  # F01, F32: it is carried out, and the answer is lost
    server_error: float = 0  # F03: it is carried out, and the answer is an error of the server
    late_reply: float = 0  # F01, F07: the answer takes up to twice the time-out
    late_fill_before_ack: float = 0  # F07: the answer waits nearly the whole time-out
    clock_off: float = 0  # F56: refused for its time stamp
    # ---- clocks (drawn once a process, or once a few seconds)
    clock_set: float = 0  # F57: a process begins with another time, up to ten seconds off
    venue_clock_jumps: float = 0  # F56: the venue's stamps are up to ten seconds off from now on
    # ---- reads and writes
    rate_limited: float = 0  # F12: refused, and a ban begins
    spent_elsewhere: float = 0  # F12: others spend most of the rate budget
    venue_down: float = 0  # F59, F62: nobody can be reached
    auth_failed: float = 0  # F61: reads alone
    # ---- the private stream (drawn once a fact)
    duplicate_fact: float = 0  # F06, F16
    drop_fact: float = 0  # F20: the stream looks healthy
    reorder_facts: float = 0  # F17: later facts overtake it
    late_fact: float = 0  # order is kept
    stream_silent: float = 0  # F19, F21: nothing for a while, and no word of it
    link_drops: float = 0  # F23, F60: down and up again, told
    stream_fails: float = 0  # F22: it raises; drawn once an item that it carries
    # ---- what the venue shows (drawn once an order, or once a read)
    read_lag: float = 0  # F04: an order hides for longer than the venue promises
    partial_snapshot: float = 0  # F24: a part is not answered
    # ---- what the venue does (drawn once an order)
    refuse_order: float = 0  # F13
    reject_after_accept: float = 0  # F08
    order_vanishes: float = 0  # accepted, and then nowhere to be found
    fill_at_cancel: float = 0  # F31: it fills as the cancellation arrives
    amend_doubles: float = 0  # F33: the old order stays beside its replacement
    leg_refused: float = 0  # F14: one order of a group is refused, the others stand
    refuse_stop: float = 0  # F34: a stop that comes alive is refused
    stop_renamed: float = 0  # F36: a triggered stop goes on under another number
    oco_breaks: float = 0  # F40: the others of an OCO stay
    counter_rolls_back: float = 0  # F11: the next id that the venue tells was used already
    # ---- what happens that nobody asked for (drawn every few seconds; see `happenings`)
    outage: float = 0  # F59, F62: nobody can be reached for a while
    key_expires: float = 0  # F61: for a while
    cash_moves: float = 0  # F30: funding, dividends, deposits
    funds_leave: float = 0  # F15: nearly all of it, for a while
    splits: float = 0  # F30
    corrected: float = 0  # F18
    busted: float = 0  # F18
    liquidated: float = 0  # F29
    traded_by_hand: float = 0  # F27
    foreign_order: float = 0  # F28
    orders_ended: float = 0  # F35: the venue takes a stop of ours back
    switch_fires: float = 0  # F41: the venue takes all orders back
    market_closes: float = 0  # F59: for a while
    suspended: float = 0  # F64: an instrument is not traded for a while
    book_empties: float = 0  # F64: for a while nobody is there to trade at the market with
    rules_change: float = 0  # F09: steps and least sizes double for a while
    price_jumps: float = 0  # F63: by up to a third
    market_is_quiet: float = 0  # F63: nobody trades for a while
    nonce_used_elsewhere: float = 0  # F65: by another program of the same account
    pool_forgotten: float = 0  # F65: the node forgets what no block has
    # ---- bars (drawn once a bar)
    late_bar: float = 0  # F63
    drop_bar: float = 0  # F63: the stream leaves it out; history has it
    duplicate_bar: float = 0  # F63
    reorder_bars: float = 0  # F63
    revised_bar: float = 0  # F63: told with another close first
    feed_silent: float = 0  # F21
    feed_fails: float = 0  # F22: it raises
    absurd_bar: float = 0  # F63: told with a price that none is; history has it right
    # ---- a chain (drawn once a transaction, or once a block)
    reorg: float = 0  # F66: up to five blocks are undone and made anew
    drop_transaction: float = 0  # F65: the pool forgets it
    lose_in_reorg: float = 0  # F66: what was in an undone block does not return to the pool

    @classmethod
    def draw(cls, seed: str, names: Iterable[str]) -> Faults:
        """Draw a subset of the named faults, each with a rate of its own.

        Each is drawn by itself: a new fault changes nothing where it is not drawn.
        """
        rates: dict[str, float] = {}
        for name in names:
            source = random.Random(f"{seed}/{name}")
            if source.random() < 0.35:
                rates[name] = source.choice(_RATES.get(name, _USUAL))
        return cls(**rates)

    def __post_init__(self) -> None:
        for field in fields(self):
            rate = getattr(self, field.name)
            if not 0 <= rate <= 1:
                raise ValueError(f"faults: {field.name}: {rate} is not between 0 and 1")


class Chance:
    """Draws from one given source; a rate of 0 draws nothing, so that other draws stay equal.

    Attributes:
        faults: may be set anew at any time.
        hits: how often each fault has happened.
    """

    def __init__(self, source: random.Random, faults: Faults) -> None:
        self.faults = faults
        self.hits: Counter[str] = Counter()
        self._source = source

    def hit(self, name: str) -> bool:
        """Return whether the fault of this name happens now."""
        rate: float = getattr(self.faults, name)
        happens = rate > 0 and self._source.random() < rate
        if happens:
            self.hits[name] += 1
        return happens

    def seconds(self, span: Span) -> float:
        """Return a length of time within a span, in seconds."""
        low, high = span
        return low if high <= low else self._source.uniform(low, high)

    def time(self, span: Span) -> timedelta:
        """Return a length of time within a span."""
        return timedelta(seconds=self.seconds(span))

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from *low* to *high*, both included."""
        return low if high <= low else self._source.randint(low, high)
