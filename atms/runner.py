"""Config -> Cerebro -> Result: the only place that plugs a run together."""

from __future__ import annotations

import gc
import inspect
import random
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

import backtrader as bt
import numpy as np
import pandas as pd

from atms import provenance, registry
from atms.analyzers.orders import OrderRecorder
from atms.config import Component, Config, FeedSection
from atms.engine import Cerebro
from atms.engine.warmup import Gate, base_bars, required_bars
from atms.errors import AtmsError, ConfigError, DataError, StrategyError, did_you_mean
from atms.feeds.bars import Bars, read_bars, select
from atms.feeds.history import HistoryFeed, Zone, backtrader_timeframe, history_feed
from atms.feeds.stamps import to_days
from atms.record import FeedPlan, record
from atms.report import frames
from atms.report.equity import equity
from atms.report.recording import Recording
from atms.report.summary import summary
from atms.report.trades import trades
from atms.result import FeedInfo, Result, account
from atms.runlog import RunLog
from atms.simulation import SimulatedBroker
from atms.usercode import describe, extra_for, where_raised

_RECORDER = "_atms_orders"


class Progress(Protocol):
    """Watches a run from outside its loop."""

    def watch(self, cerebro: Cerebro, bars: int) -> AbstractContextManager[None]:
        """Return a context that lasts as long as the run; *bars* is about how many there are."""


@dataclass
class _Run:
    """What is plugged together for one run."""

    config: Config
    cerebro: Cerebro
    strategy_class: type[bt.Strategy]
    plans: list[FeedPlan] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)
    warmup: str = ""
    warnings: list[str] = field(default_factory=list)


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
    this = _Run(config, _cerebro(config), strategy, warnings=list(warnings))
    _add_feeds(this, given or {})
    _add_strategy(this)
    this.cerebro.addanalyzer(OrderRecorder, _name=_RECORDER)
    for component in config.report.analyzers:
        kind = registry.load("analyzers", component.name)
        this.cerebro.addanalyzer(kind, _name=component.name, **component.params)
    this.cerebro.before_bars.append(lambda strategies: _prepare(this, strategies[0]))
    _seed(config.run.seed)
    with RunLog(echo=echo) as log:
        return _go(this, log, progress)


def _go(this: _Run, log: RunLog, progress: Progress | None) -> Result:
    started, clock = pd.Timestamp.now("UTC"), time.perf_counter()
    watching = progress.watch(this.cerebro, _expected(this)) if progress else nullcontext()
    failure: BaseException | None = None
    try:
        with log.capture(), watching, _collecting_late():
            this.cerebro.run()
            if this.config.run.close_at_end:
                _close_positions(this)
    except AtmsError:
        raise
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - the user's code
        failure = error
    result = _result(this, log, started, time.perf_counter() - clock, failure)
    if failure is not None:
        raise _explained(failure, this, result)
    if result is None:
        raise DataError("the run ended before its first bar: no feed delivered one")
    return result


def _cerebro(config: Config) -> Cerebro:
    cerebro = Cerebro(cheat_on_open=config.run.cheat_on_open)
    cerebro.setbroker(SimulatedBroker())
    cerebro.broker.setcash(config.broker.cash)
    if config.broker.commission:
        cerebro.broker.setcommission(commission=config.broker.commission)
    if config.run.timezone != "UTC":
        cerebro.addtz(Zone(config.run.timezone))
    return cerebro


