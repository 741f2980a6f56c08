"""Reading a Bybit account and market: one order, a snapshot, instruments, bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from atms.stores.base import Unreachable
from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.names import Symbols, check_listed
from atms.stores.ccxt.profile import Ask
from atms.stores.ccxt.profiles.bybit import codes, events
from atms.stores.ccxt.profiles.bybit.log import READS, executions
from atms.stores.ccxt.profiles.bybit.orders import SPOT, Reads
from atms.stores.ccxt.profiles.bybit.words import CATEGORY, call, number
from atms.stores.ccxt.profiles.called import split_ref
from atms.stores.ccxt.profiles.gathering import gathered
from atms.stores.ccxt.profiles.stamps import milliseconds
from atms.stores.facts import BalanceFact, Fact, Part, Snapshot
from atms.stores.market import Bar, Instrument
from atms.stores.outcomes import Found, Looked, NotSeen
from atms.stores.requests import Key, Refs

_OPEN = 50  # the most open orders in a page
_BARS = 1000  # the most bars
_SMALLEST = Decimal("0.00000001")


# ---- instruments ---------------------------------------------------------------------------
async def listed(ask: Ask, raw: str | None) -> list[Mapping[str, Any]]:
    """Return a symbol's row, or all; empty: there is no such symbol."""
    one = {"symbol": raw} if raw is not None else {}
    question = call(
        "publicGetV5MarketInstrumentsInfo", {}, *codes.NO_SUCH_SYMBOL, category=CATEGORY, **one
    )
    try:
        rows: list[Mapping[str, Any]] = (await ask(question))["result"]["list"]
    except Said:
        return []
    return rows


async def instruments(
    ask: Ask, names: Symbols, symbols: Sequence[str], place: str
) -> tuple[Instrument, ...]:
    """Return what is traded; VenueError names what is unknown, and the nearest that there is."""
    alone = names.guess(symbols[0]) if len(symbols) == 1 else None
    rows = await listed(ask, alone)
    if alone is not None and not rows:
        rows = await listed(ask, None)
    named = {f"{row['baseCoin']}/{row['quoteCoin']}": row for row in rows}
    check_listed(symbols, named, place)
    found = []
    for symbol in symbols:
        row = named[symbol]
        names.learn(row["symbol"], symbol, row["baseCoin"], row["quoteCoin"])
        found.append(instrument_of(row, names.id(row["symbol"])))
    return tuple(found)


def instrument_of(row: Mapping[str, Any], instrument: str) -> Instrument:
    """Return an instrument from its row.

    The venue no longer holds orders to `minOrderQty`; its least order is an amount of the quote.
    """
    lot, tick = row["lotSizeFilter"], number(row["priceFilter"]["tickSize"])
    step = number(lot["basePrecision"]) or _SMALLEST
    return Instrument(
        id=instrument, base=row["baseCoin"], quote=row["quoteCoin"], settle=row["quoteCoin"],
        qty_step=step, min_qty=step,
        max_qty=number(lot.get("maxLimitOrderQty") or lot.get("maxOrderQty")) or None,
        max_market_qty=number(lot.get("maxMarketOrderQty")) or None,
        price_steps=((Decimal(0), tick or _SMALLEST),),
        min_notional=number(lot.get("minOrderAmt")) or None, tradable=row["status"] == "Trading",
    )  # fmt: skip


# ---- bars ----------------------------------------------------------------------------------
async def history(
    ask: Ask, names: Symbols, raw: str, timeframe: str, start: datetime, end: datetime, rows: int,
    category: str = CATEGORY,
) -> tuple[list[Bar], bool]:  # fmt: skip
    """Return bars that begin at a time or later, and whether there are more.

    No question reaches further than a page does: which end of it the venue would leave out is not
    documented.
    """
    at = start
    while at < end:
        until = min(end, at + (_BARS - 1) * events.shortest(timeframe))
        bars = await _klines(ask, category, names.id(raw), raw, timeframe, at, until)
        bars = [bar for bar in bars if bar.open_at >= at]  # the first may have begun before
        if bars:
            return bars[:rows], len(bars) > rows or until < end
        at = await _next_bars(ask, category, raw, until, end)
    return [], False


async def _next_bars(ask: Ask, category: str, raw: str, at: datetime, end: datetime) -> datetime:
    """Return from when on there may be bars again: before a symbol was listed there are none."""
    for coarse in ("1M", "1d", "1h"):
        if at >= end:
            break
        until = min(end, at + (_BARS - 1) * events.shortest(coarse))
        every = await _klines(ask, category, "", raw, coarse, at, until)
        found = [one for one in every if one.close_at > at]
        if not found:
            return until
        if found[0].open_at > at:
            return found[0].open_at
    return at


