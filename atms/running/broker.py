"""The config's ``broker`` section -> the simulated broker, with what each feed needs."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from atms.config import (
    BrokerSection,
    CommissionSection,
    Config,
    FeedSection,
    InstrumentSection,
    instruments,
)
from atms.errors import ConfigError, DataError, did_you_mean
from atms.feeds.bars import Bars
from atms.feeds.raw import finished
from atms.running.plan import FeedPlan, Plan
from atms.running.sources import read_source
from atms.simulation import (
    Commission,
    Funding,
    Impact,
    Interest,
    MakerTaker,
    Margin,
    Percent,
    PerContract,
    PerShare,
    Rules,
    SimulatedBroker,
    Slippage,
    Tier,
    Tiered,
)
from atms.simulation.fees import Schedule

_PER_BAR = ("bid", "ask")
_NAMED = ("tick", "step", "min_size", "min_notional")


def make_broker(config: Config) -> SimulatedBroker:
    """Return the broker, as far as it needs no feed.

    Raises:
        ConfigError: what contradicts itself.
    """
    section, traded = config.broker, instruments(config)
    broker = SimulatedBroker(
        impact=None if section.impact is None else Impact(**section.impact.model_dump()),
        participation=section.participation,
        latency=section.latency,
        margin=margin_of(section),
        funding=None if section.funding is None else Funding(**section.funding.model_dump()),
        borrow=section.borrow,
        interest=None if section.interest is None else Interest(**section.interest.model_dump()),
        shortcash=section.borrowing == 1,
        limits=config.risk.limits(traded),
        instruments=traded,
    )
    broker.setcash(section.cash)
    broker.addcommissioninfo(commission_of(section, InstrumentSection(), config))
    return broker


def equip_broker(plan: Plan) -> None:
    """Give the broker what it needs to know of the feeds, and refuse what they cannot give.

    Raises:
        ConfigError: a cost for which a feed has no column, or that its instrument excludes.
        DataError: a bid above the ask; finer bars that cannot be read.
    """
    section, broker = plan.config.broker, plan.cerebro.broker
    for key in section.overridden:
        plan.warnings.append(
            f"broker.{key}: what is given counts, not preset {section.preset}'s; "
            f"broker.{key}: null takes it away"
        )
    for feed in plan.feeds:
        _check_columns(section, feed)
        _check_leverage(section, feed.section)
        if section.margin is not None and section.margin.per_contract is not None:
            info = commission_of(section, _instrument(plan, feed.section), plan.config)
            broker.addcommissioninfo(info, name=feed.section.name)
    if section.slippage is not None:
        broker.p.slippage = {
            feed.section.name: slippage_of(section, _instrument(plan, feed.section), feed.section)
            for feed in plan.feeds
        }
    broker.p.rules = _rules(plan)
    broker.p.intrabar = _finer(plan)


def commission_of(section: BrokerSection, instrument: InstrumentSection, config: Config) -> Any:
    """Return what an instrument's fills cost, for Backtrader's brokers.

    Raises:
        ConfigError: what contradicts itself.
    """
    margin = None if section.margin is None else section.margin.per_contract
    given = section.commission
    if margin is None and not isinstance(given, CommissionSection):
        return bt.CommissionInfo(commission=given, leverage=section.borrowing)
    schedule, conversion = _schedule(given), 1.0
    if isinstance(given, CommissionSection) and given.conversion is not None:
        conversion = given.conversion  # type: ignore[assignment]
        names = [feed.name for feed in config.data.feeds]
        if isinstance(conversion, str) and conversion not in names:
            near = did_you_mean(conversion, names) or f"; there are: {', '.join(names)}"
            raise ConfigError(
                f"broker.commission.conversion: there is no feed {conversion!r}{near}"
            )
    return Commission(
        schedule=schedule,
        conversion=conversion,
        leverage=section.borrowing,
        margin=margin,
        mult=float(instrument.multiplier) if margin else 1.0,
    )


def _schedule(given: float | CommissionSection) -> Schedule:
    try:
        if not isinstance(given, CommissionSection):
            return Percent(given)
        if given.per_share is not None:
            return PerShare(given.per_share, given.minimum, given.maximum)
        if given.per_contract is not None:
            return PerContract(given.per_contract)
        if given.tiers is not None:
            tiers = tuple(Tier(tier.volume, tier.maker, tier.taker) for tier in given.tiers)
            return Tiered(tiers, days=given.days)
        return MakerTaker(given.maker or 0.0, given.taker or 0.0)
    except ValueError as error:
        raise ConfigError(f"broker.{error}") from error


def margin_of(section: BrokerSection) -> Margin | None:
    """Return what positions need; None where nothing is borrowed."""
    given = section.margin
    if given is None:
        return None if section.borrowing == 1 else Margin()
    return Margin(
        maintenance=given.maintenance,
        maintenance_per_contract=given.maintenance_per_contract,
        liquidation_fee=given.liquidation_fee,
    )


def slippage_of(
    section: BrokerSection, instrument: InstrumentSection, feed: FeedSection
) -> Slippage | None:
    """Return what takers lose to the market; ConfigError: ticks without their size."""
    if section.slippage is None:
        return None
    if section.slippage.ticks and instrument.tick is None:
        raise ConfigError(
            f"broker.slippage.ticks: give the size of a tick: data.feeds.{feed.name}."
            "instrument.tick"
        )
    return Slippage(**section.slippage.model_dump(), tick=float(instrument.tick or 0))


def _rules(plan: Plan) -> dict[str, Rules] | None:
    given = {feed.section.name: _instrument(plan, feed.section) for feed in plan.feeds}
    enforced = plan.config.broker.rules == "reject"
    for name, instrument in given.items():
        there = [key for key in _NAMED if getattr(instrument, key) is not None]
        if there and not enforced:
            plan.warnings.append(
                f"data.feeds.{name}.instrument: {', '.join(there)}: recorded; broker.rules: reject "
                "holds orders to it"
            )
        futures = plan.config.broker.margin and plan.config.broker.margin.per_contract
        if instrument.multiplier != 1 and not futures:
            plan.warnings.append(
                f"data.feeds.{name}.instrument.multiplier: recorded; it counts for a future, with "
                "broker.margin.per_contract"
            )
    if not enforced:
        return None
    if not any(getattr(one, key) is not None for one in given.values() for key in _NAMED):
        raise ConfigError(
            "broker.rules: reject: no feed has any: give data.feeds.NAME.instrument tick, step, "
            "min_size or min_notional"
        )
    return {name: rules_of(instrument) for name, instrument in given.items()}


def rules_of(instrument: InstrumentSection) -> Rules:
    """Return what a venue allows of an instrument."""
    return Rules(**{key: getattr(instrument, key) for key in _NAMED})


def _instrument(plan: Plan, feed: FeedSection) -> InstrumentSection:
    """Return a feed's instrument; that of the feed that it is made of, if it names none."""
    if feed.instrument == InstrumentSection() and feed.of:
        other = next(other for other in plan.config.data.feeds if other.name == feed.of)
        return _instrument(plan, other)
    return feed.instrument


