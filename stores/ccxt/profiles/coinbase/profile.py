"""Coinbase Advanced Trade, spot: what it can, how it is asked, and what its answers say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from string import ascii_letters, digits
from typing import Any

from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.profile import Ask, Passed
from atms.stores.ccxt.profiles.called import client_ref, order_ref, split_ref
from atms.stores.ccxt.profiles.coinbase import codes, executions, orders, past, reads, trades
from atms.stores.ccxt.profiles.coinbase.executions import private
from atms.stores.ccxt.profiles.coinbase.streams import BOOK_DEPTH, CoinbaseStreams
from atms.stores.ccxt.profiles.gathering import gathered
from atms.stores.ccxt.profiles.plain import Plain
from atms.stores.facts import Cursor, Fact, OrderFact, Page, Part, Snapshot
from atms.stores.market import Bar, Instrument, Print
from atms.stores.outcomes import Acked, Looked, Reason
from atms.stores.requests import Amend, Cancel, Key, Kind, Place, Prepared, Refs, Request

KINDS = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP_LIMIT})
BUDGETS = (
    Budget(name="private", per=timedelta(seconds=1), units=30, shared_by="account", reserve=8),
    Budget(name="public", per=timedelta(seconds=1), units=10, shared_by="address", reserve=0),
)
SIGNED_FOR = timedelta(seconds=120)  # so long after its signing a request is still carried out
READ_LAG = timedelta(seconds=30)
_PEM = "-----BEGIN EC PRIVATE KEY-----"


class CoinbaseSpot(CoinbaseStreams, Plain):
    """The spot market; no pairs of orders, and no stop without a limit.

    Its bracket is one order with two prices, of which each leg here would need a name of its own.
    """

    exchange = "coinbase"
    options: Mapping[str, Any] = {}
    capabilities = Capabilities(
        keys=KeyRule(
            max_len=36, alphabet=ascii_letters + digits + "-_", unique="forever", kinds=KINDS,
            lookup=True,
        ),
        kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}), post_only=True, trigger_on="last",
        read_lag=READ_LAG, outcome_bound=SIGNED_FOR + READ_LAG + timedelta(seconds=5),
        log="per_instrument", bar_end="clock", bar_lag=timedelta(seconds=3), bars_omit_empty=True,
        timeframes=frozenset(past.STEPS), budgets=BUDGETS, book_depth=BOOK_DEPTH, prints=True,
        trade_history=True,
    )  # fmt: skip
    idle = 10.0
    demo = False

    def __init__(self) -> None:
        self.names = orders.Products()
        self._keys: dict[str, Key] = {}  # whose key we know though an execution has its number
        self._numbers: dict[Key, str] = {}  # and whose number, though only the key is named
        self._acked: set[str] = set()  # orders that were taken, by our refs of them
        self._since: dict[Key, datetime] = {}  # when an order was sent that is looked for
        self._missing = executions.Missing(self.names, self._keys)

    # ---- answers ----------------------------------------------------------------------------
    def complaint(
        self, status: int, headers: Mapping[str, str], body: str, parsed: Any
    ) -> Said | None:
        """Return what is wrong with an answer; None: nothing is."""
        return codes.complaint(status, headers, body, parsed)

    def used(self, headers: Mapping[str, str]) -> Mapping[str, int]:
        """Return nothing: the venue does not tell what it counts."""
        return {}

    def judge(self, said: Said) -> Reason | None:
        """Return why a write was refused; None: it may have been carried out."""
        return codes.judge(said)

    # ---- the connection ---------------------------------------------------------------------
    def unusable(self, key: str, secret: str) -> str:
        """Return why a key cannot sign; empty: it can."""
        if not secret.startswith(_PEM) or not _can_be_read(secret):
            return (
                f"the secret is the whole private key, of several lines, and begins with {_PEM}; "
                "make the key with the signature algorithm ECDSA"
            )
        if not key.startswith("organizations/"):
            return "the key is its name, written organizations/.../apiKeys/..."
        return ""

    def time(self) -> Call:
        """Return the request for the venue's time."""
        return past.public("v3PublicGetBrokerageTime")

    def read_time(self, reply: Any) -> datetime:
        """Return the venue's time."""
        return past.EPOCH + timedelta(milliseconds=int(reply["epochMillis"]))

    async def account(self, ask: Ask) -> str:
        """Return the portfolio that the key is of, and with it prove the key."""
        return str((await ask(self.permissions()))["portfolio_uuid"])

    def permissions(self) -> Call:
        """Return the request for what the key may do."""
        return private("v3PrivateGetBrokerageKeyPermissions")

    def may_withdraw(self, reply: Any) -> bool | None:
        """Return whether the key may withdraw: to transfer is that too."""
        told = reply.get("can_transfer")
        return told if isinstance(told, bool) else None

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

    async def newest(self, ask: Ask, raw: str) -> datetime | None:
        """Return when the newest trade was; None: there is none."""
        return await past.newest(ask, raw)

    async def trades(
        self, ask: Ask, raw: str, start: datetime, after: Passed | None, rows: int
    ) -> tuple[list[Print], bool]:
        """Return trades by rising numbers, and whether there are more."""
        return await trades.trades(ask, raw, self.names.id(raw), start, after)

    # ---- the private stream -----------------------------------------------------------------
    def private_url(self, urls: Mapping[str, Any]) -> str:
        """Return the address of the account's stream.

        What stands behind the hash is never sent: it keeps this connection apart from that of the
        public streams where both have one address.
        """
        return str(urls["ws"]).replace("-trade-ws.", "-trade-ws-user.") + "#account"

    def greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return the messages that begin it, and keep it open."""
        token = exchange.create_auth_token(exchange.seconds())
        return [
            {"type": "subscribe", "channel": "heartbeats"},
            {"type": "subscribe", "channel": "user", "jwt": token},
        ]

    def facts(self, message: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Return the states of orders that an event of the account's stream says."""
        if message.get("channel") != "user":
            return ()
        at = orders.moment(message["timestamp"])
        rows = [row for event in message["events"] for row in event.get("orders", ())]
        facts = tuple(
            orders.streamed(row, self.names, at)
            for row in rows
            if row.get("product_type", "SPOT") == "SPOT"
        )
        for fact in facts:
            self._remember(fact)
        if any(event.get("type") == "snapshot" for event in message["events"]):
            self._missing.begun(facts)
        return facts

    async def completed(self, ask: Ask, facts: Sequence[Fact]) -> tuple[Fact, ...]:
        """Return facts of the stream with the executions before them that they speak of."""
        return await self._missing.before(ask, facts)

    # ---- writes -----------------------------------------------------------------------------
    def unfit(self, request: Request) -> str:
        """Return why a request has no words here; empty: it has."""
        if isinstance(request, Amend):
            return "orders are not changed here"
        if isinstance(request, Cancel):
            number = self._number(request)
            return "" if number else f"order {request.key}: its number is not known yet"
        if request.link != "single":
            return f"no {request.link} of such orders here"
        return orders.unfit(request.tickets[0], self.capabilities, self.names.account)

    def known(self, request: Request) -> tuple[tuple[Key, str], ...]:
        """Return the names that orders will have: our keys, with their products."""
        if not isinstance(request, Place):
            return ()
        named = [(one.key, self.names.raw(one.instrument)) for one in request.tickets]
        return tuple((key, client_ref(raw, key)) for key, raw in named)

    def write(self, prepared: Prepared) -> Call:
        """Return the one request that carries a request out."""
        request, costs = prepared.request, {"private": 1}
        if isinstance(request, Cancel):
            params: dict[str, Any] = {"order_ids": [self._number(request)]}
            return Call(
                method="v3PrivatePostBrokerageOrdersBatchCancel", params=params, costs=costs
            )
        assert isinstance(request, Place)
        (ticket,) = request.tickets
        params = {
            "client_order_id": ticket.key, "product_id": self.names.raw(ticket.instrument),
            "side": "BUY" if ticket.side == 1 else "SELL",
            "order_configuration": orders.configuration(ticket),
        }  # fmt: skip
        return Call(method="v3PrivatePostBrokerageOrders", params=params, costs=costs)

    def _number(self, request: Cancel) -> str:
        for kind, _, value in map(split_ref, sorted(request.refs)):
            if kind == "order":
                return value
        return self._numbers.get(request.key, "")

    def acked(self, prepared: Prepared, reply: Any) -> Acked:
        """Return what the venue's answer to a write says.

        Raises:
            Said: the number is that of an earlier order: a key that comes again is answered so.
        """
        if isinstance(prepared.request, Cancel):
            return Acked(refs=())  # what became of it is told by the stream
        row = reply["success_response"]
        key, number = row["client_order_id"], row["order_id"]
        ref = order_ref(row["product_id"], number)
        if ref in self._acked:
            raise Said(200, codes.DUPLICATE, f"order {number} has that key already")
        self._acked.add(ref)
        self._keys[ref], self._numbers[key] = key, number
        return Acked(refs=((key, client_ref(row["product_id"], key)), (key, ref)))

    # ---- reads of the account ---------------------------------------------------------------
    def learn(self, names: Collection[str]) -> None:
        """Do nothing: what a journal names is found by its names."""

    def _remember(self, fact: OrderFact) -> None:
        for kind, raw, value in map(split_ref, fact.refs):
            if kind == "order" and fact.key is not None:
                self._keys[order_ref(raw, value)] = fact.key
                self._numbers[fact.key] = value

    def seek(self, key: Key, since: datetime) -> None:
        """Look for an order by its key among those of *since* and later."""
        self._since[key] = since

    async def lookup(self, ask: Ask, key: Key, refs: Refs, at: datetime) -> Looked:
        """Ask for an order; *at* is when it was asked for."""
        since = self._since.pop(key, past.EPOCH)
        return await reads.lookup(ask, self.names, self._keys, key, refs, since, at)

    async def log(
        self, ask: Ask, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int
    ) -> Page:
        """Return executions after a place in the account's history."""
        return await executions.log(ask, self.names, self._keys, after, raws, at, rows)

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Return orders and balances; what could not be read is left out."""
        assets = self.names.assets(raws)
        return await gathered(
            at,
            {
                Part.ORDERS: lambda: reads.open_orders(ask, self.names, raws, at),
                Part.BALANCES: lambda: reads.balances(ask, assets, at),
            },
        )


def _can_be_read(secret: str) -> bool:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        load_pem_private_key(secret.encode(), None)
    except ValueError:
        return False
    return True
