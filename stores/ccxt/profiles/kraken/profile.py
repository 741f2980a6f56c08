"""Kraken spot: what it can, how it is asked, and what its answers say."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from string import ascii_letters, digits
from typing import Any

from atms.steady import SteadyClock
from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.names import check_listed
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.kraken import codes, events, orders, reads
from atms.stores.ccxt.profiles.kraken.books import Books
from atms.stores.ccxt.profiles.kraken.limits import budgets, cost_of_cancel, wanted
from atms.stores.ccxt.profiles.kraken.log import log
from atms.stores.ccxt.profiles.kraken.memory import Memory
from atms.stores.ccxt.profiles.kraken.names import KrakenSymbols
from atms.stores.ccxt.profiles.kraken.numbers import moment
from atms.stores.ccxt.profiles.kraken.pairs import instrument_of
from atms.stores.ccxt.profiles.kraken.past import BARS, UNKNOWN_PAIR, KrakenPast
from atms.stores.ccxt.profiles.kraken.reads import TURN
from atms.stores.ccxt.profiles.kraken.streams import BAR_LAG, LEVELS, TIMEFRAMES, KrakenStreams
from atms.stores.ccxt.profiles.plain import Plain
from atms.stores.facts import Cursor, Fact, FillFact, Page, Snapshot
from atms.stores.market import Instrument
from atms.stores.outcomes import Acked, Looked, Reason
from atms.stores.requests import Amend, Cancel, Key, Kind, Place, Prepared, Refs, Request

# TRAIL is not among them: the venue's follows each trade, Backtrader's each bar.
KINDS = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT})
_SECOND = timedelta(seconds=1)
_LOG_EVERY = 20.0  # seconds between two readings of the log that nothing asks for
_WINDOW = 10_000  # of a key, above which orders may overtake each other: nonces are milliseconds
_SHOWN = 15.0  # seconds after which the log has shown what the stream told


class KrakenSpot(KrakenPast, KrakenStreams, Plain):
    """The spot market, without margin.

    Requests with a key go one at a time: the venue refuses one whose nonce is below an earlier's.
    Orders of a key with a nonce window go at once.
    """

    exchange = "kraken"
    # Nonces rise with this computer's clock alone: the venue's time has whole seconds, and a
    # correction by it may make the next process sign with lower ones than the last.
    options: Mapping[str, Any] = {"timeDifference": 0}
    idle = 10.0
    demo = False

    def __init__(self) -> None:
        self.names = KrakenSymbols()
        self._books = Books()
        self._memory = Memory()
        self._here = SteadyClock().now
        self._token = ""
        self._turn = TURN  # that orders wait for
        self._unread: dict[str, float] = {}  # executions that the log has not told -> when heard
        self._read_at = 0.0  # when the log was read whole; 0: something asks for it
        self.capabilities = Capabilities(
            keys=KeyRule(
                max_len=18, alphabet=ascii_letters + digits + "-_", unique="open", kinds=KINDS,
                lookup=True,
            ),
            kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}), post_only=True,
            trigger_on="last", read_lag=timedelta(seconds=30),
            outcome_bound=timedelta(seconds=75), log="contiguous", bar_end="next_bar",
            bar_lag=BAR_LAG, bars_omit_empty=True, history_bars=BARS, timeframes=TIMEFRAMES,
            budgets=budgets(), book_depth=LEVELS[-1], prints=True, trade_history=True,
        )  # fmt: skip

    def want(self, options: Mapping[str, Any]) -> None:
        """Take what the account may spend; ConfigError: there is no such option, or tier."""
        tier, times = wanted(self.exchange, options)
        self.capabilities = replace(self.capabilities, budgets=budgets(tier, times))

    # ---- answers ----------------------------------------------------------------------------
    def complaint(
        self, status: int, headers: Mapping[str, str], body: str, parsed: Any
    ) -> Said | None:
        """Return what is wrong with an answer; None: nothing is."""
        said = codes.complaint(status, body, parsed, headers)
        if said is None and _nothing_cancelled(parsed.get("result")):
            return Said(status, "EOrder:Unknown order", "none was cancelled")
        return said

    def used(self, headers: Mapping[str, str]) -> Mapping[str, int]:
        """Return nothing: answers do not tell the counters."""
        return {}

    def judge(self, said: Said) -> Reason | None:
        """Return why a write was refused; None: it may have been carried out."""
        return codes.judge(said)

    # ---- the connection ---------------------------------------------------------------------
    def time(self) -> Call:
        """Return the request for the venue's time."""
        return reads.public("Time")

    def read_time(self, reply: Any) -> datetime:
        """Return the venue's time, of the second that it tells the moment nearest to ours.

        It tells whole seconds: within one, its clock and ours cannot be told apart.
        """
        begun = moment(int(reply["result"]["unixtime"]) * 1_000_000)
        return min(max(begun, self._here()), begun + _SECOND)

    async def account(self, ask: Ask) -> str:
        """Return the venue's id of the account, and with it prove the key."""
        told = (await ask(self.permissions()))["result"]
        self._turn = "" if int(told.get("nonce_window") or 0) >= _WINDOW else TURN
        return str(told["iban"]).replace(" ", "")

    def permissions(self) -> Call:
        """Return the request for what the key may do."""
        return reads.call("GetApiKeyInfo", 1)

    def may_withdraw(self, reply: Any) -> bool | None:
        """Return whether the key may withdraw, however the permissions are listed."""
        told = reply["result"].get("permissions")
        if isinstance(told, Mapping):
            told = [name for name, there in told.items() if there]
        return any("withdraw" in str(name) for name in told) if told is not None else None

    # ---- what may be traded -----------------------------------------------------------------
    async def instruments(
        self, ask: Ask, symbols: Sequence[str]
    ) -> tuple[tuple[Instrument, ...], tuple[Budget, ...]]:
        """Return what is traded; VenueError names what is unknown."""
        found = await self._listed(ask, [self.names.guess(symbol) for symbol in symbols])
        if any(symbol not in found for symbol in symbols):
            found |= await self._listed(ask, [])  # which one is unknown is told by the whole list
        check_listed(symbols, found, self.place, "BTC/USD")
        return tuple(found[symbol] for symbol in symbols), self.capabilities.budgets

    async def _listed(self, ask: Ask, raws: Sequence[str]) -> dict[str, Instrument]:
        given = {"pair": ",".join(raws)} if raws else {}
        question = replace(reads.public("AssetPairs", **given), expects=frozenset(UNKNOWN_PAIR))
        try:
            rows = (await ask(question))["result"]
        except Said:
            return {}
        found = {self.names.listed(id_, row): row for id_, row in rows.items()}
        ids = {symbol: f"{self.names.account}:{symbol}" for symbol in found}
        return {symbol: instrument_of(row, ids[symbol]) for symbol, row in found.items()}

    # ---- the private stream -----------------------------------------------------------------
    def private_url(self, urls: Mapping[str, Any]) -> str:
        """Return the address of the account's stream.

        What is behind the # is not sent: on one computer both streams have one address, and ccxt
        would take them for one connection.
        """
        return f"{urls['ws']['privateV2']}#account"

    async def private_address(self, url: str, ask: Ask) -> str:
        """Ask for the token that the greeting shows; what is dialled has nothing of it."""
        reply = await ask(reads.call("GetWebSocketsToken", 1))
        self._token = reply["result"]["token"]
        return url

    def greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return the messages that begin the account's stream.

        Open orders are told first: later messages of an order leave out what was told before.
        """
        self._read_at = 0.0  # what a break has missed is in the log
        wishes: Sequence[dict[str, Any]] = (
            {"channel": "executions", "snap_orders": True, "snap_trades": False},
            {"channel": "balances", "snapshot": False},
        )
        return [
            {
                "method": "subscribe", "params": {**wish, "token": self._token},
                "req_id": number + ahead,
            }
            for ahead, wish in enumerate(wishes)
        ]  # fmt: skip

    def ends(self, message: Mapping[str, Any]) -> bool:
        """Return no: the venue closes a connection without a word."""
        return False

    def facts(self, message: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Return what an event of the account's stream says."""
        facts = events.told(message, self.names, self._memory)
        heard = time.monotonic()
        self._unread |= {one.exec: heard for one in facts if isinstance(one, FillFact)}
        return facts

    # ---- writes -----------------------------------------------------------------------------
    def unfit(self, request: Request) -> str:
        """Return why a request has no words here; empty: it has."""
        if isinstance(request, Amend):
            return "orders are not changed here"
        if isinstance(request, Cancel):
            return ""
        if request.link != "single" or len(request.tickets) != 1:
            return f"no {request.link} of orders here"
        return orders.unfit(request.tickets[0], self.capabilities, self.names.account)

    def known(self, request: Request) -> tuple[tuple[Key, str], ...]:
        """Return the names that orders will have: our keys."""
        tickets = request.tickets if isinstance(request, Place) else ()
        return tuple((ticket.key, orders.client_ref(ticket.key)) for ticket in tickets)

    def write(self, prepared: Prepared) -> Call:
        """Return the one request that carries a request out."""
        request = prepared.request
        if isinstance(request, Cancel):
            txid = orders.named(request.refs, "order")
            params = {"txid": txid} if txid else {"cl_ord_id": request.key}
            cost = cost_of_cancel(self._memory.age(request.key))
            return self._write("CancelOrder", params, cost)
        assert isinstance(request, Place)
        (ticket,) = request.tickets
        pair = self.names.raw(ticket.instrument)
        self._memory.sent(ticket.key)
        return self._write("AddOrder", orders.parameters(ticket, pair), 1)

    def _write(self, method: str, params: Mapping[str, Any], cost: int) -> Call:
        return Call(
            method=f"privatePost{method}", params=params, costs={"trading": cost} if cost else {},
            turn=self._turn,
        )  # fmt: skip

    def acked(self, prepared: Prepared, reply: Any) -> Acked:
        """Return what the venue's answer to a write says: an order's number, and no more."""
        request = prepared.request
        if isinstance(request, Cancel):
            return Acked(refs=tuple((request.key, name) for name in sorted(request.refs)))
        assert isinstance(request, Place)
        ((txid,), key) = reply["result"]["txid"], request.tickets[0].key
        self._memory.name(txid, key)
        return Acked(refs=tuple((key, name) for name in sorted(orders.refs(txid, key))))

    # ---- reads of the account ---------------------------------------------------------------
    def learn(self, names: Collection[str]) -> None:
        """Remember nothing: an order's key is all that it is asked for by."""

    async def lookup(self, ask: Ask, key: Key, refs: Refs, at: datetime) -> Looked:
        """Ask for an order; *at* is when it was asked for."""
        return await reads.lookup(ask, self.names, self._memory, key, refs, at)

    async def log(
        self, ask: Ask, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int
    ) -> Page:
        """Return executions after a place in the account's history.

        Each reading is dear, so that one is left out while nothing was heard since the last.
        """
        began, quiet = time.monotonic(), not self._unread
        if after is not None and quiet and began - self._read_at < _LOG_EVERY:
            return Page(facts=(), next=after, more=False)
        self._read_at = 0.0 if after is None else began
        try:
            page = await log(ask, self.names, self._memory, after, rows)
        except BaseException:
            self._read_at = 0.0
            raise
        told = {one.exec for one in page.facts if isinstance(one, FillFact)}
        since = 0.0 if page.more else began - _SHOWN
        self._unread = {
            name: heard for name, heard in self._unread.items()
            if name not in told and heard > since
        }  # fmt: skip
        if page.more:
            self._read_at = 0.0
        return page

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Return orders and balances; what could not be read is left out."""
        self._read_at = 0.0  # whether the log has moved meanwhile is looked at, not guessed
        return await reads.snapshot(ask, self.names, self._memory, raws, at)


def _nothing_cancelled(result: Any) -> bool:
    """Return whether a cancellation was answered, and there was nothing to cancel."""
    if not isinstance(result, Mapping) or result.keys() - {"count", "pending"}:
        return False
    return "count" in result and int(result["count"]) == 0 and not result.get("pending")
