"""Reading a KuCoin account: one order, a snapshot; and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from atms.stores.base import Unreachable
from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.profile import Ask, Names
from atms.stores.ccxt.profiles.called import split_ref
from atms.stores.ccxt.profiles.gathering import gathered
from atms.stores.ccxt.profiles.kucoin import codes, events, orders
from atms.stores.facts import BalanceFact, Fact, Part, Snapshot
from atms.stores.market import Bar
from atms.stores.outcomes import Found, Looked, NotSeen, Reason
from atms.stores.requests import Key, Refs

BARS_A_PAGE = 1500  # the most that the venue gives


def call(method: str, pool: str, weight: int, *expects: str, **params: Any) -> Call:
    """Return a request that reads; *pool*: the budget that it is taken from."""
    return Call(method=method, params=params, costs={pool: weight}, expects=frozenset(expects))


# ---- history -------------------------------------------------------------------------------
async def history(
    ask: Ask, instrument: str, raw: str, word: str, start: datetime, end: datetime, rows: int
) -> tuple[list[Bar], bool]:
    """Return bars that begin at a time or later, the oldest first, and whether there are more.

    The venue gives the newest of a span: it is asked for spans that fit into one page. One
    without a bar, before a market began, is followed by the next, as far as anything was traded.
    """
    span = min(rows, BARS_A_PAGE) * events.length(word)
    while True:
        until = min(end, start + span)
        bars = await _bars(ask, instrument, raw, word, start, until)
        last = until >= end
        if not last:
            traded = await newest(ask, raw)
            last = traded is None or traded < until
        if last:
            return bars, False
        whole = [one for one in bars if one.close_at <= until]
        if whole:
            return whole, True
        start = bars[-1].open_at if bars else until


async def _bars(
    ask: Ask, instrument: str, raw: str, word: str, start: datetime, until: datetime
) -> list[Bar]:
    """Return the bars that begin in a span, the oldest first."""
    reply = await ask(
        call(
            "publicGetMarketCandles", "public", 3, symbol=raw, type=word,
            startAt=int(start.timestamp()), endAt=int(until.timestamp()),
        )
    )  # fmt: skip
    found = [events.bar(row, word, instrument, final=True) for row in reply["data"] or ()]
    return sorted((one for one in found if start <= one.open_at < until), key=_opens)


def _opens(bar: Bar) -> datetime:
    return bar.open_at


async def newest(ask: Ask, raw: str) -> datetime | None:
    """Return when the newest trade was; None: there is none."""
    reply = await ask(call("publicGetMarketHistories", "public", 3, symbol=raw))
    times = [orders.instant(row["time"]) for row in reply["data"] or ()]
    return max(times) if times else None


# ---- one order -----------------------------------------------------------------------------
async def lookup(
    ask: Ask, names: Names, known: Mapping[Key, str], key: Key, refs: Refs, at: datetime
) -> Looked:
    """Ask for an order, by the venue's number where it is known, and for its executions.

    Raises:
        Unreachable: nothing tells of which symbol it is.
    """
    found = by_name(key, refs, known)
    # a key alone is asked for on every symbol that was ever named here
    places = [found] if found else [(raw, {"clientOid": key}) for raw in names.all]
    if not places or not (found or key):
        raise Unreachable(f"order {key}: of no known symbol; it cannot be asked for")
    for raw, params in places:
        row = await order(ask, raw, params)
        if row is not None:
            return Found(facts=await _told(ask, names, row))
    return NotSeen(at=at)


def by_name(key: Key, refs: Refs, known: Mapping[Key, str]) -> tuple[str, dict[str, Any]] | None:
    """Return an order's symbol and what it is asked for by; None: the symbol is not known."""
    named = {kind: (raw, value) for kind, raw, value in map(split_ref, sorted(refs))}
    if "order" in named:
        return named["order"][0], {"orderId": named["order"][1]}
    if "client" in named:
        return named["client"][0], {"clientOid": named["client"][1]}
    return (known[key], {"clientOid": key}) if key in known else None


async def order(ask: Ask, raw: str, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return an order; None: it is not shown."""
    by = "OrderId" if "orderId" in params else "ClientOrderClientOid"
    question = call(f"privateGetHfOrders{by}", "spot", 2, *codes.NO_ORDER, symbol=raw, **params)
    try:
        reply = await ask(question)
    except Said as said:
        if codes.judge(said) is Reason.NOT_OPEN:
            return None
        raise Unreachable(f"an order cannot be asked for: {said}") from None
    row: Mapping[str, Any] | None = reply["data"]
    return row


async def _told(ask: Ask, names: Names, row: Mapping[str, Any]) -> tuple[Fact, ...]:
    fact = orders.order(row, names, "poll")
    if not fact.filled:
        return (fact,)
    asked = call("privateGetHfFills", "spot", 2, symbol=row["symbol"], orderId=row["id"], limit=100)
    reply = await ask(asked)
    told = [one for trade in reply["data"]["items"] for one in orders.fill(trade, names, fact.key)]
    return (*told, fact)


# ---- a snapshot ----------------------------------------------------------------------------
async def snapshot(
    ask: Ask, names: Names, raws: Sequence[str], assets: frozenset[str], at: datetime
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
            Part.ORDERS: lambda: _open_orders(ask, names, raws),
            Part.BALANCES: lambda: _balances(ask, assets, at),
        },
    )


async def _open_orders(ask: Ask, names: Names, raws: Sequence[str]) -> tuple[Fact, ...]:
    rows: list[Mapping[str, Any]] = []
    for raw in raws:
        reply = await ask(call("privateGetHfOrdersActive", "spot", 2, symbol=raw))
        rows += reply["data"] or ()
    return tuple(orders.order(row, names, "snapshot") for row in rows)


async def _balances(ask: Ask, assets: frozenset[str], at: datetime) -> tuple[Fact, ...]:
    """Return what the trading account holds; that of pro orders, where there are both."""
    reply = await ask(call("privateGetAccounts", "management", 5))
    rows = [row for row in reply["data"] or () if row["type"] in events.TRADING]
    pro = [row for row in rows if row["type"] == "trade_hf"]
    told = dict.fromkeys(sorted(assets), (orders.number(0), orders.number(0)))
    for row in pro or rows:
        told[row["currency"]] = (orders.number(row["balance"]), orders.number(row["available"]))
    return tuple(
        BalanceFact(at=at, asset=asset, total=total, free=free)
        for asset, (total, free) in told.items()
        if total or asset in assets
    )
