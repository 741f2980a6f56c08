"""One symbol's market: its last price, prints, klines and book, moved by a tape or by hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from atms.sandbox.venue.clock import Clock
from atms.sandbox.venue.intervals import LENGTHS, start_of
from atms.sandbox.venue.klines import Forming, Klines
from atms.sandbox.venue.ladder import Ladder
from atms.sandbox.venue.numbers import QUANTUM, ZERO
from atms.sandbox.venue.paths import path
from atms.sandbox.venue.symbols import Symbol

Number = Decimal | int | str | float
_KEPT = 10_000  # prints
_AVERAGED = 5 * 60_000  # of market time


@dataclass(frozen=True, slots=True)
class Trade:
    """A print: the taker's side, and when, in market milliseconds."""

    id: int
    price: Decimal
    qty: Decimal
    time: int
    buyer_took: bool


class Watcher(Protocol):
    """Who is told what the market does, in the order of these methods."""

    def printed(self, market: Market, trade: Trade) -> None:
        """A print happened; the market's last price and book are those after it."""

    def closed(self, market: Market, klines: Sequence[Forming]) -> None:
        """Klines are over, the shortest first."""


class Market:
    """One symbol.

    Attributes:
        last: the price of the last print; None before the first.
        time: of the last print or step forward, market milliseconds.
        trades: the latest prints, oldest first.
        watchers: told of prints and klines, in their order.
    """

    def __init__(
        self,
        symbol: Symbol,
        klines: Klines,
        depth: Decimal,
        clock: Clock,
        next_trade: Callable[[], int],
    ) -> None:
        self.symbol = symbol
        self.klines = klines
        self.ladder = Ladder(symbol, depth)
        self.last: Decimal | None = None
        self.time = 0
        self.trades: deque[Trade] = deque(maxlen=_KEPT)
        self.watchers: list[Watcher] = []
        self.next_trade = next_trade
        self._clock = clock
        self._recent: deque[Trade] = deque()
        self._cost = self._units = ZERO

    def print(
        self,
        price: Number,
        qty: Number,
        *,
        buyer_took: bool | None = None,
        time: int | None = None,
    ) -> Trade:
        """Let *qty* trade at *price*; orders that it reaches fill, stops that it meets fire.

        Args:
            buyer_took: None: the side that moved the price.
            time: market milliseconds; None: the venue's own clock, never back.
        """
        price, qty = _exact(price), _exact(qty)
        if buyer_took is None:
            buyer_took = self.last is None or price >= self.last
        at = max(self.time, self._clock.now() if time is None else time)
        trade = Trade(self.next_trade(), price, qty, at, buyer_took)
        self.time, self.last = at, price
        closed = self.klines.add(at, price, qty, buyer_took, trade.id)
        self._note(trade)
        self.ladder.around(price, buyer_took)
        self._tell(closed)
        for watcher in self.watchers:
            watcher.printed(self, trade)
        return trade

    def stand_at(self, price: Decimal, time: int) -> None:
        """Begin with a last price of *price* at *time*, market milliseconds."""
        self.last, self.time = price, time
        self.ladder.around(price, True)

    def advance(self, time: int) -> None:
        """Let market time pass without a print: klines that are over by then are closed."""
        self.time = max(self.time, time)
        self._tell(self.klines.advance(self.time))

    def bar(
        self,
        open_: Number,
        high: Number,
        low: Number,
        close: Number,
        volume: Number = 1,
        *,
        start: int | None = None,
    ) -> None:
        """Let a whole bar of the base interval trade at once, and close.

        Args:
            start: market milliseconds; None: the interval after the latest print.
        """
        base = self.klines.base
        length = LENGTHS[base]
        if start is None:
            current = self.klines.forming.get(base)
            now = self.time or self._clock.now()
            begun = start_of(now, base)
            start = begun if not self.time or begun == now else begun + length
            start = current.end if current is not None else start
        prices = (_exact(open_), _exact(high), _exact(low), _exact(close))
        for step in path(prices, _exact(volume), self.symbol.tick):
            self.print(
                step.price,
                step.qty,
                buyer_took=step.buyer_took,
                time=start + int(step.share * length),
            )
        self.advance(start + length)

    def book(self, bids: Sequence[Sequence[Number]], asks: Sequence[Sequence[Number]]) -> None:
        """Let takers meet exactly these (price, quantity) levels until the next print."""
        self.ladder.stand(
            [[_exact(price), _exact(qty)] for price, qty in bids],
            [[_exact(price), _exact(qty)] for price, qty in asks],
        )

    def touch(self) -> None:
        """The account's own orders changed the book."""
        self.ladder.version += 1

    def average(self) -> Decimal | None:
        """Return the average price of the last five minutes, weighted by quantity."""
        return self._cost / self._units if self._units else self.last

    def _note(self, trade: Trade) -> None:
        self.trades.append(trade)
        self._recent.append(trade)
        self._cost += trade.price * trade.qty
        self._units += trade.qty
        while self._recent[0].time < trade.time - _AVERAGED:
            old = self._recent.popleft()
            self._cost -= old.price * old.qty
            self._units -= old.qty

    def _tell(self, closed: list[Forming]) -> None:
        if closed:
            for watcher in self.watchers:
                watcher.closed(self, closed)


def _exact(number: Number) -> Decimal:
    return (number if isinstance(number, Decimal) else Decimal(str(number))).quantize(QUANTUM)