# ---- feeds --------------------------------------------------------------------------------------
def _add_feeds(this: _Run, given: Mapping[str, Any]) -> None:
    read = {
        feed.name: _read(feed, this, given.get(feed.name))
        for feed in this.config.data.feeds
        if not feed.of and not feed.feed
    }
    _check_together(this, read)
    data: dict[str, Any] = {}
    for feed in this.config.data.feeds:
        bars = read.get(feed.name)
        if feed.of:
            base = data[feed.of]
            start = next(plan.start for plan in this.plans if plan.section.name == feed.of)
        elif feed.feed:
            base, start = _own_feed(feed, this), float("-inf")
        else:
            assert bars is not None
            base = history_feed(bars, name=feed.name, zone=this.config.run.timezone)
            start = _start(bars, this.before[feed.name])
        longer = feed.resample or feed.replay
        if longer is None:
            this.cerebro.adddata(base, name=feed.name)
        else:
            add = this.cerebro.resampledata if feed.resample else this.cerebro.replaydata
            base = add(base, name=feed.name, **backtrader_timeframe(longer))
            _check_longer(feed, this, base)
        data[feed.name] = base
        this.plans.append(FeedPlan(feed, base, bars if longer is None else None, start))


def _read(feed: FeedSection, this: _Run, frame: Any) -> Bars:
    if frame is None and feed.source is None:
        raise ConfigError(
            f"data.feeds: {feed.name!r} has only a store, and a backtest reads a source: give it "
            "a file, or sample:BTCUSD_1h"
        )
    bars = (
        frame
        if isinstance(frame, Bars)
        else read_bars(
            feed.source if frame is None else frame,
            name=feed.name,
            timeframe=feed.timeframe,
            timezone=feed.timezone,
            stamp=feed.stamp,
            adjust=feed.adjust,
            columns=feed.columns,
        )
    )
    bars, before = select(bars, this.config.run.timerange)
    this.before[feed.name] = before
    this.warnings.extend(bars.notes)
    if feed.instrument.model_fields_set:
        this.warnings.append(
            f"data.feeds.{feed.name}.instrument: recorded; a backtest does not enforce it yet"
        )
    return bars


def _start(bars: Bars, before: int) -> float:
    """Return Backtrader's stamp of the first bar after *before*; -inf if there are none before."""
    if not before:
        return float("-inf")
    return float(to_days(bars.stamps[before : before + 1] + bars.close_after)[0])


def _own_feed(feed: FeedSection, this: _Run) -> Any:
    kind = registry.load("feeds", feed.feed or "")
    if this.config.run.timerange is not None:
        raise ConfigError(
            f"data.feeds.{feed.name}: run.timerange works with source alone; give the feed class "
            "its own fromdate and todate"
        )
    params = dict(feed.params)
    if feed.source is not None:
        params["dataname"] = feed.source
    if feed.timeframe is not None:
        params.update(backtrader_timeframe(feed.timeframe))
    return kind(**params)


def _check_together(this: _Run, read: Mapping[str, Bars]) -> None:
    """Refuse feeds that never overlap, and a longer bar that would be seen before it is over."""
    spans = {name: (bars.stamps[this.before[name]], bars.stamps[-1]) for name, bars in read.items()}
    for one in read:
        for other in read:
            if spans[one][1] < spans[other][0]:
                raise DataError(
                    f"{one} and {other} have no time in common: {one} covers {read[one].span}, "
                    f"{other} {read[other].span}"
                )
    stated = {feed.name: feed.stamp for feed in this.config.data.feeds}
    for name, bars in read.items():
        shorter = [n for n, b in read.items() if b.timeframe.seconds < bars.timeframe.seconds]
        if shorter and stated[name] is None:
            raise ConfigError(
                f"data.feeds.{name}: is of {bars.timeframe}, beside {shorter[0]} of "
                f"{read[shorter[0]].timeframe}: say whether its stamps are bar starts or ends "
                "(stamp: start, or stamp: end), else a bar might be seen before it is over"
            )


def _check_longer(feed: FeedSection, this: _Run, data: Any) -> None:
    base = next(f for f in this.config.data.feeds if f.name == (feed.of or feed.name))
    if base.stamp is None:
        word = "resampled" if feed.resample else "replayed"
        this.warnings.append(
            f"data.feeds.{base.name}: {word}, and its stamps are taken as bar ends; if they are "
            "starts, say stamp: start, else each longer bar holds one bar of the next"
        )


def _expected(this: _Run) -> int:
    return max(
        (len(plan.bars) - this.before[plan.section.name] for plan in this.plans if plan.bars),
        default=0,
    )


