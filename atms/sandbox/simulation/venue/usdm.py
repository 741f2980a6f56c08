"""Like a futures exchange: one position a contract, funding, liquidation, stops apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from atms.sandbox.simulation.venue import exchange, snapshots
from atms.sandbox.simulation.venue.exchange import ExchangeStore
from atms.sandbox.simulation.venue.manners import Manners
from atms.stores.capabilities import Budget, Capabilities, Switch
from atms.stores.facts import Snapshot

MANNERS = Manners(
    unique="open", execs="instrument", maker=Decimal("0.0002"), taker=Decimal("0.0005"),
    amend="no", log="per_instrument", renames_stops=True, read_lag=timedelta(seconds=30),
    outcome_bound=timedelta(seconds=75),
    budgets=(
        Budget(
            name="orders", per=timedelta(seconds=10), units=300, shared_by="account", reserve=60
        ),
        Budget(
            name="requests", per=timedelta(minutes=1), units=240, shared_by="address", reserve=30
        ),
    ),
    switch=Switch(
        scope="instrument", shortest=timedelta(seconds=1), longest=timedelta(days=1),
        spares_protection=False,
    ),
)  # fmt: skip


class UsdmStore(ExchangeStore):
    """One connection to a futures exchange; orders can be held to reducing."""

    def _capabilities(self) -> Capabilities:
        return replace(
            super()._capabilities(), links=frozenset(), amend="no", reduces="flag",
            post_only=True, kinds=exchange.KINDS,
        )  # fmt: skip

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        """Return what several reads tell, positions among it."""
        return await snapshots.assembled(self, instruments, self.teller.buckets)
