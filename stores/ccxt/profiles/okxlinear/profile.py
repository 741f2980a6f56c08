"""OKX's perpetual swaps: what they can, how they are asked, and what their answers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from string import ascii_letters, digits
from typing import Any

from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.ccxt.calls import Call
from atms.stores.ccxt.names import check_listed
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.called import client_ref, order_ref
from atms.stores.ccxt.profiles.conditional import (
    CONDITIONAL,
    BothNames,
    algo_client_ref,
    algo_ref,
)
from atms.stores.ccxt.profiles.okx import past
from atms.stores.ccxt.profiles.okx import profile as spot
from atms.stores.ccxt.profiles.okx.bills import DEPTH
from atms.stores.ccxt.profiles.okx.streams import LEVELS, address
from atms.stores.ccxt.profiles.okx.words import READ_LAG, SIGNED_FOR, OkxWords, greeted
from atms.stores.ccxt.profiles.okxlinear import account as settings
from atms.stores.ccxt.profiles.okxlinear import events, orders, reads
from atms.stores.ccxt.profiles.okxlinear.contracts import KIND, Swaps, instrument_of, listed
from atms.stores.ccxt.profiles.okxlinear.log import Log
from atms.stores.ccxt.profiles.okxlinear.streams import SwapStreams
from atms.stores.ccxt.profiles.wanted import Wanted
from atms.stores.facts import Cursor, Fact, HeadFact, OrderFact, Page, Snapshot
from atms.stores.market import Bar, Instrument
from atms.stores.outcomes import Acked, Looked
from atms.stores.requests import Amend, Cancel, Key, Kind, Place, Prepared, Refs, Request

# TRAIL is not among them: the venue's follows each trade, Backtrader's each bar.
KINDS = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT})
_PER = timedelta(seconds=2)
BUDGETS = (
    *spot.BUDGETS,
    Budget(name="algos", per=_PER, units=20, shared_by="account", reserve=4),
    Budget(name="algo_cancels", per=_PER, units=20, shared_by="account", reserve=0),
    Budget(name="algo_details", per=_PER, units=20, shared_by="account", reserve=0),
    Budget(name="algo_pending", per=_PER, units=20, shared_by="account", reserve=0),
    Budget(name="positions", per=_PER, units=10, shared_by="account", reserve=0),
    Budget(name="leverage", per=_PER, units=20, shared_by="account", reserve=0),
    Budget(name="bills", per=timedelta(seconds=1), units=5, shared_by="account", reserve=0),
    Budget(name="old_bills", per=_PER, units=5, shared_by="account", reserve=0),
)
# Less than a third of what a difference of cash is waited for; the stream asks for it sooner.
_BILLS_EVERY = timedelta(seconds=15)


class OkxLinear(SwapStreams, OkxWords, BothNames):
    """Swaps in one-way mode on cross margin; stops are orders of their own, with own numbers."""

    exchange = "okxlinear"
    names: Swaps
    options: Mapping[str, Any] = {"defaultType": "swap", "timeDifference": 0}
    capabilities = Capabilities(
        keys=KeyRule(
            max_len=32, alphabet=ascii_letters + digits, unique="open", kinds=KINDS, lookup=True
        ),
        kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}), post_only=True, reduces="flag",
        trigger_on="last", read_lag=READ_LAG,
        outcome_bound=SIGNED_FOR + READ_LAG + timedelta(seconds=15), log="contiguous",
        log_depth=DEPTH, bar_end="flag", bar_lag=timedelta(seconds=2),
        timeframes=frozenset(past.BARS), budgets=BUDGETS, book_depth=LEVELS, prints=True,
        trade_history=True,
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.names = Swaps()
        self._wanted = Wanted()
        self._has_account = False
        self._log = Log(self.names, self._keys)
        self._bills_at: datetime | None = None  # when they were read last
        self._bills_told = False  # whether the stream says that there are more

    def want(self, options: Mapping[str, Any]) -> None:
        """Take what the account is to be like."""
        self._wanted = settings.read_options(self.exchange, options)

    # ---- the connection ---------------------------------------------------------------------
    async def account(self, ask: Ask) -> str:
        """Return the venue's id of the account; VenueError: its mode is another than wanted."""
        config = (await ask(self.permissions()))["data"][0]
        settings.check_account(config, self.place)
        await listed(ask, self.names)  # the account may hold what no config names
        self._has_account = True
        return str(config["uid"])

    # ---- what may be traded -----------------------------------------------------------------
    async def instruments(
        self, ask: Ask, symbols: Sequence[str]
    ) -> tuple[tuple[Instrument, ...], tuple[Budget, ...]]:
        """Return what is traded.

        Raises:
            VenueError: a symbol is unknown, or its leverage another than wanted.
        """
        rows = await listed(ask, self.names)
        check_listed(symbols, rows, self.place, "BTC/USDT:USDT")
        if self._has_account:
            asked = {symbol: rows[symbol] for symbol in symbols}
            await settings.check_symbols(ask, self.place, asked, self._wanted)
        for symbol in symbols:
            row = rows[symbol]
            self.names.learn(row["instId"], symbol, symbol.partition("/")[0], row["settleCcy"])
        return tuple(instrument_of(rows[symbol], self.names) for symbol in symbols), BUDGETS

    async def history(
        self, ask: Ask, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
    ) -> tuple[list[Bar], bool]:
        """Return bars from a start on, the oldest first, and whether there are more."""
        return await past.history(ask, self.names, raw, timeframe, start, end, rows, past.OF_SWAPS)

    # ---- the private stream, on two addresses -----------------------------------------------
    def greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return the signed message that begins the stream, and what it is to tell."""
        channels = [
            {"channel": "orders", "instType": KIND}, {"channel": "balance_and_position"}
        ]  # fmt: skip
        return greeted(exchange, number, channels)

    def second_url(self, urls: Mapping[str, Any]) -> str:
        """Return the address of what tells of stops."""
        return address(urls, "business")

    def second_greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return the messages that begin it."""
        return greeted(exchange, number, [{"channel": "orders-algo", "instType": KIND}])

    def facts(self, message: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Return what an event of the account's streams says."""
        facts = events.account_event(message, self.names)
        for fact in facts:
            if isinstance(fact, OrderFact) and fact.key:
                self.remember(fact)
            elif isinstance(fact, HeadFact):
                self._bills_told = True
        return facts

    # ---- writes -----------------------------------------------------------------------------
    def unfit(self, request: Request) -> str:
        """Return why a request has no words here; empty: it has."""
        if isinstance(request, Amend):
            return "orders cannot be changed here"
        if isinstance(request, Cancel):
            there = orders.target(self.named(request.key, request.refs)) is not None
            return "" if there else f"order {request.key}: of no known symbol"
        if request.link != "single":
            return f"no {request.link} of such orders here"
        return orders.unfit(request.tickets[0], self.capabilities, self.names)

    def write(self, prepared: Prepared) -> Call:
        """Return the one request that carries a request out."""
        request = prepared.request
        if isinstance(request, Cancel):
            found = orders.target(self.named(request.key, request.refs))
            assert found is not None
            method, params = found
            if method.endswith("Algos"):
                return Call(method=method, rows=[params], costs={"algo_cancels": 1})
            return Call(method=method, params=params, costs={"cancels": 1})
        assert isinstance(request, Place)
        ticket = request.tickets[0]
        params = orders.parameters(ticket, self.names.raw(ticket.instrument), self.names)
        if ticket.kind in CONDITIONAL:
            return Call(method="privatePostTradeOrderAlgo", params=params, costs={"algos": 1})
        return Call(method="privatePostTradeOrder", params=params, costs={"orders": 1})

    def acked(self, prepared: Prepared, reply: Any) -> Acked:
        """Return the order's number; what becomes of it the stream tells, of a cancel too."""
        request, row = prepared.request, reply["data"][0]
        if isinstance(request, Cancel):
            return Acked(refs=())
        assert isinstance(request, Place)
        ticket = request.tickets[0]
        raw, key = self.names.raw(ticket.instrument), ticket.key
        if ticket.kind in CONDITIONAL:
            named = {algo_ref(raw, row["algoId"]), algo_client_ref(raw, key)}
        else:
            named = {order_ref(raw, row["ordId"]), client_ref(raw, key)}
        self._named[key] = self.named(key, frozenset(named))
        return Acked(refs=tuple((key, name) for name in sorted(named)))

    # ---- reads of the account ---------------------------------------------------------------
    async def lookup(self, ask: Ask, key: Key, refs: Refs, at: datetime) -> Looked:
        """Ask for an order; *at* is when it was asked for."""
        return await reads.lookup(ask, self.names, key, refs, self.named(key), at)

    async def log(
        self, ask: Ask, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int
    ) -> Page:
        """Return executions and cash after a place in the account's history, of every swap."""
        told, self._bills_told = self._bills_told, False
        due = told or self._bills_at is None or at - self._bills_at >= _BILLS_EVERY
        page = await self._log.page(ask, after, at, rows, with_bills=due)
        if due and after is not None and not page.more:
            self._bills_at = at
        return page

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Return orders, positions and balances; what could not be read is left out."""
        return await reads.snapshot(ask, self.names, raws, self.names.assets(raws), at)
