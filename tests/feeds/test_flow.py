"""Lines of the order book and of public trades beside a live bar's own."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import backtrader as bt
import pytest

import atms
from atms.errors import ConfigError
from atms.feeds.flow import Flow, check_venue, checked, depth_of
from atms.stores.base import Unreachable
from atms.stores.market import Book, Print
from tests.execution.core_world import manners
from tests.feeds.live_world import MINUTE, START, Seen, TapeStore, World, bar, bars, frame


class LinesSeen(bt.Strategy):
    """Keeps two lines."""

    bids: ClassVar[list[float]] = []
    averages: ClassVar[list[float]] = []

    def next(self) -> None:
        self.bids.append(self.data.bid[0])
        self.averages.append(self.data.vwap[0])


def book(*levels: tuple[int, int, int, int]) -> Book:
    """Return a book of (bid, its size, ask, its size)."""
    return Book(
        at=START, instrument="t:1:X",
        bids=tuple((Decimal(one[0]), Decimal(one[1])) for one in levels),
        asks=tuple((Decimal(one[2]), Decimal(one[3])) for one in levels),
    )  # fmt: skip


def trade(at: datetime, price: int, qty: int, taker: Any = 1) -> Print:
    return Print(
        at=at, instrument="t:1:X", id="1", price=Decimal(price), qty=Decimal(qty), taker=taker
    )


class FlowingStore(TapeStore):
    """Tells books and trades too, as a test puts them down."""

    def __init__(self) -> None:
        super().__init__()
        self.books: asyncio.Queue[Any] = asyncio.Queue()
        self.trades: asyncio.Queue[Any] = asyncio.Queue()
        self.depths: list[int] = []

    async def book(self, instrument: str, depth: int) -> AsyncIterator[Book]:
        self.depths.append(depth)
        async for one in _of(self.books):
            yield one

    async def prints(self, instrument: str) -> AsyncIterator[Print]:
        async for one in _of(self.trades):
            yield one


async def _of(queue: asyncio.Queue[Any]) -> AsyncIterator[Any]:
    while True:
        item = await queue.get()
        if isinstance(item, Exception):
            raise item
        yield item


def seen_lines(world: World, names: list[str], minutes: int) -> list[dict[str, float]]:
    """Run, and return the lines of each bar."""
    rows: list[dict[str, float]] = []
    world.cerebro.addstrategy(
        Seen, on_next=lambda seen: rows.append({one: getattr(seen.data, one)[0] for one in names})
    )
    world.run(minutes)
    return rows


def flowing(names: list[str], *, past: int = 0) -> tuple[World, FlowingStore]:
    world = World(now=past)
    world.store = store = FlowingStore()
    store.keep([bar(number) for number in range(1, past + 1)])
    world.add(flow=names)
    return world, store


def test_a_live_bar_has_the_newest_book_and_the_trades_of_its_own_time() -> None:
    names = ["bid", "ask_size", "bid_2", "trades", "buy_volume", "sell_volume", "vwap"]
    world, store = flowing(names)
    put = store.trades.put_nowait
    world.at(0.2, store.books.put_nowait, book((99, 1, 101, 2), (98, 3, 102, 4)))
    world.at(0.4, store.books.put_nowait, book((97, 5, 103, 6), (96, 7, 104, 8)))
    world.at(0.3, put, trade(START + 0.3 * MINUTE, 100, 2))
    world.at(0.5, put, trade(START + 0.5 * MINUTE, 103, 1, -1))
    world.at(0.99, put, trade(START + MINUTE, 500, 9))  # the next bar's first moment
    world.at(1, store.trade, bar(1))
    world.at(2, store.trade, bar(2))
    one, two = seen_lines(world, names, 3)
    assert one == {
        "bid": 97, "ask_size": 6, "bid_2": 96, "trades": 2, "buy_volume": 2, "sell_volume": 1,
        "vwap": 101,
    }  # fmt: skip
    assert (two["trades"], two["buy_volume"], two["vwap"]) == (1, 9, 500)
    assert store.depths == [2]


def test_bars_of_the_past_have_none_of_it() -> None:
    world, store = flowing(["bid", "trades"], past=3)
    world.at(3.1, store.books.put_nowait, book((99, 1, 101, 2)))
    world.at(4, store.trade, bar(4))
    rows = seen_lines(world, ["bid", "trades"], 5)
    assert [row["bid"] for row in rows][3:] == [99]
    assert all(math.isnan(value) for row in rows[:3] for value in row.values())


def test_a_book_that_broke_off_is_not_shown_and_is_asked_for_again() -> None:
    world, store = flowing(["bid"])
    world.at(0.2, store.books.put_nowait, book((99, 1, 101, 2)))
    world.at(1, store.trade, bar(1))
    world.at(1.999, store.books.put_nowait, Unreachable("gone"))
    world.at(2, store.trade, bar(2))
    world.at(2.5, store.books.put_nowait, book((95, 1, 105, 2)))
    world.at(3, store.trade, bar(3))
    bids = [row["bid"] for row in seen_lines(world, ["bid"], 4)]
    assert (bids[0], math.isnan(bids[1]), bids[2]) == (99, True, 95)
    assert len(store.depths) == 2


def test_a_trade_that_comes_after_its_bar_is_in_none() -> None:
    flow = Flow(FlowingStore(), "t:1:X", ["trades"], print)
    flow._prints.append(trade(START, 100, 1))
    assert flow.values(bar(2)) == {"trades": 0}
    flow._prints.append(trade(START + MINUTE + timedelta(seconds=1), 100, 1))
    assert flow.values(bar(2)) == {"trades": 1}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["bidd"], "X: no 'bidd'; did you mean 'bid'"),
        (["bid_1"], "X: no 'bid_1'"),
        (["bid", "bid"], "X: 'bid' stands twice"),
    ],
)
def test_a_line_that_is_not_known_is_refused(names: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        checked(names, "X")


def test_lines_say_how_deep_a_book_they_need() -> None:
    assert depth_of(["trades", "vwap"]) == 0
    assert depth_of(["bid", "ask_size_12", "bid_3"]) == 12


def test_what_a_venue_does_not_stream_is_refused() -> None:
    can = manners(book_depth=5, prints=False)
    check_venue(["bid_5"], can, "X")
    with pytest.raises(ConfigError, match=r"X: a book of 6 levels is wanted, .* the deepest has 5"):
        check_venue(["bid_6"], can, "X")
    with pytest.raises(ConfigError, match="X: the venue streams no public trades"):
        check_venue(["vwap"], can, "X")


def test_a_backtest_takes_columns_of_those_names_and_says_which_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    frame(bars(5)).assign(bid=[1.5, 2.5, 3.5, 4.5, 5.5]).to_csv("mine.csv")
    feed = {"source": "mine.csv", "timeframe": "1m", "stamp": "end", "lines": ["bid", "vwap"]}
    result = atms.backtest(LinesSeen, data={"x": feed})
    assert LinesSeen.bids == [1.5, 2.5, 3.5, 4.5, 5.5]
    assert all(map(math.isnan, LinesSeen.averages))
    told = "x: the source has no vwap: NaN here, filled by paper and live"
    assert told in result.warnings
