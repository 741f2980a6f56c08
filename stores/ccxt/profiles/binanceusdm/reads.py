"""Reading a Binance USD-M account: history, one order, the log of executions and income."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atms.stores.base import Unreachable
from atms.stores.ccxt.calls import Call, Said
from atms.stores.ccxt.profile import Ask, Names
from atms.stores.ccxt.profiles.binance import events as spot
from atms.stores.ccxt.profiles.binance.reads import call
from atms.stores.ccxt.profiles.binanceusdm import orders
from atms.stores.ccxt.profiles.called import order_ref
from atms.stores.ccxt.profiles.conditional import number_of
from atms.stores.ccxt.profiles.stamps import milliseconds, moment
from atms.stores.facts import CashFact, Cursor, Fact, OrderFact, Page
from atms.stores.market import Bar
from atms.stores.outcomes import Found, Looked, NotSeen
from atms.stores.requests import Key, Refs

Row = Mapping[str, Any]
DEPTH = timedelta(days=89)  # the venue keeps income, and by its newer word trades, three months
_IDLE = timedelta(days=1)  # a place moves on without income, but seldom
_PAGE = 1000  # the most rows that the venue gives
_WEIGHTS = ((100, 1), (500, 2), (1001, 5))  # of so many klines
# A trade's own are in its execution.
_OF_TRADES = ("REALIZED_PNL", "COMMISSION")
_KINDS = {"FUNDING_FEE": "funding", "TRANSFER": "", "INTERNAL_TRANSFER": ""}  # "": by its sign


# ---- history -------------------------------------------------------------------------------
async def history(
    ask: Ask, names: Names, raw: str, timeframe: str, start: datetime, end: datetime, rows: int
) -> tuple[list[Bar], bool]:
    """Return bars that begin at a time or later, and whether there are more."""
    weight = next((one for most, one in _WEIGHTS if rows < most), 10)
    page = await ask(
        call(
            "fapiPublicGetKlines", weight, symbol=raw, interval=timeframe, limit=rows,
            startTime=milliseconds(start), endTime=milliseconds(end) - 1,
        )
    )  # fmt: skip
    return [spot.kline(row, names.id(raw)) for row in page], len(page) == rows


async def newest(ask: Ask, raw: str) -> datetime | None:
    """Return when the newest trade was; None: there is none."""
    rows = await ask(call("fapiPublicGetTrades", 5, symbol=raw, limit=1))
    return moment(rows[-1]["time"]) if rows else None


# ---- one order -----------------------------------------------------------------------------
async def lookup(ask: Ask, names: Names, key: Key, refs: Refs, known: Refs, at: datetime) -> Looked:
    """Ask for an order, conditional or not, and for its executions.

    Args:
        known: names that an order of this key has, as far as they were heard of.

    Raises:
        Unreachable: nothing tells of which symbol it is.
    """
    named = refs or known
    conditional = _algo_question(named)
    if conditional is not None:
        return await _look_at_algo(ask, names, conditional, at)
    question = _order_question(named)
    if question is not None:
        row = await _asked(ask, "fapiPrivateGetOrder", question)
        return Found(facts=await _told(ask, names, row, key)) if row else NotSeen(at=at)
    if not key or not names.all:
        raise Unreachable(f"order {key}: of no known symbol; it cannot be asked for")
    for raw in names.all:  # a key alone may be either kind's, of every symbol
        row = await _asked(ask, "fapiPrivateGetOrder", {"symbol": raw, "origClientOrderId": key})
        if row is not None:
            return Found(facts=await _told(ask, names, row, key))
    return await _look_at_algo(ask, names, {"clientAlgoId": key}, at)


def _algo_question(named: Refs) -> dict[str, Any] | None:
    for kind, field_ in (("algo", "algoId"), ("algoclient", "clientAlgoId")):
        found = number_of(named, kind)
        if found is not None:
            return {field_: found[1]}
    return None


def _order_question(named: Refs) -> dict[str, Any] | None:
    for kind, field_ in (("order", "orderId"), ("client", "origClientOrderId")):
        found = number_of(named, kind)
        if found is not None:
            return {"symbol": found[0], field_: found[1]}
    return None


async def _asked(ask: Ask, method: str, question: Mapping[str, Any]) -> Row | None:
    """Return an order; None: it is not shown."""
    expects = frozenset({"-2013"})
    try:
        row: Row = await ask(
            Call(method=method, params=dict(question), costs={"weight": 1}, expects=expects)
        )
    except Said:
        return None
    return row


async def _look_at_algo(ask: Ask, names: Names, question: dict[str, Any], at: datetime) -> Looked:
    """Return a conditional order, and what became of the one that it made."""
    row = await _asked(ask, "fapiPrivateGetAlgoOrder", question)
    if row is None:
        return NotSeen(at=at)
    fact = orders.conditional(row, names, "poll")
    made = number_of(fact.refs, "order")
    if made is None:
        return Found(facts=(fact,))
    became = await _asked(ask, "fapiPrivateGetOrder", {"symbol": made[0], "orderId": made[1]})
    if became is None:  # the one is told sooner than the other
        return Found(facts=(fact,))
    *trades, last = await _told(ask, names, became, fact.key or "")
    assert isinstance(last, OrderFact)
    return Found(facts=(*trades, replace(last, refs=last.refs | fact.refs)))


async def _told(ask: Ask, names: Names, row: Row, key: Key) -> tuple[Fact, ...]:
    fact = orders.order(row, names, "poll", key or None)
    if not fact.filled:
        return (fact,)
    trades = await ask(
        call("fapiPrivateGetUserTrades", 5, symbol=row["symbol"], orderId=row["orderId"])
    )
    return (*(orders.trade(one, names, fact.key, "poll") for one in trades), fact)


# ---- the log -------------------------------------------------------------------------------
@dataclass
class Place:
    """A place in the log.

    Attributes:
        since: when the log was begun: a symbol that is not in it yet has lost nothing.
        next: of each symbol the next trade's id.
        income: the time up to which income was read, in milliseconds; *seen*: what of that very
            time was.
    """

    since: datetime
    income: int
    next: dict[str, int] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, cursor: Cursor) -> Place:
        """Read a cursor of ours."""
        kept = json.loads(cursor)
        return cls(moment(kept["since"]), kept["income"], dict(kept["next"]), list(kept["seen"]))

    def written(self) -> Cursor:
        """Return the cursor; equal places are equal cursors."""
        kept = {
            "since": milliseconds(self.since), "income": self.income, "next": self.next,
            "seen": sorted(self.seen),
        }  # fmt: skip
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))


async def log(
    ask: Ask, names: Names, keys: dict[str, Key], after: Cursor | None, raws: Sequence[str],
    at: datetime, rows: int, *, with_income: bool,
) -> Page:  # fmt: skip
    """Return executions, and income where it is wanted, after a place.

    Args:
        keys: ref of an order -> our key.
        with_income: it weighs six times what a symbol's trades do, and moves on by itself.
    """
    rows = min(rows, _PAGE)
    if after is None:
        place = Place(at, milliseconds(at))
        for raw in raws:
            last = await ask(call("fapiPrivateGetUserTrades", 5, symbol=raw, limit=1))
            place.next[raw] = last[-1]["id"] + 1 if last else 0
        return Page(facts=(), next=place.written(), more=False)
    place = Place.read(after)
    gap = _gap(place, at)
    found: list[Row] = []
    more = False
    for raw in raws:
        trades, full = await _after(ask, place, raw, rows)
        more |= full
        found += [one for one in trades if moment(one["time"]) >= place.since]
    await _learn_keys(ask, keys, found)
    facts: list[Fact] = [
        orders.trade(one, names, keys[order_ref(one["symbol"], one["orderId"])], "poll")
        for one in sorted(found, key=lambda one: (one["time"], one["symbol"], one["id"]))
    ]
    cash, full = await _income(ask, names, place, at) if with_income else ([], False)
    return Page(facts=(*facts, *cash), next=place.written(), more=more or full, gap_until=gap)


def _gap(place: Place, at: datetime) -> datetime | None:
    """Return until when the venue tells nothing any more, and move on there; None: it tells all.

    Trades are known by their ids alone, which say nothing of time; what was read of income does.
    """
    reaches = at - DEPTH
    if moment(place.income) >= reaches:
        return None
    place.income, place.seen = milliseconds(reaches), []
    return reaches


async def _after(ask: Ask, place: Place, raw: str, rows: int) -> tuple[list[Row], bool]:
    """Return a page of a symbol's trades and whether it is full; the place moves on."""
    method = "fapiPrivateGetUserTrades"
    if raw not in place.next:
        newest = await ask(call(method, 5, symbol=raw, limit=rows))
        if len(newest) == rows and moment(newest[0]["time"]) >= place.since:
            place.next[raw] = 0  # there may be older ones: from the first on
            return [], True
        place.next[raw] = newest[-1]["id"] + 1 if newest else 0
        return newest, False
    page = await ask(call(method, 5, symbol=raw, fromId=place.next[raw], limit=rows))
    if page:
        place.next[raw] = page[-1]["id"] + 1
    return page, len(page) == rows


