"""What is tried: a config as it would trade, the simulated venues that it meets, and its bars."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atms.chaos.hanging import PATIENCE
from atms.chaos.history import History, read_history
from atms.chaos.venues import checked, listing, profile_of
from atms.config import Config, FeedSection, history_bars
from atms.config.risk import base_feeds
from atms.errors import ConfigError, DataError
from atms.risk import Limits
from atms.running.components import check
from atms.sandbox.simulation.venue.profiles import Profile

_FEWEST = 20  # bars


@dataclass(frozen=True)
class Venue:
    """One simulated venue.

    Attributes:
        name: of the config's store, or the label of the feeds' venue.
        profile: what it is like, with the symbols that it lists.
        feeds: those whose bars it tells.
        alike: whether the profile is known to be like the configured venue.
    """

    name: str
    profile: Profile
    feeds: tuple[FeedSection, ...]
    alike: bool


@dataclass(frozen=True)
class Setting:
    """Everything that the trials of one command share.

    Attributes:
        config: with a store for each feed, as if it were to trade.
        base: the currency that everything is paid in.
        bars: of the shortest feed, in a trial.
        histories: by the feed's name, of those that are not made of others.
        lead: that shortest feed's name.
        hang: seconds of this machine that one call of the strategy may take.
    """

    config: Config
    venues: tuple[Venue, ...]
    base: str
    bars: int
    histories: dict[str, History]
    lead: str
    hang: float = PATIENCE

    def warm(self, feed: str) -> int:
        """Return how many bars a process asks for before the first live one."""
        return history_bars(self.config)[feed]

    def past(self, feed: str) -> int:
        """Return how many of them there are at most."""
        return min(self.warm(feed), len(self.histories[feed]))

    @property
    def limits(self) -> Limits:
        """What the gate may let through, by the venues' names of what is traded."""
        accounts = {venue.name: venue.profile.account for venue in self.venues}
        return self.config.risk.limits(
            {
                name: f"{accounts[feed.store or '']}:{feed.symbol or feed.name}"
                for name, feed in base_feeds(self.config).items()
            }
        )

    @property
    def length(self) -> int:
        """Bars in a trial: as many as were asked for, at most half of what there is."""
        return min(self.bars, len(self.histories[self.lead]) // 2)


def prepare(
    config: Config,
    *,
    bars: int,
    profile: str | None,
    data: str | None,
    hang: float = PATIENCE,
) -> Setting:
    """Return what is to be tried.

    Args:
        bars: of the shortest feed, in a trial.
        profile: the kind of every venue; None: by the config's venues.
        data: bars for feeds that name no source.
        hang: seconds of this machine that one call of the strategy may take.

    Raises:
        ConfigError, DataError, LedgerError: the config cannot be tried.
        UnknownName, MissingExtra, StrategyError: what it names cannot be loaded.
    """
    if profile is not None:
        checked(profile)
    check(config)
    config = _trading(config)
    feeds = [feed for feed in config.data.feeds if not feed.of]
    histories = {
        feed.name: read_history(feed, config.ledger.url, config.run.timerange, data)
        for feed in feeds
    }
    lead = min(histories, key=lambda name: histories[name].timeframe.seconds)
    if len(histories[lead]) < 2 * _FEWEST:
        raise DataError(
            f"{lead}: has {len(histories[lead])} bars, and a trial needs {2 * _FEWEST}: widen "
            "run.timerange"
        )
    config = _with_timeframes(config, histories)
    base = _base_of(config)
    venues = _venues(config, histories, base, profile)
    return Setting(config, venues, base, bars, histories, lead, hang)


def _trading(config: Config) -> Config:
    """Return a config whose feeds all have a store: that of the config, or its venue's label."""
    feeds = []
    for feed in config.data.feeds:
        if feed.feed not in (None, "history") and not feed.store:
            raise ConfigError(
                f"data.feeds.{feed.name}: a feed class of your own cannot be tried; give the feed "
                "a source, or a store"
            )
        if not feed.of and not feed.store:
            feed = feed.model_copy(update={"store": feed.venue})
        feeds.append(feed)
    stores = {
        name: section.model_copy(update={"key": None, "secret": None, "passphrase": None})
        for name, section in config.stores.items()
    }  # nobody is asked for an account
    data = config.data.model_copy(update={"feeds": tuple(feeds)})
    return config.model_copy(update={"data": data, "stores": stores})


def _with_timeframes(config: Config, histories: dict[str, History]) -> Config:
    feeds = tuple(
        feed if feed.of else feed.model_copy(update={"timeframe": histories[feed.name].timeframe})
        for feed in config.data.feeds
    )
    return config.model_copy(update={"data": config.data.model_copy(update={"feeds": feeds})})


def _base_of(config: Config) -> str:
    first = base_feeds(config)[config.data.feeds[0].name]
    section = config.stores.get(first.store or "")
    return (section.base if section is not None else None) or first.currency


def _venues(
    config: Config, histories: dict[str, History], base: str, profile: str | None
) -> tuple[Venue, ...]:
    together: dict[str, list[FeedSection]] = {}
    for feed in config.data.feeds:
        if not feed.of:
            together.setdefault(feed.store or "", []).append(feed)
    found = []
    for number, (name, feeds) in enumerate(together.items(), 1):
        section = config.stores.get(name)
        venue = section.venue if section is not None else name
        like, alike = profile_of(venue, feeds[0].symbol or feeds[0].name)
        price = Decimal(str(min(float(histories[feed.name].values[3, 0]) for feed in feeds)))
        made = listing(
            profile or like, f"sim-{number}", feeds, base,
            Decimal(str(config.broker.cash)) / len(together), price,
        )  # fmt: skip
        found.append(Venue(name, made, tuple(feeds), alike or profile is not None))
    return tuple(found)
