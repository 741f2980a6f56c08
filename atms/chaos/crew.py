"""What runs in one process of a user's trial: Cerebro as `live` builds it, on simulated venues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import backtrader as bt

from atms.chaos.guest import load_guest
from atms.chaos.setting import Setting
from atms.chaos.stage import Stage
from atms.chaos.watching import Observed, Watch, WatchedBroker
from atms.config import Config
from atms.execution.broker.gating import LiveWatch
from atms.execution.disk.strategy_state import StateKeeper
from atms.risk import Day
from atms.running.components import add_strategy
from atms.running.live_parts import add_live_feeds, live_cerebro, watch_of
from atms.running.noting import restoring
from atms.running.plan import Plan
from atms.running.trading import Trading
from atms.sandbox.simulation.crew import PATIENCE, Crew
from atms.sandbox.simulation.run_truths import Ran


@dataclass
class Kept:
    """What outlives a process beside the journals.

    Attributes:
        folder: of the strategy's state.
        gate: the risk gate of the last process.
    """

    folder: Path
    gate: LiveWatch | None = None

    @property
    def day(self) -> Day | None:
        """The day's loss so far."""
        return None if self.gate is None else self.gate.gate.day


class Onlooker(bt.Strategy):
    """Stands for a strategy that has raised too often: the books are still compared."""


def user_crew(
    setting: Setting, stages: Sequence[Stage], watch: Watch, kept: Kept, *, looks_on: bool
) -> Crew:
    """Return what builds a Cerebro with the config's strategy, ready to run.

    Args:
        looks_on: whether the strategy is replaced by one that does nothing.
    """
    config = setting.config

    def build(trading: Trading, ran: Ran) -> bt.Cerebro:
        kind = Onlooker if looks_on else load_guest(config)
        cerebro = live_cerebro(config)
        stores = {
            venue.name: stage.connect() for venue, stage in zip(setting.venues, stages, strict=True)
        }
        add_live_feeds(cerebro, trading, config, stores)
        ran.starts = {feed._name: feed.p.start for feed in trading.feeds}
        kept.gate = watch_of(config, trading, stores, kept.day)
        broker = trading.broker(
            setting.base, patience=PATIENCE, watch=kept.gate, kind=WatchedBroker
        )
        assert isinstance(broker, WatchedBroker)
        broker.observed = Observed(ran.diary, watch)
        cerebro.setbroker(broker)
        add_strategy(Plan(_playing(config, looks_on), cerebro, kind))
        keeper = StateKeeper(kept.folder)
        broker.observed.follow(cerebro, keeper)
        cerebro.before_bars.append(restoring(keeper))
        return cerebro

    return build


def _playing(config: Config, looks_on: bool) -> Config:
    """Return the config without what only the user's strategy takes, if another one looks on."""
    if not looks_on:
        return config
    bare = config.strategy.model_copy(update={"params": {}})
    return config.model_copy(update={"strategy": bare, "sizer": None})
