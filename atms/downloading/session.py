"""One connection for a download: what is asked for is checked before anything is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from atms.downloading.patience import Patience
from atms.downloading.stretches import Stretch
from atms.downloading.venue import HistoryStore
from atms.errors import ConfigError
from atms.model import Timeframe, TimeRange
from atms.stores.base import RateLimited
from atms.stores.capabilities import Capabilities


@dataclass(frozen=True)
class Session:
    """A connected store, and what of it is wanted.

    Attributes:
        symbols: symbol -> the store's id of its instrument.
    """

    store: HistoryStore
    can: Capabilities
    symbols: dict[str, str]

    async def stretch(
        self, symbol: str, wanted: TimeRange, length: Timeframe | None = None
    ) -> tuple[Stretch, datetime]:
        """Return from when to when there is something to ask for now, and until when all is over.

        Args:
            length: of the bars that are wanted; None: trades are.

        Raises:
            ConfigError: it has not begun yet, or the venue tells it no more.
        """
        assert wanted.start is not None
        now = await self.store.present(symbol)
        if wanted.start >= now:
            raise ConfigError(
                f"--since: {wanted.start:%Y-%m-%d %H:%M} UTC lies in the future: at the venue it "
                f"is {now:%Y-%m-%d %H:%M} UTC"
            )
        if length is not None and self.can.history_bars is not None:
            first = now - self.can.history_bars * timedelta(seconds=length.seconds)
            if wanted.start < first:
                raise ConfigError(
                    f"--since: {self.store.venue} tells the newest {self.can.history_bars} bars of "
                    f"a timeframe alone: of {length} from {first:%Y-%m-%dT%H:%M} UTC on; ask for "
                    "later ones, or for longer ones"
                )
        # What is younger may not be published yet; where time is that of the trades, it is.
        newest = now - (self.can.bar_lag if self.store.market_clock == "wall" else timedelta(0))
        end = newest if wanted.end is None else min(wanted.end, newest)
        return Stretch(wanted.start, max(end, wanted.start)), newest


@asynccontextmanager
async def connected(
    store: HistoryStore, symbols: Sequence[str], patience: Patience
) -> AsyncIterator[Session]:
    """Connect, and look every symbol up; in the end the connection is closed.

    Args:
        symbols: as they are written here or at the venue.
        patience: waits for the end of a ban.

    Raises:
        VenueError: the venue cannot be reached, or does not know a symbol.
    """
    try:
        while True:
            try:
                can = await store.connect()
                written = [await store.spelled(symbol) for symbol in symbols]
                wanted = list(dict.fromkeys(written))
                found = await store.instruments(wanted)
                break
            except RateLimited as error:
                await patience.endure(error)
        named = {symbol: one.id for symbol, one in zip(wanted, found, strict=True)}
        yield Session(store, can, named)
    finally:
        await store.close()


def timeframe_of(wanted: Timeframe, there: Collection[str], venue: str) -> Timeframe:
    """Return the venue's own way to write a timeframe: its 1h for 60m.

    Raises:
        ConfigError: the venue has no bars of that length; the message says of which it has.
    """
    known = sorted(map(Timeframe.parse, there), key=lambda one: one.seconds)
    for one in known:
        if one.seconds == wanted.seconds:
            return one
    names = " ".join(map(str, known))
    raise ConfigError(f"--timeframe: {venue} has no bars of {wanted}; it has: {names}")