async def _learn_keys(ask: Ask, keys: dict[str, Key], trades: Sequence[Row]) -> None:
    """Find whose the trades are: the venue tells an order's number with them, and not our key."""
    for one in trades:
        raw, number = one["symbol"], one["orderId"]
        if order_ref(raw, number) not in keys:
            row = await ask(call("fapiPrivateGetOrder", 1, symbol=raw, orderId=number))
            keys[order_ref(raw, number)] = row["clientOrderId"]


async def _income(
    ask: Ask, names: Names, place: Place, at: datetime
) -> tuple[list[CashFact], bool]:
    """Return what moved cash and was no trade, and whether there may be more; the place moves on.

    A time that was read may bring more of that very time: it is asked for again.
    """
    page = await ask(call("fapiPrivateGetIncome", 30, startTime=place.income, limit=_PAGE))
    facts = []
    for row in page:
        name = f"{row['incomeType']}:{row['tranId']}"
        if row["time"] > place.income:
            place.income, place.seen = row["time"], []
        if name in place.seen:
            continue
        place.seen.append(name)
        if row["incomeType"] not in _OF_TRADES:
            facts.append(_cash(row, names, name))
    full = len(page) == _PAGE
    if not full and moment(place.income) < at - 2 * _IDLE:
        place.income, place.seen = milliseconds(at - _IDLE), []
    return facts, full


def _cash(row: Row, names: Names, name: str) -> CashFact:
    amount = Decimal(row["income"])
    kind = _KINDS.get(row["incomeType"], "other")
    return CashFact(
        at=moment(row["time"]), id=name, asset=row["asset"], amount=amount,
        instrument=names.id(row["symbol"]) if row["symbol"] else None,
        kind=kind or ("deposit" if amount > 0 else "withdrawal"),  # type: ignore[arg-type]
    )  # fmt: skip
