"""A simulated venue's public side: bars, trades, quotes, books."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from atms.sandbox.simulation.venue.checks import price_step
from atms.stores.market import Bar, Book, Print, Quote

if TYPE_CHECKING:
    from atms.sandbox.simulation.venue.truth import Venue

Topic = tuple[str, ...]  # ("bars", instrument, timeframe), ("quotes" | "prints", instrument)


class Sink(Protocol):
    """Somebody who takes what is published."""

    def put(self, item: Any) -> None:
        """Take an item."""


class Market:
    """What everybody may see.

    Attributes:
        bars: final ones by (instrument, timeframe), then by their end, in their newest revision.
        streams: who hears what.
    """

    def __init__(self) -> None:
        self.bars: dict[tuple[str, str], dict[datetime, Bar]] = {}
        self.streams: dict[Topic, list[Sink]] = {}
        self._prints = 0

    def subscribe(self, topic: Topic, sink: Sink) -> None:
        """Publish a topic to somebody."""
        self.streams.setdefault(topic, []).append(sink)

    def leave(self, topic: Topic, sink: Sink) -> None:
        """Publish a topic to somebody no more."""
        if sink in self.streams.get(topic, []):
            self.streams[topic].remove(sink)

    def traded(self, venue: Venue, instrument: str, price: Decimal, qty: Decimal) -> None:
        """Publish a trade, and the quote after it."""
        self._prints += 1
        made = Print(
            at=venue.now(), instrument=instrument, id=str(self._prints), price=price, qty=qty,
            taker=None,
        )  # fmt: skip
        self._publish(("prints", instrument), made)
        self._publish(("quotes", instrument), quote(venue, instrument))

    def told(self, venue: Venue, timeframe: str, bar: Bar) -> None:
        """Publish a bar; with the fault, another close first and the right one as a revision."""
        topic = ("bars", bar.instrument, timeframe)
        if bar.final and venue.chance.hit("revised_bar"):  # F63
            self._publish(topic, replace(bar, close=bar.open))
            bar = replace(bar, revision=bar.revision + 1)
            when = venue.now() + venue.chance.time(venue.delays.late_fact)
            venue.at(when, lambda: self._publish(topic, bar))
        elif bar.final and venue.chance.hit("absurd_bar"):  # F63
            self._publish(topic, _absurd(bar, venue.chance.whole(0, 3)))
        else:
            self._publish(topic, bar)
        if bar.final:
            self.bars.setdefault((bar.instrument, timeframe), {})[bar.close_at] = bar

    def _publish(self, topic: Topic, item: Any) -> None:
        for sink in tuple(self.streams.get(topic, ())):
            sink.put(item)


def _absurd(bar: Bar, how: int) -> Bar:
    """Return a bar with a price that none is: no number, zero, below zero, or a low above all."""
    if how == 3:
        return replace(bar, low=2 * bar.high)
    return replace(bar, close=(Decimal("NaN"), Decimal(0), -bar.close)[how])


def quote(venue: Venue, instrument: str, qty: Decimal | None = None) -> Quote:
    """Return what can be had: there is no spread, and no end of it."""
    price = venue.prices[instrument]
    return Quote(at=venue.now(), instrument=instrument, bid=price, ask=price, qty=qty)


def book(venue: Venue, instrument: str, depth: int) -> Book:
    """Return levels a price step apart around the last price, each as large as the next."""
    price = venue.prices[instrument]
    listed = venue.instruments[instrument]
    step, size = price_step(listed, price), 100 * listed.min_qty
    return Book(
        at=venue.now(),
        instrument=instrument,
        bids=tuple((price - step * level, size) for level in range(1, depth + 1)),
        asks=tuple((price + step * level, size) for level in range(1, depth + 1)),
    )
