"""Binance spot: what it can, how it is asked, and what its answers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from string import ascii_letters, digits
from typing import Any

from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.names import Symbols, check_listed
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.binance import codes, events, orders, reads
from atms.stores.ccxt.profiles.binance.filters import instrument_of, limits_of
from atms.stores.ccxt.profiles.binance.past import BinancePast
from atms.stores.ccxt.profiles.binance.streams import LEVELS, TIMEFRAMES, BinanceStreams
from atms.stores.ccxt.profiles.binance.words import BinanceWords
from atms.stores.ccxt.profiles.called import KnownKeys, split_ref
from atms.stores.facts import Cursor, Fact, OrderFact, Page, Snapshot
from atms.stores.market import Bar, Instrument
from atms.stores.outcomes import Acked, Looked, Reason
from atms.stores.requests import Amend, Cancel, Key, Kind, Place, Prepared, Refs, Request

# TRAIL is not among them: the venue's trailing stop moves with each trade and in steps of the
# hundredth of a percent, Backtrader's with each bar and by any amount.
KINDS = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT})
RECEIVE_WINDOW = 5000  # ms; what comes later than this after its signing is not carried out
BUDGETS = (
    Budget(name="weight", per=timedelta(minutes=1), units=6000, shared_by="address", reserve=600),
    Budget(
        name="orders_10s", per=timedelta(seconds=10), units=100, shared_by="account", reserve=20
    ),
    Budget(
        name="orders_1d", per=timedelta(days=1), units=200_000, shared_by="account", reserve=2000
    ),
)
COUNTED = {
    "x-mbx-used-weight-1m": "weight", "x-mbx-order-count-10s": "orders_10s",
    "x-mbx-order-count-1d": "orders_1d",
}  # fmt: skip
# a path for an instrument that nobody has read yet: so many symbols are read alone
_SYMBOLS_A_REQUEST = 100


class BinanceSpot(BinancePast, BinanceStreams, BinanceWords, KnownKeys):
    """The spot market; a bracket is not among its links.

    Its lists of that kind sell as much as was bought, and where the fee was paid in what was bought
    there is less: the venue then drops the protection.
    """

    exchange = "binance"
    options: Mapping[str, Any] = {
        "defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "recvWindow": RECEIVE_WINDOW,
    }  # fmt: skip
    capabilities = Capabilities(
        keys=KeyRule(
            max_len=36, alphabet=ascii_letters + digits + "-_", unique="open", kinds=KINDS,
            lookup=True,
        ),
        kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}), post_only=True,
        links=frozenset({"oco"}), trigger_on="last", read_lag=timedelta(seconds=30),
        outcome_bound=timedelta(seconds=75), log="per_instrument", bar_end="flag",
        bar_lag=timedelta(seconds=2), timeframes=TIMEFRAMES, budgets=BUDGETS,
        book_depth=LEVELS[-1], prints=True, trade_history=True,
    )  # fmt: skip
    counted = COUNTED
    idle = 10.0
    demo = False

    def __init__(self) -> None:
        super().__init__()
        self.names = Symbols()
        self._keys: dict[str, Key] = {}  # whose key we know though the log tells only its number

    # ---- answers ----------------------------------------------------------------------------
    def judge(self, said: Said) -> Reason | None:
        """Return why a write was refused; None: it may have been carried out."""
        return codes.judge(said)

    # ---- the connection ---------------------------------------------------------------------
    def time(self) -> Call:
        """Return the request for the venue's time."""
        return reads.call("publicGetTime", 1)

    async def account(self, ask: Ask) -> str:
        """Return the venue's id of the account, and with it prove the key."""
        return str((await ask(reads.call("privateGetAccount", 20)))["uid"])

    # ---- what may be traded -----------------------------------------------------------------
    async def instruments(
        self, ask: Ask, symbols: Sequence[str]
    ) -> tuple[tuple[Instrument, ...], tuple[Budget, ...]]:
        """Return what is traded, and the venue's own budgets; VenueError names what is unknown."""
        raws = [self.names.guess(symbol) for symbol in symbols]
        try:
            info = await ask(self._listing(raws))
        except Said:  # one of them is unknown; which one is told by the whole list
            info = await ask(reads.call("publicGetExchangeInfo", 20, "-1121", "-1100"))
        rows = {f"{row['baseAsset']}/{row['quoteAsset']}": row for row in info["symbols"]}
        check_listed(symbols, rows, self.place)
        found = []
        for symbol in symbols:
            row = rows[symbol]
            self.names.learn(row["symbol"], symbol, row["baseAsset"], row["quoteAsset"])
            found.append(instrument_of(row, self.names.id(row["symbol"])))
        return tuple(found), limits_of(info, BUDGETS)

    def _listing(self, raws: Sequence[str]) -> Call:
        if not raws or len(raws) > _SYMBOLS_A_REQUEST:
            return reads.call("publicGetExchangeInfo", 20)
        listed = "[" + ",".join(f'"{raw}"' for raw in raws) + "]"
        return reads.call("publicGetExchangeInfo", 20, "-1121", "-1100", symbols=listed)

    async def history(
        self, ask: Ask, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
    ) -> tuple[list[Bar], bool]:
        """Return bars from a start on, the oldest first, and whether there are more."""
        return await reads.history(ask, self.names, raw, timeframe, start, end, rows)

    async def newest(self, ask: Ask, raw: str) -> datetime | None:
        """Return when the newest trade was; None: there is none."""
        return await reads.newest(ask, raw)

    # ---- the private stream -----------------------------------------------------------------
    def private_url(self, urls: Mapping[str, Any]) -> str:
        """Return the address of the websocket API."""
        return str(urls["ws"]["ws-api"]["spot"])

    def greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return the one signed message that begins the account's stream."""
        method = "userDataStream.subscribe.signature"
        return [{"id": str(number), "method": method, "params": exchange.sign_params({})}]

    def ends(self, message: Mapping[str, Any]) -> bool:
        """Return whether a message says that the connection is about to end."""
        event = message.get("event", message)
        return event.get("e") in ("serverShutdown", "eventStreamTerminated")

    def facts(self, message: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Return what an event of the account's stream says."""
        facts = events.account_event(message.get("event", message), self.names)
        for fact in facts:
            if isinstance(fact, OrderFact) and fact.key is not None:
                self._remember(fact.key, fact.refs)
        return facts

    # ---- writes -----------------------------------------------------------------------------
    def unfit(self, request: Request) -> str:
        """Return why a request has no words here; empty: it has."""
        if isinstance(request, Amend):
            return "orders cannot be changed here"
        if isinstance(request, Cancel):
            return "" if self._named(request) else f"order {request.key}: of no known symbol"
        can, account = self.capabilities, self.names.account
        each = (orders.unfit(ticket, can, account) for ticket in request.tickets)
        why = next((why for why in each if why), "")
        if why or request.link == "single":
            return why
        if request.link == "oco" and orders.oco(request.tickets) is not None:
            return ""
        return f"no {request.link} of such orders here"

    def write(self, prepared: Prepared) -> Call:
        """Return the one request that carries a request out."""
        request = prepared.request
        if isinstance(request, Cancel):
            named = self._named(request)
            assert named is not None
            raw, params = named
            return Call(
                method="privateDeleteOrder", params={"symbol": raw, **params}, costs={"weight": 1}
            )
        assert isinstance(request, Place)
        first = request.tickets[0]
        params = {"symbol": self.names.raw(first.instrument), "newOrderRespType": "FULL"}
        if request.link == "oco":
            params |= orders.oco(request.tickets) or {}
            costs = {"weight": 1, "orders_10s": 2, "orders_1d": 2}
            return Call(method="privatePostOrderListOco", params=params, costs=costs)
        params |= {
            "side": orders.side_of(first), "quantity": orders.plain(first.qty),
            "newClientOrderId": first.key, **orders.parameters(first),
        }  # fmt: skip
        costs = {"weight": 1, "orders_10s": 1, "orders_1d": 1}
        return Call(method="privatePostOrder", params=params, costs=costs)

    def _named(self, request: Cancel) -> tuple[str, dict[str, Any]] | None:
        return reads.by_name(request.key, request.refs, self._known)

    def acked(self, prepared: Prepared, reply: Any) -> Acked:
        """Return what the venue's answer to a write says."""
        request = prepared.request
        rows = reply.get("orderReports", [reply])
        refs: list[tuple[Key, str]] = []
        facts: list[Fact] = []
        for row in rows:
            alone = isinstance(request, Cancel) and len(rows) == 1
            fact = orders.order(row, self.names, "reply", request.key if alone else None)  # type: ignore[union-attr]
            assert fact.key is not None
            refs += [(fact.key, name) for name in sorted(fact.refs)]
            self._remember(fact.key, fact.refs)
            facts += [*orders.fills(row, self.names, fact.key), fact]
        return Acked(refs=tuple(refs), facts=tuple(facts))

    # ---- reads of the account ---------------------------------------------------------------
    def _remember(self, key: Key, refs: Refs) -> None:
        for name in refs:
            kind, raw, _ = split_ref(name)
            self._known[key] = raw
            if kind == "order":
                self._keys[name] = key

    async def lookup(self, ask: Ask, key: Key, refs: Refs, at: datetime) -> Looked:
        """Ask for an order; *at* is when it was asked for."""
        return await reads.lookup(ask, self.names, self._known, key, refs, at)

    async def log(
        self, ask: Ask, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int
    ) -> Page:
        """Return executions after a place in the account's history."""
        return await reads.log(ask, self.names, self._keys, after, raws, at, rows)

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Return orders and balances; what could not be read is left out."""
        return await reads.snapshot(ask, self.names, raws, self.names.assets(raws), at)
