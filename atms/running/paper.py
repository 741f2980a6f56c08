"""The config's ``broker`` section -> the paper venue, which fills as the backtest does."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from atms.config import Config, FeedSection
from atms.errors import ConfigError
from atms.running.broker import commission_of, margin_of, rules_of, slippage_of
from atms.simulation import Impact
from atms.stores.base import Store
from atms.stores.sim import SimAccount, SimModels, SimStore

_NOT_ON_PAPER = ("funding", "borrow", "interest", "intrabar")


def paper_store(config: Config, name: str, source: Store, state: Path, account: str) -> SimStore:
    """Return a paper account on a store's live bars.

    Args:
        source: where bars come from.
        state: the folder of all accounts' files; the paper venue keeps its own truth there.
        account: its name, without a colon.

    Raises:
        ConfigError: a cost that the paper venue does not know.
    """
    section = config.broker
    for key in _NOT_ON_PAPER:
        if getattr(section, key):
            raise ConfigError(
                f"broker.{key}: the paper venue has none; remove it, or --set broker.{key}=null"
            )
    feeds = [feed for feed in config.data.feeds if feed.store == name]
    return SimStore(
        source,
        cash={source.base: Decimal(str(section.cash))},
        base=source.base,
        models={feed.symbol or feed.name: _models(config, feed) for feed in feeds},
        sim_account=SimAccount(shortcash=section.borrowing == 1, margin=margin_of(section)),
        state=state / "paper" / account,
        account=account,
    )


def _models(config: Config, feed: FeedSection) -> SimModels:
    section = config.broker
    return SimModels(
        commission=commission_of(section, feed.instrument, config),
        slippage=slippage_of(section, feed.instrument, feed),
        impact=None if section.impact is None else Impact(**section.impact.model_dump()),
        participation=section.participation,
        latency=section.latency,
        rules=rules_of(feed.instrument) if section.rules == "reject" else None,
    )
