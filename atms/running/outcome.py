"""A finished or broken-off run -> its Result."""

from __future__ import annotations

import secrets
from typing import Any

import backtrader as bt
import pandas as pd

from atms.analyzers.orders import OrderRecorder
from atms.config import Config
from atms.explain import Explain
from atms.feeds.bars import columns_digest
from atms.report import frames
from atms.report.decisions import decisions
from atms.report.equity import equity
from atms.report.flows import balances, cash_flows, difference
from atms.report.reasons import END_OF_RUN
from atms.report.recording import FeedRecord, Recording
from atms.report.summary import summary
from atms.report.trades import trades
from atms.result import FeedInfo, Result, account
from atms.runlog import RunLog
from atms.running import provenance
from atms.running.components import analyzer_names
from atms.running.naming import slug
from atms.running.plan import FeedPlan, Plan
from atms.running.record import record
from atms.simulation.closing import close_at
from atms.usercode import describe

RECORDER = "_atms_orders"
_LONGEST_NAME = 40  # of a run in its folder's name


def close_positions(plan: Plan) -> None:
    """Close what is open at each feed's last close, through the broker's own booking."""
    strategy = plan.cerebro.runningstrats[0]
    broker = strategy.broker
    for data in strategy._trades:
        close_at(broker, strategy, data, data.close[0], reason=END_OF_RUN)
    while (notification := broker.get_notification()) is not None:
        strategy._addnotification(notification)
    strategy._notify()
    strategy.clear()


def outcome(
    plan: Plan,
    log: RunLog,
    started: pd.Timestamp,
    seconds: float,
    failure: BaseException | None,
) -> Result | None:
    """Return the run's result; None if it broke off before its first bar."""
    running = getattr(plan.cerebro, "runningstrats", [])
    if not running or not len(running[0]):
        return None
    strategy = running[0]
    recorder = strategy.analyzers.getbyname(RECORDER)
    if failure is not None:
        _note_the_rest(strategy, recorder)
    recording = record(strategy, recorder, plan.feeds, plan.config.broker.cash)
    if recording.first >= len(recording.steps):
        return None  # broke off inside the warm-up
    status, failed = "finished", ""
    if failure is not None:
        status = "interrupted" if isinstance(failure, KeyboardInterrupt) else "failed"
        failed = describe(failure)
        log.note(failed)
    pairs = zip(plan.feeds, recording.feeds, strict=True)
    run_id = f"{started:%Y%m%d-%H%M%S}-{_slug(plan)}-{secrets.token_hex(2)}"
    equity_frame = equity(recording)
    trade_frame, links = trades(recording)
    trade_frame.insert(0, "run_id", run_id)
    notes = strategy.explained if isinstance(strategy, Explain) else ()
    signals, gates = decisions(notes, recording.feeds)
    flows = cash_flows(recording, run_id, account(run_id))
    fill_frame = frames.fills(recording, run_id, account(run_id))
    balance = balances(recording, account(run_id))
    if failure is None:
        plan.warnings += _difference_from_broker(
            equity_frame, strategy.broker, plan.config
        ) or _difference_of_rows(difference(fill_frame, flows, balance.iloc[0]), recording)
        if recording.deposits:
            plan.warnings.append(
                "the strategy added cash to the account, or took some: returns are time-weighted, "
                "without it; the values are what the account held"
            )
    return Result(
        id=run_id,
        status=status,
        config=plan.config,
        feeds=tuple(FeedInfo(f.name, f.symbol, f.venue, f.currency) for f in recording.feeds),
        metrics={**_figures(recording, equity_frame, trade_frame, plan.config), "seconds": seconds},
        equity=equity_frame,
        trades=trade_frame,
        orders=recording.orders,
        fills=fill_frame,
        fill_trades=links,
        cash_flows=flows,
        balances=balance,
        positions=frames.positions(recording),
        bars=frames.bars(recording),
        lines=recording.lines,
        decisions=signals,
        gates=gates,
        started=started,
        ended=pd.Timestamp.now("UTC"),
        provenance=provenance.collect(
            plan.config,
            plan.classes,
            {feed.section.name: _digest(feed, kept) for feed, kept in pairs},
        ),
        warmup=plan.warmup,
        audit=tuple(plan.audits),
        warnings=tuple(dict.fromkeys(plan.warnings)),
        log=log.text(),
        failure=failed,
        analyzers=_analyses(plan, strategy) if failure is None else {},
        strategy=strategy,
        cerebro=plan.cerebro,
    )


def _note_the_rest(strategy: bt.Strategy, recorder: OrderRecorder) -> None:
    """Give the recorder the notifications that a strategy's own raising kept from it."""
    waiting = list(strategy._orderspending)
    while (notification := strategy.broker.get_notification()) is not None:
        waiting.append(notification)
    seen = [place for place, order in enumerate(waiting) if order is recorder.last]
    for order in waiting[seen[0] + 1 if seen else 0 :]:
        recorder.notify_order(order)


def _digest(feed: FeedPlan, record: FeedRecord) -> str:
    """Hash the bars that a feed was made of; of a class of the user's own, those that it gave."""
    if feed.base is not None:
        return feed.base.digest()
    return columns_digest(record.stamps, record.columns)


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


def _slug(plan: Plan) -> str:
    return slug(plan.config.run.name or plan.strategy_class.__name__)[:_LONGEST_NAME]


def _analyses(plan: Plan, strategy: bt.Strategy) -> dict[str, Any]:
    return {
        name: strategy.analyzers.getbyname(name).get_analysis()
        for name in analyzer_names(plan.config)
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


def _difference_of_rows(missed: float, recording: Recording) -> list[str]:
    """Return a warning where start + fills - fees + flows is not the final cash."""
    if abs(missed) <= 1e-9 * max(recording.start_cash, abs(recording.final_cash)):
        return []
    return [
        f"fills, fees and cash flows miss the final cash by {missed:,.2f} (commission terms that "
        "the strategy changed while something was held?)"
    ]
