"""Like a spot exchange with one ledger of everything: short keys, few requests, no groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from string import ascii_letters, digits

from atms.sandbox.simulation.venue import snapshots
from atms.sandbox.simulation.venue.contiguous import ContiguousStore
from atms.sandbox.simulation.venue.manners import Manners
from atms.stores.capabilities import Budget, Capabilities, KeyRule, Switch
from atms.stores.facts import Snapshot
from atms.stores.requests import Kind

KINDS = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT})
# The counters of a venue that lets them fall by a unit every few seconds, as windows.
MANNERS = Manners(
    unique="open", maker=Decimal("0.0025"), taker=Decimal("0.004"), refuses_passed=False,
    amend="no", log="contiguous", omits_empty=True, history_bars=720,
    read_lag=timedelta(seconds=30), outcome_bound=timedelta(seconds=75),
    budgets=(
        Budget(
            name="orders", per=timedelta(seconds=60), units=60, shared_by="account", reserve=24
        ),
        Budget(
            name="requests", per=timedelta(seconds=45), units=30, shared_by="account", reserve=4
        ),
    ),
    switch=Switch(
        scope="account", shortest=timedelta(seconds=5), longest=timedelta(days=1),
        spares_protection=False,
    ),
)  # fmt: skip


class KrakenStore(ContiguousStore):
    """One connection to a spot exchange with one log, which knows balances and no positions."""

    def _capabilities(self) -> Capabilities:
        manners = self.venue.manners
        return Capabilities(
            keys=KeyRule(
                max_len=18, alphabet=ascii_letters + digits + "-_", unique="open", kinds=KINDS,
                lookup=True,
            ),
            kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}), post_only=True,
            read_lag=manners.read_lag, outcome_bound=manners.outcome_bound, log="contiguous",
            timeframes=frozenset({"1m"}), bar_end="next_bar", bars_omit_empty=manners.omits_empty,
            history_bars=manners.history_bars, budgets=manners.budgets, switch=manners.switch,
        )  # fmt: skip

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        """Return what several reads tell."""
        return await snapshots.assembled(self, instruments)
