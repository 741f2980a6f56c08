"""A finished (or broken off) Cerebro run -> a Recording: the one reader of Backtrader's insides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.analyzers.orders import Execution, OrderRecorder
from atms.feeds.bars import Bars
from atms.feeds.stamps import to_days, to_micros
from atms.report.reasons import words
from atms.report.recording import CashMove, FeedRecord, FillRecord, Recording
from atms.running.plan import FeedPlan
from atms.running.plotted import line_array, plotted
from atms.running.said import said

ORDER_COLUMNS = (
    "order_id", "symbol", "venue", "side", "type", "size", "price", "limit_price", "parent_id",
    "status", "created_ts", "updated_ts", "filled", "average_price", "fee", "reason", "why", "tag",
    "code", "risk_limit", "risk_value",
)  # fmt: skip


def record(
    strategy: bt.Strategy, recorder: OrderRecorder, plans: Sequence[FeedPlan], start_cash: float
) -> Recording:
    """Read everything that the run left in Backtrader's objects."""
    steps = line_array(strategy.lines.datetime)[: len(strategy)]
    steps = steps[np.isfinite(steps)]
    feeds = tuple(_feed(plan, strategy, float(steps[-1]) if len(steps) else 0.0) for plan in plans)
    start = min(plan.start for plan in plans)
    # By identity: Backtrader's datas answer == with an indicator.
    places = {id(plan.data): place for place, plan in enumerate(plans)}
    held = [places[id(data)] for data in strategy.broker.positions if id(data) in places]
    numbers = _order_numbers(strategy, recorder)
    stamps = _step_stamps(steps, feeds)
    ticks = _ticks(steps, feeds)
    orders = _orders(strategy, recorder, numbers, places, feeds, stamps)

    def round_of(execution: Execution) -> int:
        if ticks is None:
            return min(execution.step, len(steps)) - 1
        return int(np.searchsorted(ticks, execution.days, side="left"))

    return Recording(
        steps=steps,
        stamps=stamps,
        ticks=ticks,
        first=int(np.searchsorted(steps, start, side="left")),
        feeds=feeds,
        position_order=tuple(held),
        orders=orders,
        fills=tuple(
            _fill(execution, numbers, places, plans, feeds, round_of(execution))
            for execution in recorder.executions
        ),
        start_cash=start_cash,
        final_cash=float(strategy.broker.getcash()),
        interest=float(sum(getattr(strategy.broker, "d_credit", {}).values())),
        cash_moves=_cash_moves(strategy.broker, steps if ticks is None else ticks, feeds),
        short_cash=bool(getattr(strategy.broker.p, "shortcash", True)),
        words=words(orders.to_dict("records")),  # type: ignore[arg-type]
        lines=plotted(strategy, steps, stamps),
    )


def _cash_moves(
    broker: bt.BrokerBase, rounds: NDArray[np.float64], feeds: tuple[FeedRecord, ...]
) -> tuple[CashMove, ...]:
    places = {feed.name: place for place, feed in enumerate(feeds)}
    moves = []
    for charge in getattr(broker, "charges", ()):
        tick = int(np.searchsorted(rounds, charge.days, side="right")) - 1
        if not charge.in_round:  # what a strategy makes the broker book shows in the next round
            tick += 1
        moves.append(
            CashMove(
                tick, charge.amount, charge.cash, not charge.in_round, charge.kind,
                places.get(charge.name),
            )
        )  # fmt: skip
    return tuple(moves)


def _ticks(steps: NDArray[np.float64], feeds: tuple[FeedRecord, ...]) -> NDArray[np.float64] | None:
    """Return the broker's rounds where a replay makes them more than the steps."""
    grown = [feed.marks[0] for feed in feeds if feed.marks is not None]
    return np.unique(np.concatenate([steps, *grown])) if grown else None


def _feed(plan: FeedPlan, strategy: bt.Strategy, last: float) -> FeedRecord:
    data = plan.data
    days = line_array(data.lines.datetime)
    days = days[: np.searchsorted(np.where(np.isnan(days), np.inf, days), last, side="right")]
    columns = {
        name: line_array(getattr(data.lines, name))[: len(days)]
        for name in data.getlinealiases()
        if name not in ("datetime", "openinterest")
    }
    marks = None
    if data.replaying and plan.base is not None:
        moments = to_days(plan.base.seen)
        moments = moments[: np.searchsorted(moments, last, side="right")]
        marks = (moments, plan.base.columns["close"][: len(moments)])
    commission = strategy.broker.getcommissioninfo(data)
    return FeedRecord(
        name=plan.section.name,
        symbol=plan.section.symbol or plan.section.name,
        venue=plan.section.venue,
        currency=plan.section.currency,
        days=days,
        stamps=_source_stamps(days, plan.bars),
        columns=columns,
        multiplier=float(commission.p.mult),
        marks=marks,
        margins=(
            None
            if commission.stocklike
            else _margins(commission, marks[1] if marks else columns["close"])
        ),
        leverage=float(commission.get_leverage()),
    )


