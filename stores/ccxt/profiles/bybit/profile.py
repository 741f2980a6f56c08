"""Bybit spot: what it can, how it is asked, and what its answers say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from string import ascii_letters, digits
from typing import Any

from atms.errors import VenueError
from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Answer, Ask, Call, Said
from atms.stores.ccxt.profiles.bybit import codes, events, log, orders, reads
from atms.stores.ccxt.profiles.bybit.streams import LEVELS, BybitStreams, hosted
from atms.stores.ccxt.profiles.bybit.words import CATEGORY, call, moment, refs_of
from atms.stores.ccxt.profiles.called import KnownKeys, split_ref
from atms.stores.facts import Cursor, Fact, OrderFact, Page, Snapshot
from atms.stores.market import Bar, Instrument
from atms.stores.outcomes import Acked, Looked, Reason
from atms.stores.requests import Amend, Cancel, Key, Kind, Place, Prepared, Refs, Request

# STOP and STOP_LIMIT are not among them: the venue reads from the price of the moment which way a
# conditional order waits, so one whose price was reached on the way would wait for the way back;
# and its market orders that buy are for an amount of the quote currency. They are emulated.
KINDS = frozenset({Kind.MARKET, Kind.LIMIT})
RECEIVE_WINDOW = 5000  # ms; what comes later than this after its signing is not carried out
_SECOND = timedelta(seconds=1)
BUDGETS = (
    Budget(name="requests", per=5 * _SECOND, units=600, shared_by="address", reserve=60),
    Budget(name="orders", per=_SECOND, units=20, shared_by="account", reserve=4),
    Budget(name="cancels", per=_SECOND, units=20, shared_by="account", reserve=0),
    # each endpoint has 50 of its own; all of them together stay below
    Budget(name="account", per=_SECOND, units=50, shared_by="account", reserve=10),
)
_TOPICS = ["order.spot", "execution.spot", "wallet"]


class BybitSpot(BybitStreams, KnownKeys):
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
        prints=True,
    )  # fmt: skip
    idle = 10.0
    demo = False

    def __init__(self) -> None:
        super().__init__()
        self.names = Symbols()
        self._numbers: dict[str, str] = {}  # of the last greeting: its answers may not repeat them

    # ---- answers ----------------------------------------------------------------------------
    def complaint(
        self, status: int, headers: Mapping[str, str], body: str, parsed: Any
    ) -> Said | None:
        """Return what is wrong with an answer; None: nothing is."""
        return codes.complaint(status, headers, body, parsed)

    def used(self, headers: Mapping[str, str]) -> Mapping[str, int]:
        """Return nothing: the headers tell of one endpoint, and not of which."""
        return {}

    def judge(self, said: Said) -> Reason | None:
        """Return why a write was refused; None: it may have been carried out."""
        return codes.judge(said)

    # ---- the connection ---------------------------------------------------------------------
    def time(self) -> Call:
        """Return the request for the venue's time."""
        return call("publicGetV5MarketTime", {})

    def read_time(self, reply: Any) -> datetime:
        """Return the venue's time."""
        return moment(reply["time"])

    async def account(self, ask: Ask) -> str:
        """Return the venue's id of the account, and with it prove the key.

        Raises:
            VenueError: it is not a unified trading account.
        """
        told = (await ask(self.permissions()))["result"]
        if int(told["uta"]) != 1:
            raise VenueError(
                f"{self.place}: account {told['userID']} is not a unified trading account; "
                "upgrade it at the exchange, other kinds are not traded here"
            )
        return str(told["userID"])

    def permissions(self) -> Call:
        """Return the request for what the key may do."""
        return call("privateGetV5UserQueryApi", log.READS)

    def may_withdraw(self, reply: Any) -> bool | None:
        """Return whether the key may withdraw."""
        return "Withdraw" in reply["result"]["permissions"].get("Wallet", ())

    # ---- what may be traded -----------------------------------------------------------------
    async def instruments(
        self, ask: Ask, symbols: Sequence[str]
    ) -> tuple[tuple[Instrument, ...], tuple[Budget, ...]]:
        """Return what is traded; VenueError names what is unknown."""
        return await reads.instruments(ask, self.names, symbols, self.place), BUDGETS

    async def history(
        self, ask: Ask, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
    ) -> tuple[list[Bar], bool]:
        """Return bars from a start on, the oldest first, and whether there are more."""
        return await reads.history(ask, self.names, raw, timeframe, start, end, rows)

    async def newest(self, ask: Ask, raw: str) -> datetime | None:
        """Return when the newest trade was; None: there is none."""
        question = call("publicGetV5MarketRecentTrade", {}, category=CATEGORY, symbol=raw, limit=1)
        return events.newest((await ask(question))["result"]["list"])

    async def spelled(self, ask: Ask, symbol: str) -> str:
        """Return ``BTC/USDT`` for ``BTCUSDT``; what the venue does not know as it was given."""
        raw = symbol.upper()
        if "/" in raw:
            return raw
        rows = await reads.listed(ask, raw)
        return f"{rows[0]['baseCoin']}/{rows[0]['quoteCoin']}" if rows else symbol

    # ---- the private stream -----------------------------------------------------------------
    def private_url(self, urls: Mapping[str, Any]) -> str:
        """Return the address of the account's stream."""
        return hosted(urls["ws"]["private"]["contract"])

    def greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return the login, and what is subscribed to after it."""
        expires = str(int(exchange.nonce()) + 2 * RECEIVE_WINDOW)
        signature = exchange.hmac(
            exchange.encode(f"GET/realtime{expires}"), exchange.encode(exchange.secret),
            hashlib.sha256,
        )  # fmt: skip
        self._numbers = {"auth": str(number), "subscribe": str(number + 1)}
        return [
            {"req_id": str(number), "op": "auth", "args": [exchange.apiKey, expires, signature]},
            {"req_id": str(number + 1), "op": "subscribe", "args": _TOPICS},
        ]

    def answered(self, message: Mapping[str, Any]) -> Answer | None:
        """Return the answer that a message is; None: it is an event, or a pong."""
        op = message.get("op") or message.get("request", {}).get("op")
        if op not in ("auth", "subscribe", "unsubscribe") or message.get("ret_msg") == "pong":
            return None
        number = message.get("req_id") or self._numbers.get(op, "")
        said = None
        if not message.get("success", message.get("retCode") == 0):
            text = str(message.get("ret_msg") or message.get("retMsg") or "refused")
            said = Said(401 if op == "auth" else 400, op, text)
        return Answer(id=str(number), said=said)

    def ends(self, message: Mapping[str, Any]) -> bool:
        """Return False: the venue announces no end."""
        return False

    def facts(self, message: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Return what an event of the account's stream says."""
        facts = events.account_event(message, self.names)
        for fact in facts:
            if isinstance(fact, OrderFact) and fact.key is not None:
                self.learn(fact.refs)
        return facts

    # ---- writes -----------------------------------------------------------------------------
    def unfit(self, request: Request) -> str:
        """Return why a request has no words here; empty: it has."""
        if isinstance(request, Amend):
            return "orders are not changed here"
        if isinstance(request, Cancel):
            return "" if self._named(request) else f"order {request.key}: of no known symbol"
        if request.link != "single":
            return f"no {request.link} of orders here"
        return orders.unfit(request.tickets[0], self.capabilities, self.names.account)

    def write(self, prepared: Prepared) -> Call:
        """Return the one request that carries a request out."""
        request = prepared.request
        if isinstance(request, Place):
            ticket = request.tickets[0]
            params = orders.parameters(ticket, self.names.raw(ticket.instrument))
            return call("privatePostV5OrderCreate", {"orders": 1}, **params)
        assert isinstance(request, Cancel)
        named = self._named(request)
        assert named is not None
        raw, by = named
        return call("privatePostV5OrderCancel", {"cancels": 1}, category=CATEGORY, symbol=raw, **by)

    def _named(self, request: Cancel) -> tuple[str, dict[str, str]] | None:
        named = {kind: (raw, value) for kind, raw, value in map(split_ref, sorted(request.refs))}
        for kind, word in (("order", "orderId"), ("client", "orderLinkId")):
            if kind in named:
                return named[kind][0], {word: named[kind][1]}
        raw = self._known.get(request.key)
        return (raw, {"orderLinkId": request.key}) if raw else None

    def acked(self, prepared: Prepared, reply: Any) -> Acked:
        """Return what the venue calls the order.

        Nothing else is told: the request was taken, what became of it comes by the stream.
        """
        request, told = prepared.request, reply["result"]
        if not isinstance(request, Place):
            return Acked(refs=())
        ticket = request.tickets[0]
        raw = self.names.raw(ticket.instrument)
        return Acked(refs=tuple((ticket.key, name) for name in sorted(refs_of(told, raw))))

    # ---- reads of the account ---------------------------------------------------------------
    async def lookup(self, ask: Ask, key: Key, refs: Refs, at: datetime) -> Looked:
        """Ask for an order; *at* is when it was asked for."""
        return await reads.lookup(ask, self.names, key, refs, at)

    async def log(
        self, ask: Ask, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int
    ) -> Page:
        """Return executions after a place in the account's history."""
        return await log.log(ask, self.names, after, raws, at, rows)

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Return orders and balances; what could not be read is left out."""
        return await reads.snapshot(ask, self.names, raws, self.names.assets(raws), at)
