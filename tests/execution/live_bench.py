"""A live run on virtual time: real Cerebro, broker, feed, driver and core on simulated venues.

The market's k-th bar begins k - 1 minutes after the start: a second later its open is traded, then
high and low, and at its end its close, with the bar itself. What strategies order at a bar's end is
at the venue some milliseconds later, at that close.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt

from atms.execution.core.records import Record, decode
from atms.execution.driver.inline import InlineHost
from atms.model import Timeframe
from atms.running.trading import Trading
from atms.sandbox.simulation.adversary import MemoryJournal
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.venue import PROFILES
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.manners import Delays
from atms.sandbox.simulation.venue.profiles import Profile
from atms.stores.market import Bar

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Ohlc = tuple[float, float, float, float]


def profile(
    kind: str = "binance", *, listed: dict[str, Any] | None = None, **manners: Any
) -> Profile:
    """Return a kind of venue whose market orders fill whole and whose fees are in the quote."""
    given = {"parts": 1, "fee_asset": None, "fee_in": "quote", **manners}
    base = PROFILES[kind]
    return replace(base, manners=replace(base.manners, **given), **(listed or {}))


SPOT = profile()


class MemoryFiles:
    """A journal that lives as long as the bench."""

    id = "test"

    def __init__(self, journal: Any) -> None:
        self.journal = journal

    @property
    def records(self) -> Sequence[Record]:
        return [decode(line) for line in self.journal.lines]

    def close(self) -> None:
        """Keep everything: another process may begin."""


class Place:
    """A venue, its journal, and what is traded there."""

    def __init__(self, bench: Bench, profile: str | Profile, symbols: int) -> None:
        self.profile = PROFILES[profile] if isinstance(profile, str) else profile
        self.venue = self.profile.venue(
            clock=bench.loop.now, source=random.Random(7), faults=bench.faults, delays=bench.delays
        )
        self.names = list(self.venue.instruments)[:symbols]
        self.journal: Any = MemoryJournal()

    def trade(self, price: float) -> None:
        """Let others trade at a price."""
        for name in self.names:
            self.venue.trade(name, Decimal(str(price)), Decimal(1000))

    def tell(self, ohlc: Ohlc, begins: datetime) -> None:
        """Let the bar of a path that was gone be told, or be history."""
        low, high = min(ohlc), max(ohlc)
        prices = {"open": ohlc[0], "high": high, "low": low, "close": ohlc[3]}
        for name in self.names:
            values: dict[str, Any] = {key: Decimal(str(at)) for key, at in prices.items()}
            bar = Bar(
                instrument=name, open_at=begins, close_at=begins + MINUTE, volume=Decimal(0),
                final=True, **values,
            )  # fmt: skip
            self.venue.bar("1m", bar)


@dataclass
class Ran:
    """What there is after a run."""

    strategies: list[Any]
    trading: Trading
    cerebro: bt.Cerebro

    @property
    def strategy(self) -> Any:
        return self.strategies[0]

    @property
    def broker(self) -> Any:
        return self.cerebro.broker


@dataclass
class Bench:
    """Venues with a market that moves by a list of bars, or of closes: flat ones.

    Attributes:
        keeps: for other runs, each of which goes on where the one before ends.
        events: (bar, seconds after its end, what then happens), by the bars of all runs.
    """

    bars: Sequence[float | Ohlc]
    profile: str | Profile = "binance"
    others: Sequence[str | Profile] = ()
    warm: int = 3
    symbols: int = 1
    faults: Faults | None = None
    delays: Delays | None = None
    keeps: bool = False
    events: list[tuple[int, float, Callable[[], object]]] = field(default_factory=list)
    loop: VirtualLoop = field(default_factory=lambda: VirtualLoop(START))

    def __post_init__(self) -> None:
        self.places = [Place(self, one, self.symbols) for one in (self.profile, *self.others)]
        self.done = 0
        first = _ohlc(self.bars[0])[0]
        for place in self.places:
            place.trade(first)
            for back in range(self.warm, 0, -1):
                place.tell((first, first, first, first), START - back * MINUTE)

    @property
    def venue(self) -> Any:
        return self.places[0].venue

    @property
    def instrument(self) -> str:
        return self.places[0].names[0]

    def happens(self, after: int, seconds: float, what: Callable[[], object]) -> None:
        """Let something happen some seconds after the end of a bar, counted from 1."""
        self.events.append((after, seconds, what))

    def run(
        self,
        *strategies: Any,
        bars: int | None = None,
        engine: type[bt.Cerebro] = bt.Cerebro,
        base: str = "USD",
        patience: float = 60.0,
        watch: Any = None,
        setup: Callable[[bt.Cerebro], object] = lambda cerebro: None,
        stdstats: bool = False,
        closes: bool = True,
        **options: Any,
    ) -> Ran:
        """Run strategies over the next bars, all that are left by default.

        Args:
            closes: whether the trading is closed here, if the broker has not done it.
        """
        journals = {place.venue.account: place.journal for place in self.places}
        options.setdefault("files", lambda account: MemoryFiles(journals[account]))
        options.setdefault("host", InlineHost(self.loop, shared=True))
        trading = Trading(Path("state"), **options)
        cerebro = engine(stdstats=stdstats)
        for place in self.places:
            store = place.profile.connect(place.venue)
            for name in place.names:
                symbol = name.partition(":")[2]
                start = self.loop.now() - self.warm * MINUTE
                cerebro.adddata(trading.feed(store, symbol, Timeframe(1, "m"), start), name=symbol)
        watching = watch(trading) if watch else None
        cerebro.setbroker(trading.broker(base, patience=patience, watch=watching))
        for strategy in strategies:
            cerebro.addstrategy(strategy)
        setup(cerebro)
        trading.host.spawn(self._market(trading, bars or len(self.bars) - self.done))
        try:
            return Ran(cerebro.run(), trading, cerebro)
        finally:
            if closes:
                trading.close()
            if not self.keeps or self.done == len(self.bars):
                self.loop.close()

    async def _market(self, trading: Trading, bars: int) -> None:
        for _ in range(bars):
            ohlc, begins = _ohlc(self.bars[self.done]), START + self.done * MINUTE
            self.done += 1
            for price, part in zip(ohlc, (1 / 60, 0.3, 0.6, 1.0), strict=True):
                await self._until(begins + part * MINUTE)
                for place in self.places:
                    place.trade(price)
            for place in self.places:
                place.tell(ohlc, begins)
            for after, seconds, what in self.events:
                if after == self.done:
                    asyncio.get_running_loop().call_later(seconds, what)
        await asyncio.sleep(30)
        trading.end()

    async def _until(self, at: datetime) -> None:
        await asyncio.sleep(max(0.0, (at - self.loop.now()).total_seconds()))


def _ohlc(bar: float | Ohlc) -> Ohlc:
    return bar if isinstance(bar, tuple) else (bar, bar, bar, bar)


class Told(bt.Strategy):
    """Keeps what it hears, in the order of hearing.

    Attributes:
        heard: (what, ...) of everything; *orders*: (status, executed size), by order.
    """

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.statuses: dict[int, list[str]] = {}
        self.trades: list[bt.Trade] = []

    def notify_order(self, order: bt.Order) -> None:
        self.heard.append((order.getstatusname(), order.executed.size, len(self)))
        self.statuses.setdefault(order.ref, []).append(order.getstatusname())

    def notify_trade(self, trade: bt.Trade) -> None:
        self.heard.append(("trade", trade.size, trade.isclosed))
        self.trades.append(trade)

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        self.heard.append(data._getstatusname(status))

    def notify_store(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.heard.append((str(msg), kwargs.get("text", "")))

    @property
    def lives(self) -> bool:
        """Whether orders can be made on this bar."""
        return bool(self.data.live)


def does(*steps: Callable[[Any], object], base: type[bt.Strategy] = Told) -> type[bt.Strategy]:
    """Return a strategy that does the k-th thing on its k-th live bar."""

    class Does(base):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__()
            self.steps = iter(steps)
            self.made: list[Any] = []

        def next(self) -> None:
            super().next()
            if self.data.live:
                step = next(self.steps, None)
                if step is not None:
                    self.made.append(step(self))

    return Does


def nothing(strategy: Any) -> None:
    """Do nothing on this bar."""
