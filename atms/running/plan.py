"""What is plugged together for one run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import backtrader as bt

from atms.config import Config, FeedSection
from atms.engine import StockCerebro
from atms.feeds.audit import Audit
from atms.feeds.bars import Bars


@dataclass(frozen=True)
class FeedPlan:
    """A feed as it was put into Cerebro.

    Attributes:
        section: its config.
        data: Backtrader's data.
        bars: the bars that it is; None for a feed class of the user's own, or a longer one.
        base: the bars that it is made of, its own or those that a longer one is built from.
        start: Backtrader's stamp of the first bar in the time range; -inf without a warm-up.
    """

    section: FeedSection
    data: Any
    bars: Bars | None
    base: Bars | None
    start: float


@dataclass
class Plan:
    """A run, as it is plugged together.

    Attributes:
        config: what to run.
        cerebro: where it runs.
        strategy_class: the user's class.
        classes: every class of the user's choice: the strategy, and what components add.
        feeds: one entry a data of the strategy, in its order.
        before: feed -> bars there are before the time range.
        warmup: what the warm-up is, in words; known once the strategy has started.
        audits: what was found in the bars that were read, one entry a feed.
        warnings: lines that the user should read.
    """

    config: Config
    cerebro: StockCerebro
    strategy_class: type[bt.Strategy]
    classes: list[type[Any]] = field(default_factory=list)
    feeds: list[FeedPlan] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)
    warmup: str = ""
    audits: list[Audit] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def bars(self) -> int:
        """About how many bars there are to go through."""
        counts = (
            len(feed.base) - self.before.get(feed.section.of or feed.section.name, 0)
            for feed in self.feeds
            if feed.base is not None
        )
        return max(counts, default=0)
