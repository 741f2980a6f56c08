"""What a profile has no say in unless it wants one: most exchanges have none of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.options import refuse_others
from atms.stores.ccxt.profile import Ask, Passed
from atms.stores.market import Print


class Plain:
    """No options of an account, and no key of the private stream's own."""

    exchange: str
    unified = False

    def want(self, options: Mapping[str, Any]) -> None:
        """Refuse every option; ConfigError: there is one."""
        refuse_others(self.exchange, options, ())

    async def market_address(self, url: str, ask: Ask) -> str:
        """Return what is dialled for public streams: their address as it is."""
        return url

    async def private_address(self, url: str, ask: Ask) -> str:
        """Return what is dialled for the account's stream: its address as it is."""
        return url

    def prolong(self) -> tuple[Call, timedelta] | None:
        """Return nothing: no key of the stream runs out."""
        return None

    async def spelled(self, ask: Ask, symbol: str) -> str:
        """Return a symbol as it was given: written otherwise it is unknown."""
        return symbol

    async def trades(
        self, ask: Ask, raw: str, start: datetime, after: Passed | None, rows: int
    ) -> tuple[list[Print], bool]:
        """Return none: trades of the past are not read here."""
        return [], False
