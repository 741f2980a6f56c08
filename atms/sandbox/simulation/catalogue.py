"""The catalogue of faults: what each is, and how it is provoked.

Those of :class:`~atms.sandbox.simulation.venue.faults.Faults` are drawn in trials; what needs a
real process, a real disk or a real socket is tried by ``tests/kills`` and ``tests/live``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import NamedTuple

from atms.sandbox.simulation.venue.faults import Faults

DEATHS = "deaths between any two steps of a process"
_REAL = "real processes"


class Fault(NamedTuple):
    """A fault: its number, what happens, and what brings it about beside the rates."""

    number: int
    what: str
    else_by: str = ""


CATALOGUE = tuple(
    Fault(*row)
    for row in (
        (1, "an order was taken, and the answer is lost"),
        (2, "a request is lost, or comes late"),
        (3, "an order was taken, and the answer is an error of the server"),
        (4, "an order that exists is not shown"),
        (5, "a client sends again by itself", "at the wire: tests/stores/ccxt"),
        (6, "a message comes twice"),
        (7, "a fill comes before its order's answer"),
        (8, "an order is rejected after it was taken"),
        (9, "sizes and steps change"),
        (10, "a key was used already", "each kind of venue has its own rule of keys"),
        (11, "the venue's counter goes back"),
        (12, "too many requests"),
        (13, "the same refusal again and again"),
        (14, "one leg of a group is refused"),
        (15, "the money is gone"),
        (16, "a fill comes twice"),
        (17, "fills come out of order"),
        (18, "a fill is corrected, or taken back"),
        (19, "a stream breaks, and tells nothing of what it missed"),
        (20, "a stream looks well and loses facts"),
        (21, "a stream is silent"),
        (22, "what a stream carries cannot be read"),
        (23, "the venue ends the connection by plan"),
        (24, "a snapshot comes in parts, and one is missing"),
        (25, "history reaches a day back", "the log of ibkr"),
        (26, "a fee comes later, in another asset", "ibkr; binance"),
        (27, "somebody trades by hand"),
        (28, "an order that is not ours"),
        (29, "a position is liquidated"),
        (30, "funding, dividends, splits, deposits"),
        (31, "an order fills as it is taken back"),
        (32, "the answer to a cancellation is lost"),
        (33, "a change makes two orders", "not drawn: no order is changed, it is made anew"),
        (34, "a stop is refused"),
        (35, "the venue takes a stop back"),
        (36, "a stop goes on under another number"),
        (37, "a trailing stop is made anew", DEATHS),
        (38, "a stop is smaller than the position", "fills in parts, brackets held here"),
        (39, "stop and exit both fill", "stops are met while exits are under way"),
        (40, "the other of a pair stays"),
        (41, "a dead man's switch takes all orders back"),
        (42, "death between intent and sending", DEATHS),
        (43, "death between sending and answer", DEATHS),
        (44, "death between fill and commit", DEATHS),
        (45, "two processes on one account", _REAL),
        (46, "the database is away", "commits of the ledger that fail, and real processes"),
        (47, "a commit whose reply is lost", _REAL),
        (48, "the database is locked", _REAL),
        (49, "the disk is full", _REAL),
        (50, "the journal's tail is torn", "what was not synced is lost with its process; real"),
        (51, "a migration is cut off", _REAL),
        (52, "Redis is down", "does not apply: there is none"),
        (53, "a task queue repeats a task", "does not apply: there is none"),
        (54, "memory grows over days", "a measurement: scripts/live_benchmark.py"),
        (55, "SIGTERM in the midst of work", "runs that end in order, and real processes"),
        (56, "the venue's clock and ours differ"),
        (57, "the clock was set between two processes"),
        (58, "days on which clocks change", "a third of the seeds begin in such a night"),
        (59, "maintenance, closed markets, halts"),
        (60, "a broker's daily reset"),
        (61, "a key is refused"),
        (62, "no way to the venue"),
        (63, "bars that are late, twice, mixed, revised, absurd or missing; jumps, silence"),
        (64, "an instrument is suspended, or nobody is in its book", "for good: nothing recovers"),
        (65, "a transaction is lost, or its place is taken"),
        (66, "blocks are undone"),
    )
)
# The names of the rates, by the number of what they bring about.
RATES: dict[int, tuple[str, ...]] = {
    1: ("lose_reply", "late_reply"), 2: ("lose_request", "late_request"), 3: ("server_error",),
    4: ("read_lag", "order_vanishes"), 6: ("duplicate_fact",),
    7: ("late_fill_before_ack", "late_reply"), 8: ("reject_after_accept",), 9: ("rules_change",),
    11: ("counter_rolls_back",), 12: ("rate_limited", "spent_elsewhere"), 13: ("refuse_order",),
    14: ("leg_refused",), 15: ("funds_leave",), 16: ("duplicate_fact",),
    17: ("reorder_facts", "late_fact"), 18: ("corrected", "busted"), 19: ("link_drops",),
    20: ("drop_fact",), 21: ("stream_silent", "feed_silent"), 22: ("stream_fails", "feed_fails"),
    23: ("link_drops",), 24: ("partial_snapshot",), 27: ("traded_by_hand",),
    28: ("foreign_order",), 29: ("liquidated",), 30: ("cash_moves", "splits"),
    31: ("fill_at_cancel",), 32: ("lose_reply",), 33: ("amend_doubles",), 34: ("refuse_stop",),
    35: ("orders_ended",), 36: ("stop_renamed",), 40: ("oco_breaks",), 41: ("switch_fires",),
    56: ("clock_off", "venue_clock_jumps"), 57: ("clock_set",), 59: ("market_closes", "outage"),
    60: ("link_drops",), 61: ("auth_failed", "key_expires"), 62: ("venue_down", "outage"),
    63: (
        "late_bar", "drop_bar", "duplicate_bar", "reorder_bars", "revised_bar", "absurd_bar",
        "price_jumps", "market_is_quiet",
    ),
    64: ("suspended", "book_empties"),
    65: ("drop_transaction", "nonce_used_elsewhere", "pool_forgotten"),
    66: ("reorg", "lose_in_reorg"),
}  # fmt: skip


def told() -> Iterator[str]:
    """Yield the catalogue, a line a fault."""
    for fault in CATALOGUE:
        names = RATES.get(fault.number, ())
        how = "; ".join(part for part in (", ".join(names), fault.else_by) if part)
        yield f"F{fault.number:02} {fault.what}: {how}"


def unnumbered() -> list[str]:
    """Return the rates that no fault of the catalogue is provoked by: there should be none."""
    numbered = {name for names in RATES.values() for name in names}
    return [each.name for each in fields(Faults) if each.name not in numbered]
