"""What the store must know of an exchange: how it is asked, how its answers are read and judged.

A profile does no input or output of its own: where several requests belong together it is given a
function that asks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from atms.stores.capabilities import Budget, Capabilities
from atms.stores.ccxt.calls import Answer, Call, Said
from atms.stores.facts import Cursor, Fact, Page, Snapshot
from atms.stores.market import Bar, Instrument, Print, Quote
from atms.stores.outcomes import Acked, Looked, Reason
from atms.stores.requests import Key, Prepared, Refs, Request


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A public stream: its name on the wire, and what its messages say.

    Attributes:
        read: what a message says, and when it came -> one fact, a list of them, or None.
        channel: of several addresses, the one that carries it.
        bar_lag: of bars that do not say when they are over: how long after a bar's end the venue
            may still tell something of it; None: they do say.
        asked: of bars that nothing streams: how long one is; each is asked for when it is over.
    """

    name: str
    read: Callable[[Mapping[str, Any], datetime], Any]
    channel: str = ""
    bar_lag: timedelta | None = None
    asked: timedelta | None = None


class Passed(NamedTuple):
    """A public trade that is behind us: where a history goes on.

    Attributes:
        id: the venue's; *at*: when it was, cut to the microsecond.
    """

    id: str
    at: datetime


Ask = Callable[[Call], Awaitable[Any]]


class Names(Protocol):
    """Turns the venue's symbols into ids of instruments, and back.

    Attributes:
        account: the first part of every id; the store sets it.
    """

    account: str

    @property
    def all(self) -> tuple[str, ...]:
        """Return the venue's symbols that were named here."""

    def symbol(self, instrument: str) -> str:
        """Return the symbol of an id."""

    def id(self, raw: str) -> str:
        """Return the id of a venue's symbol."""

    def raw(self, instrument: str) -> str:
        """Return the venue's symbol of an id."""


