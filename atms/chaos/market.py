"""A trial's part of the market: which bars are past when it begins, and what comes when."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from atms.chaos.history import History, moment
from atms.chaos.setting import Setting, Venue
from atms.config import FeedSection
from atms.errors import DataError
from atms.stores.market import Bar

_PARTS = (0.0, 1 / 3, 2 / 3, 1.0)  # of a bar's time: open, the extremes, close
_EDGE = 0.02  # of a bar's time, at most a second: how far from its ends it is traded


@dataclass(frozen=True)
class Tick:
    """A trade of others.

    Attributes:
        venue: place of the venue in the setting.
    """

    at: datetime
    venue: int
    instrument: str
    price: Decimal
    qty: Decimal


@dataclass(frozen=True)
class Told:
    """A bar that is over and told.

    Attributes:
        lead: whether it is one of the shortest feed, which trials are counted in.
    """

    at: datetime
    venue: int
    timeframe: str
    bar: Bar
    lead: bool


Event = Tick | Told


@dataclass(frozen=True)
class Market:
    """What one trial sees.

    Attributes:
        begins: the time at which it begins.
        past: bars that are over by then.
        events: what comes, in the order of time.
    """

    begins: datetime
    past: tuple[Told, ...]
    events: tuple[Event, ...]


def draw_market(setting: Setting, chance: random.Random) -> Market:
    """Return a part of the histories, drawn; each feed has the bars of the same time."""
    lead = setting.histories[setting.lead]
    first = chance.randint(*_span(setting))
    begins = int(lead.opens[first])
    ends = int(lead.opens[first + setting.length - 1]) + lead.step
    past: list[Told] = []
    events: list[Event] = []
    for number, venue in enumerate(setting.venues):
        for name, feed in _paths(setting, venue).items():
            history = setting.histories[feed.name]
            inside = _inside(history, begins, ends)
            events += _ticks(setting, number, venue, name, history, inside)
        for feed in venue.feeds:
            history = setting.histories[feed.name]
            inside = _inside(history, begins, ends)
            until = inside.start if len(inside) else int(np.searchsorted(history.opens, begins))
            warm_of = range(max(0, until - setting.warm(feed.name)), until)
            past += _told(setting, number, venue, feed, warm_of)
            events += _told(setting, number, venue, feed, inside)
    events.sort(key=lambda event: (event.at, isinstance(event, Told)))
    return Market(moment(begins), tuple(past), tuple(events))


def _span(setting: Setting) -> tuple[int, int]:
    """Return the first and the last place of the lead's bars at which a trial may begin.

    Every feed has been warmed up by then, or has had half of its bars, and has more to come.

    Raises:
        DataError: there is no such time.
    """
    lead = setting.histories[setting.lead]
    earliest, latest = 0, len(lead) - setting.length
    for name, history in setting.histories.items():
        warmed = history.opens[min(setting.warm(name), len(history) // 2)]
        earliest = max(earliest, int(np.searchsorted(lead.opens, warmed)))
        over = int(np.searchsorted(lead.opens, history.opens[-1] + history.step))
        latest = min(latest, over - setting.length)
    if earliest > latest:
        raise DataError(
            "the feeds have too little time in common for a trial: widen run.timerange, or try "
            "fewer --bars"
        )
    return earliest, latest


def _paths(setting: Setting, venue: Venue) -> dict[str, FeedSection]:
    """Return symbol -> the feed along whose bars it is traded: the one with the shortest."""
    found: dict[str, FeedSection] = {}
    for feed in venue.feeds:
        name = feed.symbol or feed.name
        step = setting.histories[feed.name].step
        if name not in found or step < setting.histories[found[name].name].step:
            found[name] = feed
    return found


def _inside(history: History, begins: int, ends: int) -> range:
    """Return the positions of the bars that are over within a time, and were not before it."""
    closes = history.opens + history.step
    return range(
        int(np.searchsorted(closes, begins, side="right")),
        int(np.searchsorted(closes, ends, side="right")),
    )


def _ticks(
    setting: Setting, number: int, venue: Venue, symbol: str, history: History, inside: range
) -> Iterator[Tick]:
    step = timedelta(seconds=history.timeframe.seconds)
    edge = min(timedelta(seconds=1), step * _EDGE)
    for place in inside:
        bar = _bar(setting, venue, symbol, history, place)
        ends = (bar.low, bar.high)
        if bar.high - bar.open < bar.open - bar.low:
            ends = (bar.high, bar.low)
        qty = _traded(bar)
        for share, price in zip(_PARTS, (bar.open, *ends, bar.close), strict=True):
            at = bar.open_at + edge + (step - 2 * edge) * share
            yield Tick(at, number, bar.instrument, price, qty)


def _traded(bar: Bar) -> Decimal:
    """Return a quarter of a bar's volume; of one without, what a large account could not fill."""
    if bar.volume is None or bar.volume <= 0:
        return Decimal(1_000_000)
    return bar.volume / 4


def _told(
    setting: Setting, number: int, venue: Venue, feed: FeedSection, places: range
) -> Iterator[Told]:
    history = setting.histories[feed.name]
    for place in places:
        bar = _bar(setting, venue, feed.symbol or feed.name, history, place)
        lead = feed.name == setting.lead
        yield Told(bar.close_at, number, str(history.timeframe), bar, lead)


def _bar(setting: Setting, venue: Venue, symbol: str, history: History, place: int) -> Bar:
    opens = moment(int(history.opens[place]))
    tick = venue.profile.price_step
    prices = [_stepped(float(one), tick) for one in history.values[:4, place]]
    first, *_, close = prices
    volume = float(history.values[4, place])
    return Bar(
        instrument=f"{venue.profile.account}:{symbol}", open_at=opens,
        close_at=opens + timedelta(seconds=history.timeframe.seconds), open=first,
        high=max(prices), low=min(prices), close=close,
        volume=None if math.isnan(volume) else Decimal(str(round(volume, 6))), final=True,
    )  # fmt: skip


def _stepped(value: float, step: Decimal) -> Decimal:
    steps = (Decimal(repr(value)) / step).to_integral_value(ROUND_HALF_EVEN)
    return max(steps, Decimal(1)) * step
