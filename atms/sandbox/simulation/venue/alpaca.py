"""Like a stock broker: keys for ever, hours, groups of its own, stops that become other orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from string import ascii_letters, digits

from atms.sandbox.simulation.venue import snapshots
from atms.sandbox.simulation.venue.contiguous import ContiguousStore
from atms.sandbox.simulation.venue.manners import Manners
from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.facts import Snapshot
from atms.stores.requests import Kind

KINDS = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT})
MANNERS = Manners(
    unique="forever", maker=Decimal(0), taker=Decimal(0), amend="replace", log="contiguous",
    renames_stops=True, closes=True, read_lag=timedelta(seconds=2), omits_empty=True,
    outcome_bound=timedelta(seconds=30),
    budgets=(
        Budget(
            name="requests", per=timedelta(minutes=1), units=200, shared_by="account", reserve=40
        ),
    ),
)  # fmt: skip


class AlpacaStore(ContiguousStore):
    """One connection to a stock broker; an order that is changed or triggered has an heir."""

    def _capabilities(self) -> Capabilities:
        manners = self.venue.manners
        return Capabilities(
            keys=KeyRule(
                max_len=48, alphabet=ascii_letters + digits + "-_.", unique="forever",
                kinds=KINDS, lookup=True,
            ),
            kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}),
            links=frozenset({"bracket", "oco"}), amend="replace", read_lag=manners.read_lag,
            outcome_bound=manners.outcome_bound, log="contiguous", timeframes=frozenset({"1m"}),
            bars_omit_empty=manners.omits_empty, budgets=manners.budgets,
        )  # fmt: skip

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        """Return what several reads tell."""
        return await snapshots.assembled(self, instruments, self.teller.buckets)
