"""Snapshots of a simulated account: put together from several reads, or of one moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from atms.stores.facts import BucketFact, Cursor, Fact, Part, Snapshot

if TYPE_CHECKING:
    from atms.sandbox.simulation.venue.base import SimulatedStore
    from atms.sandbox.simulation.venue.truth import Venue


async def assembled(
    store: SimulatedStore,
    instruments: Sequence[str],
    buckets: Callable[[Sequence[str]], tuple[BucketFact, ...]] | None = None,
) -> Snapshot:
    """Return a snapshot of several reads, between which the account may change.

    Without *buckets* the venue knows no positions.
    """
    venue, tell = store.venue, store.teller
    facts: dict[Part, tuple[Fact, ...]] = {}
    facts[Part.ORDERS] = await store.wire.read(lambda: tell.open_orders(instruments))
    if buckets is not None:
        facts[Part.BUCKETS] = await store.wire.read(lambda: buckets(instruments), goes_on=True)
    facts[Part.BALANCES] = await store.wire.read(tell.balances, goes_on=True)
    _leave_out(venue, facts)
    return Snapshot(
        at=venue.now(), cursor=None, parts=frozenset(facts), atomic=False,
        facts=tuple(fact for part in facts.values() for fact in part),
    )  # fmt: skip


async def atomic(
    store: SimulatedStore, instruments: Sequence[str], cursor: Callable[[], Cursor]
) -> Snapshot:
    """Return a snapshot of one moment, with its place in the log."""
    venue, tell = store.venue, store.teller

    def look() -> Snapshot:
        facts: dict[Part, tuple[Fact, ...]] = {
            Part.ORDERS: tell.open_orders(instruments),
            Part.BUCKETS: tell.buckets(instruments),
            Part.BALANCES: tell.balances(),
        }
        _leave_out(venue, facts)
        return Snapshot(
            at=venue.now(), cursor=cursor(), parts=frozenset(facts), atomic=True,
            facts=tuple(fact for part in facts.values() for fact in part),
        )  # fmt: skip

    return await store.wire.read(look)


def _leave_out(venue: Venue, facts: dict[Part, tuple[Fact, ...]]) -> None:
    if venue.chance.hit("partial_snapshot"):  # F24
        del facts[list(facts)[venue.chance.whole(0, len(facts) - 1)]]
