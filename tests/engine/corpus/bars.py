"""Bars from a seed: stamps, prices and volumes, sane and insane."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from tests.engine.corpus.dice import Dice
from tests.engine.corpus.shapes import Feed

FIRST = datetime(2024, 1, 29, 9, 30)  # a Monday at the end of a month
NAN = math.nan


class Row(NamedTuple):
    """One bar."""

    stamp: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float
    interest: float


def rows(feed: Feed) -> list[Row]:
    """Return the bars of *feed*."""
    dice = Dice(feed.seed)
    stamps = STAMPS[feed.stamps](feed, dice)
    prices = WALKS[feed.walk](dice)
    return [
        Row(stamp, *next(prices), _volume(feed.volume, dice), float(dice.whole(0, 3)))
        for stamp in stamps[: feed.bars]
    ]


def _volume(kind: str, dice: Dice) -> float:
    if kind == "zero":
        return 0.0 if dice.chance(0.5) else float(dice.whole(1, 30))
    if kind == "negative":
        return float(dice.whole(-20, 200))
    if kind == "nan":
        return NAN if dice.chance(0.3) else float(dice.whole(1, 200))
    return float(dice.whole(1, 200))


# ---- stamps -------------------------------------------------------------------------------------


def _step(feed: Feed) -> timedelta:
    return timedelta(minutes=feed.minutes) if feed.minutes else timedelta(seconds=5)


def _contiguous(feed: Feed, dice: Dice) -> list[datetime]:
    step = _step(feed)
    first = FIRST if feed.minutes < 1440 else FIRST.replace(hour=0, minute=0)
    return [first + step * (feed.start + i) for i in range(feed.bars)]


def _gaps(feed: Feed, dice: Dice) -> list[datetime]:
    whole = _contiguous(feed, dice)
    return [stamp for i, stamp in enumerate(whole) if i < 2 or not dice.chance(0.12)]


def _holes(feed: Feed, dice: Dice) -> list[datetime]:
    step, now, out = _step(feed), FIRST, []
    for _ in range(feed.bars):
        out.append(now)
        now += step * (dice.whole(20, 300) if dice.chance(0.04) else 1)
    return out


def _sessions(feed: Feed, dice: Dice) -> list[datetime]:
    step, now, out = _step(feed), FIRST, []
    while len(out) < feed.bars:
        out.append(now)
        now += step
        if now.hour >= 16 or now.hour < 9:
            days = 3 if now.weekday() == 4 else 1
            now = (now + timedelta(days=days)).replace(hour=9, minute=30)
    return out


def _odd(feed: Feed, dice: Dice) -> list[datetime]:
    step, now, out = _step(feed), FIRST, []
    for _ in range(feed.bars):
        out.append(now + timedelta(microseconds=dice.whole(0, 59_999_999)))
        now += step
    return out


def _doubled(feed: Feed, dice: Dice) -> list[datetime]:
    step, now, out = _step(feed), FIRST, []
    for _ in range(feed.bars):
        out.append(now)
        now += step * (0 if dice.chance(0.1) else 1)
    return out


def _unordered(feed: Feed, dice: Dice) -> list[datetime]:
    out = _contiguous(feed, dice)
    for _ in range(2):
        place = dice.whole(1, feed.bars - 1)
        out[place - 1], out[place] = out[place], out[place - 1]
    return out


STAMPS: dict[str, Callable[[Feed, Dice], list[datetime]]] = {
    "contiguous": _contiguous,
    "gaps": _gaps,
    "holes": _holes,
    "sessions": _sessions,
    "odd": _odd,
    "doubled": _doubled,
    "unordered": _unordered,
}

# ---- prices -------------------------------------------------------------------------------------

Prices = Iterator[tuple[float, float, float, float]]


def _candles(dice: Dice, closes: Iterator[float], digits: int, spread: float) -> Prices:
    last = next(closes)
    for close in closes:
        start = last if dice.chance(0.5) else round(last + dice.uniform(-spread, spread), digits)
        high = round(max(start, close) + dice.uniform(0, spread), digits)
        low = round(min(start, close) - dice.uniform(0, spread), digits)
        yield start, high, low, close
        last = close


def _walking(dice: Dice, first: float, size: float, digits: int, drift: float) -> Iterator[float]:
    value = first
    while True:
        value = round(value * (1 + dice.uniform(-size, size) + drift), digits)
        yield value


def _random(dice: Dice) -> Prices:
    return _candles(dice, _walking(dice, 100.0, 0.015, 2, 0.0), 2, 0.6)


def _unrounded(dice: Dice) -> Prices:
    return _candles(dice, _walking(dice, 63.7, 0.02, 17, 0.0), 17, 0.4)


def _falling(dice: Dice) -> Prices:
    return _candles(dice, _walking(dice, 100.0, 0.01, 2, -0.006), 2, 0.6)


def _rising(dice: Dice) -> Prices:
    return _candles(dice, _walking(dice, 20.0, 0.01, 2, 0.008), 2, 0.1)


def _tiny(dice: Dice) -> Prices:
    return _candles(dice, _walking(dice, 2.5e-6, 0.03, 10, 0.0), 10, 4e-8)


def _ties(dice: Dice) -> Prices:
    def closes() -> Iterator[float]:
        while True:
            yield float(dice.whole(99, 102))

    for start, high, low, close in _candles(dice, closes(), 0, 1.4):
        yield float(round(start)), float(round(high)), float(round(low)), close


def _constant(dice: Dice) -> Prices:
    while True:
        yield 50.0, 50.0, 50.0, 50.0


def _jumps(dice: Dice) -> Prices:
    def closes() -> Iterator[float]:
        for value in _walking(dice, 100.0, 0.01, 2, 0.0):
            yield round(value * (dice.pick((0.8, 1.25)) if dice.chance(0.06) else 1), 2)

    return _candles(dice, closes(), 2, 0.5)


def _crossing(dice: Dice) -> Prices:
    def closes() -> Iterator[float]:
        value = 1.0
        while True:
            value = round(value + dice.uniform(-0.4, 0.4), 2)
            yield value

    return _candles(dice, closes(), 2, 0.2)


def _wide(dice: Dice) -> Prices:
    while True:
        prices = [dice.uniform(1, 9) * 10.0 ** dice.whole(-9, 12) for _ in range(2)]
        yield prices[0], max(prices), min(prices), prices[1]


def _bad(dice: Dice) -> Prices:
    for start, high, low, close in _random(dice):
        if dice.chance(0.08):
            high, low = low, high
        yield (0.0 if dice.chance(0.02) else start), high, low, close


def _empty(dice: Dice) -> Prices:
    for row in _random(dice):
        yield tuple(NAN if dice.chance(0.03) else value for value in row)  # type: ignore[misc]


WALKS: dict[str, Callable[[Dice], Prices]] = {
    "random": _random,
    "unrounded": _unrounded,
    "falling": _falling,
    "rising": _rising,
    "tiny": _tiny,
    "ties": _ties,
    "constant": _constant,
    "jumps": _jumps,
    "crossing": _crossing,
    "wide": _wide,
    "bad": _bad,
    "empty": _empty,
}
