"""What a venue lists of what an account trades, or ever has."""

from __future__ import annotations

from collections.abc import Sequence

from atms.execution.driver.calls import within
from atms.stores.base import NoSymbol, Store
from atms.stores.market import Instrument


async def listed(
    store: Store, names: Sequence[str]
) -> tuple[tuple[Instrument, ...], NoSymbol | None]:
    """Return the instruments of ids that the venue lists, and what it says of the others.

    Raises:
        VenueError: it cannot be asked, or an instrument is not as it was configured.
    """
    own = f"{store.account}:"  # of which, as of symbols, a colon may be a part
    symbols = [name.removeprefix(own) for name in names]
    try:
        return await within(store.instruments(symbols), "instruments"), None
    except NoSymbol as error:
        missing = error
    left = [symbol for symbol in symbols if symbol not in missing.symbols]
    return await within(store.instruments(left), "instruments") if left else (), missing
