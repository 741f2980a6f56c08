"""What stores share whose venue keeps one log of everything, each entry with its number."""

from __future__ import annotations

from collections.abc import Sequence

from atms.sandbox.simulation.venue.base import SimulatedStore
from atms.stores.facts import Cursor, Fact, HeadFact, Page


class ContiguousStore(SimulatedStore):
    """Reads on from the number of the last entry that it has read."""

    async def log(self, after: Cursor | None, instruments: Sequence[str]) -> Page:
        """Return everything of the account after an entry."""
        return await self.wire.read(lambda: self._page(after))

    def _head(self) -> Fact:
        return HeadFact(at=self.venue.now(), head=self._end())

    def _end(self) -> Cursor:
        return str(self.venue.log[-1].seq) if self.venue.log else "0"

    def _page(self, after: Cursor | None) -> Page:
        if after is None:
            return Page(facts=(), next=self._end(), more=False)
        rows = [one for one in self.venue.log if one.seq > int(after)]
        page = rows[: self.venue.manners.page]
        return Page(
            facts=tuple(fact for row in page for fact in self.teller.facts(row, "poll")),
            next=str(page[-1].seq) if page else after,
            more=len(rows) > len(page),
        )
