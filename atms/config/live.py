"""What paper and live need of a config, beyond what makes it a config."""

from __future__ import annotations

import math
from collections.abc import Iterator

from atms.config.risk import base_feeds
from atms.config.sections import Config, FeedSection

DEFAULT_HISTORY = 500  # bars: ten times the periods that are common for recursive indicators

Path = tuple[str | int, ...]


def live_misfits(config: Config) -> Iterator[tuple[Path, str]]:
    """Yield (path, problem) for what a backtest can do without and paper and live cannot."""
    for index, feed in enumerate(config.data.feeds):
        if feed.of:
            continue
        if not feed.store:
            what = "reads a source, which is for a backtest" if feed.source else "has no store"
            yield ("data", "feeds", index, "store"), f"{feed.name} {what}: name one of stores"
        elif feed.timeframe is None:
            yield ("data", "feeds", index, "timeframe"), _timeframe(feed)


def history_bars(config: Config) -> dict[str, int]:
    """Return feed's name -> bars of its own timeframe that paper and live begin with.

    ``data.warmup`` bars if it is a number, else :data:`DEFAULT_HISTORY`: what ``auto`` comes to is
    known only when the strategy has started. A feed of which longer bars are made has as many as
    those need. Feeds that are made of others are left out.
    """
    warmup = config.data.warmup
    wanted = DEFAULT_HISTORY if warmup == "auto" else warmup
    found: dict[str, int] = {}
    bases = base_feeds(config)
    for feed in config.data.feeds:
        made_of = bases[feed.name]
        longer, own = feed.resample or feed.replay, made_of.timeframe
        times = math.ceil(longer.seconds / own.seconds) if longer and own else 1
        found[made_of.name] = max(found.get(made_of.name, wanted), wanted * times)
    return found


def _timeframe(feed: FeedSection) -> str:
    of = f" of which {feed.resample or feed.replay} is made" * bool(feed.resample or feed.replay)
    return f"is needed for live bars: the length of those{of} that the store sends, as 1m"