def _check_leverage(section: BrokerSection, feed: FeedSection) -> None:
    most = feed.instrument.max_leverage
    if most is not None and section.borrowing > float(most):
        raise ConfigError(
            f"broker.leverage: {section.borrowing:g}, and data.feeds.{feed.name}.instrument."
            f"max_leverage is {most}"
        )


def _check_columns(section: BrokerSection, feed: FeedPlan) -> None:
    """Refuse a cost for which a feed has no column, or has it in its finer bars alone."""
    wanted = {}
    if section.slippage is not None and section.slippage.half_spread:
        wanted.update(dict.fromkeys(_PER_BAR, "slippage.half_spread"))
    if section.funding is not None:
        mark = Funding(**section.funding.model_dump()).mark
        wanted.update({section.funding.rate: "funding.rate", mark: "funding: the mark price"})
    lines = feed.data.getlinealiases()
    name = feed.section.name
    for column, key in wanted.items():
        if column not in lines:
            raise ConfigError(
                f"broker.{key}: {name} has no column {column!r}; name it under "
                f"data.feeds.{name}.columns"
            )
        if feed.section.resample or feed.section.replay:
            raise ConfigError(
                f"broker.{key}: {name} is made of finer bars, and {column!r} stands in those: "
                "trade the feed that has it"
            )
    if feed.bars is None:
        return
    _check_volume(section, feed.bars, name)
    if "bid" in wanted:
        _check_quotes(feed.bars, name)


def _check_volume(section: BrokerSection, bars: Bars, name: str) -> None:
    for key in ("participation", "impact"):
        volume = bars.columns.get("volume")
        if getattr(section, key) and (volume is None or not np.nansum(volume) > 0):
            raise ConfigError(f"broker.{key}: {name} has no volume: remove the key")


def _check_quotes(bars: Bars, name: str) -> None:
    bid, ask = bars.columns["bid"], bars.columns["ask"]
    wrong = np.flatnonzero(~(ask >= bid))
    if len(wrong):
        first = wrong[0]
        when = pd.Timestamp(int(bars.stamps[first]), unit="us", tz="UTC")
        what = "bid is above ask" if bid[first] > ask[first] else "bid or ask is empty"
        raise DataError(
            f"{name}: {what} on {len(wrong)} bars, first at {when:%Y-%m-%d %H:%M:%S} UTC: "
            f"{bid[first]:g}, {ask[first]:g}; broker.slippage.half_spread needs both: mend them"
        )


def _finer(plan: Plan) -> dict[str, pd.DataFrame] | None:
    given = plan.config.broker.intrabar
    if not given:
        return None
    if given is True:
        made = {
            feed.section.name: feed.base
            for feed in plan.feeds
            if feed.section.resample and feed.base is not None
        }
        if not made:
            raise ConfigError(
                "broker.intrabar: true: no feed is resampled, so that none has finer bars: name "
                "them, {FEED: SOURCE}"
            )
        return {name: _frame(bars) for name, bars in made.items()}
    feeds = {feed.section.name: feed for feed in plan.feeds}
    for name in given:
        if name not in feeds:
            near = did_you_mean(name, feeds) or f"; there are: {', '.join(feeds)}"
            raise ConfigError(f"broker.intrabar: there is no feed {name!r}{near}")
    return {name: _read_finer(plan, feeds[name], source) for name, source in given.items()}


def _read_finer(plan: Plan, feed: FeedPlan, source: str) -> pd.DataFrame:
    name, section = f"broker.intrabar.{feed.section.name}", feed.section
    raw = read_source(source, name, plan.config.ledger.url, timezone=section.timezone)
    bars = finished(raw, stamp=section.stamp, zone=plan.config.run.timezone)
    own = section.resample or (feed.bars.timeframe if feed.bars is not None else None)
    if own is not None and bars.timeframe.seconds >= own.seconds:
        raise ConfigError(
            f"{name}: {source} is of {bars.timeframe}, no finer than the feed's {own}"
        )
    if feed.bars is not None and (
        bars.seen[-1] < feed.bars.seen[0] or bars.seen[0] > feed.bars.seen[-1]
    ):
        raise DataError(f"{name}: {source} covers {bars.span}, and the feed {feed.bars.span}")
    return _frame(bars)


def _frame(bars: Bars) -> pd.DataFrame:
    index = pd.to_datetime(bars.seen, unit="us", utc=True)
    return pd.DataFrame(bars.columns, index=index)
