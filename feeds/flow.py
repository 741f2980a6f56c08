"""What a live bar shows besides its prices: the order book, and who took how much.

Each is a line of its own, named in the config; a file with columns of the same names gives a
backtest the same lines.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from decimal import Decimal
from typing import Protocol

from atms.errors import ConfigError, VenueError, did_you_mean
from atms.stores.base import RateLimited
from atms.stores.capabilities import Capabilities
from atms.stores.market import Bar, Book, Print

OF_TRADES = ("trades", "buy_volume", "sell_volume", "vwap")
OF_BOOK = ("bid", "bid_size", "ask", "ask_size")
KEPT = 100_000  # public trades that wait for their bar
_PAUSE, _LONGEST = 1.0, 60.0  # seconds between two tries
_LEVEL = re.compile(r"(bid|ask)(?:_size)?(?:_([2-9]|[1-9][0-9]+))?")
_NAN = float("nan")


class FlowStore(Protocol):
    """The part of :class:`atms.stores.base.Store` that books and trades come from."""

    def book(self, instrument: str, depth: int) -> AsyncIterator[Book]:
        """Yield the order book."""

    def prints(self, instrument: str) -> AsyncIterator[Print]:
        """Yield public trades."""


def checked(names: Sequence[str], where: str = "lines") -> tuple[str, ...]:
    """Return names of lines, each of which is known; *where* they stand, for messages.

    Known are, of the newest order book, ``bid``, ``bid_size``, ``ask`` and ``ask_size``, with
    ``_2`` and so on for the levels behind the best; and of the public trades in a bar
    ``trades`` (how many), ``buy_volume`` and ``sell_volume`` (units, by the side that took), and
    ``vwap``, their price weighted by quantity.

    Raises:
        ConfigError: one is not, or stands twice.
    """
    for place, name in enumerate(names):
        if name not in OF_TRADES and _LEVEL.fullmatch(name) is None:
            known = (*OF_BOOK, *OF_TRADES)
            raise ConfigError(
                f"{where}: no {name!r}{did_you_mean(name, known)}; there are: {', '.join(known)}, "
                "and bid_2, bid_size_2, ... for the levels behind the best"
            )
        if name in names[:place]:
            raise ConfigError(f"{where}: {name!r} stands twice")
    return tuple(names)


def depth_of(names: Sequence[str]) -> int:
    """Return how many levels of the book lines need; 0: none."""
    found = [_LEVEL.fullmatch(name) for name in names if name not in OF_TRADES]
    return max((int(one[2] or 1) for one in found if one is not None), default=0)


def check_venue(names: Sequence[str], can: Capabilities, where: str) -> None:
    """Refuse lines that a venue has nothing for.

    Raises:
        ConfigError: its book is not that deep, or it tells no public trades.
    """
    depth = depth_of(names)
    if depth > (can.book_depth or 0):
        has = f"the deepest has {can.book_depth}" if can.book_depth else "it streams none"
        raise ConfigError(f"{where}: a book of {depth} levels is wanted, and of this venue {has}")
    if not can.prints and any(name in OF_TRADES for name in names):
        listed = ", ".join(OF_TRADES)
        raise ConfigError(f"{where}: the venue streams no public trades; leave out {listed}")


class Flow:
    """Listens to an instrument's order book and public trades, as far as lines need them.

    The loop's side puts the newest book and each trade down; the strategy's side takes them with
    the bar. Both are one operation of an object that threads may share.

    Args:
        names: of lines, as :func:`checked` returns them.
        tell: hears, in words, why a stream is not there.

    Raises:
        ConfigError: a line that is not known.
    """

    def __init__(
        self, store: FlowStore, instrument: str, names: Sequence[str], tell: Callable[[str], None]
    ) -> None:
        self._store, self._instrument, self._tell = store, instrument, tell
        self.names = checked(names)
        self._depth = depth_of(self.names)
        self._of_trades = any(name in OF_TRADES for name in self.names)
        self._book: Book | None = None
        self._prints: deque[Print] = deque(maxlen=KEPT)
        self._tasks: set[asyncio.Task[object]] = set()

    # ---- the loop's side ------------------------------------------------------------------------
    async def listen(self) -> None:
        """Hear what is needed until `stop`; where a stream breaks, ask for it again."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        needed = []
        if self._depth:
            needed.append(self._keep(self._hear_book))
        if self._of_trades:
            needed.append(self._keep(self._hear_prints))
        await asyncio.gather(*needed)

    def stop(self) -> None:
        """Listen no more; from the loop's side."""
        for task in self._tasks:
            task.cancel()

    async def _keep(self, hear: Callable[[], AsyncGenerator[None, None]]) -> None:
        pause = _PAUSE
        while True:
            wait = pause
            try:
                async for _ in hear():
                    pause = _PAUSE
                return  # the store was closed
            except RateLimited as error:
                wait = error.after.total_seconds() if error.after is not None else pause
            except VenueError as error:
                self._tell(str(error))
            self._book = None  # it is old from now on
            await asyncio.sleep(wait)
            pause = min(2 * pause, _LONGEST)

    async def _hear_book(self) -> AsyncGenerator[None, None]:
        async for book in self._store.book(self._instrument, self._depth):
            self._book = book
            yield

    async def _hear_prints(self) -> AsyncGenerator[None, None]:
        async for one in self._store.prints(self._instrument):
            self._prints.append(one)
            yield

    # ---- the strategy's side --------------------------------------------------------------------
    def values(self, bar: Bar) -> dict[str, float]:
        """Return line -> value as the bar is delivered; NaN where nothing is known.

        Trades from before the bar are forgotten, those after it wait for the next. One that comes
        later than its own bar is in none.
        """
        found = _levels(self._book, self._depth) | (self._taken(bar) if self._of_trades else {})
        return {name: found.get(name, _NAN) for name in self.names}

    def _taken(self, bar: Bar) -> dict[str, float]:
        mine = []
        while self._prints and self._prints[0].at < bar.close_at:
            one = self._prints.popleft()
            if one.at >= bar.open_at:
                mine.append(one)
        bought = sum((one.qty for one in mine if one.taker == 1), Decimal(0))
        sold = sum((one.qty for one in mine if one.taker == -1), Decimal(0))
        units = sum((one.qty for one in mine), Decimal(0))
        cost = sum((one.qty * one.price for one in mine), Decimal(0))
        return {
            "trades": float(len(mine)), "buy_volume": float(bought), "sell_volume": float(sold),
            "vwap": float(cost / units) if units else _NAN,
        }  # fmt: skip


def _levels(book: Book | None, depth: int) -> dict[str, float]:
    """Return price and size of each level; what the book does not have is left out."""
    found: dict[str, float] = {}
    if book is None:
        return found
    for side, levels in (("bid", book.bids), ("ask", book.asks)):
        for number, (price, size) in enumerate(levels[:depth], 1):
            suffix = "" if number == 1 else f"_{number}"
            found[f"{side}{suffix}"] = float(price)
            found[f"{side}_size{suffix}"] = float(size)
    return found