class Profile(Protocol):
    """One kind of market of one exchange.

    Attributes:
        exchange: ccxt's id.
        place: exchange and market, the first part of an account's id: ``binance-spot``.
        options: of the ccxt object.
        capabilities: what an account can do, before the venue has told its own limits.
        idle: seconds between pings of a websocket.
        demo: whether its test network is what ccxt calls demo trading.
        unified: whether ccxt's own methods are asked, for bars alone, and it judges the answers.
    """

    exchange: str
    place: str
    options: Mapping[str, Any]
    capabilities: Capabilities
    idle: float
    demo: bool
    unified: bool

    def want(self, options: Mapping[str, Any]) -> None:
        """Take what the account is to be like; ConfigError: there is no such option."""

    @property
    def names(self) -> Names:
        """Return what turns symbols into ids."""

    # ---- answers ----------------------------------------------------------------------------
    def complaint(
        self, status: int, headers: Mapping[str, str], body: str, parsed: Any
    ) -> Said | None:
        """Return what is wrong with an answer; None: nothing is."""

    def used(self, headers: Mapping[str, str]) -> Mapping[str, int]:
        """Return name of a budget -> units used, as an answer's headers tell them."""

    def judge(self, said: Said) -> Reason | None:
        """Return why a write was refused; None: it may have been carried out."""

    # ---- the connection ---------------------------------------------------------------------
    def time(self) -> Call | None:
        """Return the request for the venue's time; None: it tells none."""

    def read_time(self, reply: Any) -> datetime:
        """Return the venue's time."""

    async def account(self, ask: Ask) -> str:
        """Return the venue's id of the account, and with it prove the key."""

    def permissions(self) -> Call:
        """Return the request for what the key may do."""

    def may_withdraw(self, reply: Any) -> bool | None:
        """Return whether the key may withdraw."""

    # ---- what may be traded -----------------------------------------------------------------
    async def instruments(
        self, ask: Ask, symbols: Sequence[str]
    ) -> tuple[tuple[Instrument, ...], tuple[Budget, ...]]:
        """Return what is traded, and the venue's own budgets; VenueError names what is unknown."""

    async def newest(self, ask: Ask, raw: str) -> datetime | None:
        """Return when the newest trade was; None: there is none."""

    async def history(
        self, ask: Ask, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
    ) -> tuple[list[Bar], bool]:
        """Return bars from a start on, the oldest first, and whether there are more."""

    async def spelled(self, ask: Ask, symbol: str) -> str:
        """Return a symbol as it is written here; what is unknown as it was given."""

    async def trades(
        self, ask: Ask, raw: str, start: datetime, after: Passed | None, rows: int
    ) -> tuple[list[Print], bool]:
        """Return trades by rising ids, and whether there are more.

        Args:
            after: those behind this one; None: those from *start* on.

        Raises:
            VenueError: it tells none that old, or not without leaving some out.
        """

    # ---- public streams ---------------------------------------------------------------------
    def market_url(self, urls: Mapping[str, Any], channel: str) -> str:
        """Return the address of public streams, of those that one channel carries."""

    async def market_address(self, url: str, ask: Ask) -> str:
        """Return what is dialled for them, which may hold a key that is asked for before."""

    def bars(self, raw: str, timeframe: str) -> Stream:
        """Return the stream of bars."""

    def quotes(self, raw: str) -> Stream:
        """Return the stream of the best prices."""

    def quote(self, raw: str) -> Call:
        """Return the request for the best prices."""

    def read_quote(self, reply: Any, at: datetime) -> Quote | None:
        """Return the best prices; None: a side is empty."""

    def book(self, raw: str, depth: int) -> Stream:
        """Return the stream of an order book; VenueError: it is not that deep.

        It tells all levels that it has: it may be another's too, who wants more of them.
        """

    def prints(self, raw: str) -> Stream:
        """Return the stream of public trades."""

    def subscribe(
        self, names: Collection[str], number: int, *, on: bool
    ) -> Sequence[Mapping[str, Any]]:
        """Return the messages that begin or end streams, numbered from *number* on."""

    def streamed(self, message: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return names of streams and what a message says of each; empty: it is of none."""

    # ---- the private stream -----------------------------------------------------------------
    def private_url(self, urls: Mapping[str, Any]) -> str:
        """Return the address of the account's stream, without anything secret."""

    async def private_address(self, url: str, ask: Ask) -> str:
        """Return what is dialled for it, which may hold a key that is asked for before."""

    def prolong(self) -> tuple[Call, timedelta] | None:
        """Return the request that keeps such a key alive, and how often; None: nothing is."""

    def greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return the messages that begin the account's stream, numbered from *number* on.

        Each is answered before the next is sent. Empty: dialling begins it.
        """

    def answered(self, message: Mapping[str, Any]) -> Answer | None:
        """Return the answer that a message is; None: it is an event."""

    def ends(self, message: Mapping[str, Any]) -> bool:
        """Return whether a message says that the connection is about to end."""

    def facts(self, message: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Return what an event of the account's stream says."""

    # ---- writes -----------------------------------------------------------------------------
    def unfit(self, request: Request) -> str:
        """Return why a request has no words here; empty: it has."""

    def known(self, request: Request) -> tuple[tuple[Key, str], ...]:
        """Return the names that orders will have."""

    def write(self, prepared: Prepared) -> Call:
        """Return the one request that carries a request out."""

    def acked(self, prepared: Prepared, reply: Any) -> Acked:
        """Return what the venue's answer to a write says."""

    # ---- reads of the account ---------------------------------------------------------------
    def learn(self, names: Collection[str]) -> None:
        """Remember whose the venue's names are."""

    async def lookup(self, ask: Ask, key: Key, refs: Refs, at: datetime) -> Looked:
        """Ask for an order; *at* is when it was asked for."""

    async def log(
        self, ask: Ask, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int
    ) -> Page:
        """Return executions after a place in the account's history."""

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Return orders and balances; what could not be read is left out."""
