"""One script of orders, run twice: as a backtest, and through the paper venue's seam."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

import atms.samples
from atms.sandbox.simulation.loop import VirtualLoop
from atms.simulation import Rules, SimulatedBroker
from atms.stores.facts import Fact, FillFact, OrderFact, State
from atms.stores.market import Bar, BarFact, Instrument
from atms.stores.outcomes import Outcome, Refused
from atms.stores.requests import Cancel, Kind, Place, Ticket
from atms.stores.sim import Recorded, SimAccount, SimModels, SimStore

STEP = Decimal("0.125")  # sums of its multiples are exact in floats
SESSION_END = time(23, 59, 59, 999990)  # Backtrader's, of a data without one


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One order; prices lie so far above the close that it is made on."""

    number: int
    side: int
    size: float
    kind: str = "Market"
    away: float = 0.0
    limit_away: float = 0.0  # from the stop
    trail: float | None = None
    percent: float | None = None
    valid: int | None = None  # bars


@dataclass(frozen=True, kw_only=True)
class Group:
    """Orders that are made together: alone, one cancels the other, or an entry and its legs."""

    wishes: tuple[Wish, ...]
    link: str = "single"


@dataclass(frozen=True, kw_only=True)
class Script:
    """What is wanted on each bar, and the world in which it is.

    Attributes:
        commission: makes one; it keeps state within a run.
        broker: arguments of SimulatedBroker.
        instrument: "margin" lets shorts be sold.
    """

    frame: pd.DataFrame
    timeframe: str
    groups: dict[int, list[Group]]
    cancels: dict[int, list[int]] = field(default_factory=dict)
    commission: Callable[[], Any] = lambda: bt.CommissionInfo(commission=0.001)
    broker: dict[str, Any] = field(default_factory=dict)
    cash: float = 100_000.0
    instrument: str = "margin"


@dataclass(frozen=True)
class Fill:
    """One execution, comparable: its time is the end of its bar."""

    at: datetime
    size: float
    price: float
    fee: float