async def _klines(
    ask: Ask, category: str, instrument: str, raw: str, timeframe: str, start: datetime,
    end: datetime,
) -> list[Bar]:  # fmt: skip
    question = call(
        "publicGetV5MarketKline", {}, category=category, symbol=raw,
        interval=events.TIMEFRAMES[timeframe], start=milliseconds(start),
        end=milliseconds(end) - 1, limit=_BARS,
    )  # fmt: skip
    page = (await ask(question))["result"]["list"]  # the newest first
    return [events.kline(row, instrument, timeframe) for row in reversed(page)]


# ---- one order -----------------------------------------------------------------------------
async def lookup(
    ask: Ask, names: Symbols, key: Key, refs: Refs, at: datetime, reads: Reads = SPOT
) -> Looked:
    """Ask for an order, by the venue's number where it is known, and for its executions.

    Raises:
        Unreachable: it has no name at all.
    """
    named = {kind: value for kind, _, value in map(split_ref, sorted(refs))}
    key = key or named.get("client", "")
    if not named and not key:
        raise Unreachable("an order without a name; it cannot be asked for")
    by = {"orderId": named["order"]} if "order" in named else {"orderLinkId": key}
    row = await _order(ask, reads.category, by)
    if row is None:
        return NotSeen(at=at)
    fact = reads.order(row, names, "poll")
    if not fact.filled:
        return Found(facts=(fact,))
    found = await executions(ask, 100, reads, orderId=row["orderId"])
    fills = [reads.fill(one, names, "poll") for one in reversed(found)]
    return Found(facts=(*fills, fact))


async def _order(ask: Ask, category: str, by: Mapping[str, str]) -> Mapping[str, Any] | None:
    """Return an order: an open one or one of the newest 500, else one of the history's."""
    for method in ("privateGetV5OrderRealtime", "privateGetV5OrderHistory"):
        question = call(method, READS, *codes.NO_SUCH_ORDER, category=category, **by)
        try:
            rows = (await ask(question))["result"]["list"]
        except Said:
            continue
        if rows:
            row: Mapping[str, Any] = rows[0]
            return row
    return None


# ---- a snapshot ----------------------------------------------------------------------------
async def snapshot(
    ask: Ask, names: Symbols, raws: Sequence[str], assets: frozenset[str], at: datetime
) -> Snapshot:
    """Return orders and balances, each left out where it could not be read.

    Args:
        assets: are told though there are none of them.

    Raises:
        RateLimited, AuthFailed, Unreachable: nothing at all could be read, or nothing may be.
    """
    return await gathered(
        at,
        {
            Part.ORDERS: lambda: open_orders(ask, names, raws),
            Part.BALANCES: lambda: account_balances(ask, assets, at),
        },
    )


async def open_orders(
    ask: Ask, names: Symbols, raws: Sequence[str], reads: Reads = SPOT
) -> tuple[Fact, ...]:
    """Return the orders that stand, and those that wait for a price."""
    if not raws:
        return ()
    one = {"symbol": raws[0]} if len(raws) == 1 else {}
    found: dict[str, Mapping[str, Any]] = {}
    cursor: dict[str, str] = {}
    while True:
        question = call(
            "privateGetV5OrderRealtime", READS, category=reads.category, openOnly=0, limit=_OPEN,
            **one, **cursor,
        )  # fmt: skip
        result = (await ask(question))["result"]
        found |= {row["orderId"]: row for row in result["list"] if row["symbol"] in raws}
        if len(result["list"]) < _OPEN or not result.get("nextPageCursor"):
            return tuple(reads.order(row, names, "snapshot") for row in found.values())
        cursor = {"cursor": result["nextPageCursor"]}


async def account_balances(ask: Ask, assets: frozenset[str], at: datetime) -> tuple[Fact, ...]:
    """Return what a unified account holds; *assets* are told though there are none of them."""
    question = call("privateGetV5AccountWalletBalance", READS, accountType="UNIFIED")
    told: dict[str, BalanceFact] = {}
    for account in (await ask(question))["result"]["list"]:
        for fact in events.balances(account, at):
            if fact.total or fact.free or fact.asset in assets:
                told[fact.asset] = fact
    for asset in assets - set(told):
        told[asset] = BalanceFact(at=at, asset=asset, total=Decimal(0), free=Decimal(0))
    return tuple(told.values())
