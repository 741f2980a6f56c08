"""A case, run under a given Cerebro class, and the log of it."""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import backtrader as bt

from atms.feeds.history import Zone
from atms.simulation import Impact, Interest, SimulatedBroker, Slippage
from tests.engine.corpus import feeds, pieces
from tests.engine.corpus.bars import rows
from tests.engine.corpus.ending import record_end, shown_analysis
from tests.engine.corpus.extras import EXTRAS, TIMERS, WRITERS, own_cerebro
from tests.engine.corpus.own_indicators import CloseOverAverage
from tests.engine.corpus.recording import Log
from tests.engine.corpus.shapes import Case
from tests.engine.corpus.strategies import RecordingSignals, strategy_class


@dataclass
class Ran:
    """What a run left.

    Attributes:
        log: everything that could be seen.
        explanation: what the engine says of itself; None where it says nothing.
        error: what the run raised.
    """

    log: Log = field(default_factory=Log)
    explanation: Any = None
    error: BaseException | None = None


def run(case: Case, engine: Callable[..., Any]) -> Ran:
    """Run *case* under a Cerebro class and return its log; what it raises is in the log."""
    ran = Ran()
    with tempfile.TemporaryDirectory() as folder, _warnings_in(ran.log):
        cerebro = assemble(case, engine, ran.log, Path(folder))
        printed = io.StringIO()
        for turn in range(case.runs):
            with contextlib.redirect_stdout(printed):
                _run_once(cerebro, ran, turn)
        record_end(ran.log, cerebro, raised=ran.error is not None)
        ran.log.add("printed", printed.getvalue())
        for data in cerebro.datas:
            with contextlib.suppress(Exception):
                data.stop()  # a file may be open where the run was cut short
    ran.log.add("calls", "".join(ran.log.calls))
    if hasattr(cerebro, "explain"):
        ran.explanation = cerebro.explain()
    return ran


def _run_once(cerebro: Any, ran: Ran, turn: int) -> None:
    log = ran.log
    try:
        results = cerebro.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, both engines must raise it
        log.add(f"raised {turn}", f"{type(error).__name__}: {error}")
        log.happened.add(f"raised {type(error).__name__}")
        ran.error = error
        return
    log.add(f"results {turn}", str(len(results)))
    for number, group in enumerate(results):
        for one in group if isinstance(group, list) else [group]:
            if isinstance(one, bt.OptReturn):
                log.add(f"trial {number}", f"{type(one).__name__} {one.p.number}")
            for analyzer in one.analyzers:
                where = f"result {number} {type(analyzer).__name__}"
                log.add(where, shown_analysis(log, analyzer))


@contextlib.contextmanager
def _warnings_in(log: Log) -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    # When memory is freed is no result; how often stock asks for the time is none either.
    for one in caught:
        if one.category is ResourceWarning or "datetime.datetime.utc" in str(one.message):
            continue
        log.add("warning", f"{one.category.__name__}: {one.message}")


# ---- putting together ---------------------------------------------------------------------------


def assemble(case: Case, engine: Callable[..., Any], log: Log, folder: Path) -> Any:
    """Return a Cerebro with all that *case* asks for."""
    if "own cerebro" in case.extras:
        engine = own_cerebro(engine, log)
    cerebro = engine(**{key: _setting(key, value) for key, value in case.settings})
    cerebro.broker = _broker(case)
    _add_feeds(cerebro, case, folder)
    _set_commissions(cerebro, case)
    _add_histories(cerebro, case)
    for name, options in case.observers:
        _add_observer(cerebro, name, _timed(options))
    for name, options in case.analyzers:
        kind = pieces.ANALYZERS.get(name) or getattr(bt.analyzers, name)
        cerebro.addanalyzer(kind, **_timed(options))
    for place, (name, options) in enumerate(case.sizers):
        add = cerebro.addsizer if not place else lambda *a, **k: cerebro.addsizer_byidx(1, *a, **k)
        add(pieces.SIZERS[name], **dict(options))
    _add_strategies(cerebro, case, log)
    for name in case.timers:
        TIMERS[name](cerebro)
    for name in case.extras:
        EXTRAS[name](cerebro, log)
    for name in case.writers:
        WRITERS[name](cerebro)
    return cerebro


