"""What things cost before the first bar of a run, read from the venue's history."""

from __future__ import annotations

from datetime import datetime, timedelta

from atms.errors import VenueError
from atms.execution.driver.calls import within
from atms.stores.base import Store

_SPANS = (("1m", timedelta(hours=1)), ("1d", timedelta(days=10)))  # a market may be closed


async def last_close(store: Store, instrument: str, now: datetime) -> float:
    """Return an instrument's last close; 0 where the venue does not tell."""
    for timeframe, span in _SPANS:
        try:
            price = await within(_last(store, instrument, timeframe, now - span, now), "history")
        except VenueError:
            return 0.0
        if price:
            return price
    return 0.0


async def _last(
    store: Store, instrument: str, timeframe: str, start: datetime, end: datetime
) -> float:
    price = 0.0
    async for bar in store.history(instrument, timeframe, start, end):
        price = float(bar.close)
    return price
