"""Binance USD-M futures: what they can, how they are asked, and what their answers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from string import ascii_letters, digits
from typing import Any

from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.names import Contracts, check_listed
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.binance import reads as binance_reads
from atms.stores.ccxt.profiles.binance.filters import contract_of, instrument_of, limits_of
from atms.stores.ccxt.profiles.binance.orders import unfit
from atms.stores.ccxt.profiles.binance.past import AggregateTrades
from atms.stores.ccxt.profiles.binance.streams import LEVELS
from atms.stores.ccxt.profiles.binance.words import BinanceWords
from atms.stores.ccxt.profiles.binanceusdm import account as settings
from atms.stores.ccxt.profiles.binanceusdm import codes, events, orders, reads, snapshots
from atms.stores.ccxt.profiles.binanceusdm.streams import TIMEFRAMES, UsdmStreams
from atms.stores.ccxt.profiles.conditional import CONDITIONAL, BothNames, algo_ref, number_of
from atms.stores.ccxt.profiles.wanted import Wanted, wanted
from atms.stores.facts import Cursor, Fact, HeadFact, OrderFact, Page, Snapshot, State
from atms.stores.market import Bar, Instrument
from atms.stores.outcomes import Acked, Looked, Reason
from atms.stores.requests import Amend, Cancel, Key, Kind, Place, Prepared, Refs, Request

# TRAIL is not among them: the venue's follows each trade, Backtrader's each bar.
KINDS = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT})
BUDGETS = (
    Budget(name="weight", per=timedelta(minutes=1), units=2400, shared_by="address", reserve=300),
    Budget(
        name="orders_10s", per=timedelta(seconds=10), units=300, shared_by="account", reserve=60
    ),
    Budget(
        name="orders_1m", per=timedelta(minutes=1), units=1200, shared_by="account", reserve=240
    ),
)
COUNTED = {
    "x-mbx-used-weight-1m": "weight", "x-mbx-order-count-10s": "orders_10s",
    "x-mbx-order-count-1m": "orders_1m",
}  # fmt: skip
# Less than a third of what a difference of cash is waited for; the stream asks for it sooner.
_INCOME_EVERY = timedelta(seconds=15)
_PROLONG = timedelta(minutes=30)  # a listen key lives for 60


class BinanceUsdm(UsdmStreams, AggregateTrades, BinanceWords, BothNames):
    """USD-M futures in one-way mode; stops are conditional orders, with numbers of their own."""

    exchange = "binanceusdm"
    options: Mapping[str, Any] = {"fetchMarkets": {"types": ["linear"]}, "recvWindow": 5000}
    capabilities = Capabilities(
        keys=KeyRule(
            max_len=36, alphabet=ascii_letters + digits + "-_.:/", unique="open", kinds=KINDS,
            lookup=True,
        ),
        kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}), post_only=True, reduces="flag",
        trigger_on="last", read_lag=timedelta(seconds=30), outcome_bound=timedelta(seconds=75),
        log="per_instrument", log_depth=reads.DEPTH, bar_end="flag",
        bar_lag=timedelta(seconds=2), timeframes=TIMEFRAMES, budgets=BUDGETS,
        book_depth=LEVELS[-1], prints=True, trade_history=True,
    )  # fmt: skip
    aggregates = ("fapiPublicGetAggTrades", 20)
    counted = COUNTED
    idle = 10.0
    demo = True

    def __init__(self) -> None:
        super().__init__()
        self.names = Contracts()
        self._wanted = Wanted()
        self._has_account = False
        self._income_at: datetime | None = None  # when it was read last
        self._income_told = False  # whether the stream says that there is more

    def want(self, options: Mapping[str, Any]) -> None:
        """Take what the account is to be like."""
        self._wanted = wanted(self.exchange, options, settings.MOST)

    # ---- answers ----------------------------------------------------------------------------
    def judge(self, said: Said) -> Reason | None:
        """Return why a write was refused; None: it may have been carried out."""
        return codes.judge(said)

    # ---- the connection ---------------------------------------------------------------------
    def time(self) -> Call:
        """Return the request for the venue's time."""
        return binance_reads.call("fapiPublicGetTime", 1)

    async def account(self, ask: Ask) -> str:
        """Return the venue's word for the account; VenueError: its mode is another than wanted."""
        await settings.check_account(ask, self.place)
        rows = await ask(binance_reads.call("fapiPrivateV3GetBalance", 5))
        self._has_account = True
        return str(rows[0]["accountAlias"])

    # ---- what may be traded -----------------------------------------------------------------
    async def instruments(
        self, ask: Ask, symbols: Sequence[str]
    ) -> tuple[tuple[Instrument, ...], tuple[Budget, ...]]:
        """Return what is traded, and the venue's own budgets.

        Raises:
            VenueError: a symbol is unknown, or its leverage or margin mode another than wanted.
        """
        info = await ask(binance_reads.call("fapiPublicGetExchangeInfo", 1))
        rows = {contract_of(row): row for row in info["symbols"]}
        check_listed(symbols, rows, self.place, "BTC/USDT:USDT")
        raws = {rows[symbol]["symbol"]: symbol for symbol in symbols}
        if self._has_account:
            await settings.check_symbols(ask, self.place, raws, self._wanted)
        found = []
        for symbol in symbols:
            row = rows[symbol]
            self.names.learn(row["symbol"], symbol, row["baseAsset"], row["marginAsset"])
            found.append(instrument_of(row, self.names.id(row["symbol"])))
        return tuple(found), limits_of(info, BUDGETS)

    async def history(
        self, ask: Ask, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
    ) -> tuple[list[Bar], bool]:
        """Return bars from a start on, the oldest first, and whether there are more."""
        return await reads.history(ask, self.names, raw, timeframe, start, end, rows)

    async def newest(self, ask: Ask, raw: str) -> datetime | None:
        """Return when the newest trade was; None: there is none."""
        return await reads.newest(ask, raw)

    # ---- the private stream -----------------------------------------------------------------
    async def private_address(self, url: str, ask: Ask) -> str:
        """Return the address with a listen key, which is as good as a password."""
        reply = await ask(binance_reads.call("fapiPrivatePostListenKey", 1))
        return f"{url}?listenKey={reply['listenKey']}"

    def prolong(self) -> tuple[Call, timedelta] | None:
        """Return the request that keeps the listen key alive, and how often."""
        return binance_reads.call("fapiPrivatePutListenKey", 1), _PROLONG

    def greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return none: the address is enough."""
        return ()

    def ends(self, message: Mapping[str, Any]) -> bool:
        """Return whether a message says that the connection is about to end."""
        return events.inner(message).get("e") in ("listenKeyExpired", "serverShutdown")

    def facts(self, message: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Return what an event of the account's stream says."""
        facts = events.account_event(events.inner(message), self.names)
        for fact in facts:
            if isinstance(fact, OrderFact):
                self.remember(fact)
            elif isinstance(fact, HeadFact):
                self._income_told = True
        return facts

    # ---- writes -----------------------------------------------------------------------------
    def unfit(self, request: Request) -> str:
        """Return why a request has no words here; empty: it has."""
        if isinstance(request, Amend):
            return "orders cannot be changed here"
        if isinstance(request, Cancel):
            named = self._target(request) is not None
            return "" if named else f"order {request.key}: of no known symbol"
        if request.link != "single":
            return f"no {request.link} here"
        ticket = request.tickets[0]
        if ticket.bucket != "net":
            return f"no position {ticket.bucket!r} in one-way mode"
        return unfit(ticket, self.capabilities, self.names.account)

    def write(self, prepared: Prepared) -> Call:
        """Return the one request that carries a request out."""
        request = prepared.request
        if isinstance(request, Cancel):
            target = self._target(request)
            assert target is not None
            method, params = target
            return Call(method=method, params=params, costs={"weight": 1})
        assert isinstance(request, Place)
        ticket = request.tickets[0]
        params = orders.parameters(ticket, self.names.raw(ticket.instrument))
        conditional = ticket.kind in CONDITIONAL
        return Call(
            method="fapiPrivatePostAlgoOrder" if conditional else "fapiPrivatePostOrder",
            params=params, costs={"weight": 1, "orders_10s": 1, "orders_1m": 1},
            # what reduces leaves alone: no entry beside it can have it refused
            batch=None if conditional or ticket.reduces else orders.BATCH,
        )  # fmt: skip

    def _target(self, request: Cancel) -> tuple[str, dict[str, Any]] | None:
        return orders.target(self.named(request.key, request.refs))

    def acked(self, prepared: Prepared, reply: Any) -> Acked:
        """Return what the venue's answer to a write says."""
        request = prepared.request
        assert isinstance(request, Place | Cancel)
        if "algoId" not in reply:
            key = request.key if isinstance(request, Cancel) else None
            fact = orders.order(reply, self.names, "reply", key)
        elif isinstance(request, Place):
            fact = orders.conditional(reply, self.names, "reply")
        else:
            fact = self._gone(request, reply)
        self.remember(fact)
        assert fact.key is not None
        refs = tuple((fact.key, name) for name in sorted(fact.refs))
        return Acked(refs=refs, facts=(fact,))

    def _gone(self, request: Cancel, reply: Mapping[str, Any]) -> OrderFact:
        """Return a conditional order that was cancelled: the reply names it, and no more."""
        known = self.named(request.key, request.refs)
        found = number_of(known, "algo") or number_of(known, "algoclient")
        assert found is not None
        raw = found[0]
        return OrderFact(
            at=datetime.now(UTC), via="reply", key=request.key, instrument=self.names.id(raw),
            refs=frozenset({algo_ref(raw, reply["algoId"])}), state=State.CANCELED,
            filled=Decimal(0),
        )  # fmt: skip

    # ---- reads of the account ---------------------------------------------------------------
    async def lookup(self, ask: Ask, key: Key, refs: Refs, at: datetime) -> Looked:
        """Ask for an order; *at* is when it was asked for."""
        return await reads.lookup(ask, self.names, key, refs, self.named(key), at)

    async def log(
        self, ask: Ask, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int
    ) -> Page:
        """Return executions and income after a place in the account's history."""
        told, self._income_told = self._income_told, False
        due = told or self._income_at is None or at - self._income_at >= _INCOME_EVERY
        page = await reads.log(ask, self.names, self._keys, after, raws, at, rows, with_income=due)
        if due and after is not None and not page.more:
            self._income_at = at
        return page

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Return orders, positions and balances; what could not be read is left out."""
        return await snapshots.snapshot(ask, self.names, raws, self.names.assets(raws), at)