@dataclass
class Run:
    """What came of a script: fills by the order's number, and how orders ended."""

    fills: dict[int, list[Fill]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[int, str] = field(default_factory=dict)
    cash: float = 0.0


def sample(name: str, first: int, count: int) -> pd.DataFrame:
    """Return bars of a bundled sample; its index is each bar's end."""
    path = Path(atms.samples.__file__).parent / name
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    frame.columns = frame.columns.str.lower()
    stamp = "datetime" if "datetime" in frame else "date"
    index = pd.DatetimeIndex(pd.to_datetime(frame[stamp], utc=True))
    columns = ["open", "high", "low", "close", "volume"]
    return frame.set_index(index)[columns].astype(float).iloc[first : first + count]


# ---- as a backtest ------------------------------------------------------------------------------
class Scripted(bt.Strategy):
    params = (("script", None),)

    def __init__(self) -> None:
        self.made: dict[int, bt.Order] = {}

    def next(self) -> None:
        place = len(self) - 1
        for number in self.p.script.cancels.get(place, ()):
            self.cancel(self.made[number])
        for group in self.p.script.groups.get(place, ()):
            self._make(group)

    def _make(self, group: Group) -> None:
        first: bt.Order | None = None
        for wish in group.wishes:
            more: dict[str, Any] = {}
            if group.link == "oco" and first is not None:
                more["oco"] = first
            if group.link == "bracket":
                more["transmit"] = wish is group.wishes[-1]
                if first is not None:
                    more["parent"] = first
            order = self._one(wish, more)
            self.made[wish.number] = order
            first = first or order

    def _one(self, wish: Wish, more: dict[str, Any]) -> bt.Order:
        close = self.data.close[0]
        price: float | None = round(close + wish.away, 2)
        limit = None
        if wish.kind in ("Market", "Close"):
            price = None
        elif wish.kind == "StopLimit":
            assert price is not None
            limit = price + wish.limit_away
        elif wish.kind == "StopTrail":
            price = None
        elif wish.kind == "StopTrailLimit":
            price, limit = close, close + wish.limit_away
        valid = None
        if wish.valid is not None:
            valid = bt.num2date(self.data.datetime[0]) + wish.valid * step_of(self.p.script)
        call = self.buy if wish.side > 0 else self.sell
        return call(
            size=wish.size, exectype=getattr(bt.Order, wish.kind), price=price, plimit=limit,
            trailamount=wish.trail, trailpercent=wish.percent, valid=valid, **more,
        )  # fmt: skip


def step_of(script: Script) -> timedelta:
    """Return the length of a bar."""
    step: timedelta = pd.Timedelta(script.timeframe.replace("m", "min")).to_pytimedelta()
    return step


def backtest(script: Script) -> Run:
    """Run a script on the simulated broker."""
    rules = {"X": Rules(step=STEP)}
    broker = SimulatedBroker(rules=rules, **script.broker)
    broker.setcash(script.cash)
    broker.addcommissioninfo(script.commission())
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.setbroker(broker)
    cerebro.adddata(bt.feeds.PandasData(dataname=script.frame, name="X"), name="X")
    cerebro.addstrategy(Scripted, script=script)
    (strategy,) = cerebro.run()
    run = Run(cash=broker.getcash())
    for number, order in strategy.made.items():
        run.ends[number] = order.getstatusname()
        for bit in order.executed.exbits:
            at = pd.Timestamp(bt.num2date(bit.dt), tz="UTC").round("ms").to_pydatetime()
            fee = bit.closedcomm + bit.openedcomm
            run.fills[number].append(Fill(at, bit.size, bit.price, fee))
    return run


# ---- through the seam ---------------------------------------------------------------------------
@dataclass
class Trader:
    """Does what the script says after each bar, and hears what the venue tells.

    Attributes:
        bars: how many were given out.
        heard_at: with how many bars given out each fill was heard.
    """

    script: Script
    store: SimStore
    run: Run = field(default_factory=Run)
    bars: int = 0
    heard_at: list[tuple[FillFact, int]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    async def trade(self) -> None:
        """Follow every bar of the recording."""
        await self.store.connect()
        (instrument,) = await self.store.instruments(["X"])
        stream = self.store.bars(instrument.id, self.script.timeframe)
        listening = asyncio.get_running_loop().create_task(self._listen())
        await asyncio.sleep(0)
        await self._follow(stream, len(self.script.frame))
        await asyncio.sleep(0.001)
        self.run.cash = self.store.venue.book.purse("USD").cash
        await self.store.close()
        await listening

    async def trade_with_breaks(self, again: Callable[[], SimStore], breaks: list[int]) -> None:
        """Follow the bars in sessions that end after so many bars; make what fills the log tells.

        Args:
            again: makes the store of each session.
            breaks: how many bars each session follows, and each pause lets go by, in turns.
        """
        cursor, stamps = None, self.script.frame.index
        last = False
        while not last:
            last = self.bars >= len(stamps)
            self.store = again()
            await self.store.connect()
            (instrument,) = await self.store.instruments(["X"])
            stream = self.store.bars(instrument.id, self.script.timeframe)
            followed, away = breaks.pop(0), breaks.pop(0)
            await self._follow(stream, min(self.bars + followed, len(stamps)))
            page = await self.store.log(cursor or f"{self.store.venue.book.born}-0", [])
            cursor = page.next
            self._take(page.facts)
            self.run.cash = self.store.venue.book.purse("USD").cash
            await self.store.close()
            self.bars += away
            if away:
                end = stamps[min(self.bars, len(stamps)) - 1].to_pydatetime()
                await asyncio.sleep((end - self.store.venue.now()).total_seconds())

    async def _follow(self, stream: AsyncIterator[BarFact], until: int) -> None:
        if self.bars >= until:
            return
        async for fact in stream:
            if isinstance(fact, Bar):
                await self._next(fact)
                self.bars += 1
            if self.bars == until:
                break
        await stream.aclose()  # type: ignore[attr-defined]

    def _take(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            if isinstance(fact, FillFact):
                assert fact.key is not None
                fee = sum((one.amount for one in fact.fees or ()), Decimal(0))
                size = float(fact.side * fact.qty)
                fill = Fill(fact.at, size, float(fact.price), float(fee))
                self.run.fills[int(fact.key[2:])].append(fill)

    async def _next(self, bar: Bar) -> None:
        for number in self.script.cancels.get(self.bars, ()):
            await self._send(Cancel(key=f"k-{number}", refs=frozenset()))
        for group in self.script.groups.get(self.bars, ()):
            tickets = tuple(ticket_of(wish, bar, self.script) for wish in group.wishes)
            await self._send(Place(tickets=tickets, link=group.link))  # type: ignore[arg-type]

    async def _send(self, request: Place | Cancel) -> Outcome:
        outcome = await self.store.transmit(await self.store.prepare(request))
        if isinstance(outcome, Refused):
            self.refused.append(outcome)
        return outcome

    async def _listen(self) -> None:
        async for fact in self.store.facts():
            self._take([fact])
            if isinstance(fact, FillFact):
                self.heard_at.append((fact, self.bars))
            elif isinstance(fact, OrderFact):
                assert fact.key is not None
                self.run.ends[int(fact.key[2:])] = fact.state.name


def ticket_of(wish: Wish, bar: Bar, script: Script) -> Ticket:
    """Return a wish as the order path writes it: floats as they are written."""
    close, kinds = float(bar.close), {
        "Market": Kind.MARKET, "Limit": Kind.LIMIT, "Stop": Kind.STOP, "Close": Kind.ON_CLOSE,
        "StopLimit": Kind.STOP_LIMIT, "StopTrail": Kind.TRAIL, "StopTrailLimit": Kind.TRAIL_LIMIT,
    }  # fmt: skip
    kind = kinds[wish.kind]
    price = round(close + wish.away, 2)
    limit = trigger = None
    if kind is Kind.LIMIT:
        limit = price
    elif kind in (Kind.STOP, Kind.STOP_LIMIT):
        trigger = price
        limit = price + wish.limit_away if kind is Kind.STOP_LIMIT else None
    elif kind in (Kind.TRAIL, Kind.TRAIL_LIMIT):
        away = wish.trail if wish.trail is not None else close * (wish.percent or 0.0)
        trigger = close + wish.side * away
        limit = trigger + wish.limit_away if kind is Kind.TRAIL_LIMIT else None
    expires = None if wish.valid is None else bar.close_at + wish.valid * step_of(script)
    trail = wish.trail if wish.trail is not None else wish.percent
    return Ticket(
        key=f"k-{wish.number}", instrument=bar.instrument, side=wish.side,  # type: ignore[arg-type]
        qty=exact(wish.size) or Decimal(0), kind=kind, limit=exact(limit), trigger=exact(trigger),
        trail=exact(trail), trail_is_fraction=wish.trail is None and wish.percent is not None,
        tif="gtc" if expires is None else "gtd", expires=expires,
    )  # fmt: skip


def exact(value: float | None) -> Decimal | None:
    """Return a float as the decimal that it is written as."""
    return None if value is None else Decimal(repr(value))


def instrument_of(cash: str, multiplier: float = 1.0) -> Instrument:
    """Return what is traded."""
    return Instrument(
        id="", base="X", quote="USD", settle="USD", qty_step=STEP, min_qty=STEP,
        price_steps=(),  # trailing stops and limits of it are anywhere
        cash=cash, multiplier=Decimal(repr(multiplier)),  # type: ignore[arg-type]
    )  # fmt: skip


def on_paper(script: Script, state: Path | None = None, breaks: list[int] | None = None) -> Trader:
    """Run a script through the seam, in virtual time; see :meth:`Trader.trade_with_breaks`."""
    start = script.frame.index[0].to_pydatetime().astimezone(UTC) - step_of(script)
    loop = VirtualLoop(start)
    broker = script.broker
    models = SimModels(
        commission=script.commission(), slippage=broker.get("slippage"),
        impact=broker.get("impact"), participation=broker.get("participation"),
        latency=broker.get("latency", timedelta(0)), rules=Rules(step=STEP),
        session_end=SESSION_END,
    )  # fmt: skip
    account = SimAccount(shortcash=broker.get("shortcash", True), margin=broker.get("margin"))
    instruments = {"X": instrument_of(script.instrument, models.commission.p.mult)}
    source = Recorded({"X": script.frame}, script.timeframe, instruments=instruments, start=start)

    def store() -> SimStore:
        return SimStore(
            source, cash={"USD": Decimal(repr(script.cash))}, base="USD", models=models,
            sim_account=account, clock=loop.now, state=state,
        )  # fmt: skip

    trader = Trader(script, store())
    trading = trader.trade() if breaks is None else trader.trade_with_breaks(store, breaks)
    try:
        loop.run_until_complete(trading)
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
    return trader


_ENDS = {
    "Completed": State.FILLED, "Canceled": State.CANCELED, "Expired": State.EXPIRED,
    "Margin": State.REFUSED, "Accepted": State.WORKING, "Partial": State.WORKING,
}  # fmt: skip


def assert_same(script: Script, tolerance: float = 1e-12) -> tuple[Run, Trader]:
    """Run a script both ways; prices, fees and cash are the same to the last bit."""
    expected, trader = backtest(script), on_paper(script)
    actual = trader.run
    numbers = sorted({*expected.fills, *actual.fills})
    kinds = {
        wish.number: wish.kind
        for groups in script.groups.values()
        for group in groups
        for wish in group.wishes
    }
    for number in numbers:
        theirs, ours = expected.fills[number], actual.fills[number]
        found = [(one.price, one.fee) for one in ours]
        wanted = [(one.price, one.fee) for one in theirs]
        if kinds[number] == "StopTrailLimit":  # its limit's distance is written in decimals
            wanted = [pytest.approx(one, rel=1e-12) for one in wanted]
        assert found == wanted, (number, ours, theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert abs(one.size - other.size) <= tolerance * abs(other.size)
            later = place_of(script, one.at) - place_of(script, other.at)
            late = kinds[number] == "Close" and later == 1  # told with the bar after it
            assert one.at == other.at or late, (number, one, other)
    for number, end in actual.ends.items():
        if expected.ends[number] in _ENDS:
            stands = _ENDS[expected.ends[number]].name
            assert end in (stands, "HELD"), (number, end, expected.ends[number])
    assert actual.cash == expected.cash
    for fact, bars in trader.heard_at:
        assert fact.key is not None
        if kinds[int(fact.key[2:])] != "Close":
            assert bars == place_of(script, fact.at), (fact, bars)
    return expected, trader


def place_of(script: Script, end: datetime) -> int:
    """Return how many bars went before the one with this end."""
    return int(script.frame.index.searchsorted(pd.Timestamp(end)))
