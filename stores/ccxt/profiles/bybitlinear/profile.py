"""Bybit's linear contracts: what they can, how they are asked, and what their answers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from string import ascii_letters, digits
from typing import Any

from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.names import Contracts
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.bybit import events as public
from atms.stores.ccxt.profiles.bybit import log as executions
from atms.stores.ccxt.profiles.bybit import reads
from atms.stores.ccxt.profiles.bybit.account import RECEIVE_WINDOW, BybitAccount
from atms.stores.ccxt.profiles.bybit.streams import LEVELS, BybitStreams
from atms.stores.ccxt.profiles.bybit.words import call
from atms.stores.ccxt.profiles.bybitlinear import account as settings
from atms.stores.ccxt.profiles.bybitlinear import codes, contracts, events, log, orders
from atms.stores.ccxt.profiles.gathering import gathered
from atms.stores.ccxt.profiles.wanted import Wanted, wanted
from atms.stores.facts import Cursor, Fact, OrderFact, Page, Part, Snapshot
from atms.stores.market import Instrument
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket

# TRAIL is not among them: the venue's follows each trade, Backtrader's each bar.
KINDS = frozenset({Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT})
_SECOND = timedelta(seconds=1)
BUDGETS = (
    Budget(name="requests", per=5 * _SECOND, units=600, shared_by="address", reserve=60),
    Budget(name="orders", per=_SECOND, units=10, shared_by="account", reserve=2),
    Budget(name="cancels", per=_SECOND, units=10, shared_by="account", reserve=0),
    # each endpoint has 50 of its own; all of them together stay below
    Budget(name="account", per=_SECOND, units=50, shared_by="account", reserve=10),
)
# Less than a third of what a difference of cash is waited for.
_CASH_EVERY = timedelta(seconds=15)


class BybitLinear(BybitStreams, BybitAccount):
    """Linear contracts in one-way mode; a stop is an order, and keeps its number when it fires."""

    exchange = "bybitlinear"
    place = "bybit-linear"
    category = contracts.LINEAR
    options: Mapping[str, Any] = {
        "defaultType": "swap", "fetchMarkets": {"types": ["linear"]}, "recvWindow": RECEIVE_WINDOW,
    }  # fmt: skip
    capabilities = Capabilities(
        keys=KeyRule(
            max_len=36, alphabet=ascii_letters + digits + "-_", unique="forever", kinds=KINDS,
            lookup=True,
        ),
        kinds=KINDS, tifs=frozenset({"gtc", "ioc", "fok"}), post_only=True, reduces="flag",
        trigger_on="last", read_lag=timedelta(seconds=30), outcome_bound=timedelta(seconds=75),
        log="per_instrument", log_depth=executions.DEPTH, bar_end="flag",
        bar_lag=timedelta(seconds=2), timeframes=frozenset(public.TIMEFRAMES), budgets=BUDGETS,
        book_depth=LEVELS[-1], prints=True, newest_trades=1000,
    )  # fmt: skip
    idle = 10.0
    demo = False
    topics = ("order.linear", "execution.linear", "position.linear", "wallet")
    rows = orders.READS
    names: Contracts

    def __init__(self) -> None:
        super().__init__()
        self.names = Contracts()
        self._wanted = Wanted()
        self._has_account = False
        self._cash_at: datetime | None = None  # when the transaction log was read last

    def want(self, options: Mapping[str, Any]) -> None:
        """Take what the account is to be like."""
        self._wanted = wanted(self.exchange, options, settings.MOST)

    def judge(self, said: Said) -> Reason | None:
        """Return why a write was refused; None: it may have been carried out."""
        return codes.judge(said)

    def parameters(self, ticket: Ticket, raw: str) -> Mapping[str, Any]:
        """Return a ticket in the venue's parameters."""
        return orders.parameters(ticket, raw)

    def wrong(self, ticket: Ticket) -> str:
        """Return why a ticket has no words here; empty: it has."""
        return orders.unfit(ticket, self.capabilities, self.names.account)

    # ---- the account ------------------------------------------------------------------------
    async def account(self, ask: Ask) -> str:
        """Return the venue's id of the account, and with it prove the key.

        Raises:
            VenueError: it is no unified trading account, or in another margin mode than wanted.
        """
        uid = await super().account(ask)
        await settings.check_margin_mode(ask, self.place, self._wanted)
        self._has_account = True
        return uid

    def facts(self, message: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Return what an event of the account's stream says."""
        facts = events.account_event(message, self.names, self.rows)
        for fact in facts:
            if isinstance(fact, OrderFact) and fact.key is not None:
                self.learn(fact.refs)
        return facts

    async def log(
        self, ask: Ask, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int
    ) -> Page:
        """Return executions, funding and other cash after a place in the account's history."""
        due = self._cash_at is None or at - self._cash_at >= _CASH_EVERY
        page = await log.read(ask, self.names, after, raws, at, rows, with_cash=due)
        if due and after is not None and not page.more:
            self._cash_at = at
        return page

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Return orders, positions and balances; what could not be read is left out."""
        assets = frozenset({contracts.SETTLED_IN})
        return await gathered(
            at,
            {
                Part.ORDERS: lambda: reads.open_orders(ask, self.names, raws, self.rows),
                Part.BUCKETS: lambda: self._positions(ask, raws, at),
                Part.BALANCES: lambda: reads.account_balances(ask, assets, at),
            },
        )

    async def _positions(self, ask: Ask, raws: Sequence[str], at: datetime) -> tuple[Fact, ...]:
        """Return what is held of symbols: those that settle in one currency are listed together."""
        found: dict[str, Mapping[str, Any]] = {}
        cursor: dict[str, str] = {}
        while raws:
            question = call(
                "privateGetV5PositionList", executions.READS, category=self.category,
                settleCoin=contracts.SETTLED_IN, limit=200, **cursor,
            )  # fmt: skip
            result = (await ask(question))["result"]
            found |= {row["symbol"]: row for row in result["list"] if row["symbol"] in raws}
            if len(result["list"]) < 200 or not result.get("nextPageCursor"):
                break
            cursor = {"cursor": result["nextPageCursor"]}
        facts = (events.position(row, self.names, at) for row in found.values())
        return tuple(fact for fact in facts if fact.qty)

    # ---- what may be traded -----------------------------------------------------------------
    async def instruments(
        self, ask: Ask, symbols: Sequence[str]
    ) -> tuple[tuple[Instrument, ...], tuple[Budget, ...]]:
        """Return what is traded.

        Raises:
            VenueError: a symbol is unknown, in hedge mode, or its leverage another than wanted.
        """
        rows = await contracts.wanted_rows(ask, self.names, symbols, self.place)
        if self._has_account:
            await settings.check_symbols(ask, self.place, rows, self._wanted)
        for symbol, row in rows.items():
            self.names.learn(row["symbol"], symbol, row["baseCoin"], row["settleCoin"])
        return tuple(
            contracts.instrument_of(rows[one], self.names.id(rows[one]["symbol"]))
            for one in symbols
        ), BUDGETS

    async def spelled(self, ask: Ask, symbol: str) -> str:
        """Return ``BTC/USDT:USDT`` for ``BTCUSDT``; what is unknown as it was given."""
        if "/" in symbol:
            return symbol
        rows = await contracts.listed(ask, symbol.upper())
        return contracts.symbol_of(rows[0]) if rows else symbol