def _margins(commission: Any, closes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([commission.get_margin(close) for close in closes.tolist()], dtype=np.float64)


def _source_stamps(days: NDArray[np.float64], bars: Bars | None) -> NDArray[np.int64]:
    """Return the source's own stamps: a float day has lost the last digits of its microseconds."""
    stamps = to_micros(days)
    if bars is not None and len(days):
        known = to_days(bars.seen)
        at = np.minimum(np.searchsorted(known, days), len(known) - 1)
        stamps = np.where(known[at] == days, bars.stamps[at], stamps)
    return stamps


def _step_stamps(steps: NDArray[np.float64], feeds: tuple[FeedRecord, ...]) -> NDArray[np.int64]:
    stamps = to_micros(steps)
    for feed in reversed(feeds):  # the first feed that has the stamp decides
        if len(feed.days):
            at = np.minimum(np.searchsorted(feed.days, steps), len(feed.days) - 1)
            stamps = np.where(feed.days[at] == steps, feed.stamps[at], stamps)
    return stamps


def _order_numbers(strategy: bt.Strategy, recorder: OrderRecorder) -> dict[int, int]:
    """Return order ref -> the run's own number, by creation; a ref is global to the process."""
    refs = set(recorder.orders) | {order.ref for order in _unheard(strategy, recorder)}
    return {ref: number for number, ref in enumerate(sorted(refs), start=1)}


def _unheard(strategy: bt.Strategy, recorder: OrderRecorder) -> list[bt.Order]:
    """Return orders made on the last bar, of which no notification came any more."""
    return [
        order
        for order in strategy.broker.orders
        if order.p.owner is strategy and order.ref not in recorder.orders
    ]


def _orders(
    strategy: bt.Strategy,
    recorder: OrderRecorder,
    numbers: dict[int, int],
    places: dict[int, int],
    feeds: tuple[FeedRecord, ...],
    stamps: NDArray[np.int64],
) -> pd.DataFrame:
    rows = []
    heard = recorder.heard
    for order in (*recorder.orders.values(), *_unheard(strategy, recorder)):
        feed = feeds[places[id(order.data)]]
        step = heard.get(order.ref)
        created = feed.bar_at(order.created.dt)
        updated = feed.stamps[created] if step is None else stamps[min(step, len(stamps)) - 1]
        # Backtrader keeps no limit price apart from the price unless both were given.
        limit = order.created.pricelimit if order.p.pricelimit is not None else None
        rows.append(
            {
                "order_id": numbers[order.ref],
                "symbol": feed.symbol,
                "venue": feed.venue,
                "side": "buy" if order.isbuy() else "sell",
                "type": order.ExecTypes[order.exectype].lower(),
                "size": abs(float(order.created.size)),
                "price": None if order.exectype == bt.Order.Market else order.created.price,
                "limit_price": limit,
                "parent_id": numbers.get(order.parent.ref) if order.parent is not None else None,
                "status": order.Status[order.status].lower(),
                "created_ts": feed.stamps[created],
                "updated_ts": updated,
                "filled": abs(float(order.executed.size)),
                "average_price": order.executed.price if order.executed.size else None,
                "fee": order.executed.comm,
                **said(order),
            }
        )
    frame = pd.DataFrame(sorted(rows, key=lambda row: row["order_id"]), columns=list(ORDER_COLUMNS))
    for name in ("created_ts", "updated_ts"):
        frame[name] = pd.to_datetime(frame[name].astype("int64"), unit="us", utc=True)
    for name in ("price", "limit_price", "average_price", "risk_limit", "risk_value"):
        frame[name] = frame[name].astype("float64")
    for name in ("reason", "why", "tag", "code"):
        frame[name] = frame[name].astype("str")
    frame["parent_id"] = frame["parent_id"].astype("Int64")
    return frame


def _fill(
    execution: Execution,
    numbers: dict[int, int],
    places: dict[int, int],
    plans: Sequence[FeedPlan],
    feeds: tuple[FeedRecord, ...],
    tick: int,
) -> FillRecord:
    order, (bit, costs) = execution.order, execution.booked
    place = places[id(order.data)]
    feed, plan = feeds[place], plans[place]
    bar = feed.bar_at(bit.dt)
    stamp = int(feed.stamps[bar])
    if plan.data.replaying:
        # A fill inside a bar that was still growing: of the bar that ends later, at the source's
        # own stamp of the bar that made it grow.
        bar = min(int(np.searchsorted(feed.days, bit.dt, side="left")), len(feed.days) - 1)
        stamp = int(_source_stamps(np.array([bit.dt]), plan.base)[0])
    if costs is not None and costs.stamp is not None:
        stamp = costs.stamp
    return FillRecord(
        tick=tick,
        feed=place,
        bar=bar,
        stamp=stamp,
        order_id=numbers[order.ref],
        group=order.tradeid,
        size=bit.size,
        price=bit.price,
        closed=bit.closed,
        opened=bit.opened,
        closed_fee=bit.closedcomm,
        opened_fee=bit.openedcomm,
        booked=_booked(bit, stocklike=feed.margins is None, leverage=feed.leverage),
        cash=execution.cash,
        reference=bit.price if costs is None else costs.reference_price,
        spread_cost=0.0 if costs is None else costs.spread,
        slippage_cost=0.0 if costs is None else costs.slippage,
        impact_cost=0.0 if costs is None else costs.impact,
    )


def _booked(bit: Any, stocklike: bool, leverage: float) -> float:
    """Return what a broker's execution moved in cash before fees, as bt's BackBroker books it."""
    closed, opened = bit.closedvalue, bit.openedvalue
    closed = closed / leverage if closed > 0 else closed
    opened = opened / leverage if opened > 0 else opened
    return float(closed + (bit.pnl if stocklike else 0.0) - opened)
