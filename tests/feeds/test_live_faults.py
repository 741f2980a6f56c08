"""Whatever a venue's stream does, a strategy sees the venue's final bars, each once, in order."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from atms.feeds.live import LiveFeed
from atms.sandbox.simulation.venue import PROFILES, Faults
from atms.stores.base import RateLimited, Unreachable
from atms.stores.market import Bar
from tests.feeds.live_world import MINUTE, START, Seen, World, bar, longer

MINUTES = 90
STREAM = ("late_bar", "drop_bar", "duplicate_bar", "reorder_bars", "revised_bar", "feed_silent")
READS = ("venue_down", "rate_limited", "lose_reply")


def seen_bars(seen: Seen, place: int, step: timedelta = MINUTE) -> list[tuple[datetime, float]]:
    """Return (end, close) of each bar that a strategy saw of a data."""
    data = seen.datas[place]
    ends = [START + round((day - data.datetime.array[0]) * 86400) * timedelta(seconds=1)
            for day in data.datetime.array]  # fmt: skip
    shift = step * round((data.datetime.datetime(-len(data) + 1) - _naive(START)) / step)
    return [(end + shift, close) for end, close in zip(ends, data.close.array, strict=True)]


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def check(feed: LiveFeed, seen: Seen, place: int, truth: list[Bar]) -> None:
    """Compare what was seen with what the venue has.

    A bar that was told wrong first, with its open as its close, is seen as it was told.
    """
    revised = {one.at for one in seen.notices if one.feed == feed._name and one.what == "revised"}
    found = seen_bars(seen, place)
    assert [end for end, _ in found] == [one.close_at for one in truth]
    wrong = [
        end
        for (end, close), one in zip(found, truth, strict=True)
        if close != float(one.close) and end not in revised and close != float(one.open)
    ]
    assert wrong == []


def made(number: int, instrument: str, rng: random.Random) -> Bar:
    price = Decimal(100 + rng.randrange(-20, 20))
    close = price + rng.randrange(-3, 4)
    end = START + number * MINUTE
    return Bar(
        instrument=instrument, open_at=end - MINUTE, close_at=end, open=price, close=close,
        high=max(price, close) + 1, low=min(price, close) - 1, volume=Decimal(4), final=True,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(200))
def test_a_simulated_venue_with_faults(seed: int) -> None:
    rng = random.Random(seed)
    world = World(now=20, idle=rng.choice([3.0, 10.0, 60.0]))
    profile = PROFILES[rng.choice(["binance", "ibkr"])]
    venue = profile.venue(clock=world.loop.now, source=random.Random(seed + 1), mines=False)
    store = profile.connect(venue)
    world.loop.run_until_complete(store.connect())
    instruments = list(venue.instruments)[: rng.choice([1, 2])]
    for instrument in instruments:
        for number in range(1, 21):
            venue.bar("1m", made(number, instrument, rng))
        feed = world.add(instrument.removeprefix(f"{store.account}:"), store=store)
        world.cerebro.resampledata(feed, **longer("5m"))
        for number in range(21, MINUTES + 1):
            world.at(number, venue.bar, "1m", made(number, instrument, rng))
    chosen = rng.sample(STREAM, rng.randint(1, 4)) + rng.sample(READS, rng.randint(0, 2))
    venue.faults = Faults(**{name: rng.choice([0.02, 0.1, 0.3]) for name in chosen})
    for _ in range(rng.randint(0, 2)):
        world.at(rng.uniform(21, MINUTES - 20), venue.market.streams.clear)  # half-open
    world.at(MINUTES - 8.5, setattr, venue, "faults", Faults())
    seen = world.run(MINUTES + 4)
    for place, feed in enumerate(world.feeds):
        truth = venue.market.bars[(feed.p.instrument, "1m")]
        check(feed, seen, 2 * place, [truth[end] for end in sorted(truth)])
        assert len(seen.datas[2 * place + 1]) == MINUTES // 5
        fives = list(seen.datas[2 * place + 1].volume.array)
        assert fives == [20.0] * (MINUTES // 5)


@pytest.mark.parametrize("seed", range(200))
def test_a_stream_that_breaks_tells_it_and_loses_what_it_likes(seed: int) -> None:
    rng = random.Random(seed)
    omits = rng.random() < 0.4
    world = World(now=20, idle=rng.choice([3.0, 10.0, 60.0]))
    store = world.store
    feed = world.add(omits_empty=omits)
    truth = [bar(n) for n in range(1, MINUTES + 1) if not omits or rng.random() < 0.7 or n > 80]
    store.keep([one for one in truth if one.close_at <= START + 20 * MINUTE])
    for one in truth:
        number = (one.close_at - START) / MINUTE
        if number <= 20:
            continue
        world.at(number, store.keep, [one])
        calm = number > 80
        times = 1 if calm else rng.choice([0, 1, 1, 1, 2, 3])
        for _ in range(times):
            delay = 0.02 if calm else rng.choice([0.01, 0.5, 7.0, 100.0])
            world.at(number + delay / 60, store.tell, one, "X")
    trouble = [Unreachable("gone"), RateLimited("slow", timedelta(seconds=3)), RateLimited("slow")]
    for _ in range(rng.randint(0, 4)):
        down = rng.uniform(20.1, 75)
        if rng.random() < 0.5:
            world.at(down, store.tell, rng.choice(trouble), "X")
        else:
            world.at(down, store.link, False)
            world.at(down + rng.uniform(0, 4), store.link, True)
        world.at(down, store.troubles.extend, rng.choices(trouble, k=rng.randint(0, 3)))
    seen = world.run(MINUTES + 4)
    check(feed, seen, 0, truth)
    statuses = [word for word in seen.words if isinstance(word, str)]
    assert statuses[:2] == ["CONNECTED", "DELAYED"]
    assert statuses[-1] == "LIVE"
    assert all(one != other for one, other in itertools.pairwise(statuses))
    assert seen.lives[-1] == (True,)
