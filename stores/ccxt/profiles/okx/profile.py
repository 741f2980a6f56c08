"""OKX spot: what it can, how it is asked, and what its answers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from string import ascii_letters, digits
from typing import Any

from atms.errors import VenueError
from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.called import KnownKeys
from atms.stores.ccxt.profiles.gathering import gathered
from atms.stores.ccxt.profiles.okx import orders, past, reads
from atms.stores.ccxt.profiles.okx.bills import DEPTH
from atms.stores.ccxt.profiles.okx.executions import Log
from atms.stores.ccxt.profiles.okx.streams import LEVELS, OkxStreams
from atms.stores.ccxt.profiles.okx.words import (
    ONLY_CHANGES,
    READ_LAG,
    SIGNED_FOR,
    OkxWords,
    greeted,
)
from atms.stores.ccxt.profiles.plain import Plain
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import Cursor, Fact, Page, Part, Snapshot
from atms.stores.market import Bar, Instrument
from atms.stores.outcomes import Acked, Looked
from atms.stores.requests import Amend, Cancel, Key, Kind, Place, Prepared, Refs, Request

# Its stop orders are other orders, with numbers of their own and no answer for the order that they
# become: the broker watches prices instead.
KINDS = frozenset({Kind.MARKET, Kind.LIMIT})
_PER = timedelta(seconds=2)
# "Rate limit" of each endpoint; the venue counts orders and cancels of each pair by itself
BUDGETS = (
    Budget(name="orders", per=_PER, units=60, shared_by="account", reserve=12),
    Budget(name="cancels", per=_PER, units=60, shared_by="account", reserve=0),
    Budget(name="details", per=_PER, units=60, shared_by="account", reserve=0),
    Budget(name="pending", per=_PER, units=60, shared_by="account", reserve=0),
    Budget(name="fills", per=_PER, units=60, shared_by="account", reserve=0),
    Budget(name="balance", per=_PER, units=10, shared_by="account", reserve=0),
    Budget(name="config", per=_PER, units=5, shared_by="account", reserve=0),
    Budget(name="time", per=_PER, units=10, shared_by="address", reserve=0),
    Budget(name="public", per=_PER, units=20, shared_by="address", reserve=0),
    Budget(name="candles", per=_PER, units=40, shared_by="address", reserve=0),
    Budget(name="old_candles", per=_PER, units=20, shared_by="address", reserve=0),
    Budget(name="old_trades", per=_PER, units=10, shared_by="address", reserve=0),
    Budget(name="old_fills", per=_PER, units=10, shared_by="account", reserve=0),
)
_SPOT_MODES = ("1", "2")  # of an account: in the others spot is traded on margin


class OkxSpot(OkxStreams, OkxWords, Plain, KnownKeys):
    """The spot market, without margin."""

    exchange = "okx"
    names: orders.Pairs
    options: Mapping[str, Any] = {"defaultType": "spot", "timeDifference": 0}
    capabilities = Capabilities(
        keys=KeyRule(
            max_len=32, alphabet=ascii_letters + digits, unique="open", kinds=KINDS, lookup=True
        ),
        kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}), post_only=True, trigger_on="last",
        read_lag=READ_LAG, outcome_bound=SIGNED_FOR + READ_LAG + timedelta(seconds=15),
        log="contiguous", log_depth=DEPTH, bar_end="flag", bar_lag=timedelta(seconds=2),
        timeframes=frozenset(past.BARS), budgets=BUDGETS, book_depth=LEVELS, prints=True,
        trade_history=True,
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.names = orders.Pairs()
        self._log = Log(self.names)

    # ---- the connection ---------------------------------------------------------------------
    async def account(self, ask: Ask) -> str:
        """Return the venue's id of the account, and with it prove the key.

        Raises:
            VenueError: spot is traded on margin there.
        """
        config = (await ask(self.permissions()))["data"][0]
        if config["acctLv"] not in _SPOT_MODES:
            raise VenueError(
                f"{self.place}: the account is in a margin mode (acctLv {config['acctLv']}), in "
                "which a spot order may borrow; use one in spot or futures mode"
            )
        return str(config["uid"])

    # ---- what may be traded -----------------------------------------------------------------
    async def instruments(
        self, ask: Ask, symbols: Sequence[str]
    ) -> tuple[tuple[Instrument, ...], tuple[Budget, ...]]:
        """Return what is traded; VenueError names what is unknown."""
        return await past.instruments(ask, self.names, symbols, self.place), BUDGETS

    async def history(
        self, ask: Ask, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
    ) -> tuple[list[Bar], bool]:
        """Return bars from a start on, the oldest first, and whether there are more."""
        return await past.history(ask, self.names, raw, timeframe, start, end, rows)

    async def spelled(self, ask: Ask, symbol: str) -> str:
        """Return ``BTC/USDT`` for ``BTC-USDT``."""
        return symbol.upper().replace("-", "/")

    # ---- the private stream -----------------------------------------------------------------
    def greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return the signed message that begins the stream, and what it is to tell."""
        return greeted(
            exchange, number,
            [
                {"channel": "orders", "instType": "SPOT"},
                {"channel": "account", "extraParams": ONLY_CHANGES},
            ],
        )  # fmt: skip

    def facts(self, message: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Return what an event of the account's stream says."""
        channel = (message.get("arg") or {}).get("channel")
        found: list[Fact] = []
        for row in message.get("data") or ():
            if channel == "orders" and row["instType"] == "SPOT":
                execution = orders.streamed_fill(row, self.names)
                found += [execution] if execution is not None else []
                found.append(orders.order(row, self.names, "stream"))
            elif channel == "account":
                found += reads.balances_of(row, moment(row["uTime"]))
        return tuple(found)

    # ---- writes -----------------------------------------------------------------------------
    def unfit(self, request: Request) -> str:
        """Return why a request has no words here; empty: it has."""
        if isinstance(request, Amend):
            return "orders cannot be changed here"
        if isinstance(request, Cancel):
            named = reads.by_name(request.key, request.refs, self._known)
            return "" if named else f"order {request.key}: of no known symbol"
        if request.link != "single":
            return f"no {request.link} of such orders here"
        return orders.unfit(request.tickets[0], self.capabilities, self.names.account)

    def write(self, prepared: Prepared) -> Call:
        """Return the one request that carries a request out."""
        request = prepared.request
        if isinstance(request, Cancel):
            named = reads.by_name(request.key, request.refs, self._known)
            assert named is not None
            return Call(
                method="privatePostTradeCancelOrder", params={"instId": named[0], **named[1]},
                costs={"cancels": 1},
            )  # fmt: skip
        assert isinstance(request, Place)
        ticket = request.tickets[0]
        params = orders.parameters(ticket, self.names.raw(ticket.instrument))
        return Call(method="privatePostTradeOrder", params=params, costs={"orders": 1})

    def acked(self, prepared: Prepared, reply: Any) -> Acked:
        """Return the order's number; what becomes of it the stream tells, of a cancel too."""
        request, row = prepared.request, reply["data"][0]
        if isinstance(request, Cancel):
            return Acked(refs=())
        assert isinstance(request, Place)
        ticket = request.tickets[0]
        raw = self.names.raw(ticket.instrument)
        named = orders.refs_of({"clOrdId": ticket.key, "ordId": row["ordId"]}, raw)
        return Acked(refs=tuple((ticket.key, name) for name in sorted(named)))

    # ---- reads of the account ---------------------------------------------------------------
    async def lookup(self, ask: Ask, key: Key, refs: Refs, at: datetime) -> Looked:
        """Ask for an order; *at* is when it was asked for."""
        return await reads.lookup(ask, self.names, self._known, key, refs, at)

    async def log(
        self, ask: Ask, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int
    ) -> Page:
        """Return executions after a place in the account's history, of every pair."""
        return await self._log.page(ask, after, at, rows)

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Return orders and balances; what could not be read is left out."""
        assets = self.names.assets(raws)
        return await gathered(
            at,
            {
                Part.ORDERS: lambda: reads.open_orders(ask, self.names, raws),
                Part.BALANCES: lambda: reads.balances(ask, assets, at),
            },
        )
