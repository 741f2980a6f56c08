"""OKX's public side of swaps: sizes are told in contracts, and are units of the base here."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.profile import Ask, Passed
from atms.stores.ccxt.profiles.okx import past
from atms.stores.ccxt.profiles.okx.streams import OkxStreams
from atms.stores.ccxt.profiles.okxlinear.contracts import KIND, Swaps, listed
from atms.stores.market import Print


class SwapStreams(OkxStreams):
    """The public streams of swaps."""

    place = "okx-linear"
    unified = False
    names: Swaps
    volume = past.OF_SWAPS

    def units(self, raw: str, told: str) -> Decimal:
        """Return units of the base currency of so many contracts."""
        return self.names.units(raw, told)

    async def market_address(self, url: str, ask: Ask) -> str:
        """Return what is dialled for public streams; before, learn what a contract is."""
        if not self.names.measured:
            await listed(ask, self.names)
        return url

    async def private_address(self, url: str, ask: Ask) -> str:
        """Return what is dialled for the account's streams: their addresses as they are."""
        return url

    def prolong(self) -> tuple[Call, timedelta] | None:
        """Return nothing: no key of the streams runs out."""
        return None

    async def spelled(self, ask: Ask, symbol: str) -> str:
        """Return ``BTC/USDT:USDT`` for ``BTC-USDT-SWAP``; what is unknown as it was given."""
        if "/" in symbol:
            return symbol
        rows = await listed(ask, self.names)
        base = symbol.upper().removesuffix(f"-{KIND}")
        return next((one for one, row in rows.items() if row["uly"] == base), symbol)

    async def trades(
        self, ask: Ask, raw: str, start: datetime, after: Passed | None, rows: int
    ) -> tuple[list[Print], bool]:
        """Return trades by rising numbers, and whether there are more."""
        if not self.names.measured:
            await listed(ask, self.names)
        return await super().trades(ask, raw, start, after, rows)
