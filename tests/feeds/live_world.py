"""What live feeds are tested with: a store that tells what a test says, and a strategy that sees.

The store speaks the seam's types and nothing else; what a test schedules happens on the host's
loop, in virtual time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import backtrader as bt
import pandas as pd

from atms.execution.driver.host import InlineHost
from atms.feeds.history import backtrader_timeframe, history_feed
from atms.feeds.live import LiveFeed, live_feed
from atms.feeds.passes import Notice, Passes
from atms.feeds.reading import read_bars
from atms.feeds.roots import root_of
from atms.model import Timeframe
from atms.sandbox.simulation.loop import VirtualLoop
from atms.stores.market import Bar, BarFact, FeedLink

START = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NAMES = bt.feed.DataBase._NOTIFNAMES


def bar(
    number: int,
    symbol: str = "X",
    *,
    step: timedelta = MINUTE,
    start: datetime = START,
    **more: Any,
) -> Bar:
    """Return the bar of this number; number 1 ends a step after the start."""
    price = Decimal(100 + number % 37) + Decimal(number) / 100
    end = start + number * step
    values: dict[str, Any] = {
        "instrument": f"t:1:{symbol}", "open_at": end - step, "close_at": end, "open": price,
        "high": price + 1, "low": price - 1, "close": price + Decimal("0.5"),
        "volume": Decimal(5 + number % 7), "final": True,
    }  # fmt: skip
    return Bar(**{**values, **more})


def bars(count: int, symbol: str = "X", **more: Any) -> list[Bar]:
    """Return the first so many bars."""
    return [bar(number, symbol, **more) for number in range(1, count + 1)]


class TapeStore:
    """Tells and keeps what it is given.

    Attributes:
        kept: what history has, by instrument and timeframe.
        troubles: raised by the next reads of history, one each.
        breaks: raised by the next streams as soon as they are asked, one each.
        lag: seconds that a read of history takes.
        reads: (instrument, timeframe, start) of each read.
    """

    account = "t:1"

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], dict[datetime, Bar]] = {}
        self.troubles: deque[Exception] = deque()
        self.breaks: deque[Exception] = deque()
        self.lag = 0.05
        self.reads: list[tuple[str, str, datetime]] = []
        self.streams: dict[tuple[str, str], asyncio.Queue[BarFact | Exception | None]] = {}

    def keep(self, made: Sequence[Bar], timeframe: str = "1m") -> None:
        """Put bars into history."""
        for one in made:
            self.kept.setdefault((one.instrument, timeframe), {})[one.close_at] = one

    def tell(self, fact: BarFact | Exception | None, symbol: str, timeframe: str = "1m") -> None:
        """Put a fact on a stream; an exception breaks it, None ends it."""
        self.streams[(f"t:1:{symbol}", timeframe)].put_nowait(fact)

    def trade(self, made: Bar, timeframe: str = "1m") -> None:
        """Let a bar happen: history has it, and the stream tells it."""
        self.keep([made], timeframe)
        self.streams[(made.instrument, timeframe)].put_nowait(made)

    def link(self, up: bool, symbol: str = "X", timeframe: str = "1m") -> None:
        """Tell that a stream is up or down."""
        self.tell(FeedLink(at=START, up=up), symbol, timeframe)

    async def history(
        self, instrument: str, timeframe: str, start: datetime, end: datetime
    ) -> AsyncIterator[Bar]:
        self.reads.append((instrument, timeframe, start))
        await asyncio.sleep(self.lag)
        if self.troubles:
            raise self.troubles.popleft()
        kept = self.kept.get((instrument, timeframe), {})
        for one in sorted(kept.values(), key=lambda one: one.close_at):
            if one.open_at >= start and one.close_at <= end:
                yield one

    async def bars(self, instrument: str, timeframe: str) -> AsyncIterator[BarFact]:
        queue: asyncio.Queue[BarFact | Exception | None] = asyncio.Queue()
        self.streams[(instrument, timeframe)] = queue
        if self.breaks:
            raise self.breaks.popleft()
        yield FeedLink(at=START, up=True)
        while (fact := await queue.get()) is not None:
            if isinstance(fact, Exception):
                raise fact
            yield fact


class Seen(bt.Strategy):
    """Writes down what it is given.

    Attributes:
        steps: of each next: per data its length, its time and its close.
        words: of each step or status, in their order.
        lives: of each next: whether each data's bar was live.
        on_next: called in each next, with the strategy.
    """

    params = (("on_next", None),)

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Any] = []
        self.words: list[Any] = []
        self.lives: list[Any] = []
        self.notices: list[Notice] = []

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        self.steps.append(
            tuple(
                (len(d), d.datetime[0], d.open[0], d.high[0], d.low[0], d.close[0])
                if len(d)
                else None
                for d in self.datas
            )
        )
        roots = [root_of(data) for data in self.datas]
        self.lives.append(tuple(root.live for root in roots if root is not None))
        self.words.append(len(self))
        if self.p.on_next is not None:
            self.p.on_next(self)

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        self.words.append(NAMES[status] if len(self.datas) == 1 else (data._name, NAMES[status]))

    def notify_store(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.notices.append(msg)


class World:
    """A host on virtual time, a store, passes, and a Cerebro.

    Args:
        now: minutes after the start at which the run begins.
    """

    def __init__(
        self, *, now: float = 0, cerebro: Any = None, idle: float = 60.0, **options: Any
    ) -> None:
        self.loop = VirtualLoop(START + timedelta(minutes=now))
        self.host = InlineHost(self.loop)
        self.store = TapeStore()
        self.passes = Passes(self.host, idle=idle, **options)
        self.cerebro = bt.Cerebro(stdstats=False) if cerebro is None else cerebro
        self.feeds: list[LiveFeed] = []

    def feed(self, symbol: str = "X", timeframe: str = "1m", **options: Any) -> LiveFeed:
        """Return a new feed, not added yet."""
        options.setdefault("start", START)
        store = options.pop("store", self.store)
        made = live_feed(store, self.passes, f"{store.account}:{symbol}", timeframe, **options)
        self.feeds.append(made)
        return made

    def add(self, symbol: str = "X", timeframe: str = "1m", **options: Any) -> LiveFeed:
        """Add a feed."""
        made = self.feed(symbol, timeframe, **options)
        self.cerebro.adddata(made)
        return made

    def at(self, minutes: float, action: Callable[..., object], *args: Any) -> None:
        """Let something happen so many minutes after the start."""
        when = START + timedelta(minutes=minutes)
        self.loop.call_later((when - self.loop.now()).total_seconds(), action, *args)

    def trade(self, made: Sequence[Bar], timeframe: str = "1m", delay: float = 0.01) -> None:
        """Let bars happen as they end, a little later."""
        for one in made:
            after = (one.close_at - START).total_seconds() + delay
            self.at(after / 60, self.store.trade, one, timeframe)

    def run(self, until: float, **options: Any) -> Seen:
        """Run so many minutes; return the strategy."""
        strategy = options.pop("strategy", Seen)
        if not self.cerebro.strats:
            self.cerebro.addstrategy(strategy)
        self.at(until, self.passes.end)
        try:
            (seen,) = self.cerebro.run(**options)
        finally:
            self.host.close()
        return seen  # type: ignore[no-any-return]


def frame(made: Sequence[Bar]) -> pd.DataFrame:
    """Return bars as a frame, stamped at their ends."""
    return pd.DataFrame(
        {
            name: [float(getattr(one, name)) for one in made]
            for name in ("open", "high", "low", "close", "volume")
        },
        index=pd.DatetimeIndex([one.close_at for one in made], name="datetime"),
    )


def backtest_feed(made: Sequence[Bar], timeframe: str, zone: str | None = None) -> Any:
    """Return the history feed of the same bars."""
    parsed = Timeframe.parse(timeframe)
    read = read_bars(frame(made), name="b", zone=zone or "UTC", timeframe=parsed, stamp="end")
    return history_feed(read, zone=zone)


def longer(text: str) -> dict[str, int]:
    """Return a timeframe as Backtrader's parameters."""
    return backtrader_timeframe(Timeframe.parse(text))