# ---- strategy -----------------------------------------------------------------------------------
def _add_strategy(this: _Run) -> None:
    params = this.config.strategy.params
    _check_params(this.strategy_class, this.config.strategy)
    this.cerebro.addstrategy(this.strategy_class, **params)
    if this.config.sizer is not None:
        sizer = registry.load("sizers", this.config.sizer.name)
        _check_params(sizer, this.config.sizer)
        this.cerebro.addsizer(sizer, **this.config.sizer.params)


def parameters(kind: type[Any]) -> dict[str, Any]:
    """Return a Backtrader class's parameters and their defaults."""
    return {name: getattr(kind.params, name) for name in kind.params._getkeys()}


def _check_params(kind: type[Any], component: Component) -> None:
    known = parameters(kind)
    taken = inspect.signature(kind.__init__).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in taken.values()):
        return
    for name in component.params:
        if name not in known and name not in taken:
            near = did_you_mean(name, known) or (
                "; it has: " + ", ".join(known) if known else "; it has none"
            )
            raise ConfigError(f"{component.name}: has no parameter {name!r}{near}")


def check(config: Config) -> type[bt.Strategy]:
    """Check what a config names, without running it, and return the strategy's class.

    Raises:
        ConfigError, UnknownName, MissingExtra, StrategyError: as :func:`run`.
    """
    kind = registry.load("strategies", config.strategy.name)
    _check_params(kind, config.strategy)
    if config.sizer is not None:
        _check_params(registry.load("sizers", config.sizer.name), config.sizer)
    for component in config.report.analyzers:
        registry.load("analyzers", component.name)
    return kind


def _prepare(this: _Run, strategy: bt.Strategy) -> None:
    """Warm up, and refuse data that are too short, before the first bar."""
    if any(plan.start > float("-inf") for plan in this.plans):
        _warm_up(this, strategy)
    for plan, period in zip(this.plans, strategy._minperiods, strict=True):
        bars = plan.data.buflen() if plan.bars is None else len(plan.bars)
        if plan.bars is not None and bars < period:
            raise DataError(
                f"{plan.section.name}: the strategy's indicators need {period} bars before its "
                f"first next(), and there are {bars}: give more data, or shorter periods"
            )


def _warm_up(this: _Run, strategy: bt.Strategy) -> None:
    setting = this.config.data.warmup
    if setting == "auto":
        needs, why = required_bars(strategy)
        why = f"auto: {why}"
    else:
        needs, why = [setting] * len(strategy.datas), "data.warmup"
    wanted = base_bars(strategy, needs)
    parts = []
    for plan in this.plans:
        base = plan.data.p.dataname if isinstance(plan.data, bt.feed.DataClone) else plan.data
        if not isinstance(base, HistoryFeed) or base not in wanted:
            continue
        name = plan.section.of or plan.section.name
        want, have = wanted.pop(base), this.before[name]
        kept = min(want, have)
        base.drop_head(have - kept)
        short = f" (all there are; {want} were wanted)" if kept < want else ""
        parts.append(f"{kept} bars of {name}{short}")
    this.warmup = f"{', '.join(parts)} before the time range ({why})"
    starts = {plan.data: plan.start for plan in this.plans}
    Gate(
        strategy,
        lambda: any(len(data) and data.datetime[0] >= start for data, start in starts.items()),
    )


def _close_positions(this: _Run) -> None:
    """Close what is open at each feed's last close, through the broker's own booking."""
    strategy = this.cerebro.runningstrats[0]
    broker = strategy.broker
    for data in strategy.datas:
        if not strategy.getposition(data).size:
            continue
        # Without the broker's check of cash: closing a position needs none.
        order = strategy.close(data=data, _checksubmit=False)
        broker.pending.remove(order)
        broker._execute(order, ago=0, price=data.close[0])
    while (notification := broker.get_notification()) is not None:
        strategy._addnotification(notification)
    strategy._notify()
    strategy.clear()