def _setting(key: str, value: Any) -> Any:
    return Zone(value) if key == "tz" and isinstance(value, str) else value


def _timed(options: Any) -> dict[str, Any]:
    given = dict(options)
    if isinstance(given.get("timeframe"), str):
        given["timeframe"] = getattr(bt.TimeFrame, given["timeframe"])
    return given


def _broker(case: Case) -> Any:
    options = dict(case.broker.options)
    if case.broker.filler:
        options["filler"] = pieces.FILLERS[case.broker.filler]()
    if case.broker.kind != "simulated":
        kind = pieces.OwnBroker if case.broker.kind == "user" else bt.brokers.BackBroker
        return kind(**options)
    costs = options.pop("costs", ())
    return SimulatedBroker(
        **options, **{key: value for name in costs for key, value in COSTS[name]}
    )


COSTS: dict[str, tuple[tuple[str, Any], ...]] = {
    "slippage": (("slippage", Slippage(percent=0.001)),),
    "impact": (("impact", Impact(coefficient=0.5, window=5)),),
    "participation": (("participation", 0.1),),
    "borrow": (("borrow", 0.05),),
    "interest": (("interest", Interest(credit=0.01, debit=0.05)),),
}


def _add_feeds(cerebro: Any, case: Case, folder: Path) -> None:
    made = [feeds.make(feed, folder) for feed in case.feeds]
    if case.join:
        for index, data in enumerate(made):
            data._name = data._dataname = f"part{index}"
        if case.join == "chain":
            cerebro.chaindata(*made, name="chained")
        else:
            cerebro.rolloverdata(
                *made, name="rolled", checkdate=feeds.rolling_date,
                checkcondition=feeds.rolling_condition,
            )  # fmt: skip
        return
    for index, (feed, data) in enumerate(zip(case.feeds, made, strict=True)):
        if not feed.hidden:
            cerebro.adddata(data, name=f"feed{index}")
        feeds.derive(cerebro, data, feed)


def _set_commissions(cerebro: Any, case: Case) -> None:
    for one in case.broker.commissions:
        name = None if one.of is None else f"feed{one.of}"
        if one.kind:
            info = pieces.COMMISSIONS[one.kind](**dict(one.options))
            cerebro.broker.addcommissioninfo(info, name=name)
        else:
            cerebro.broker.setcommission(**dict(one.options), name=name)


def _add_histories(cerebro: Any, case: Case) -> None:
    bars = rows(case.feeds[0])
    if case.broker.history:
        picked = bars[5 : len(bars) - 5 : 9]
        orders = [
            [row.stamp if i % 2 else row.stamp.isoformat(), (-1) ** i * (1 + i % 3), row.close]
            for i, row in enumerate(picked)
        ]
        cerebro.add_order_history(orders, notify=case.broker.history == "told")
    if case.broker.funds:
        values = [[row.stamp, 100.0 + i, 10_000.0 + 50 * i] for i, row in enumerate(bars[::11])]
        cerebro.set_fund_history(values)


def _add_observer(cerebro: Any, name: str, options: dict[str, Any]) -> None:
    kind = pieces.OBSERVERS.get(name) or getattr(bt.observers, name)
    add = cerebro.addobservermulti if options.pop("multi", False) else cerebro.addobserver
    if options.pop("of first data", False):
        options["data"] = cerebro.datas[0]
    add(kind, **options)


def _add_strategies(cerebro: Any, case: Case, log: Log) -> None:
    if case.signals:
        for kind, period in case.signals:
            signal = getattr(bt, f"SIGNAL_{kind}")
            cerebro.add_signal(signal, CloseOverAverage, period=period)
        cerebro.signal_strategy(RecordingSignals, log=log)
        cerebro.signal_accumulate("accumulates" in case.extras)
        cerebro.signal_concurrent("concurrent" in case.extras)
        return
    for actor in case.actors:
        kind = strategy_class(tuple(sorted(actor.habits)))
        if case.optimise:
            cerebro.optstrategy(kind, actor=actor, log=log, number=range(case.optimise))
        else:
            cerebro.addstrategy(kind, actor=actor, log=log)
