"""The seam between the order path and venues: one connection to one account.

Down go requests, up come facts. A store keeps no order state that a restart would need, and
repeats no write at any layer. Exceptions are for reads; outcomes of writes are values.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from atms.errors import VenueError
from atms.stores.capabilities import Capabilities
from atms.stores.facts import Cursor, Fact, Page, Snapshot
from atms.stores.market import Bar, BarFact, Book, Instrument, Print, Quote
from atms.stores.outcomes import Looked, Outcome, Refused
from atms.stores.requests import Key, Prepared, Refs, Request


class Unreachable(VenueError):  # noqa: N818 - read as a sentence: raise Unreachable
    """The venue did not answer a read; it may be asked again."""


class RateLimited(VenueError):  # noqa: N818
    """The venue, or our own budget, lets no read through now.

    Attributes:
        after: how long to wait; None: the venue does not tell.
        ours: nothing was asked: our own budget kept it back, and the venue minds nothing.
    """

    def __init__(self, message: str, after: timedelta | None = None, *, ours: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.ours = ours


class NoSymbol(VenueError):  # noqa: N818
    """The venue lists no such symbol, or none any more.

    Attributes:
        symbols: all of those that were asked for and are not listed.
    """

    def __init__(self, message: str, symbols: tuple[str, ...]) -> None:
        super().__init__(message)
        self.symbols = symbols


class AuthFailed(VenueError):  # noqa: N818
    """The venue does not take the key; asking again does not help."""


def never_tried(account: str) -> VenueError:
    """Return why no account is traded where orders were never tried."""
    return VenueError(
        f"{account}: not exercised: orders were never tried there, and so none is made; "
        "its bars are there for paper and for data download"
    )


class Store(Protocol):
    """One connection to one account.

    Times are aware UTC, the venue's own. Quantities are units of the instrument, prices quote
    currency a unit. Facts of one source keep the venue's order; between sources nothing is sure.

    Attributes:
        account: venue, environment and the venue's own account id, with no colon: that parts it
            from the symbol in an instrument's id. A journal is bound to it.
            Known after :meth:`connect`; ids of instruments are ``<account>:<symbol>``.
        base: the currency that equity is told in.

    Raises, in every read:
        Unreachable, RateLimited, AuthFailed.
    """

    account: str
    base: str

    async def connect(self) -> Capabilities:
        """Check credentials, clock and permissions; return what the venue can do."""

    def used(self, names: Iterable[str]) -> None:
        """Learn all of the venue's names that a journal holds.

        Called after :meth:`connect` and before anything is prepared. A store whose names come from
        a counter never uses one of these again; the others do nothing.
        """

    async def instruments(self, symbols: Sequence[str]) -> tuple[Instrument, ...]:
        """Return what may be traded of *symbols*."""

    def history(
        self, instrument: str, timeframe: str, start: datetime, end: datetime
    ) -> AsyncIterator[Bar]:
        """Yield final bars, the oldest first."""

    def bars(self, instrument: str, timeframe: str) -> AsyncIterator[BarFact]:
        """Yield bars as they come, those that still grow too."""

    def quotes(self, instrument: str, qty: Decimal | None = None) -> AsyncIterator[Quote]:
        """Yield prices that can be had: what an emulated trigger watches."""

    def book(self, instrument: str, depth: int) -> AsyncIterator[Book]:
        """Yield the order book."""

    def prints(self, instrument: str) -> AsyncIterator[Print]:
        """Yield public trades."""

    async def prepare(self, request: Request) -> Prepared | Refused:
        """Fix everything that must be durable; may read, and changes nothing at the venue.

        Refused: it can be told already that the venue would not take it; it is not sent.
        """

    async def transmit(self, prepared: Prepared) -> Outcome:
        """Send *prepared* once; the only method that writes.

        Acked, Refused, NotSent or Unknown (look it up, never send it again). A store that has a
        rate budget offers `admit` and `delay` beside it: see :mod:`atms.execution.driver.waiting`.
        """

    async def lookup(self, key: Key, refs: Refs, since: datetime) -> Looked:
        """Ask for an order by our key and the venue's names.

        Where fills may be undone, Found tells those that count: a transaction's are in its block.
        """

    def facts(self) -> AsyncIterator[Fact]:
        """Yield the private stream; it ends only when the store is closed."""

    async def log(self, after: Cursor | None, instruments: Sequence[str]) -> Page:
        """Return the account's own history after a place; after None: from now on."""

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        """Return orders, positions and balances as they stand.

        A venue that knows balances and no positions leaves ``Part.BUCKETS`` out, always.
        """

    async def arm(self, after: timedelta | None) -> None:
        """Set the dead man's switch; None takes it away."""

    async def close(self) -> None:
        """End all connections."""
