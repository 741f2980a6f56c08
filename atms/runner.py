"""Config -> Cerebro -> Result: the only place that plugs a run together."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import backtrader as bt
import numpy as np
import pandas as pd

from atms import registry
from atms.analyzers.orders import OrderRecorder
from atms.config import Config
from atms.engine import StockCerebro, make_cerebro
from atms.engine.collecting import rare_collections
from atms.errors import AtmsError, DataError, StrategyError
from atms.feeds.history import Zone
from atms.result import Result
from atms.runlog import RunLog
from atms.running.broker import equip_broker, make_broker
from atms.running.components import add_strategy
from atms.running.feeds import add_feeds
from atms.running.opening import check_length, prepare
from atms.running.outcome import RECORDER, close_positions, outcome
from atms.running.plan import Plan
from atms.usercode import describe, extra_for, where_raised


class Progress(Protocol):
    """Watches a run from outside its loop."""

    def watch(self, cerebro: StockCerebro, bars: int) -> AbstractContextManager[None]:
        """Return a context that lasts as long as the run; *bars* is about how many there are."""


def run(
    config: Config,
    *,
    strategy: type[bt.Strategy] | None = None,
    given: Mapping[str, Any] | None = None,
    warnings: tuple[str, ...] = (),
    progress: Progress | None = None,
    echo: bool = False,
) -> Result:
    """Run a backtest.

    Args:
        config: what to run.
        strategy: a class, in the place of the one that config names.
        given: feed name -> DataFrame or Bars, in the place of its source.
        warnings: lines of the config's own, to go with the result.
        progress: watches the run.
        echo: show what the strategy prints on standard error.

    Raises:
        ConfigError, UnknownName, MissingExtra: something named cannot be had.
        DataError: bars are missing or wrong.
        StrategyError: the strategy raised; ``.result`` holds the run up to then.
        KeyboardInterrupt: with a ``result`` attribute, likewise.
    """
    strategy = strategy or registry.load("strategies", config.strategy.name)
    plan = Plan(config, _cerebro(config), strategy, warnings=list(warnings))
    add_feeds(plan, given or {})
    equip_broker(plan)
    add_strategy(plan)
    plan.cerebro.addanalyzer(OrderRecorder, _name=RECORDER)
    plan.cerebro.before_bars.append(lambda strategies: prepare(plan, strategies[0]))
    _seed(config.run.seed)
    with RunLog(echo=echo) as log:
        return _go(plan, log, progress)


def _go(plan: Plan, log: RunLog, progress: Progress | None) -> Result:
    started, clock = pd.Timestamp.now("UTC"), time.perf_counter()
    watching = progress.watch(plan.cerebro, plan.bars) if progress else nullcontext()
    failure: BaseException | None = None
    try:
        with log.capture(), watching, rare_collections():
            plan.cerebro.run()
            if plan.config.run.close_at_end:
                close_positions(plan)
    except AtmsError:
        raise
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - the user's code
        failure = error
    result = outcome(plan, log, started, time.perf_counter() - clock, failure)
    if failure is not None:
        raise _explained(failure, plan, result)
    if result is None:
        raise _nothing_happened(plan)
    if not plan.cerebro._event_stop:  # the strategy may end a run early
        for feed, period in zip(plan.feeds, result.strategy._minperiods, strict=True):
            check_length(feed, period, len(feed.data))
    return result


def _nothing_happened(plan: Plan) -> AtmsError:
    if not plan.cerebro.runningstrats:
        name = plan.strategy_class.__name__
        return StrategyError(f"strategy {name} skipped itself (StrategySkipError): nothing was run")
    return DataError("the run ended before its first bar: no feed delivered one")


def _cerebro(config: Config) -> StockCerebro:
    cerebro = make_cerebro(config.run.engine, cheat_on_open=config.run.cheat_on_open)
    cerebro.setbroker(make_broker(config))
    if config.run.timezone != "UTC":
        cerebro.addtz(Zone(config.run.timezone))
    return cerebro


def _explained(failure: BaseException, plan: Plan, result: Result | None) -> BaseException:
    if isinstance(failure, KeyboardInterrupt):
        failure.result = result  # type: ignore[attr-defined]
        return failure
    hint = extra_for(failure)
    if hint is not None:
        return hint
    name = plan.strategy_class.__name__
    function = where_raised(failure.__traceback__)
    where = f" in {function}" if function else ""
    if result is not None:
        last = result.equity.index[-1]
        where += f" at {last:%Y-%m-%d %H:%M:%S} UTC, bar {len(result.equity)}"
    error = StrategyError(f"strategy {name} raised{where}: {describe(failure)}", result)
    error.__cause__ = failure
    return error


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # strategies draw from the global generator
