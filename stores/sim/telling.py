"""What the paper venue answers to questions: look-ups, its log, the account as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from atms.stores.capabilities import Capabilities, KeyRule
from atms.stores.facts import BalanceFact, BucketFact, Cursor, Fact, Page, Part, Snapshot
from atms.stores.outcomes import Found, Looked, NotSeen
from atms.stores.requests import Key, Kind, Refs
from atms.stores.sim.checks import KEY_ALPHABET, KEY_LENGTH
from atms.stores.sim.orders import exact
from atms.stores.sim.venue import SimVenue


def capabilities(market: Capabilities, on_close: bool) -> Capabilities:
    """Return what the paper venue can, with the manners of its source's bars.

    Args:
        market: the source's.
        on_close: whether sessions end.
    """
    kinds = frozenset(Kind) - (frozenset() if on_close else {Kind.ON_CLOSE})
    keys = KeyRule(
        max_len=KEY_LENGTH, alphabet=KEY_ALPHABET, unique="forever", kinds=kinds, lookup=True
    )
    return Capabilities(
        keys=keys, kinds=kinds, tifs=frozenset({"gtc", "day", "gtd"}), reduces="flag",
        links=frozenset({"oco", "bracket"}), as_backtest=True, read_lag=timedelta(0),
        outcome_bound=timedelta(seconds=1), log="contiguous", snapshot_atomic=True,
        bar_stamp=market.bar_stamp, bar_end=market.bar_end, bar_lag=market.bar_lag,
        bars_omit_empty=market.bars_omit_empty, history_depth=market.history_depth,
        timeframes=market.timeframes, book_depth=market.book_depth, prints=market.prints,
        can_withdraw=False,
    )  # fmt: skip


def looked(venue: SimVenue, key: Key, refs: Refs) -> Looked:
    """Return how the orders that are meant stand, with their executions."""
    facts: list[Fact] = []
    for order in venue.named(key, refs):
        facts.append(venue.fact(order, "poll"))
        facts += [
            fill.fact("poll", venue.refs(order.number))
            for fill in venue.book.fills
            if fill.order == order.number
        ]
    return Found(facts=tuple(facts)) if facts else NotSeen(at=venue.now())


def page(venue: SimVenue, after: Cursor | None, most: int) -> Page:
    """Return executions after a place, at most so many; after None: from now on."""
    book = venue.book
    if after is None:
        return Page(facts=(), next=_place(venue, len(book.fills)), more=False)
    born, _, number = after.rpartition("-")
    known = born == book.born  # else it is of an account that began anew
    first = int(number) if known else 0
    fills = book.fills[first : first + most]
    end = first + len(fills)
    return Page(
        facts=tuple(fill.fact("poll", venue.refs(fill.order)) for fill in fills),
        next=_place(venue, end), more=end < len(book.fills),
        gap_until=None if known else venue.now(),
    )  # fmt: skip


def snapshot(venue: SimVenue, instruments: Sequence[str]) -> Snapshot:
    """Return the account as it stands, with its place in the log."""
    book, now, wanted = venue.book, venue.now(), set(instruments)
    facts: list[Fact] = [
        venue.fact(order, "snapshot")
        for order in book.open_orders()
        if order.ticket.instrument in wanted
    ]
    for name, held in book.holdings.positions.items():
        if name in wanted and held.qty:
            facts.append(
                BucketFact(at=now, instrument=name, bucket="net", qty=held.qty, price=held.price)
            )
    for asset, total in sorted(book.holdings.balances.items()):
        purse = book.purses.get(asset)
        free = total if purse is None else min(total, exact(purse.cash))
        facts.append(BalanceFact(at=now, asset=asset, total=total, free=free))
    return Snapshot(
        at=now, cursor=_place(venue, len(book.fills)), parts=frozenset(Part), atomic=True,
        facts=tuple(facts),
    )  # fmt: skip


def _place(venue: SimVenue, number: int) -> Cursor:
    return f"{venue.book.born}-{number}"
