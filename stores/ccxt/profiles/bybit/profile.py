"""Bybit spot: what it can, and its pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from string import ascii_letters, digits
from typing import Any

from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.bybit import events, log, orders, reads
from atms.stores.ccxt.profiles.bybit.account import RECEIVE_WINDOW, BybitAccount
from atms.stores.ccxt.profiles.bybit.streams import LEVELS, BybitStreams
from atms.stores.facts import Snapshot
from atms.stores.market import Instrument
from atms.stores.requests import Kind, Ticket

# STOP and STOP_LIMIT are not among them: the venue reads from the price of the moment which way a
# conditional order waits, so one whose price was reached on the way would wait for the way back;
# and its market orders that buy are for an amount of the quote currency. They are emulated.
KINDS = frozenset({Kind.MARKET, Kind.LIMIT})
_SECOND = timedelta(seconds=1)
BUDGETS = (
    Budget(name="requests", per=5 * _SECOND, units=600, shared_by="address", reserve=60),
    Budget(name="orders", per=_SECOND, units=20, shared_by="account", reserve=4),
    Budget(name="cancels", per=_SECOND, units=20, shared_by="account", reserve=0),
    # each endpoint has 50 of its own; all of them together stay below
    Budget(name="account", per=_SECOND, units=50, shared_by="account", reserve=10),
)


class BybitSpot(BybitStreams, BybitAccount):
    """The spot market of a unified trading account."""

    exchange = "bybit"
    options: Mapping[str, Any] = {
        "defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "recvWindow": RECEIVE_WINDOW,
    }  # fmt: skip
    capabilities = Capabilities(
        keys=KeyRule(
            max_len=36, alphabet=ascii_letters + digits + "-_", unique="forever", kinds=KINDS,
            lookup=True,
        ),
        kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}), post_only=True, trigger_on="last",
        read_lag=timedelta(seconds=30), outcome_bound=timedelta(seconds=75),
        log="per_instrument", log_depth=log.DEPTH, bar_end="flag", bar_lag=timedelta(seconds=2),
        timeframes=frozenset(events.TIMEFRAMES), budgets=BUDGETS, book_depth=LEVELS[-1],
        prints=True, newest_trades=60,
    )  # fmt: skip
    idle = 10.0
    demo = False
    topics = ("order.spot", "execution.spot", "wallet")
    rows = orders.SPOT

    def __init__(self) -> None:
        super().__init__()
        self.names = Symbols()

    def parameters(self, ticket: Ticket, raw: str) -> Mapping[str, Any]:
        """Return a ticket in the venue's parameters."""
        return orders.parameters(ticket, raw)

    def wrong(self, ticket: Ticket) -> str:
        """Return why a ticket has no words here; empty: it has."""
        return orders.unfit(ticket, self.capabilities, self.names.account)

    async def instruments(
        self, ask: Ask, symbols: Sequence[str]
    ) -> tuple[tuple[Instrument, ...], tuple[Budget, ...]]:
        """Return what is traded; VenueError names what is unknown."""
        return await reads.instruments(ask, self.names, symbols, self.place), BUDGETS

    async def spelled(self, ask: Ask, symbol: str) -> str:
        """Return ``BTC/USDT`` for ``BTCUSDT``; what the venue does not know as it was given."""
        raw = symbol.upper()
        if "/" in raw:
            return raw
        rows = await reads.listed(ask, raw)
        return f"{rows[0]['baseCoin']}/{rows[0]['quoteCoin']}" if rows else symbol

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Return orders and balances; what could not be read is left out."""
        return await reads.snapshot(ask, self.names, raws, self.names.assets(raws), at)
