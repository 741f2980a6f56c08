"""Like a spot exchange: one position an asset, keys unique among open orders, a log a market."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from string import ascii_letters, digits

from atms.sandbox.simulation.venue import snapshots
from atms.sandbox.simulation.venue.base import SimulatedStore
from atms.sandbox.simulation.venue.manners import Manners
from atms.sandbox.simulation.venue.records import Charged, Executed, Moved, Record
from atms.stores.capabilities import Budget, Capabilities, KeyRule, Switch
from atms.stores.facts import Cursor, Fact, Page, Snapshot
from atms.stores.requests import Kind

KINDS = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT})
MANNERS = Manners(
    unique="open", execs="instrument", fee_asset="POINT", fee_price=Decimal(500),
    fee_in="received", cancels_together=True, amend="replace", log="per_instrument",
    read_lag=timedelta(seconds=10), outcome_bound=timedelta(seconds=60),
    budgets=(
        Budget(
            name="orders", per=timedelta(seconds=10), units=100, shared_by="account", reserve=20
        ),
        Budget(
            name="requests", per=timedelta(minutes=1), units=600, shared_by="address", reserve=60
        ),
    ),
    switch=Switch(
        scope="account", shortest=timedelta(seconds=5), longest=timedelta(seconds=300),
        spares_protection=False,
    ),
)  # fmt: skip


class ExchangeStore(SimulatedStore):
    """One connection to a spot exchange.

    It knows balances and no positions; orders are no longer found by a key than the venue shows
    them; what a stream missed is told by the log alone.
    """

    fills_in_replies = True

    def _capabilities(self) -> Capabilities:
        manners = self.venue.manners
        return Capabilities(
            keys=KeyRule(
                max_len=36, alphabet=ascii_letters + digits + "-_.", unique="open", kinds=KINDS,
                lookup=True,
            ),
            kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}), post_only=True,
            links=frozenset({"oco"}), amend="replace", read_lag=manners.read_lag,
            outcome_bound=manners.outcome_bound, log="per_instrument",
            timeframes=frozenset({"1m"}), bar_end="flag", prints=True, book_depth=20,
            switch=manners.switch, budgets=manners.budgets,
        )  # fmt: skip

    async def log(self, after: Cursor | None, instruments: Sequence[str]) -> Page:
        """Return executions a market, and cash of the account, after a place in each."""
        return await self.wire.read(lambda: self._page(after, instruments))

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        """Return what several reads tell."""
        return await snapshots.assembled(self, instruments)

    def _page(self, after: Cursor | None, instruments: Sequence[str]) -> Page:
        place = _Place.read(after) if after else self._here()
        size, more = self.venue.manners.page, False
        facts: list[Fact] = []
        for name in instruments:
            rows = [one for one in self.venue.log if _of(one, name) and place.before(one)]
            more = more or len(rows) > size
            for row in rows[:size]:
                place.next[name] = row.number  # type: ignore[attr-defined]
                facts += self.teller.facts(row, "poll")
            place.next.setdefault(name, 0)
        moved = [
            one
            for one in self.venue.log
            if isinstance(one, Charged | Moved) and one.seq > place.cash
        ]
        for row in moved[:size]:
            place.cash = row.seq
            facts += self.teller.facts(row, "poll")
        return Page(
            facts=tuple(facts) if after else (), next=place.write(),
            more=(more or len(moved) > size) and after is not None,
        )  # fmt: skip

    def _here(self) -> _Place:
        """Return the log's end."""
        cash = max((one.seq for one in self.venue.log if not isinstance(one, Executed)), default=0)
        return _Place(self.venue.now(), dict(self.venue.numbers), cash)


class _Place:
    """A cursor: the last number read of each market, and of the account's cash.

    A market that is asked for later than the cursor was made is read from that moment on.
    """

    def __init__(self, since: datetime, numbers: dict[str, int], cash: int) -> None:
        self.since = since
        self.next = numbers
        self.cash = cash

    @classmethod
    def read(cls, text: Cursor) -> _Place:
        since, numbers, cash = json.loads(text)
        return cls(datetime.fromisoformat(since), numbers, cash)

    def write(self) -> Cursor:
        return json.dumps([self.since.isoformat(), dict(sorted(self.next.items())), self.cash])

    def before(self, row: Record) -> bool:
        """Return whether an execution comes after this place."""
        assert isinstance(row, Executed)
        last = self.next.get(row.instrument)
        return row.at >= self.since if last is None else row.number > last


def _of(row: Record, name: str) -> bool:
    return isinstance(row, Executed) and row.instrument == name
