"""What a journal and its venue say differently: told, never mended here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from atms.config import Config
from atms.execution.core.core import Core
from atms.running.live_stores import make_store, store_names, symbols_of
from atms.running.standing import core_of
from atms.stores.base import Store
from atms.stores.facts import BalanceFact, BucketFact, OrderFact, Part, Snapshot


@dataclass(frozen=True)
class Difference:
    """One thing that journal and venue tell otherwise."""

    account: str
    what: str
    journal: str
    venue: str


def differences(config: Config, mode: str) -> list[Difference]:
    """Return where the accounts of a config differ from their journals.

    A fill of this moment may be at the venue and not in the journal yet: ask again.

    Raises:
        VenueError: an account cannot be read.
        JournalError: a journal is damaged.
    """
    state = config.execution.folder
    found: list[Difference] = []
    for name in store_names(config):
        store = make_store(config, name, mode, state)
        shot = asyncio.run(_snapshot(store, symbols_of(config, name)))
        core = core_of(state, store.account)
        if core is not None:
            found += compared(store.account, core, shot)
    return found


def compared(account: str, core: Core, shot: Snapshot) -> Iterator[Difference]:
    """Yield what a snapshot tells otherwise than an account's books."""
    if Part.ORDERS in shot.parts:
        shown = {fact.key: fact for fact in shot.facts if isinstance(fact, OrderFact)}
        ours = {order.key for order in core.state.open_orders() if order.known and not order.over}
        for key in sorted(ours - shown.keys()):
            yield Difference(account, f"order {key}", "open", "not shown")
        for key in sorted(str(key) for key in shown.keys() - ours):
            yield Difference(account, f"order {key}", "not open", "open")
    if Part.BALANCES in shot.parts:
        told = {one.asset: one.total for one in shot.facts if isinstance(one, BalanceFact)}
        kept = core.state.books.balances()
        for asset in sorted({*told, *kept}):
            ours_, theirs = kept.get(asset, Decimal(0)), told.get(asset, Decimal(0))
            if ours_ != theirs:
                yield Difference(account, f"balance of {asset}", f"{ours_:f}", f"{theirs:f}")
    if Part.BUCKETS in shot.parts:
        held = {
            (one.instrument, one.bucket): one.qty
            for one in shot.facts
            if isinstance(one, BucketFact) and one.qty
        }
        booked = {place: one.qty for place, one in core.state.books.positions().items()}
        for place in sorted({*held, *booked}):
            mine, its = booked.get(place, Decimal(0)), held.get(place, Decimal(0))
            if mine != its:
                yield Difference(account, f"position {place[0]}", f"{mine:f}", f"{its:f}")


async def _snapshot(store: Store, symbols: list[str]) -> Snapshot:
    try:
        await store.connect()
        instruments = await store.instruments(symbols)
        return await store.snapshot([one.id for one in instruments])
    finally:
        await store.close()