# ---- result -------------------------------------------------------------------------------------
def _result(
    this: _Run,
    log: RunLog,
    started: pd.Timestamp,
    seconds: float,
    failure: BaseException | None,
) -> Result | None:
    """Return the run's result; None if it broke off before its first bar."""
    running = getattr(this.cerebro, "runningstrats", [])
    if not running or not len(running[0]):
        return None
    strategy = running[0]
    recorder = strategy.analyzers.getbyname(_RECORDER)
    recording = record(strategy, recorder, this.plans, this.config.broker.cash)
    if recording.first >= len(recording.steps):
        return None  # broke off inside the warm-up
    status = "finished"
    if failure is not None:
        status = "interrupted" if isinstance(failure, KeyboardInterrupt) else "failed"
        log.note(describe(failure))
    run_id = f"{started:%Y%m%d-%H%M%S}-{_slug(this)}-{secrets.token_hex(2)}"
    equity_frame = equity(recording)
    trade_frame, links = trades(recording)
    if failure is None:
        this.warnings += _difference_from_broker(equity_frame, strategy.broker, this.config)
    return Result(
        id=run_id,
        status=status,
        config=this.config,
        feeds=tuple(FeedInfo(f.name, f.symbol, f.venue, f.currency) for f in recording.feeds),
        metrics={**_figures(recording, equity_frame, trade_frame, this.config), "seconds": seconds},
        equity=equity_frame,
        trades=trade_frame,
        orders=recording.orders,
        fills=frames.fills(recording, run_id, account(run_id)),
        fill_trades=links,
        bars=frames.bars(recording),
        lines=recording.lines,
        started=started,
        ended=pd.Timestamp.now("UTC"),
        provenance=provenance.collect(
            this.config,
            this.strategy_class,
            {plan.section.name: plan.bars for plan in this.plans if plan.bars},
        ),
        warmup=this.warmup,
        warnings=tuple(dict.fromkeys(this.warnings)),
        log=log.text(),
        analyzers=_analyses(this, strategy) if failure is None else {},
        strategy=strategy,
        cerebro=this.cerebro,
    )


def _figures(
    recording: Recording, equity_frame: pd.DataFrame, trade_frame: pd.DataFrame, config: Config
) -> dict[str, Any]:
    names = [feed.name for feed in recording.feeds]
    return summary(
        recording,
        equity_frame,
        trade_frame,
        benchmark=names.index(config.report.benchmark) if config.report.benchmark else 0,
        risk_free=config.report.risk_free,
        periods_per_year=config.report.periods_per_year,
    )


def _slug(this: _Run) -> str:
    name = this.config.run.name or this.strategy_class.__name__
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name).lower()


def _analyses(this: _Run, strategy: bt.Strategy) -> dict[str, Any]:
    return {
        component.name: strategy.analyzers.getbyname(component.name).get_analysis()
        for component in this.config.report.analyzers
    }


def _difference_from_broker(
    equity_frame: pd.DataFrame, broker: bt.BrokerBase, config: Config
) -> list[str]:
    """Return a warning where the broker's cash moved by something that is no fill."""
    cash, value = equity_frame["cash"].iloc[-1], equity_frame["value"].iloc[-1]
    # After a closing at the end the broker has not yet valued the account anew.
    expected = value if config.run.close_at_end else broker.getvalue()
    off = max(abs(cash - broker.getcash()), abs(value - expected))
    if off <= 1e-9 * max(abs(expected), 1.0):
        return []
    return [
        f"the broker ends {off:,.2f} away from what the fills add up to (cash added, interest, "
        "or a broker of the strategy's own): the equity curve does not show it"
    ]


def _explained(failure: BaseException, this: _Run, result: Result | None) -> BaseException:
    if isinstance(failure, KeyboardInterrupt):
        failure.result = result  # type: ignore[attr-defined]
        return failure
    hint = extra_for(failure)
    if hint is not None:
        return hint
    name = this.strategy_class.__name__
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


@contextmanager
def _collecting_late() -> Iterator[None]:
    """Keep the garbage collector from scanning the feeds again and again during the loop."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
