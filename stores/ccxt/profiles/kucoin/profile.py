"""KuCoin spot: what it can, how it is asked, and what its answers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from string import ascii_letters, digits
from typing import Any

from atms.errors import VenueError
from atms.stores.base import AuthFailed, Unreachable
from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.names import check_listed
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.called import KnownKeys, order_ref, split_ref
from atms.stores.ccxt.profiles.kucoin import codes, events, history, orders, reads
from atms.stores.ccxt.profiles.kucoin.instruments import instrument_of
from atms.stores.ccxt.profiles.kucoin.streams import (
    BAR_LAG,
    LEVELS,
    TIMEFRAMES,
    Dashed,
    KucoinStreams,
    dialled,
    topic,
)
from atms.stores.ccxt.profiles.stamps import moment
from atms.stores.facts import Cursor, Fact, OrderFact, Page, Snapshot
from atms.stores.market import Bar, Instrument
from atms.stores.outcomes import Acked, Looked, Reason
from atms.stores.requests import Amend, Cancel, Key, Kind, Place, Prepared, Refs, Request

# Stops are not among them: the venue's have numbers of their own and lock no funds, the order that
# one becomes has another number, and whether it keeps our key is told nowhere.
KINDS = frozenset({Kind.MARKET, Kind.LIMIT})
_WINDOW = timedelta(seconds=30)
BUDGETS = (  # of an account without a VIP level; a higher one has more of the first and the third
    Budget(name="spot", per=_WINDOW, units=4000, shared_by="account", reserve=400),
    Budget(name="public", per=_WINDOW, units=2000, shared_by="address", reserve=200),
    Budget(name="management", per=_WINDOW, units=2000, shared_by="account", reserve=200),
)
_UNIFIED = "UNIFIED"
_WITHDRAWS = ("withdraw", "transfer")  # rights that let money leave; `InnerTransfer` does not


class KucoinSpot(KucoinStreams, KnownKeys):
    """The spot market of a classic account, by its pro endpoints, which every account has.

    Orders and cancels go to the endpoints that answer once the order was matched.
    """

    exchange = "kucoin"
    options: Mapping[str, Any] = {
        "defaultType": "spot", "fetchMarkets": {"types": ["spot"]},
        "partner": {"spot": {"id": None, "key": None}},  # else ccxt signs as a broker
    }  # fmt: skip
    capabilities = Capabilities(
        keys=KeyRule(
            max_len=40, alphabet=ascii_letters + digits + "-_", unique="open", kinds=KINDS,
            lookup=True,
        ),
        kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}), post_only=True,
        read_lag=timedelta(seconds=30), outcome_bound=timedelta(seconds=75), log="per_instrument",
        log_depth=history.DEPTH, fees="later", bar_end="next_bar", bar_lag=BAR_LAG,
        bars_omit_empty=True, timeframes=frozenset(TIMEFRAMES), budgets=BUDGETS,
        book_depth=LEVELS[-1], prints=True, newest_trades=100,
    )  # fmt: skip
    idle = 10.0  # the venue wants a ping each 18 s
    demo = False

    def __init__(self) -> None:
        super().__init__()
        self.names = Dashed()
        self._keys: dict[str, Key] = {}  # whose key we know though the log tells only its number

    # ---- answers ----------------------------------------------------------------------------
    def complaint(
        self, status: int, headers: Mapping[str, str], body: str, parsed: Any
    ) -> Said | None:
        """Return what is wrong with an answer; None: nothing is."""
        return codes.complaint(status, headers, body, parsed)

    def used(self, headers: Mapping[str, str]) -> Mapping[str, int]:
        """Return nothing: headers do not say of which budget they tell."""
        return {}

    def judge(self, said: Said) -> Reason | None:
        """Return why a write was refused; None: it may have been carried out."""
        return codes.judge(said)

    # ---- the connection ---------------------------------------------------------------------
    def time(self) -> Call:
        """Return the request for the venue's time."""
        return reads.call("publicGetTimestamp", "public", 3)

    def read_time(self, reply: Any) -> datetime:
        """Return the venue's time."""
        return moment(reply["data"])

    async def account(self, ask: Ask) -> str:
        """Return the venue's id of the account, and with it prove the key.

        Raises:
            VenueError: it is a unified account, which takes other orders than these.
        """
        uid = str((await ask(self.permissions()))["data"]["uid"])
        try:
            mode = await ask(reads.call("utaPrivateGetAccountMode", "management", 30))
        except (Unreachable, AuthFailed):
            return uid  # not told to this key; orders would be refused
        if mode["data"].get("selfAccountMode") == _UNIFIED:
            raise VenueError(
                f"{self.place}: account {uid} is a unified one, whose orders are others; trade "
                "with a classic account, or a classic sub-account"
            )
        return uid

    def permissions(self) -> Call:
        """Return the request for what the key may do."""
        return reads.call("privateGetUserApiKey", "management", 20)

    def may_withdraw(self, reply: Any) -> bool | None:
        """Return whether the key may withdraw."""
        rights = str(reply["data"]["permission"]).lower().split(",")
        return any(right.strip().startswith(_WITHDRAWS) for right in rights)

    # ---- what may be traded -----------------------------------------------------------------
    async def instruments(
        self, ask: Ask, symbols: Sequence[str]
    ) -> tuple[tuple[Instrument, ...], tuple[Budget, ...]]:
        """Return what is traded, and the budgets; VenueError names what is unknown."""
        listed = (await ask(reads.call("publicGetSymbols", "public", 4)))["data"]
        rows = {f"{row['baseCurrency']}/{row['quoteCurrency']}": row for row in listed}
        check_listed(symbols, rows, self.place)
        found = []
        for symbol in symbols:
            row = rows[symbol]
            self.names.learn(row["symbol"], symbol, row["baseCurrency"], row["quoteCurrency"])
            found.append(instrument_of(row, self.names.id(row["symbol"])))
        return tuple(found), BUDGETS

    async def spelled(self, ask: Ask, symbol: str) -> str:
        """Return ``BTC/USDT`` for ``BTC-USDT``."""
        return symbol.upper().replace("-", "/")

    async def history(
        self, ask: Ask, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
    ) -> tuple[list[Bar], bool]:
        """Return bars from a start on, the oldest first, and whether there are more."""
        word = TIMEFRAMES[timeframe]
        return await reads.history(ask, self.names.id(raw), raw, word, start, end, rows)

    async def newest(self, ask: Ask, raw: str) -> datetime | None:
        """Return when the newest trade was; None: there is none."""
        return await reads.newest(ask, raw)

    # ---- the private stream -----------------------------------------------------------------
    def private_url(self, urls: Mapping[str, Any]) -> str:
        """Return the address that the stream's own is asked for at."""
        return str(urls["private"])

    async def private_address(self, url: str, ask: Ask) -> str:
        """Return what is dialled for it: it is given out with a key."""
        return await dialled(ask, reads.call("privatePostBulletPrivate", "spot", 10), url)

    def greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return the messages that begin the account's stream."""
        return [
            topic("subscribe", name, number + at, private=True)
            for at, name in enumerate((events.ORDERS, events.BALANCES))
        ]

    def ends(self, message: Mapping[str, Any]) -> bool:
        """Return False: the venue says nothing before it ends a connection."""
        return False

    def facts(self, message: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Return what an event of the account's stream says."""
        facts = events.account_event(message, self.names)
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
            named = reads.by_name(request.key, request.refs, self._known)
            return "" if named else f"order {request.key}: of no known symbol"
        if request.link != "single":
            return f"no {request.link} of orders here"
        return orders.unfit(request.tickets[0], self.capabilities, self.names.account)

    def write(self, prepared: Prepared) -> Call:
        """Return the one request that carries a request out."""
        request = prepared.request
        if isinstance(request, Cancel):
            named = reads.by_name(request.key, request.refs, self._known)
            assert named is not None
            raw, params = named
            by = "OrderId" if "orderId" in params else "ClientOrderClientOid"
            return reads.call(f"privateDeleteHfOrdersSync{by}", "spot", 1, symbol=raw, **params)
        assert isinstance(request, Place)
        ticket = request.tickets[0]
        given = orders.parameters(ticket, self.names.raw(ticket.instrument))
        return reads.call("privatePostHfOrdersSync", "spot", 1, **given)

    def acked(self, prepared: Prepared, reply: Any) -> Acked:
        """Return what the venue's answer to a write says; that to a cancel has no time in it."""
        request = prepared.request
        if isinstance(request, Cancel):
            raw = (reads.by_name(request.key, request.refs, self._known) or ("",))[0]
            told = reply["data"].get("orderId")
            return Acked(refs=((request.key, order_ref(raw, told)),) if told else ())
        assert isinstance(request, Place)
        ticket = request.tickets[0]
        fact = orders.sent(ticket, self.names.raw(ticket.instrument), reply["data"])
        self._remember(ticket.key, fact.refs)
        return Acked(refs=tuple((ticket.key, ref) for ref in sorted(fact.refs)), facts=(fact,))

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
        return await history.log(ask, self.names, self._keys, after, raws, at, rows)

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Return orders and balances; what could not be read is left out."""
        return await reads.snapshot(ask, self.names, raws, self.names.assets(raws), at)
