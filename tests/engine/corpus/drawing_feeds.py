"""The feeds of a case: mostly one to three aligned ones, some of what is odd."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.engine.corpus.dice import Dice
from tests.engine.corpus.feeds import FILTERS
from tests.engine.corpus.shapes import Derived, Feed, Pairs

KINDS = ("pandas", "pandas", "generic", "python", "python", "history", "btcsv", "direct")
SANE = ("random", "random", "unrounded", "falling", "rising", "tiny", "jumps")
ODD = ("ties", "constant", "crossing", "wide", "bad", "empty")
VARIANTS = {
    "pandas": ("", "capitals", "extra", "column", "whole", "float32", "no volume", "zoned"),
    "generic": ("semicolon", "unix", "two columns", "no header"),
    "history": ("", "extra"),
}
MINUTE_FRAMES = (("Minutes", 5), ("Minutes", 7), ("Minutes", 15), ("Minutes", 60), ("Days", 1))
SECOND_FRAMES = (("Seconds", 15), ("Minutes", 1), ("Minutes", 5))
DAY_FRAMES = (("Days", 2), ("Weeks", 1), ("Months", 1))


def draw_feeds(dice: Dice) -> tuple[Feed, ...]:
    """Return one to four feeds."""
    count = dice.pick((1, 1, 1, 1, 1, 2, 2, 2, 3, 4))
    minutes = dice.pick((1, 1, 5, 15, 60, 1440, 0))
    bars = dice.whole(60, 120) if count < 3 else dice.whole(50, 80)
    derives = dice.chance(0.16)
    if dice.chance(0.6 if derives else 0.08):
        bars = dice.whole(150, 320)
    stamps = "contiguous"
    if dice.chance(0.45):
        stamps = dice.pick(("gaps", "gaps", "holes", "sessions", "sessions", "odd"))
    first = Feed(kind=dice.pick(KINDS), bars=bars, minutes=minutes, stamps=_fit(stamps, minutes))
    out = [replace(first, seed=dice.whole(0, 10**6)) for _ in range(count)]
    out = [_prices(dice, feed) for feed in out]
    if count > 1 and dice.chance(0.4):
        out = [out[0], *(_unaligned(dice, feed) for feed in out[1:])]
    if dice.chance(0.5):
        place = dice.whole(0, count - 1)
        out[place] = _peculiar(dice, out[place])
    if derives:
        out[-1] = _with_derived(dice, out[-1])
    return tuple(_possible(feed) for feed in out)


def draw_resampled(dice: Dice) -> tuple[Feed, ...]:
    """Return a feed of minutes and one to three resampled from it."""
    frames = dice.some(MINUTE_FRAMES[:4], 1, 3)
    return (
        Feed(
            kind=dice.pick(("pandas", "python", "generic")),
            bars=dice.whole(120, 260),
            seed=dice.whole(0, 10**6),
            walk=dice.pick(SANE),
            stamps=dice.pick(("contiguous", "contiguous", "gaps", "holes", "sessions")),
            derived=tuple(Derived("resample", *frame) for frame in frames),
        ),
    )


def _possible(feed: Feed) -> Feed:
    """Our own feed checks its bars; what it would refuse is given to another."""
    if feed.stamps == "odd" and feed.variant == "unix":
        return replace(feed, variant="")
    odd = feed.stamps in ("odd", "doubled", "unordered") or feed.volume == "negative"
    return replace(feed, kind="pandas") if feed.kind == "history" and odd else feed


def _fit(stamps: str, minutes: int) -> str:
    return "contiguous" if minutes in (0, 1440) and stamps in ("sessions", "odd") else stamps


def _prices(dice: Dice, feed: Feed) -> Feed:
    if dice.chance(0.8):
        return replace(feed, walk=dice.pick(SANE))
    walk = dice.pick(ODD)
    if feed.kind == "history" and walk in ("wide", "bad", "empty", "crossing"):
        walk = "ties"
    return replace(feed, walk=walk)


def _unaligned(dice: Dice, feed: Feed) -> Feed:
    """Let a feed begin or end elsewhere, have other gaps or longer bars."""
    kind = dice.whole(0, 4)
    if kind == 0:
        return replace(feed, start=dice.whole(1, 30), bars=max(20, feed.bars - 30))
    if kind == 1:
        return replace(feed, bars=max(20, feed.bars // 2))
    if kind == 2:
        return replace(feed, stamps=_fit("gaps", feed.minutes))
    if kind == 3 and 0 < feed.minutes < 60:
        return replace(feed, minutes=feed.minutes * 3, bars=max(20, feed.bars // 3))
    return replace(feed, kind=dice.pick(("pandas", "python")), stamps=_fit("odd", feed.minutes))


def _peculiar(dice: Dice, feed: Feed) -> Feed:
    """Give a feed one trait that few have."""
    kind = dice.whole(0, 14)
    if kind <= 4:
        return replace(feed, variant=dice.pick(VARIANTS.get(feed.kind, ("",))))
    if kind <= 6 and feed.kind != "history":
        return replace(feed, volume=dice.pick(("zero", "negative", "nan")))
    if kind == 7:
        return replace(feed, session=True)
    if kind == 8:
        return replace(feed, tz=dice.pick(("America/New_York", "Asia/Kolkata")))
    if kind == 9:
        return replace(feed, window=True)
    if kind in (10, 13):
        return replace(feed, filters=_filters(dice, feed))
    if kind == 11:
        stamps = dice.pick(("doubled", "unordered"))
        return replace(feed, kind=dice.pick(("pandas", "python", "generic")), stamps=stamps)
    if kind == 14:
        sane = replace(feed, stamps="contiguous", bars=dice.pick((0, 1, 2, 7)))
        return replace(sane, kind=dice.pick(("pandas", "python", "generic")))
    return replace(feed, kind="live", variant="")


def _filters(dice: Dice, feed: Feed) -> tuple[str, ...]:
    names = [name for name in FILTERS if feed.minutes < 1440 or "session" not in name]
    if feed.minutes == 1440 and dice.chance(0.4):
        return ("calendar days",)
    if feed.minutes < 1440:
        names.remove("calendar days")
    return (dice.pick(names),)


def _with_derived(dice: Dice, feed: Feed) -> Feed:
    frames = {0: SECOND_FRAMES, 1440: DAY_FRAMES}.get(feed.minutes, MINUTE_FRAMES)
    made = []
    for _ in range(dice.pick((1, 1, 2))):
        timeframe, compression = dice.pick(frames)
        if timeframe == "Minutes" and feed.minutes:
            compression = max(compression, feed.minutes * dice.pick((2, 3)))
        how = "resample" if dice.chance(0.7) else "replay"
        made.append(Derived(how, timeframe, compression, _options(dice)))
    hidden = len(made) == 1 and dice.chance(0.25)
    return replace(feed, derived=tuple(made), hidden=hidden)


def _options(dice: Dice) -> Pairs:
    out: list[tuple[str, Any]] = []
    if dice.chance(0.3):
        out.append((dice.pick(("bar2edge", "adjbartime", "rightedge")), False))
    return tuple(out)
