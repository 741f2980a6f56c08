"""Like a broker with lots: attached legs, one log of everything, a snapshot of one moment."""

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

KINDS = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP})
MANNERS = Manners(
    unique="forever", buckets="lots", maker=Decimal(0), taker=Decimal(0), refuses_passed=False,
    legs_scale=True, tells_refusals=True, heartbeat=5.0, log="contiguous", omits_empty=True,
    read_lag=timedelta(seconds=2), outcome_bound=timedelta(seconds=30), closes=True,
    budgets=(
        Budget(
            name="requests", per=timedelta(seconds=1), units=100, shared_by="address", reserve=20
        ),
    ),
)  # fmt: skip


class LotStore(ContiguousStore):
    """One connection to a broker whose positions are lots.

    A plain order reduces the oldest lots of the other side first; legs are born with their entry,
    come alive with its first fill, and are always as large as its lot. Refusals are orders too.
    """

    def _capabilities(self) -> Capabilities:
        manners = self.venue.manners
        return Capabilities(
            keys=KeyRule(
                max_len=64, alphabet=ascii_letters + digits + "-_", unique="forever", kinds=KINDS,
                lookup=True,
            ),
            kinds=KINDS, tifs=frozenset({"gtc", "gtd", "ioc", "fok"}), reduces="flag",
            links=frozenset({"bracket"}), protection_scales=True, amend="in_place",
            buckets="lots", read_lag=manners.read_lag, outcome_bound=manners.outcome_bound,
            log="contiguous", snapshot_atomic=True, timeframes=frozenset({"1m"}),
            bars_omit_empty=manners.omits_empty, budgets=manners.budgets, can_withdraw=False,
        )  # fmt: skip

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        """Return the account at its last transaction."""
        return await snapshots.atomic(self, instruments, self._end)
