"""The account's side of Bybit v5, whatever it trades: connection, writes, log, one order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from atms.errors import VenueError
from atms.stores.capabilities import Capabilities
from atms.stores.ccxt.calls import Answer, Call, Said
from atms.stores.ccxt.names import Symbols
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.bybit import codes, events, log, reads
from atms.stores.ccxt.profiles.bybit.orders import Reads
from atms.stores.ccxt.profiles.bybit.streams import hosted
from atms.stores.ccxt.profiles.bybit.words import call, refs_of
from atms.stores.ccxt.profiles.called import KnownKeys, split_ref
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import Cursor, Fact, OrderFact, Page
from atms.stores.market import Bar
from atms.stores.outcomes import Acked, Looked, Reason
from atms.stores.requests import Amend, Cancel, Key, Place, Prepared, Refs, Request, Ticket

RECEIVE_WINDOW = 5000  # ms; what comes later than this after its signing is not carried out


class BybitAccount(KnownKeys):
    """What is the same of every kind of market of a unified trading account.

    Attributes:
        topics: what the account's stream is asked for.
        rows: how rows of the market are read.
    """

    place: str
    names: Symbols
    capabilities: Capabilities
    topics: Sequence[str]
    rows: Reads

    def __init__(self) -> None:
        super().__init__()
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

    async def history(
        self, ask: Ask, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
    ) -> tuple[list[Bar], bool]:
        """Return bars from a start on, the oldest first, and whether there are more."""
        return await reads.history(
            ask, self.names, raw, timeframe, start, end, rows, self.rows.category
        )

    async def newest(self, ask: Ask, raw: str) -> datetime | None:
        """Return when the newest trade was; None: there is none."""
        question = call(
            "publicGetV5MarketRecentTrade", {}, category=self.rows.category, symbol=raw, limit=1
        )
        return events.newest((await ask(question))["result"]["list"])

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
            {"req_id": str(number + 1), "op": "subscribe", "args": list(self.topics)},
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
        facts = events.account_event(message, self.names, self.rows)
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
        return self.wrong(request.tickets[0])

    def parameters(self, ticket: Ticket, raw: str) -> Mapping[str, Any]:
        """Return a ticket in the venue's parameters."""
        raise NotImplementedError

    def wrong(self, ticket: Ticket) -> str:
        """Return why a ticket has no words here; empty: it has."""
        raise NotImplementedError

    def write(self, prepared: Prepared) -> Call:
        """Return the one request that carries a request out."""
        request = prepared.request
        if isinstance(request, Place):
            ticket = request.tickets[0]
            params = self.parameters(ticket, self.names.raw(ticket.instrument))
            return call("privatePostV5OrderCreate", {"orders": 1}, **params)
        assert isinstance(request, Cancel)
        named = self._named(request)
        assert named is not None
        raw, by = named
        return call(
            "privatePostV5OrderCancel",
            {"cancels": 1},
            category=self.rows.category,
            symbol=raw,
            **by,
        )

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
        return await reads.lookup(ask, self.names, key, refs, at, self.rows)

    async def log(
        self, ask: Ask, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int
    ) -> Page:
        """Return executions after a place in the account's history."""
        return await log.log(ask, self.names, after, raws, at, rows, self.rows)
